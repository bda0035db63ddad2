/**
 * Does the ten tasks, one after the other, and counts. `node console/test/tasks/run.ts`; the last line is a Report.
 * HEADGATE_TASKS_PICTURES=<folder> keeps a picture of the page on which a task came to nothing.
 */
import type { Browser } from '@playwright/test';
import { firstLine, launch, refuseOldConsole, tell } from '../measures/site.ts';
import { BEFORE } from './before.ts';
import { openTaskHouse, type TaskHouse } from './fixture.ts';
import { type Counts, handOn, NotPossible } from './hand.ts';
import { TASKS, type Task } from './tasks.ts';

interface Done {
  readonly name: string;
  readonly counts: Counts;
  /** Null if it was done. */
  readonly why: string | null;
}

const done = await performAll();
const missed = done.flatMap(({ name, why }) => (why === null ? [] : [`${name}: ${why}`]));
const dear = done.flatMap(({ name, counts, why }, index) => {
  const { clicksMax } = TASKS[index] as Task;
  return why === null && counts.clicks > clicksMax ? [`${name}: ${counts.clicks} clicks, and ${clicksMax} are enough`] : [];
});
const sum = (of: (one: Counts) => number) => done.reduce((total, { counts, why }) => total + (why === null ? of(counts) : 0), 0);
tell({
  holds: missed.length === 0 && dear.length === 0,
  figure:
    `${done.length - missed.length} of ${done.length} tasks done: ${sum(({ clicks }) => clicks)} clicks, ${sum(({ keys }) => keys)} keys, ` +
    `${sum(({ pages }) => pages)} pages, ${sum(({ seconds }) => seconds).toFixed(1)} s; ${dear.length} with more clicks than their budget; ` +
    `before: ${beforeWords()}`,
  details: [...missed, ...dear],
  log: tableOf(done),
});

/** Each on its own page from the Overview, one after the other on one gateway. */
async function performAll(): Promise<readonly Done[]> {
  refuseOldConsole();
  const site = await openTaskHouse();
  const browser = await launch();
  try {
    const all: Done[] = [];
    for (const task of TASKS) all.push(await perform(task, site, browser));
    return all;
  } finally {
    await browser.close();
    await site.close();
  }
}

async function perform(task: Task, site: TaskHouse, browser: Browser): Promise<Done> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, locale: 'en-US', reducedMotion: 'reduce' });
  const page = await context.newPage();
  await site.house.signIn(page, 'platform_admin');
  await page.goto(site.house.url);
  await page.getByRole('heading', { level: 1 }).waitFor();
  const hand = handOn(page);
  const why = await task
    .perform(hand, site)
    .then((answer) => task.missing(site, answer))
    .catch((error: Error) => (error instanceof NotPossible ? `not possible: ${error.message}` : firstLine(error)));
  const counts = hand.counts();
  if (why !== null && process.env.HEADGATE_TASKS_PICTURES !== undefined)
    await page.screenshot({ path: `${process.env.HEADGATE_TASKS_PICTURES}/${task.name.replaceAll(' ', '-')}.png` });
  await context.close();
  return { name: task.name, counts, why };
}

function beforeWords(): string {
  const all = Object.values(BEFORE).flatMap((one) => one ?? []);
  const total = (of: 'clicks' | 'keys' | 'pages') => all.reduce((sum, one) => sum + one[of], 0);
  return `${all.length} done, ${total('clicks')} clicks, ${total('keys')} keys, ${total('pages')} pages`;
}

function tableOf(all: readonly Done[]): readonly string[] {
  const row = (cells: readonly string[]) => cells.map((cell, at) => (at === 0 ? cell.padEnd(28) : cell.padStart(16))).join('');
  return [
    row(['task', 'clicks (before)', 'keys (before)', 'pages (before)', 'seconds']),
    ...all.map(({ name, counts, why }) => {
      const before = BEFORE[name];
      const cell = (of: 'clicks' | 'keys' | 'pages') => `${why === null ? counts[of] : '–'} (${before?.[of] ?? '–'})`;
      return row([name, cell('clicks'), cell('keys'), cell('pages'), why === null ? counts.seconds.toFixed(1) : '–']);
    }),
  ];
}
