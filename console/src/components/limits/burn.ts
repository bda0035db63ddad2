import type { BudgetStatus } from './BudgetRing.tsx';
import { words } from './words.ts';

/** The pace at which a budget is spent in its period, and the forecast. */
interface Burn {
  readonly usdPerDay: number;
  /** The time at which the budget is used up at this pace. Null if its period ends before that. */
  readonly usedUpAt: Date | null;
}

const DAY_MS = 86_400_000;
/** The time that must have passed before a pace is meaningful. */
const ELAPSED_MS_MIN = 3_600_000;

/**
 * Returns the pace of a budget. Null if too little time has passed, or if its period has no beginning. For display only: no
 * decision uses it.
 */
function burnOf({ spent, amount, period_start, resets_at }: BudgetStatus, nowMs: number): Burn | null {
  if (period_start === null) return null;
  const elapsedMs = nowMs - Date.parse(period_start);
  if (elapsedMs < ELAPSED_MS_MIN) return null;
  const perMs = Number(spent) / elapsedMs;
  const leftMs = perMs === 0 ? Number.POSITIVE_INFINITY : (Number(amount) - Number(spent)) / perMs;
  const endMs = resets_at === null ? Number.POSITIVE_INFINITY : Date.parse(resets_at);
  const isWithin = nowMs + leftMs < endMs && Number.isFinite(leftMs);
  return { usdPerDay: perMs * DAY_MS, usedUpAt: isWithin ? new Date(nowMs + Math.max(0, leftMs)) : null };
}

/** Says in a sentence how fast the budget is spent and when it is used up. */
export function burnWords(budget: BudgetStatus, nowMs: number): string {
  if (Number(budget.amount) > 0 && Number(budget.spent) >= Number(budget.amount)) return words.usedUp;
  const burn = burnOf(budget, nowMs);
  if (burn === null) return words.tooEarly;
  if (burn.usdPerDay === 0) return words.nothingSpentInPeriod;
  const pace = words.perDay(burn.usdPerDay);
  if (burn.usedUpAt !== null) return words.usedUpOn(pace, burn.usedUpAt);
  return budget.resets_at === null ? words.pace(pace) : words.lastsUntilReset(pace);
}
