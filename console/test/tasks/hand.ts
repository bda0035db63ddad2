/** A hand on the mouse and the keyboard of a page, which counts what it does. */
import type { Locator, Page } from '@playwright/test';

export interface Counts {
  readonly clicks: number;
  /** Keys pressed: each letter typed, and Enter. */
  readonly keys: number;
  /** Addresses that the browser came to, without the one it began at. A tab or a filter is not another page. */
  readonly pages: number;
  readonly seconds: number;
}

export interface Hand {
  readonly page: Page;
  click(target: Locator): Promise<void>;
  /** Clicks into a field and replaces its text. */
  write(field: Locator, text: string): Promise<void>;
  /** Types a date and a time into a field that has a part for each, and jumps to the next one by itself. */
  writeInstant(field: Locator, instant: string): Promise<void>;
  press(key: string): Promise<void>;
  /** Chooses an option in a field that offers some; types first what it is given to type. */
  choose(field: Locator, option: string | RegExp, typed?: string): Promise<void>;
  /** Opens a page by the navigation. */
  go(entry: string | RegExp): Promise<void>;
  counts(): Counts;
}

/** What a console does not offer: the task cannot be done there. */
export class NotPossible extends Error {}

const WAIT_MS = 8_000;
/** `2026-11-01T00:00`. */
const INSTANT_CHARS = 16;
/** `11012026`, `1200` and `AM`. */
const INSTANT_KEYS = 13;

export function handOn(page: Page): Hand {
  const startedMs = performance.now();
  let [clicks, keys, pages] = [0, 0, 0];
  let pathname = new URL(page.url()).pathname;
  page.on('framenavigated', (frame) => {
    const now = new URL(frame.url()).pathname;
    if (frame !== page.mainFrame() || now === pathname) return;
    [pathname, pages] = [now, pages + 1];
  });
  const click = async (target: Locator) => {
    await target.first().click({ timeout: WAIT_MS });
    clicks += 1;
  };
  const press = async (key: string) => {
    await page.keyboard.press(key);
    keys += 1;
  };
  const typeOver = async (text: string) => {
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type(text);
    keys += text.length;
  };
  const hand: Hand = {
    page,
    click,
    press,
    write: async (field, text) => {
      await click(field);
      await typeOver(text);
    },
    writeInstant: async (field, instant) => {
      await click(field);
      await field.fill(instant.slice(0, INSTANT_CHARS));
      keys += INSTANT_KEYS;
    },
    choose: async (field, option, typed) => {
      await click(field);
      if (typed !== undefined) await typeOver(typed);
      await click(page.getByRole('option', { name: option }));
    },
    go: (entry) => click(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: entry })),
    counts: () => ({ clicks, keys, pages, seconds: (performance.now() - startedMs) / 1000 }),
  };
  return hand;
}

/** Returns the first of these that is on the page within the time; null if none is. */
export async function firstSeen(targets: readonly Locator[], msMax = 1_500): Promise<Locator | null> {
  const untilMs = performance.now() + msMax;
  do {
    for (const target of targets) if (await target.first().isVisible()) return target.first();
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (performance.now() < untilMs);
  return null;
}
