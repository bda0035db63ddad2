import type { Budget } from './budget.ts';
import { type LabelMatch, RATE_LIMITS, type RateLimits } from './rate-limit.ts';

/**
 * Limits and budgets for the requests with a tag, or for those of each end user. Callers name both, so a limit that refuses rests on a
 * rule that makes them: a required tag, or `require_end_user`.
 */
export interface LabelLimit {
  readonly match: LabelMatch;
  readonly rateLimits: RateLimits;
  /** Their match is the limit's. */
  readonly budgets: readonly Budget[];
}

/** The labels of one request. */
export interface Labels {
  readonly tags: readonly string[];
  /** The end user as it is stored; null: none. */
  readonly endUser: string | null;
}

export const NO_LABELS: Labels = Object.freeze({ tags: Object.freeze([]), endUser: null });

/** Reports whether a limit applies to a request with these labels. */
export function isLabelled(match: LabelMatch, { tags, endUser }: Labels): boolean {
  if (match.is === 'tag') return tags.includes(match.tag);
  return endUser !== null && (match.name === null || match.name === endUser);
}

/** Reports whether a limit can refuse a request. Those that cannot only warn. */
export function canRefuse({ rateLimits, budgets }: LabelLimit): boolean {
  return RATE_LIMITS.some((name) => rateLimits[name] !== undefined) || budgets.some(({ action }) => action === 'block');
}
