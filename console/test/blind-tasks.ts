/**
 * Lets somebody use the console who sees only its accessibility tree and pictures of it.
 *
 *   node console/test/blind-tasks.ts serve [--port=4610] [--to=/tmp/blind]    starts a gateway with a demo, a browser, and waits
 *   node console/test/blind-tasks.ts <command> … [--port=4610]               one step; prints what came of it
 *
 * Commands:
 *   tasks                           the ten tasks, in words
 *   look                            prints the accessibility tree, and writes a picture into the folder
 *   open <address>                  `open /` is the start page
 *   click <role> <name> [number]    `click button "Create team"`; the number says which, when several have that name
 *   click-at <x> <y>                a place on the picture
 *   type <role> <name> <text>       replaces the text of a field: `type textbox Name "My team"`
 *   press <key>                     `press Enter`, `press Control+k`
 *   write <text>                    types where the focus is
 *   answer <task> <text>            what was found, for a task that asks for something
 *   check <task>                    `done` or `not done`, as the gateway sees it, and the steps since the last check
 *   sign-in <role>                  somebody else uses the browser: platform_admin at the start, org_owner, org_billing, team_developer …
 *   stop
 */
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { launch, refuseOldConsole } from './measures/site.ts';
import type { Role } from './support.ts';
import { openTaskHouse } from './tasks/fixture.ts';
import { TASKS } from './tasks/tasks.ts';

const PORT = Number(optionOf('port') ?? 4610);
const FOLDER = path.resolve(optionOf('to') ?? '/tmp/blind');
const SETTLE_MS = 600;
const [verb = 'help', ...words] = process.argv.slice(2).filter((word) => !/^--(port|to)=/.test(word));

if (verb === 'serve') await serve();
else console.log(await asked([verb, ...words]));

function optionOf(name: string): string | undefined {
  return process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
}

async function asked(command: readonly string[]): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${PORT}/`, { method: 'POST', body: JSON.stringify(command) });
  return answer.text();
}

async function serve(): Promise<void> {
  refuseOldConsole();
  mkdirSync(FOLDER, { recursive: true });
  const site = await openTaskHouse();
  const browser = await launch();
  const page = await (await browser.newContext({ viewport: { width: 1360, height: 860 }, acceptDownloads: true })).newPage();
  await site.house.signIn(page, 'platform_admin');
  await page.goto(site.house.url);
  let [steps, pictures] = [0, 0];
  const answers = new Map<number, string>();
  page.on('download', async (download) => {
    const to = path.join(FOLDER, download.suggestedFilename());
    await download.saveAs(to);
    answers.set(8, await import('node:fs').then(({ readFileSync }) => readFileSync(to, 'utf8')));
  });
  const commands: Readonly<Record<string, (...words: readonly string[]) => Promise<string>>> = {
    tasks: async () => TASKS.map(({ words }, index) => `${index + 1}. ${words(site)}`).join('\n'),
    look: async () => {
      pictures += 1;
      const file = path.join(FOLDER, `${String(pictures).padStart(3, '0')}.png`);
      await page.screenshot({ path: file });
      return `${await page.locator('body').ariaSnapshot()}\n\npicture: ${file}`;
    },
    open: async (address = '/') => {
      await page.goto(new URL(address, site.house.url).href);
      return 'opened';
    },
    click: async (role = '', name = '', number) => {
      const target = await theOne(page, { role, name, number });
      if (typeof target === 'string') return target;
      await target.click({ timeout: 5_000 });
      return 'clicked';
    },
    'click-at': async (x, y) => {
      await page.mouse.click(Number(x), Number(y));
      return 'clicked';
    },
    type: async (role = '', name = '', text = '') => {
      const target = await theOne(page, { role, name, number: undefined });
      if (typeof target === 'string') return target;
      await target.fill(text, { timeout: 5_000 });
      return 'typed';
    },
    press: async (key = '') => {
      await page.keyboard.press(key);
      return 'pressed';
    },
    write: async (text = '') => {
      await page.keyboard.type(text);
      return 'typed';
    },
    answer: async (task, ...text) => {
      answers.set(Number(task), text.join(' '));
      return 'noted';
    },
    check: async (number) => {
      const task = TASKS[Number(number) - 1];
      if (task === undefined) return 'There is no such task.';
      const taken = steps;
      steps = 0;
      const why = await task.missing(site, answers.get(Number(number)) ?? '');
      return why === null ? `done, ${taken} steps` : `not done, ${taken} steps`;
    },
    'sign-in': async (role = '') => {
      await site.house.signIn(page, role as Role);
      await page.goto(site.house.url);
      return `signed in as ${role}`;
    },
    stop: async () => {
      setTimeout(
        () =>
          void browser
            .close()
            .then(() => site.close())
            .then(() => process.exit(0)),
        50,
      );
      return 'stopped';
    },
  };
  const perform = async ([name = '', ...rest]: readonly string[]): Promise<string> => {
    const command = commands[name];
    if (command === undefined) return `There is no command ${name}. Commands: ${Object.keys(commands).join(', ')}`;
    if (!['tasks', 'look', 'answer', 'check'].includes(name)) steps += 1;
    const said = await command(...rest).catch((error: Error) => `it did not work: ${error.message.split('\n')[0]}`);
    if (name !== 'stop') await page.waitForTimeout(SETTLE_MS);
    return `${said}\nat ${new URL(page.url()).pathname}${new URL(page.url()).search}`;
  };
  createServer(async (request, response) => {
    const body = (await request.toArray()).join('');
    response.end(await perform(JSON.parse(body) as string[]));
  }).listen(PORT, '127.0.0.1', () => console.log(`ready on ${PORT}, pictures in ${FOLDER}`));
}

/** What is meant; or, if that is not clear, a text that says what there is. */
async function theOne(
  page: Page,
  { role, name, number }: { readonly role: string; readonly name: string; readonly number: string | undefined },
): Promise<Locator | string> {
  const named = (exact: boolean) => page.getByRole(role as 'button', { name, exact }).filter({ visible: true });
  const exactly = (await named(true).count()) > 0;
  const all = named(exactly);
  const count = await all.count();
  if (count === 0) return `there is no ${role} “${name}”`;
  if (number !== undefined) return all.nth(Number(number) - 1);
  if (count === 1) return all;
  const texts = await all.evaluateAll((found) =>
    found.map((one) => one.getAttribute('aria-label') ?? one.textContent?.trim() ?? ''),
  );
  return `${count} match: ${texts.map((text, index) => `${index + 1} “${text.slice(0, 60)}”`).join(', ')}. Say which, by its number.`;
}
