/** What the measuring programs share: a furnished gateway, a browser, and the walk over every page. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from '@playwright/test';
import { isConsoleBuilt } from '../../../scripts/console-built.mjs';
import { CHROMIUM } from '../../../server/test/support/chromium.ts';
import { idsOf, sightsOf } from '../pages.ts';
import type { Sight } from '../sight.ts';
import { type House, openHouse } from '../support.ts';

export interface Site {
  readonly house: House;
  readonly browser: Browser;
  /** Pages, each with something on it; in a quick run every sixth. Dialogs are not among them. */
  readonly pages: readonly Sight[];
  close(): Promise<void>;
}

export const IS_QUICK = process.argv.includes('--quick');
/** Sights that the command line names; empty when it names none: all. */
const NAMED = process.argv.slice(2).filter((word) => !word.startsWith('--'));
/** The browser waits for the machine and not the other way round: two pages at a time keep two cores busy. */
const LANES = 2;
const QUICK_STEP = 6;

export function launch(): Promise<Browser> {
  return chromium.launch({
    ...(existsSync(CHROMIUM) && { executablePath: CHROMIUM }),
    args: ['--no-sandbox', '--disable-gpu'],
  });
}

/** Ends the program with a line on the error output if the built console is not of the present sources: it would judge an old one. */
export function refuseOldConsole(): void {
  if (isConsoleBuilt(path.resolve(import.meta.dirname, '../..'))) return;
  console.error('The built console is not of the present sources. Run `npm run build` first.');
  process.exit(1);
}

export async function openSite(): Promise<Site> {
  refuseOldConsole();
  const house = await openHouse();
  const browser = await launch();
  const pages = sightsOf(await idsOf(house)).filter(({ dialog }) => dialog === undefined);
  // Each comes in once, and before two lanes ask for it at the same time.
  for (const role of new Set(pages.map(({ who }) => who ?? 'platform_admin'))) await house.as(role)('GET', '/session');
  return {
    house,
    browser,
    pages: pages.filter(({ name }, index) => (NAMED.length > 0 ? NAMED.includes(name) : !IS_QUICK || index % QUICK_STEP === 0)),
    close: async () => {
      await browser.close();
      await house.gateway.stop();
    },
  };
}

/** A page of a browser that has loaded nothing yet, signed in as who looks at the sight. */
export async function coldPage({ house, browser }: Site, { who }: Sight, options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-US', ...options });
  const page = await context.newPage();
  if (who !== null) await house.signIn(page, who ?? 'platform_admin');
  return page;
}

/** Does the work for each, two at a time, and returns the results in order. What throws is told by `failed`. */
export async function forEach<In, Out>(
  all: readonly In[],
  work: (one: In) => Promise<Out>,
  failed: (one: In, error: Error) => Out,
): Promise<readonly Out[]> {
  const results = new Map<number, Out>();
  const left = [...all.entries()];
  const lane = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [index, one] = next;
      results.set(index, await work(one).catch((error: Error) => failed(one, error)));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return all.map((_, index) => results.get(index) as Out);
}

/** The first line of what went wrong. */
export function firstLine({ message }: Error): string {
  return message.split('\n')[0] ?? '';
}

/** What a program found: its last line of output, which the prove reads. */
export interface Report {
  readonly holds: boolean;
  readonly figure: string;
  /** What missed, a line each, the worst first. */
  readonly details: readonly string[];
  /** A table for the reader, whichever way it went. */
  readonly log?: readonly string[];
}

export function tell(report: Report): void {
  console.log(JSON.stringify(report));
}
