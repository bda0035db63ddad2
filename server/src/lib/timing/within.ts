const TICKS = 4;

/**
 * Waits at most `ms` milliseconds for a look-up, then rejects as for an outage. A later result is ignored here, but still fills
 * the cache. Time in which this process was blocked counts as one tick, however long it was: the answer may have arrived
 * meanwhile.
 */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let ticksLeft = TICKS;
    const timer = setInterval(() => {
      ticksLeft -= 1;
      if (ticksLeft > 0) return;
      clearInterval(timer);
      reject(new Error(`the database did not answer within ${ms} ms`));
    }, ms / TICKS);
    work.then(resolve, reject).finally(() => clearInterval(timer));
  });
}
