/** The headers by which Claude Code shows its person how much of a budget is used. Only answers to logins have them. */
import type { HoldResult, Readings } from '../counters/counters.ts';
import type { LimitRule } from '../domain/limits/limit-plan.ts';
import { FAR_FUTURE_MS } from '../domain/limits/period.ts';
import { isShared, periodOf, tellingBudget, thresholdOf, utilizationOf } from '../domain/logins/own-budget.ts';
import type { ErrorDialect } from './error-dialect.ts';
import type { LimitWords } from './limit-headers.ts';

const UNIFIED = 'anthropic-ratelimit-unified';

/** Adds the state of the fullest budget that refuses. Adds nothing without one, and outside Anthropic's dialect. */
export function addBudgetHeaders(headers: string[], words: LimitWords, readings: Readings, dialect: ErrorDialect): void {
  if (words.blocking.length === 0 || dialect !== 'anthropic') return;
  const told = toldBudget(words, readings, words.blocking);
  if (told === null) return;
  // The request was admitted, so something was left: what it holds itself may be all of that.
  const utilization = Math.min(0.99, utilizationOf(told.rule.value, told.used));
  const threshold = thresholdOf(utilization);
  const status = threshold === null ? 'allowed' : 'allowed_warning';
  headers.push(`${UNIFIED}-status`, status, `${UNIFIED}-representative-claim`, 'overage', `${UNIFIED}-overage-status`, status);
  headers.push(`${UNIFIED}-overage-utilization`, String(utilization));
  if (threshold !== null) headers.push(`${UNIFIED}-overage-surpassed-threshold`, String(threshold));
  addReset(headers, told.resetsAtMs);
}

/** Adds to a refusal which budget is used up, and when it resets. */
export function addSpentHeaders(
  headers: string[],
  { readings, refusing, atMs }: Extract<HoldResult, { admitted: false }>,
  words: LimitWords,
): void {
  const told = toldBudget(
    words,
    readings,
    refusing.map(({ rule }) => rule).filter((rule) => words.blocking.includes(rule)),
  );
  if (told === null) return;
  headers.push(`${UNIFIED}-status`, 'rejected', `${UNIFIED}-overage-utilization`, '1');
  headers.push(`${UNIFIED}-overage-surpassed-threshold`, '1', `${UNIFIED}-overage-period`, periodOf(told.rule));
  if (isShared(told.rule)) headers.push(`${UNIFIED}-overage-scope`, 'group_pool');
  headers.push(`${UNIFIED}-overage-disabled-reason`, 'org_spend_cap_reached');
  if (addReset(headers, told.resetsAtMs))
    headers.push('retry-after', String(Math.max(1, Math.ceil((told.resetsAtMs - atMs) / 1_000))));
}

function addReset(headers: string[], resetsAtMs: number): boolean {
  if (!(resetsAtMs < FAR_FUTURE_MS)) return false;
  const seconds = String(Math.floor(resetsAtMs / 1_000));
  headers.push(`${UNIFIED}-reset`, seconds, `${UNIFIED}-overage-reset`, seconds);
  return true;
}

function toldBudget(words: LimitWords, { used, resetsAtMs }: Readings, among: readonly number[]) {
  const budgets = among.map((at) => ({
    rule: words.rules[at] as LimitRule,
    used: used[at] as number,
    resetsAtMs: resetsAtMs[at] as number,
  }));
  return budgets[tellingBudget(budgets)] ?? null;
}
