/** Slow answers of the API, and the wait until a page has them all. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { loaded } from '../pages.ts';

/** The time by which each answer of the API is late, in milliseconds. */
export const DELAY_MS = 300;
/** Without a question or an answer for that long, the page is as it stays. */
const QUIET_MS = 500;
const SETTLED_MS_MAX = 15_000;

/** Delays every answer of the API from now on. Returns a function that waits until none is out any more, 15 seconds at most. */
export async function answerLate(page: Page): Promise<() => Promise<void>> {
  let [out, changedMs] = [0, performance.now()];
  const changed = (by: number) => {
    [out, changedMs] = [out + by, performance.now()];
  };
  await page.route(
    (url) => url.pathname.startsWith('/api/'),
    async (route) => {
      changed(1);
      await sleep(DELAY_MS);
      // The page may be gone by now.
      await route.continue().catch(() => {});
      await route
        .request()
        .response()
        .catch(() => null);
      changed(-1);
    },
  );
  return async () => {
    const deadlineMs = performance.now() + SETTLED_MS_MAX;
    while ((out > 0 || performance.now() - changedMs < QUIET_MS) && performance.now() < deadlineMs) await sleep(50);
    await loaded(page);
    await sleep(100);
  };
}
