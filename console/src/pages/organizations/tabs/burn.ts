import type { BudgetStatus } from '../../../components/limits/BudgetRing.tsx';
import { moneyText } from '../../../components/money/Money.tsx';

/** How fast a budget is spent in its period, and where that leads. */
interface Burn {
  readonly usdPerDay: number;
  /** When it is used up at this pace; null when its period ends before. */
  readonly usedUpAt: Date | null;
}

const DAY_MS = 86_400_000;
/** A pace from less than this says nothing. */
const ELAPSED_MS_MIN = 3_600_000;

/** Null while too little time has passed, or where a period has no beginning. For people to look at: no decision rests on it. */
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

/** The pace and its end in a sentence. */
export function burnWords(budget: BudgetStatus, nowMs: number): string {
  if (Number(budget.amount) > 0 && Number(budget.spent) >= Number(budget.amount)) return 'Used up.';
  const burn = burnOf(budget, nowMs);
  if (burn === null) return 'Too early for a forecast.';
  if (burn.usdPerDay === 0) return 'Nothing spent in this period.';
  const pace = `${moneyText(String(Number(burn.usdPerDay.toPrecision(3))))} a day`;
  if (burn.usedUpAt !== null) return `${pace}: used up on ${dateText(burn.usedUpAt)}.`;
  return budget.resets_at === null ? `${pace}.` : `${pace}: lasts until it resets.`;
}

function dateText(at: Date): string {
  return at.toLocaleDateString(undefined, { dateStyle: 'medium' });
}
