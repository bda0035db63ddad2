/** How long requests wait for an answer of the ledger that many wait for. */
import { StoreUnavailable } from '../errors.ts';

const TICK_MS = 500;
/** So long without any answer, of whichever question, and the database counts as away. */
const QUIET_MS_MAX = 2_000;
/** While others are answered, a question's turn comes: it is waited for this long. */
const WAIT_MS_MAX = 10_000;

/**
 * Returns how to wait: rejects with StoreUnavailable after 2 s in which nothing was answered, and after 10 s in any case. What is waited for goes on.
 * `answers`: how many answers there have been. Time in which this process stood still counts as one tick of half a second.
 */
export function createPatience(answers: () => number): (answered: Promise<void>) => Promise<void> {
  return (answered) =>
    new Promise((resolve, reject) => {
      let [known, quietMs, waitedMs] = [answers(), 0, 0];
      const timer = setInterval(() => {
        const now = answers();
        quietMs = now === known ? quietMs + TICK_MS : 0;
        known = now;
        waitedMs += TICK_MS;
        if (quietMs < QUIET_MS_MAX && waitedMs < WAIT_MS_MAX) return;
        clearInterval(timer);
        reject(new StoreUnavailable('the ledger has not told the past of a counter yet', '08006'));
      }, TICK_MS);
      answered.then(resolve, reject).finally(() => clearInterval(timer));
    });
}
