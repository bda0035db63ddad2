/** The states of an organization against its own limits and budgets. */
export const STANDINGS = ['healthy', 'near_limit', 'over_budget', 'idle'] as const;
export type Standing = (typeof STANDINGS)[number];

/** One limit or budget of the organization with its use, in the unit of the limit. */
export interface UsedRule {
  readonly limit: 'budget' | 'rate_limit';
  readonly action: 'block' | 'alert';
  readonly value: number;
  /** The sum of settled and held use. */
  readonly used: number;
}

/** The used part of a limit from which on it counts as near. */
const NEAR = 0.8;
const PPM = 1_000_000;
/** The upper bound of a ratio: one million times the limit. */
const PPM_MAX = 1_000_000 * PPM;

/**
 * Returns the standing. `over_budget`: a blocking budget is used up. `near_limit`: any budget or rate limit is used to 80 %.
 * `idle`: no request in 30 days, not even a refused one. A rate limit of 0 blocks on purpose and never counts as near.
 */
export function judge(rules: readonly UsedRule[], requests30d: number): Standing {
  if (rules.some(isUsedUp)) return 'over_budget';
  if (rules.some(isNear)) return 'near_limit';
  return requests30d === 0 ? 'idle' : 'healthy';
}

/**
 * Returns the used part of the most used budget, in millionths of its amount; null if there is no budget. A budget of 0 counts as
 * used up.
 */
export function budgetUsedPpm(rules: readonly UsedRule[]): number | null {
  const ratios = rules.filter(({ limit }) => limit === 'budget').map(ppmOf);
  return ratios.length === 0 ? null : Math.max(...ratios);
}

function isUsedUp({ limit, action, value, used }: UsedRule): boolean {
  return limit === 'budget' && action === 'block' && used >= value;
}

function isNear({ limit, value, used }: UsedRule): boolean {
  if (value === 0) return limit === 'budget';
  return used >= value * NEAR;
}

function ppmOf({ value, used }: UsedRule): number {
  if (value === 0) return PPM;
  return Math.min(Math.max(Math.floor((used / value) * PPM), 0), PPM_MAX);
}
