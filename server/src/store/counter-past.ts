/** The past of many counters at once: after a start each key in traffic asks for a dozen, and the ledger writer stands still for each answer. */
import type { Database } from './database.ts';
import { type SpanQuestion, spanSums } from './span-sums.ts';
import { type CounterScope, spendSince, type UsePoint } from './usage.ts';

interface Asked {
  readonly counter: CounterScope;
  readonly fromMs: number;
  readonly toMs: number;
  readonly nowAsOf: () => void;
  readonly answer: (points: readonly UsePoint[] | PromiseLike<readonly UsePoint[]>) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Everything settled before this call is in what the work reads, and nothing that is settled later. Whoever counts settlements has heard of
 * all those before when it returns, and of none later.
 */
export type Barrier = (work: () => Promise<void>) => Promise<void>;

/** So many questions in one statement, and so many statements, take some tens of milliseconds; the writer stands still for them. */
const TOGETHER_MAX = 2_000;
const ALONE_MAX = 40;

/**
 * As spendSince, for the counters. What is asked while an answer is under way is answered together after it, as of then: so who waits does so
 * for two answers, unless there are more than fit. Questions of calendar periods and whatever is called become one statement, the others stay one each.
 */
export function askTogether(db: Database, barrier: Barrier) {
  const waiting: Asked[] = [];
  let isUnderWay = false;
  return (counter: CounterScope, fromMs: number, toMs: number, nowAsOf: () => void): Promise<readonly UsePoint[]> =>
    new Promise((answer, fail) => {
      waiting.push({ counter, fromMs, toMs, nowAsOf, answer, fail });
      if (isUnderWay) return;
      isUnderWay = true;
      // Not before the others of this turn have asked, of whom there are as many as a plan has counters.
      queueMicrotask(next);
    });

  function next(): void {
    const asked = take();
    isUnderWay = asked.length > 0;
    if (!isUnderWay) return;
    const failed = (error: unknown) => {
      for (const { fail } of asked) fail(error);
    };
    barrier(() => answerAll(db, asked))
      .catch(failed)
      .then(next);
    for (const { nowAsOf } of asked) nowAsOf();
  }

  function take(): readonly Asked[] {
    let alone = 0;
    const fits = (one: Asked, index: number) => index < TOGETHER_MAX && (isOfAnything(one) || ++alone <= ALONE_MAX);
    const end = waiting.findIndex((one, index) => !fits(one, index));
    return waiting.splice(0, end === -1 ? waiting.length : end);
  }
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
