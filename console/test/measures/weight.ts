/**
 * What a first visit loads, packed, and how soon the largest list reacts. `node console/test/measures/weight.ts [--quick]`; the last line is
 * a Report. Nothing should run beside it.
 */
import { availableParallelism, loadavg } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Locator, Page } from '@playwright/test';
import { type House, openHouse } from '../support.ts';
import { firstLine, IS_QUICK, launch, type Report, refuseOldConsole, tell } from './site.ts';

const VISITS = [
  { address: '/organizations', bytesMax: 300_000 },
  { address: '/', bytesMax: 450_000 },
] as const;
/** From an input to the next paint. */
const INTERACTION_MS_MAX = 100;
const INTERACTIONS_MIN = 20;
const ROWS = 200;
const FILES_TOLD = 12;
const KINDS = { '.js': 'script', '.css': 'style', '.woff2': 'font' } as const;
type Kind = (typeof KINDS)[keyof typeof KINDS];
const WAIT_MS_MAX = 10_000;
/** What a page asks for later without being told to. */
const IDLE_MS = 2_000;

interface Interaction {
  readonly name: string;
  readonly ms: number;
}

interface Visit {
  readonly address: string;
  readonly bytesMax: number;
  readonly bytes: number;
  readonly parts: ReadonlyMap<Kind, number>;
  /** Name and bytes of each file, the largest first. */
  readonly files: readonly (readonly [string, number])[];
}

refuseOldConsole();
const house = await openHouse();
const browser = await launch();
const visits: Visit[] = [];
for (const visit of VISITS) visits.push({ ...visit, ...(await weigh(browser, house, visit.address)) });
const interactions = await react(browser, house).catch((error: Error) => firstLine(error));
await browser.close();
await house.gateway.stop();
tell(reportOf());

function reportOf(): Report {
  const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
  const weights = visits.map(({ address, bytes, parts, bytesMax }) => {
    const each = [...parts].map(([kind, size]) => `${kind} ${kilobytes(size)}`).join(', ');
    return `${address} ${kilobytes(bytes)} of at most ${bytesMax / 1000} (${each})`;
  });
  const tooHeavy = visits
    .filter(({ bytes, bytesMax }) => bytes > bytesMax || bytes === 0)
    .map(({ address }) => `${address} is too heavy`);
  if (typeof interactions === 'string')
    return { holds: false, figure: weights.join('; '), details: [...tooHeavy, `the list: ${interactions}`] };
  const slowest = [...interactions].sort((one, other) => other.ms - one.ms);
  const slow = slowest.filter(({ ms }) => ms > INTERACTION_MS_MAX);
  return {
    holds: tooHeavy.length === 0 && slow.length === 0 && interactions.length >= INTERACTIONS_MIN,
    figure:
      `packed scripts, style and font of a first visit: ${weights.join(', ')}; ${interactions.length} interactions on ${ROWS} rows: the slowest ` +
      `painted after ${slowest[0]?.ms ?? 0} ms (${slowest[0]?.name}), above ${INTERACTION_MS_MAX} ms ${slow.length}; load of the machine ${loadavg()[0]?.toFixed(1)} on ` +
      `${availableParallelism()} cores`,
    details: [...tooHeavy, ...slow.map(({ name, ms }) => `${name}: ${ms} ms`)],
    log: [
      ...visits.map(
        ({ address, files }) =>
          `${address}: ${files
            .slice(0, FILES_TOLD)
            .map(([name, bytes]) => `${name} ${bytes}`)
            .join(', ')}`,
      ),
      ...[...Map.groupBy(interactions, ({ name }) => name)].map(
        ([name, all]) => `${name}: ${all.length} times, at most ${Math.max(...all.map(({ ms }) => ms))} ms`,
      ),
    ],
  };
}

/** What a browser without any files loads, and how many bytes each is when it is packed. */
async function weigh(browser: Browser, house: House, address: string): Promise<Pick<Visit, 'parts' | 'bytes' | 'files'>> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 } });
  const page = await context.newPage();
  await house.signIn(page, 'platform_admin');
  const urls = new Set<string>();
  page.on('response', (response) => urls.add(response.url()));
  await page.goto(house.url + address);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await sleep(IDLE_MS);
  await context.close();
  const parts = new Map<Kind, number>();
  const files: [string, number][] = [];
  for (const url of urls) {
    const [, kind] = Object.entries(KINDS).find(([ending]) => new URL(url).pathname.endsWith(ending)) ?? [];
    if (kind === undefined) continue;
    const { headers } = await fetch(url, { method: 'HEAD', headers: { 'accept-encoding': 'br' } });
    const bytes = Number(headers.get('content-length'));
    parts.set(kind, (parts.get(kind) ?? 0) + bytes);
    files.push([path.basename(new URL(url).pathname), bytes]);
  }
  files.sort(([, one], [, other]) => other - one);
  return { files, parts, bytes: [...parts.values()].reduce((sum, one) => sum + one, 0) };
}

/** The two largest lists a page can have: keys, and organizations with their gauges and menus. */
async function react(browser: Browser, house: House): Promise<readonly Interaction[]> {
  for (let at = 0; at < ROWS + 10; at += 1) {
    await house.api('POST', '/keys', { team_id: house.teamId, name: `many ${at}` });
    await house.api('POST', '/organizations', { name: `many ${at}`, slug: `many-${at}` });
  }
  const page = await (await browser.newContext({ viewport: { width: 1360, height: 860 } })).newPage();
  await house.signIn(page, 'platform_admin');
  await page.addInitScript(watchInteractions);
  const done: Interaction[] = [];
  for (let round = 0; round < (IS_QUICK ? 1 : 3); round += 1)
    for (const list of ['keys', 'organizations']) {
      await page.goto(`${house.url}/${list}?limit=${ROWS}`);
      await page.getByText('many 209', { exact: true }).first().waitFor();
      await sleep(500);
      done.push(...(await work(page, list)));
    }
  await page.context().close();
  return done;
}

/** Types in the search, sorts, opens menus of rows, chooses rows, and opens one. */
async function work(page: Page, list: string): Promise<readonly Interaction[]> {
  const done: Interaction[] = [];
  /** One interaction, and how long the slowest event of it took. What is below 16 ms is not told by the browser: 0. */
  const act = async (name: string, step: () => Promise<unknown>) => {
    await page.evaluate(() => window.headgateInteractions.splice(0));
    await step();
    await sleep(400);
    done.push({ name: `${list}: ${name}`, ms: await page.evaluate(() => Math.max(0, ...window.headgateInteractions)) });
  };
  /** A click of the mouse alone: what looks for the element, and whether it can be clicked, is not a part of what is measured. */
  const clickOn = async (name: string, target: Locator) => {
    // The page draws its rows anew while it is looked for. That takes no part in what is measured.
    const box = await placeOf(target).catch((error: Error) => {
      throw new Error(`${list}, ${name}: ${target} is not there: ${firstLine(error)}`);
    });
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await sleep(100);
    await act(name, () => page.mouse.click(box.x + box.width / 2, box.y + box.height / 2));
  };
  await clickOn('click the search', page.getByRole('main').getByRole('searchbox').first());
  for (const letter of 'many1') await act('type in the search', () => page.keyboard.press(letter));
  for (let press = 0; press < 5; press += 1) await act('delete in the search', () => page.keyboard.press('Backspace'));
  await page.getByText('many 209', { exact: true }).first().waitFor();
  const sortable = page.getByRole('main').locator('th').getByRole('button');
  for (let at = 0; at < Math.min(2, await sortable.count()); at += 1)
    for (let turn = 0; turn < 2; turn += 1) await clickOn('sort', sortable.nth(at));
  const menus = page.locator('tbody').getByRole('button', { name: /^Actions for/ });
  for (let at = 0; at < Math.min(3, await menus.count()); at += 1) {
    await clickOn('open a row’s menu', menus.nth(at * 2));
    await act('close a row’s menu', () => page.keyboard.press('Escape'));
  }
  const boxes = page.locator('tbody').getByRole('checkbox');
  for (let at = 0; at < Math.min(3, await boxes.count()); at += 1) await clickOn('choose a row', boxes.nth(at));
  await clickOn('open a row', page.locator('tbody tr').nth(2).getByRole('link').first());
  return done;
}

/** Returns where an element is, after it was scrolled into view and stands still. Throws after 10 s without one. */
async function placeOf(target: Locator) {
  const lastMs = Date.now() + WAIT_MS_MAX;
  while (Date.now() < lastMs) {
    // Rows that are drawn anew meanwhile are nowhere for a moment.
    const isThere = await target.scrollIntoViewIfNeeded({ timeout: WAIT_MS_MAX }).then(
      () => true,
      () => false,
    );
    const box = isThere ? await target.boundingBox() : null;
    await sleep(200);
    const later = isThere ? await target.boundingBox() : null;
    if (box !== null && later !== null && box.x === later.x && box.y === later.y) return box;
  }
  throw new Error('it does not stand still');
}

declare global {
  interface Window {
    headgateInteractions: number[];
  }
}

/** As the browser measures it: from the input to the next paint, in steps of 8 ms. */
function watchInteractions(): void {
  window.headgateInteractions = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { readonly interactionId: number })[])
      if (entry.interactionId > 0) window.headgateInteractions.push(entry.duration);
  }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
}
