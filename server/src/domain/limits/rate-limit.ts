/** The names of the rate limits, in the order in which they are shown and checked. */
export const RATE_LIMITS = ['rpm', 'tpm', 'rph', 'tph', 'rpd', 'tpd', 'max_parallel'] as const;
export type RateLimitName = (typeof RATE_LIMITS)[number];

/** The configured rate limits. A missing name means no limit, 0 blocks. Whole numbers, 0 to 2^53 − 1. */
export type RateLimits = Readonly<Partial<Record<RateLimitName, number>>>;

/** The called names that a limit or budget applies to. It matches the called name, never the serving deployment. */
export type NameMatch =
  | { readonly is: 'any' }
  | { readonly is: 'exact'; readonly name: string }
  /** `gpt-5*` is { prefix: 'gpt-5' }: one shared counter for all names with this prefix. */
  | { readonly is: 'prefix'; readonly prefix: string }
  | { readonly is: 'access_group'; readonly key: string };

/** The requests that a limit or budget applies to, whatever model they call. */
export type LabelMatch =
  /** Those with this tag, whoever named it: the request, its key, its team or its organization. */
  | { readonly is: 'tag'; readonly tag: string }
  /** Those that name an end user. `name`: one end user as it is stored; null: each has a counter of its own. */
  | { readonly is: 'end_user'; readonly name: string | null };

export type TargetMatch = NameMatch | LabelMatch;

export function isLabelMatch(match: TargetMatch): match is LabelMatch {
  return match.is === 'tag' || match.is === 'end_user';
}

export interface ModelLimit {
  readonly match: Exclude<NameMatch, { is: 'any' }>;
  readonly rateLimits: RateLimits;
}

/**
 * Returns the warning for a response header: from 80 % of a limit `approaching_limit`, from 95 % `near_limit`. A limit of 0 is
 * always near.
 */
export function warningOf(used: number, limit: number): 'approaching_limit' | 'near_limit' | null {
  if (used >= limit * 0.95) return 'near_limit';
  return used >= limit * 0.8 ? 'approaching_limit' : null;
}
