import { z } from 'zod';
import { ACCESS_GROUP_KEY } from '../../domain/access/access.ts';
import { type ModelLimit, RATE_LIMITS, type RateLimitName, type RateLimits } from '../../domain/limits/rate-limit.ts';
import { parseTarget, TARGET_PATTERN } from '../../domain/tenancy/names.ts';
import { matchFrom, matchToColumns } from '../../store/configuration/policy-columns.ts';
import { has, never } from '../http/schemas.ts';

/** Rate limits as the API shows and accepts them. Every name is present: null means no limit, and 0 blocks everything. */

const limit = z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullable();
const MODEL_LIMITS_MAX = 100;

const limitsOf = <T extends z.ZodType>(value: T) =>
  ({ rpm: value, tpm: value, rph: value, tph: value, rpd: value, tpd: value, max_parallel: value }) as const satisfies Record<
    RateLimitName,
    T
  >;

export const rateLimits = z.strictObject(limitsOf(limit.optional())).meta({
  id: 'RateLimitsChange',
  description:
    'Requests and tokens per trailing minute (rpm, tpm), per trailing hour (rph, tph), per calendar day in the organization’s time zone (rpd, tpd), and requests in flight. Null means no limit; 0 blocks every request.',
});
export const rateLimitsOut = z.object(limitsOf(limit)).meta({ id: 'RateLimits' });

/** A target of a limit: an exact name, or a prefix and `*`. */
const target = z
  .string()
  .max(402)
  .superRefine((text, context) => {
    const parsed = parseTarget(text);
    if (parsed.is === 'invalid') context.addIssue({ code: 'custom', message: parsed.problem });
  })
  .meta({ maxLength: 201, pattern: TARGET_PATTERN, examples: ['gpt-5*'] });
export const accessGroupKey = z
  .string()
  .regex(
    ACCESS_GROUP_KEY,
    'must be an access group key: 1 to 64 lower-case letters, digits, ".", "_" and "-", beginning with a letter or digit',
  );

export const matchFields = { target: target.nullish(), access_group: accessGroupKey.nullish() };

export const modelLimits = z
  .array(
    z
      .strictObject({ ...matchFields, rate_limits: rateLimits })
      .refine(
        (item) => (item.target ?? null) === null || (item.access_group ?? null) === null,
        'must have a `target` or an `access_group`, not both',
      )
      .refine((item) => (item.target ?? item.access_group ?? null) !== null, 'must have a `target` or an `access_group`')
      .meta(
        never(has({ target: 'string', access_group: 'string' }), {
          properties: { target: { type: 'null' }, access_group: { type: 'null' } },
        }),
      ),
  )
  .max(MODEL_LIMITS_MAX)
  .refine(
    (items) => new Set(items.map((item) => `${item.target ?? ''}@${item.access_group ?? ''}`)).size === items.length,
    'must name each target or access group only once',
  );
export const modelLimitsOut = z.array(
  z.object({ target: z.string().nullable(), access_group: z.string().nullable(), rate_limits: rateLimitsOut }),
);

export type RateLimitsBody = z.output<typeof rateLimits>;
export type ModelLimitsBody = z.output<typeof modelLimits>;

/** Applies a PATCH to rate limits: absent keeps, null clears, and null for the whole clears all. */
export function mergedRateLimits(stored: RateLimits, patch: RateLimitsBody | null | undefined): RateLimits {
  if (patch === undefined) return stored;
  const merged: Partial<Record<RateLimitName, number>> = {};
  for (const name of RATE_LIMITS) {
    const value = patch === null ? null : patch[name] === undefined ? stored[name] : patch[name];
    if (value !== null && value !== undefined) merged[name] = value;
  }
  return merged;
}

/** Returns the list that replaces the stored one: absent keeps it, null empties it. */
export function replacedModelLimits(
  stored: readonly ModelLimit[],
  patch: ModelLimitsBody | null | undefined,
): readonly ModelLimit[] {
  if (patch === undefined) return stored;
  return (patch ?? []).map((item) => ({
    match: matchFrom(item.target ?? null, item.access_group ?? null) as ModelLimit['match'],
    rateLimits: mergedRateLimits({}, item.rate_limits),
  }));
}

export function renderRateLimits(limits: RateLimits): z.output<typeof rateLimitsOut> {
  return Object.fromEntries(RATE_LIMITS.map((name) => [name, limits[name] ?? null])) as z.output<typeof rateLimitsOut>;
}

export function renderModelLimits(limits: readonly ModelLimit[]): z.output<typeof modelLimitsOut> {
  return limits.map(({ match, rateLimits }) => {
    const { matchTarget, matchAccessGroup } = matchToColumns(match);
    return { target: matchTarget, access_group: matchAccessGroup, rate_limits: renderRateLimits(rateLimits) };
  });
}
