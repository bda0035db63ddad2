import type { RateLimitName } from './rate-limit.ts';
import { ruleWords, type WordedRule } from './rule-words.ts';

/** The states of an organization, team, person or key against its own limits and budgets. */
export const LIMIT_STANDINGS = ['healthy', 'near_limit', 'over_budget'] as const;
export type LimitStanding = (typeof LIMIT_STANDINGS)[number];
/** The states of an organization: also `idle`, which depends on its requests. */
export const STANDINGS = [...LIMIT_STANDINGS, 'idle'] as const;
export type Standing = (typeof STANDINGS)[number];

/** One limit or budget with its use, in the unit of the limit. */
export interface UsedRule {
  readonly limit: RateLimitName | 'budget';
  readonly action: 'block' | 'alert';
  readonly value: number;
  /** The sum of settled and held use. */
  readonly used: number;
}

/** A state, and the rule that decides it: null if no rule is near its limit. */
export interface JudgedLimits<Rule> {
  readonly status: LimitStanding;
  readonly rule: Rule | null;
}

/** The used part of a limit from which on it counts as near. */
const NEAR = 0.8;
const PPM = 1_000_000;
/** The upper bound of a ratio: one million times the limit. */
const PPM_MAX = 1_000_000 * PPM;

/**
 * Names the state of limits and budgets, and the rule that decides it: the most used one. `over_budget`: a blocking budget is used
 * up. `near_limit`: any budget or rate limit is used to 80 %. A rate limit of 0 blocks on purpose and never counts as near.
 */
export function standingOf<Rule extends UsedRule>(rules: readonly Rule[]): JudgedLimits<Rule> {
  const over = mostUsed(rules.filter(isUsedUp));
  if (over !== null) return { status: 'over_budget', rule: over };
  const near = mostUsed(rules.filter(isNear));
  return { status: near === null ? 'healthy' : 'near_limit', rule: near };
}

/** Says how much of the deciding rule is used: `83% of the budget of 100.00 USD per month is used.` */
export function standingReason(rule: UsedRule & WordedRule): string {
  const percent = usedPercent(rule);
  const part = percent > PERCENT_MAX ? `More than ${PERCENT_MAX}%` : `${percent}%`;
  const what = rule.limit === 'budget' ? 'budget' : 'limit';
  return `${part} of the ${what} of ${ruleWords(rule)} is used.${rule.action === 'alert' ? ' It only alerts.' : ''}`;
}

/** Returns the standing of an organization. `idle`: no rule is near, and no request came in 30 days, not even a refused one. */
export function judge(rules: readonly UsedRule[], requests30d: number): Standing {
  const { status } = standingOf(rules);
  return status === 'healthy' && requests30d === 0 ? 'idle' : status;
}

/** Returns the used part of a limit, 1 if it is used up. A limit of 0 counts as used up. */
export function usedRatio({ value, used }: Pick<UsedRule, 'value' | 'used'>): number {
  return value === 0 ? 1 : used / value;
}

/** Rounds down, so that 80 % is written only where the rule for 80 % applies, and never 28 for 29 %. */
function usedPercent(rule: UsedRule): number {
  const ratio = usedRatio(rule);
  const nearest = Math.round(ratio * 100);
  return nearest / 100 <= ratio ? nearest : Math.floor(ratio * 100);
}

/** The greatest percentage that is written out. */
const PERCENT_MAX = 999;

/**
 * Returns the used part of the most used budget, in millionths of its amount; null if there is no budget. A budget of 0 counts as
 * used up.
 */
export function budgetUsedPpm(rules: readonly UsedRule[]): number | null {
  const ratios = rules.filter(({ limit }) => limit === 'budget').map(ppmOf);
  return ratios.length === 0 ? null : Math.max(...ratios);
}

function mostUsed<Rule extends UsedRule>(rules: readonly Rule[]): Rule | null {
  return rules.reduce<Rule | null>((most, rule) => (most === null || usedRatio(rule) > usedRatio(most) ? rule : most), null);
}

function isUsedUp({ limit, action, value, used }: UsedRule): boolean {
  return limit === 'budget' && action === 'block' && used >= value;
}

function isNear(rule: UsedRule): boolean {
  return usedRatio(rule) >= NEAR && (rule.limit === 'budget' || rule.value > 0);
}

function ppmOf(rule: UsedRule): number {
  return Math.min(Math.max(Math.floor(usedRatio(rule) * PPM), 0), PPM_MAX);
}
