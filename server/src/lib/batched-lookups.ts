/** Loads many at once. A name that has no value is left out. */
export type LoadMany<Value> = (names: readonly string[]) => Promise<ReadonlyMap<string, Value>>;

export interface BatchBounds {
  /** So many names at most in one load. */
  readonly namesMax: number;
  /** So many loads at most at a time. */
  readonly loadsMax: number;
}

interface Waiting<Value> {
  readonly answer: (value: Value | null) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Answers single questions by asking for many. While there is room a question is asked at once and alone; what comes when there is none waits and is
 * asked together, so that a thousand questions take no more than a few times as long as one. An answer is never older than its question. Where a
 * load of many fails each is asked alone, so that none fails for another's sake. Null: there is no such value.
 */
export function batchedLookups<Value>(
  load: LoadMany<Value>,
  { namesMax, loadsMax }: BatchBounds,
): (name: string) => Promise<Value | null> {
  const waiting = new Map<string, Waiting<Value>[]>();
  let loads = 0;
  return (name) =>
    new Promise((answer, fail) => {
      const same = waiting.get(name);
      if (same === undefined) waiting.set(name, [{ answer, fail }]);
      else same.push({ answer, fail });
      if (loads < loadsMax) take();
    });

  function take(): void {
    const asked = new Map<string, Waiting<Value>[]>();
    for (const [name, who] of waiting) {
      if (asked.size === namesMax) break;
      asked.set(name, who);
      waiting.delete(name);
    }
    if (asked.size === 0) return;
    loads += 1;
    answerAll(asked).finally(() => {
      loads -= 1;
      take();
    });
  }

  async function answerAll(asked: ReadonlyMap<string, readonly Waiting<Value>[]>): Promise<void> {
    try {
      const values = await load([...asked.keys()]);
      for (const [name, who] of asked) for (const { answer } of who) answer(values.get(name) ?? null);
    } catch (error) {
      if (asked.size > 1) await Promise.all([...asked].map((one) => answerAll(new Map([one]))));
      else for (const who of asked.values()) for (const { fail } of who) fail(error);
    }
  }
}
