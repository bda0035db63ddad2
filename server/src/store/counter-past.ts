/** The past of many counters at once: a list of fifty organizations asks for a hundred, and the ledger writer waits for each question. */

import type { RowPosition } from '../domain/settled-rows.ts';
import type { Database } from './database.ts';
import { type SpanQuestion, spanSums } from './span-sums.ts';
import { type CounterScope, spendSince, type UsePoint } from './usage.ts';

interface Asked {
  readonly counter: CounterScope;
  readonly fromMs: number;
  readonly toMs: number;
  readonly answer: (points: readonly UsePoint[] | PromiseLike<readonly UsePoint[]>) => void;
  readonly fail: (error: unknown) => void;
}

/** Where a question stands among what is settled, and how to be answered exactly there. */
export interface AskedAt {
  /** Everything settled before this call is in what the work reads, and nothing that is settled later. */
  barrier(work: () => Promise<void>): Promise<void>;
  /** The same place: nothing was settled in between. Null: it cannot be said, and nothing is shared. */
  position(): RowPosition | null;
}

interface Group {
  readonly place: RowPosition | null;
  readonly asked: Asked[];
}

/**
 * As spendSince, for the counters. Questions asked at the same place share a barrier; those over calendar periods and whatever is
 * called become one statement, the others stay one each.
 */
export function askTogether(db: Database, at: AskedAt) {
  let open: Group | null = null;
  return (counter: CounterScope, fromMs: number, toMs: number): Promise<readonly UsePoint[]> =>
    new Promise((answer, fail) => {
      const place = at.position();
      const one = { counter, fromMs, toMs, answer, fail };
      if (open !== null && isSame(open.place, place)) return open.asked.push(one);
      const group: Group = { place, asked: [one] };
      open = group;
      return at
        .barrier(() => close(group))
        .catch((error: unknown) => {
          if (open === group) open = null;
          for (const { fail } of group.asked) fail(error);
        });
    });

  function close(group: Group): Promise<void> {
    if (open === group) open = null;
    return answerAll(db, group.asked);
  }
}

function isSame(a: RowPosition | null, b: RowPosition | null): boolean {
  return a !== null && b !== null && a.segment === b.segment && a.offset === b.offset;
}

async function answerAll(db: Database, asked: readonly Asked[]): Promise<void> {
  const together = asked.length === 1 ? [] : asked.filter(isOfAnything);
  const sums = await spanSums(db, together.map(questionOf));
  const known = new Map(together.map((one, index) => [one, sums[index] ?? null]));
  await Promise.all(asked.map((one) => answerOne(db, one, known.get(one) ?? null)));
}

async function answerOne(db: Database, one: Asked, sum: number | null): Promise<void> {
  const { counter, fromMs, toMs } = one;
  try {
    if (sum === null) one.answer(await spendSince(db, counter, fromMs, toMs));
    else one.answer(sum === 0 ? [] : [{ atMs: fromMs, amount: sum }]);
  } catch (error) {
    one.fail(error);
  }
}

function isOfAnything({ counter }: Asked): boolean {
  return counter.match.is === 'any' && counter.window.is === 'calendar';
}

function questionOf({ counter: { organizationId, scope, scopeId, unit }, fromMs, toMs }: Asked): SpanQuestion {
  return { organizationId, scope, scopeId, unit, fromMs, toMs };
}
