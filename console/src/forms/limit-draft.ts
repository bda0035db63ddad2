import type { Schema } from '../api/client.ts';

/** Rate limits in a form: '' is no limit, 0 blocks everything. */

export const RATE_LIMIT_NAMES = ['rpm', 'tpm', 'rph', 'tph', 'rpd', 'tpd', 'max_parallel'] as const;
export type RateLimitName = (typeof RATE_LIMIT_NAMES)[number];
export type RateLimitsDraft = Readonly<Record<RateLimitName, number | ''>>;

/** The target of a limit or budget that is not for everything: a name or `prefix*`, or an access group. */
export type MatchKind = 'target' | 'access_group';

export interface ModelLimitDraft {
  /** Identifies the row in the form; the server does not know it. */
  readonly row: string;
  readonly kind: MatchKind;
  readonly name: string;
  readonly rate_limits: RateLimitsDraft;
}

export const NO_LIMITS: RateLimitsDraft = { rpm: '', tpm: '', rph: '', tph: '', rpd: '', tpd: '', max_parallel: '' };

export function rateLimitsDraft(limits: Schema<'RateLimits'>): RateLimitsDraft {
  return Object.fromEntries(RATE_LIMIT_NAMES.map((name) => [name, limits[name] ?? ''])) as unknown as RateLimitsDraft;
}

/** Returns every limit by name, so that an emptied field clears the stored limit. */
export function rateLimitsBody(draft: RateLimitsDraft): Record<RateLimitName, number | null> {
  return Object.fromEntries(RATE_LIMIT_NAMES.map((name) => [name, draft[name] === '' ? null : draft[name]])) as Record<
    RateLimitName,
    number | null
  >;
}

type ModelLimits = Schema<'Organization'>['model_limits'];

export function modelLimitsDraft(limits: ModelLimits): readonly ModelLimitDraft[] {
  return limits.map(({ target, access_group, rate_limits }) => ({
    row: newRow(),
    kind: target === null ? 'access_group' : 'target',
    name: target ?? access_group ?? '',
    rate_limits: rateLimitsDraft(rate_limits),
  }));
}

export function modelLimitsBody(drafts: readonly ModelLimitDraft[]) {
  return drafts.map(({ kind, name, rate_limits }) => ({ [kind]: name.trim(), rate_limits: rateLimitsBody(rate_limits) }));
}

export function newModelLimit(): ModelLimitDraft {
  return { row: newRow(), kind: 'target', name: '', rate_limits: NO_LIMITS };
}

let rows = 0;

/** Returns a name for a row of a form, unique in this page. */
export function newRow(): string {
  rows += 1;
  return `row-${rows}`;
}
