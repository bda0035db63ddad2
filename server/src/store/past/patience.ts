/** Timeouts of requests that wait for the past of a counter. */
import { StoreUnavailable } from '../errors.ts';

const TICK_MS = 500;
/** After this long without an answer to any question, the database counts as unavailable. */
const QUIET_MS_MAX = 2_000;
/** The longest wait while other questions are answered. */
const WAIT_MS_MAX = 10_000;

/**
 * Returns a function that waits for an answer. It rejects with StoreUnavailable after 2 s in which no question was answered, and
 * after 10 s in any case. The query itself continues. `answers` returns the number of answers so far. A pause of this process
 * counts as one tick of half a second.
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
        reject(new StoreUnavailable('reading the earlier use of a counter from the ledger took too long', '08006'));
      }, TICK_MS);
      answered.then(resolve, reject).finally(() => clearInterval(timer));
    });
}
