/** The budgets of a login, as Claude Code reads them: the one that matters most, in percent and in cents. */
import { type LimitRule, paramOfRule } from '../limits/limit-plan.ts';
import { SCOPE_CODES } from '../tenancy/tenancy.ts';

/** A blocking budget with its use. Money is in nano-dollars. */
export interface BudgetUse {
  readonly rule: LimitRule;
  /** The settled and held money together. */
  readonly used: number;
  readonly held: number;
  /** Infinity: it never resets. */
  readonly resetsAtMs: number;
}

const NANO_USD_PER_CENT = 10_000_000;

/** The shares of a budget from which the client warns, the higher first. */
const THRESHOLDS = [0.95, 0.75] as const;

/** Returns the part of the budget that is used, of two decimals; below 1 while something is left. */
export function utilizationOf(value: number, used: number): number {
  if (used >= value) return 1;
  return Math.min(0.99, Math.round((used / value) * 100) / 100);
}

/** Returns the threshold that a budget has passed; null below all of them. */
export function thresholdOf(utilization: number): number | null {
  if (utilization >= 1) return 1;
  return THRESHOLDS.find((threshold) => utilization >= threshold) ?? null;
}

/** Returns the index of the budget to tell: a used one before others, of those the last to reset, and else the fullest. -1: none. */
export function tellingBudget(budgets: readonly Pick<BudgetUse, 'used' | 'resetsAtMs' | 'rule'>[]): number {
  let best = -1;
  budgets.forEach((one, at) => {
    const other = budgets[best];
    if (other === undefined || isMoreTelling(one, other)) best = at;
  });
  return best;
}

type Telling = Pick<BudgetUse, 'used' | 'resetsAtMs' | 'rule'>;

function isMoreTelling(one: Telling, than: Telling): boolean {
  const [isUsed, isOtherUsed] = [one.used >= one.rule.value, than.used >= than.rule.value];
  if (isUsed !== isOtherUsed) return isUsed;
  if (isUsed) return one.resetsAtMs > than.resetsAtMs;
  return one.used * than.rule.value > than.used * one.rule.value;
}

/** Returns the name of a budget's period: the client's words where it has one. */
export function periodOf(rule: LimitRule): string {
  const name = paramOfRule(rule).slice(`${SCOPE_CODES[rule.scope]}_budget_`.length);
  return PERIODS[name] ?? name;
}

const PERIODS: Readonly<Record<string, string>> = { day: 'daily', week: 'weekly', month: 'monthly' };

/** Reports whether others use the budget too. */
export function isShared({ scope }: LimitRule): boolean {
  return scope === 'organization' || scope === 'team';
}

/** Returns nano-dollars in whole cents, rounded down. */
function centsOf(nanoUsd: number): number {
  return Math.floor(nanoUsd / NANO_USD_PER_CENT);
}

/** Returns the facts of `GET /api/oauth/usage`, in the form of the client. Without a budget there is nothing to tell. */
export function usageOf(budgets: readonly BudgetUse[]): object {
  const telling = tellingBudget(budgets);
  const limits = budgets.map(({ rule, used, resetsAtMs }, at) => {
    const utilization = utilizationOf(rule.value, used);
    return {
      kind: 'spend',
      group: periodOf(rule),
      percent: Math.round(utilization * 100),
      resets_at: Number.isFinite(resetsAtMs) ? new Date(resetsAtMs).toISOString() : null,
      severity: utilization >= 0.95 ? 'critical' : utilization >= 0.75 ? 'warning' : 'normal',
      is_active: at === telling,
    };
  });
  const one = budgets[telling];
  if (one === undefined) return { limits };
  return {
    extra_usage: {
      is_enabled: true,
      monthly_limit: centsOf(one.rule.value),
      used_credits: centsOf(one.used),
      utilization: Math.round(utilizationOf(one.rule.value, one.used) * 100),
      currency: 'USD',
    },
    limits,
  };
}
