/** Limits for one kind of work: how many run at once, and how many may wait. */
export interface FewAtOnce {
  readonly atOnce: number;
  readonly waitingMax: number;
  /** Makes the error that is thrown if the queue is full. */
  readonly tooMany: () => Error;
}

/** Returns a function that runs work a few at a time, in order of arrival. Rejects with `tooMany` if the queue is full. */
export function fewAtOnce({ atOnce, waitingMax, tooMany }: FewAtOnce): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= atOnce) {
      if (waiting.length >= waitingMax) throw tooMany();
      // Finished work hands over its place, so `running` stays the same and later arrivals cannot overtake.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
