/** Loads the values of many names at once. Leaves out a name that has no value. */
export type LoadMany<Value> = (names: readonly string[]) => Promise<ReadonlyMap<string, Value>>;

export interface BatchBounds {
  /** The most names in one load. */
  readonly namesMax: number;
  /** The most loads at a time. */
  readonly loadsMax: number;
}

interface Waiting<Value> {
  readonly answer: (value: Value | null) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Returns a function that looks up single names by batches: the names of one turn of the event loop, and those that came while
 * `loadsMax` loads ran. So a thousand look-ups take no more than a few times as long as one. An answer is never older than its
 * call. If a load of many fails, each name is loaded alone, so that no name fails because of another. Null: there is no such value.
 */
export function batchedLookups<Value>(
  load: LoadMany<Value>,
  { namesMax, loadsMax }: BatchBounds,
): (name: string) => Promise<Value | null> {
  const waiting = new Map<string, Waiting<Value>[]>();
  let loads = 0;
  let willTake = false;
  return (name) =>
    new Promise((answer, fail) => {
      const same = waiting.get(name);
      if (same === undefined) waiting.set(name, [{ answer, fail }]);
      else same.push({ answer, fail });
      if (willTake || loads >= loadsMax) return;
      willTake = true;
      setImmediate(take);
    });

  function take(): void {
    willTake = false;
    while (loads < loadsMax && waiting.size > 0) {
      const asked = new Map<string, Waiting<Value>[]>();
      for (const [name, who] of waiting) {
        if (asked.size === namesMax) break;
        asked.set(name, who);
        waiting.delete(name);
      }
      loads += 1;
      answerAll(asked).finally(() => {
        loads -= 1;
        take();
      });
    }
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
