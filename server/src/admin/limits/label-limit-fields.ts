import { z } from 'zod';
import { TAG, TAG_WORDS } from '../../domain/access/tags.ts';
import type { LabelLimit } from '../../domain/limits/label-limit.ts';
import { newId } from '../../lib/id.ts';
import { invalid } from '../http/problem.ts';
import { has, never } from '../http/schemas.ts';
import { budgetFromBody, labelBudget, labelBudgetOut, renderBudget } from './budget-fields.ts';
import { mergedRateLimits, rateLimits, rateLimitsOut, renderRateLimits } from './rate-limit-fields.ts';

/** Limits and budgets by tag and end user, as the API shows and accepts them. Organizations, teams and keys have them. */

const LABEL_LIMITS_MAX = 100;
/** The periods whose spend by end user is kept long enough to be read again after a restart. */
const END_USER_PERIODS: ReadonlySet<string> = new Set(['day', 'week', 'month', 'rolling']);
const END_USER_HOURS_MAX = 31 * 24;

const tag = z.string().regex(TAG, TAG_WORDS);

/** The lists of budgets that end users cannot have, for the reference. */
const LONG_BUDGETS = {
  type: 'array',
  items: { type: 'object' },
  contains: {
    anyOf: [
      { required: ['period'], properties: { period: { enum: ['quarter', 'year', 'total'] } } },
      { required: ['hours'], properties: { hours: { type: 'integer', minimum: END_USER_HOURS_MAX + 1 } } },
      { required: ['days'], properties: { days: { type: 'integer', minimum: END_USER_HOURS_MAX / 24 + 1 } } },
    ],
  },
} as const;

const labelLimit = z
  .strictObject({
    tag: tag.nullish(),
    end_user: z.literal('*').nullish(),
    rate_limits: rateLimits.nullish(),
    budgets: z.array(labelBudget).max(10).nullish(),
  })
  .superRefine((item, context) => {
    if ((item.tag ?? null) === null && (item.end_user ?? null) === null)
      context.addIssue({ code: 'custom', path: ['tag'], message: 'must be set, or `end_user` must be "*"' });
    if ((item.tag ?? null) !== null && (item.end_user ?? null) !== null)
      context.addIssue({ code: 'custom', path: ['end_user'], message: 'must not be set together with `tag`' });
    if ((item.end_user ?? null) === null) return;
    for (const [index, { period, hours, days }] of (item.budgets ?? []).entries()) {
      const isShort = END_USER_PERIODS.has(period) && (hours ?? (days ?? 1) * 24) <= END_USER_HOURS_MAX;
      if (!isShort) context.addIssue({ code: 'custom', path: ['budgets', index, 'period'], message: SHORT_PERIODS });
    }
  })
  .meta(
    never(
      has({ tag: 'string', end_user: 'string' }),
      { properties: { tag: { type: 'null' }, end_user: { type: 'null' } } },
      { required: ['end_user', 'budgets'], properties: { end_user: { type: 'string' }, budgets: LONG_BUDGETS } },
    ),
  );

const SHORT_PERIODS = 'must be "day", "week", "month", or "rolling" of at most 31 days, for end users';

const MEANING =
  'Limits and budgets for the requests with one tag, or with `"end_user": "*"` for those of each end user, who then each have counters of their own. A rate limit or a `block` budget needs a rule that makes callers name the label: the tag among the `required_tags` of this level, one above it or one below it, or `require_end_user` at this level or above it. Without one, only `alert` budgets are accepted. Budgets alert in headers and decisions, and send no mail.';

export const labelLimits = z
  .array(labelLimit)
  .max(LABEL_LIMITS_MAX)
  .refine(
    (items) => new Set(items.map((item) => item.tag ?? '*')).size === items.length,
    'must name each tag, and end users, only once',
  )
  .meta({ description: MEANING });

export const labelLimitsOut = z
  .array(
    z.object({
      tag: z.string().nullable(),
      end_user: z.literal('*').nullable(),
      rate_limits: rateLimitsOut,
      budgets: z.array(labelBudgetOut),
    }),
  )
  .meta({ description: MEANING });

export type LabelLimitsBody = z.output<typeof labelLimits>;

/** Returns the list that replaces the stored one: absent keeps it, null empties it. */
export function replacedLabelLimits(
  stored: readonly LabelLimit[],
  patch: LabelLimitsBody | null | undefined,
): readonly LabelLimit[] {
  if (patch === undefined) return stored;
  const left = new Set(stored.flatMap(({ budgets }) => budgets.map(({ id }) => id)));
  return (patch ?? []).map((item, index) => {
    const match = item.tag == null ? ({ is: 'end_user', name: null } as const) : ({ is: 'tag', tag: item.tag } as const);
    const budgets = (item.budgets ?? []).map((body, place) => {
      if (body.id !== undefined && !left.delete(body.id))
        throw invalid(
          `/label_limits/${index}/budgets/${place}/id`,
          'is not the id of a budget by label of this object: leave the id out to create a new budget',
        );
      return { ...budgetFromBody(body.id ?? newId('bud'), body), match, thresholdsPercent: [] };
    });
    return { match, rateLimits: mergedRateLimits({}, item.rate_limits), budgets };
  });
}

export function renderLabelLimits(limits: readonly LabelLimit[]): z.output<typeof labelLimitsOut> {
  return limits.map(({ match, rateLimits, budgets }) => ({
    tag: match.is === 'tag' ? match.tag : null,
    end_user: match.is === 'tag' ? null : '*',
    rate_limits: renderRateLimits(rateLimits),
    budgets: budgets.map((budget) => {
      const { id, amount, period, anchor_day, anchor_month, hours, action } = renderBudget(budget);
      return { id, amount, period, anchor_day, anchor_month, hours, action };
    }),
  }));
}
