const TICKS = 4;

/**
 * A lookup that takes longer is answered as an outage; its result still fills the cache when it comes. Time in which this process stood still
 * counts as one tick, however long it was: an answer that came meanwhile has not been heard yet.
 */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let ticksLeft = TICKS;
    const timer = setInterval(() => {
      ticksLeft -= 1;
      if (ticksLeft > 0) return;
      clearInterval(timer);
      reject(new Error(`no answer from the store within ${ms} ms`));
    }, ms / TICKS);
    work.then(resolve, reject).finally(() => clearInterval(timer));
  });
}
