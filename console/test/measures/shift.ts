/**
 * How much a page jumps while it loads, at two widths and with slow answers; whether what moves stands still for who asked for that; and
 * whether text at twice its size stays on the page. `node console/test/measures/shift.ts [--quick] [sight…]`; the last line is a Report.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { loaded } from '../pages.ts';
import type { Sight } from '../sight.ts';
import { clippedTexts, movingElements, watchShifts } from './in-page.ts';
import { answerLate, DELAY_MS } from './late.ts';
import { coldPage, firstLine, forEach, openSite, type Site, tell } from './site.ts';

const SHIFT_MAX = 0.02;
/** The time for a page to draw itself at another size. */
const REDRAW_MS = 500;
const WIDE = { width: 1360, height: 860 };
const PHONE = { width: 390, height: 844 };
/** What a window of 1280 × 860 is when the browser shows everything twice as large. */
const ZOOMED = { width: 640, height: 430 };

interface Found {
  readonly shifts: readonly { readonly where: string; readonly value: number; readonly sources: readonly string[] }[];
  readonly problems: readonly string[];
  /** Texts that end in an ellipsis at twice the size, which is no fault. */
  readonly shortened: number;
}

const site = await openSite();
const startedMs = performance.now();
const found = await forEach(site.pages, look, ({ name }, error) => ({
  shifts: [],
  problems: [`${name}: is not shown: ${firstLine(error)}`],
  shortened: 0,
}));
await site.close();
const shifts = found.flatMap((one) => one.shifts).sort((one, other) => other.value - one.value);
const jumps = shifts.filter(({ value }) => value > SHIFT_MAX);
const problems = found.flatMap((one) => one.problems);
const of = (word: string) => problems.filter((problem) => problem.includes(`: ${word}`)).length;
tell({
  holds: jumps.length === 0 && problems.length === 0,
  figure:
    `${site.pages.length} pages, cold, answers ${DELAY_MS} ms late, ${WIDE.width} and ${PHONE.width} px: layout shift at most ` +
    `${(shifts[0]?.value ?? 0).toFixed(3)} (${shifts[0]?.where}), above ${SHIFT_MAX} ${jumps.length} of ${shifts.length}; reduced motion: ` +
    `${of('moves')} pages where something moves; text at 200 %: ${of('scrolls')} scroll sideways, ${of('cuts')} cut a text ` +
    `(${found.reduce((sum, { shortened }) => sum + shortened, 0)} end in an ellipsis); ${of('is not shown')} not shown; ` +
    `${Math.round((performance.now() - startedMs) / 1000)} s`,
  details: [
    ...jumps.map(
      ({ where, value, sources }) =>
        `${where}: shift ${value.toFixed(3)}: ${sources.toSorted().reverse().slice(0, 3).join(' | ')}`,
    ),
    ...problems,
  ],
});

async function look(sight: Sight): Promise<Found> {
  const shifts: Found['shifts'][number][] = [];
  const still: { problems: readonly string[]; shortened: number } = await readStill(site, sight);
  for (const viewport of [WIDE, PHONE]) shifts.push(await shiftOf(site, sight, viewport));
  return { shifts, ...still };
}

async function shiftOf(site: Site, sight: Sight, viewport: typeof WIDE): Promise<Found['shifts'][number]> {
  const page = await coldPage(site, sight, { viewport, reducedMotion: 'no-preference', isMobile: viewport === PHONE });
  await page.addInitScript(watchShifts);
  const settled = await answerLate(page);
  await page.goto(site.house.url + sight.address);
  await settled();
  const { total, sources } = await page.evaluate(() => window.headgateShifts);
  await page.context().close();
  return { where: `${sight.name} at ${viewport.width}`, value: total, sources };
}

/** What moves although nothing should, and what becomes of text at twice its size: by the browser's zoom, and by the text alone. */
async function readStill(site: Site, sight: Sight): Promise<{ problems: readonly string[]; shortened: number }> {
  const page = await coldPage(site, sight, { viewport: ZOOMED, deviceScaleFactor: 2, reducedMotion: 'reduce' });
  await page.goto(site.house.url + sight.address);
  await loaded(page);
  await sleep(REDRAW_MS);
  const moving = await page.evaluate(movingElements);
  const problems = moving.length === 0 ? [] : [`${sight.name}: moves: ${moving.slice(0, 3).join(' | ')}`];
  const zoomed = await textProblems(page, `${sight.name} zoomed`);
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.evaluate(() => {
    document.documentElement.style.fontSize = '200%';
  });
  await sleep(REDRAW_MS);
  const enlarged = await textProblems(page, `${sight.name} enlarged`);
  await page.context().close();
  return { problems: [...problems, ...zoomed.problems, ...enlarged.problems], shortened: zoomed.shortened + enlarged.shortened };
}

async function textProblems(page: Page, where: string): Promise<{ problems: readonly string[]; shortened: number }> {
  const { wide, clipped, shortened } = await page.evaluate(clippedTexts);
  return {
    problems: [
      ...(wide.length > 0 ? [`${where}: scrolls sideways: ${wide.join(' | ')}`] : []),
      ...(clipped.length > 0 ? [`${where}: cuts: ${clipped.slice(0, 4).join(' | ')}`] : []),
    ],
    shortened,
  };
}
