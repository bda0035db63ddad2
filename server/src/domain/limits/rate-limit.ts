/** The names of the rate limits, in the order in which they are shown and checked. */
export const RATE_LIMITS = ['rpm', 'tpm', 'rph', 'tph', 'rpd', 'tpd', 'max_parallel'] as const;
export type RateLimitName = (typeof RATE_LIMITS)[number];

/** Only configured limits are enforced: an absent name has no limit, 0 blocks. Whole numbers, 0 to 2^53 − 1. */
export type RateLimits = Readonly<Partial<Record<RateLimitName, number>>>;

/** Which called names a limit or budget applies to. It matches the name called, never the deployment that serves. */
export type TargetMatch =
  | { readonly is: 'any' }
  | { readonly is: 'exact'; readonly name: string }
  /** `gpt-5*` is { prefix: 'gpt-5' }: one shared counter for all names that begin so. */
  | { readonly is: 'prefix'; readonly prefix: string }
  | { readonly is: 'access_group'; readonly key: string };

export interface ModelLimit {
  readonly match: Exclude<TargetMatch, { is: 'any' }>;
  readonly rateLimits: RateLimits;
}

/** What a header warns of: from 80 % of a limit it approaches, from 95 % it is near. A limit of 0 is always near. */
export function warningOf(used: number, limit: number): 'approaching_limit' | 'near_limit' | null {
  if (used >= limit * 0.95) return 'near_limit';
  return used >= limit * 0.8 ? 'approaching_limit' : null;
}
