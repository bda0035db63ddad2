/** The present values of counters by the ledger, from settled usage alone. */
import { windowSpan } from '../../domain/limits/counter-spec.ts';
import type { CounterSpec } from '../../domain/limits/limit-plan.ts';
import { isLabelMatch } from '../../domain/limits/rate-limit.ts';
import type { Database } from '../database.ts';
import { labelledUse } from './label-use.ts';
import { type SpanQuestion, spanSums } from './span-sums.ts';
import { spendSince } from './usage.ts';

/**
 * Returns the settled usage of each counter at a time, in its unit and in the given order. It is 0 for counters of requests in
 * flight. One statement reads all sums over whole scopes; each other counter takes one statement.
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

/** Returns the settled usage of one counter at a time, in its unit. */
export async function settledUseOf(db: Database, counter: CounterSpec, nowMs: number): Promise<number> {
  const { fromMs, toMs } = windowSpan(counter.window, nowMs);
  if (fromMs >= toMs) return 0;
  if (isLabelMatch(counter.match)) return labelledUse(db, counter, counter.match, { fromMs, toMs });
  const points = await spendSince(db, counter, fromMs, toMs);
  return points.reduce((total, point) => total + point.amount, 0);
}

/** Returns null if a sum over the whole scope cannot answer for the counter. */
function questionOf({ organizationId, scope, scopeId, unit, match, window }: CounterSpec, nowMs: number): SpanQuestion | null {
  if (window.is !== 'calendar' || match.is !== 'any') return null;
  return { organizationId, scope, scopeId, unit, ...windowSpan(window, nowMs) };
}
