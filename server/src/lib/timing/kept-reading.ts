/** The last answer to a question that is asked again and again, for readers that must not wait. */
export interface KeptReading<T> {
  /** Returns the last answer; null before the first. */
  read(): T | null;
  stop(): void;
}

/**
 * Asks at once and then every `everyMs`, until `stop`. A question that rejects keeps the answer before: whatever is away has a
 * metric of its own. Does not keep the process alive.
 */
export function keepReading<T>(everyMs: number, ask: () => Promise<T>): KeptReading<T> {
  let last: T | null = null;
  const look = () =>
    void ask().then(
      (answer) => {
        last = answer;
      },
      () => {},
    );
  look();
  const timer = setInterval(look, everyMs).unref();
  return { read: () => last, stop: () => clearInterval(timer) };
}
