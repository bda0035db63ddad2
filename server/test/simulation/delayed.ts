import type { Counters } from '../../src/counters/counters.ts';

/** Runs something some turns later. */
export type Later = (run: () => void) => void;

/**
 * Counters that answer later, as those behind a network do: each question is carried out some turns after it was asked, in the order in
 * which they were asked, and its answer arrives some turns after that, in any order.
 */
export function delayed(inner: Counters, later: Later): Counters {
  const queue: (() => void)[] = [];

  /** Whichever turn comes first carries out the oldest question. */
  function ask<T>(question: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      queue.push(() => {
        attempt(question).then(
          (answer) => later(() => resolve(answer)),
          (reason: unknown) => later(() => reject(reason)),
        );
      });
      later(() => queue.shift()?.());
    });
  }

  return {
    hold: (requestId, plan, wanted) => ask(() => inner.hold(requestId, plan, wanted)),
    exhausted: (plan) => inner.exhausted(plan),
    extend: (hold, more) => ask(() => inner.extend(hold, more)),
    settle: (hold, actual, planNow) => ask(() => inner.settle(hold, actual, planNow)),
    retake: (requestId, plan, taken) => ask(() => inner.retake(requestId, plan, taken)),
    release: (hold) => ask(() => inner.release(hold)),
    read: (counters) => ask(() => inner.read(counters)),
    restore: (plan, at) => ask(() => inner.restore(plan, at)),
    correct: (counter, periodStartMs, amount) => ask(() => inner.correct(counter, periodStartMs, amount)),
    forget: (counters) => ask(() => inner.forget(counters)),
    recount: (counters) => ask(() => inner.recount(counters)),
  };
}

async function attempt<T>(question: () => T | Promise<T>): Promise<T> {
  return question();
}
