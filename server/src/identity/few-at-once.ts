/** How much work of a kind may be done at once, and how much may wait for it. */
export interface FewAtOnce {
  readonly atOnce: number;
  readonly waitingMax: number;
  /** What is thrown when as many wait as may. */
  readonly tooMany: () => Error;
}

/** Returns what does work a few at a time, in the order in which it came. Rejects at once with `tooMany` when the line is full. */
export function fewAtOnce({ atOnce, waitingMax, tooMany }: FewAtOnce): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= atOnce) {
      if (waiting.length >= waitingMax) throw tooMany();
      // Whoever ends hands its turn on, so the count stays: nobody who comes meanwhile is first.
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
