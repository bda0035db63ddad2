/** What the ledger says that counters would say now, of settled use alone. */
import { windowSpan } from '../../domain/limits/counter-spec.ts';
import type { CounterSpec } from '../../domain/limits/limit-plan.ts';
import type { Database } from '../database.ts';
import { type SpanQuestion, spanSums } from './span-sums.ts';
import { spendSince } from './usage.ts';

/**
 * The settled use of each counter at this instant, in its unit and in the order given; 0 for those of requests in flight. Sums over a whole
 * scope take one statement for all of them, others one each.
 */
export async function settledUse(db: Database, counters: readonly CounterSpec[], nowMs: number): Promise<readonly number[]> {
  const questions = counters.map((counter) => questionOf(counter, nowMs));
  const sums = await spanSums(
    db,
    questions.filter((question) => question !== null),
  );
  const answers = sums[Symbol.iterator]();
  const used: number[] = [];
  for (const [index, counter] of counters.entries()) {
    const known = questions[index] === null ? null : (answers.next().value ?? null);
    used.push(known ?? (await settledUseOf(db, counter, nowMs)));
  }
  return used;
}

/** The settled use of one counter at this instant. */
export async function settledUseOf(db: Database, counter: CounterSpec, nowMs: number): Promise<number> {
  const { fromMs, toMs } = windowSpan(counter.window, nowMs);
  const points = await spendSince(db, counter, fromMs, toMs);
  return points.reduce((total, point) => total + point.amount, 0);
}

/** Null where a sum over the whole scope does not say it. */
function questionOf({ organizationId, scope, scopeId, unit, match, window }: CounterSpec, nowMs: number): SpanQuestion | null {
  if (window.is !== 'calendar' || match.is !== 'any') return null;
  return { organizationId, scope, scopeId, unit, ...windowSpan(window, nowMs) };
}
