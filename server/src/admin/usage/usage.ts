import { z } from 'zod';
import { formatUsd } from '../../domain/money/money.ts';
import { CLIENTS, OTHER_CLIENT } from '../../domain/usage/attribution.ts';
import { MONTH_FORM, monthOf, monthSpan } from '../../domain/usage/compared-spans.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import type { UnitSum } from '../../store/usage/unit-sums.ts';
import {
  ADDS_UP_TO_MORE,
  LABEL_GROUPS,
  reportUsage,
  TooManyIntervals,
  USAGE_GROUPS,
  USAGE_INTERVALS,
  type UsageGroup,
  type UsageLine,
  type UsageQuestion,
  type UsageTotals,
} from '../../store/usage/usage-report.ts';
import { reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { id, idParams, instant, instantOut, timeZone } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { invalid } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { commaList, text, wholeNumber } from '../http/schemas.ts';
import { comparedOut, comparisonOf } from './comparison.ts';
import { storedNamesOf } from './end-users.ts';
import { askedOrganization } from './usage-scope.ts';

/** Usage and spend, added up exactly over any time range. */

const DEFAULT_SPAN_MS = 30 * 86_400_000;

/** The most groups that a query may list. Repeated ones count once. */
const GROUPS_LISTED_MAX = 20;

/** The most characters of an end user in a query: longer than those stored, because a longer name has a pseudonym. */
export const END_USER_CHARS_MAX = 1_000;

const groupBy = text(300)
  .transform((text) => [...new Set(text.split(',').map((part) => part.trim()))])
  .pipe(z.array(z.enum(USAGE_GROUPS)).max(USAGE_GROUPS.length))
  .meta({
    description: `Groups, separated by commas: ${USAGE_GROUPS.join(', ')}.`,
    ...commaList(`\\s*(?:${USAGE_GROUPS.join('|')})\\s*`, GROUPS_LISTED_MAX),
    examples: ['organization,model'],
  });

const narrowing = {
  from: instant.optional().meta({ description: 'The start of the range. Default: 30 days before `to`.' }),
  to: instant.optional().meta({ description: 'The end of the range, exclusive. Default: now.' }),
  month: z
    .union([z.enum(['current', 'last']), z.string().max(7).regex(MONTH_FORM, 'must be a month, such as 2026-10')])
    .optional()
    .meta({ description: 'A month in the time zone: `2026-10`, `current` (up to now) or `last`. In place of `from` and `to`.' }),
  group_by: groupBy.optional(),
  interval: z.enum(USAGE_INTERVALS).optional(),
  time_zone: timeZone
    .optional()
    .meta({ description: 'The time zone in which intervals begin. Default: the organization’s, else UTC.' }),
  team_id: id.optional(),
  key_id: id.optional(),
  member_id: id.optional(),
  service_account_id: id.optional(),
  model: text(200).optional(),
  deployment_id: id.optional(),
  provider: text(64).optional(),
  limit: wholeNumber(1, 10_000)
    .optional()
    .meta({ description: 'The most lines, those with the highest spend first. The total counts all lines. Default: 10,000.' }),
  tag: text(64)
    .optional()
    .meta({ description: 'Only requests with this tag, named by the request or added by its key, team or organization.' }),
  deployment_tag: text(64).optional().meta({ description: 'Only deployments that carry this tag now.' }),
  owner: z.enum(['organization', 'platform']).optional().meta({
    description: '`organization`: only own deployments of organizations (`byok`). `platform`: only those of the platform.',
  }),
  end_user: text(END_USER_CHARS_MAX).optional().meta({
    description: 'The end user as callers name it, or its pseudonym. A name finds its pseudonym only within one organization.',
  }),
  session: text(END_USER_CHARS_MAX).optional().meta({
    description: 'The session as callers name it, or its pseudonym. A name finds its pseudonym only within one organization.',
  }),
  client: z.enum([...CLIENTS, OTHER_CLIENT]).optional(),
};
const compare = z.enum(['previous_period']).optional().meta({
  description:
    'Compares with the period before, by the same filters: a month with the month before, a month to date with the same days of it, and any other range with the same length before.',
});
const ofOneQuery = z.strictObject({ ...narrowing, compare });
export const query = z.strictObject({ ...narrowing, organization_id: id.optional() });
const comparableQuery = z.strictObject({ ...query.shape, compare });
type Query = z.output<typeof query>;
type ComparableQuery = Omit<z.output<typeof comparableQuery>, 'organization_id'>;

/** The sums of a line, as the API returns them. */
export const sums = {
  admitted_requests: z.int().meta({
    description: 'The number of admitted requests, whatever their outcome: `requests` and `estimated_requests` together.',
  }),
  requests: z.int().meta({ description: 'The number of admitted requests without `estimated_requests`.' }),
  estimated_requests: z.int(),
  refused_requests: z.int(),
  unpriced_requests: z.int(),
  input_tokens: z.int(),
  cached_input_tokens: z.int(),
  cache_write_tokens: z.int(),
  output_tokens: z.int(),
  reasoning_tokens: z.int(),
  total_tokens: z.int(),
  spend: z.string(),
};
const unitOut = z
  .object({
    unit: z.string().meta({
      description:
        'A token bucket without a field of its own (`cache_write_1h`, `audio_input`; included in `total_tokens`), or a piece (`search`, `request`, `image`, `second_input`, `second_output`, `page`, `search_unit`, `character`). Use without a price may also name a bucket with its own field (`cache_write`), a tier (`service_tier:priority`, `context_tier`), or a kind that cannot have a price (`tool`, `beta`), once for each attempt.',
    }),
    uses: z.int().meta({ description: 'The number of attempts that used it.' }),
    quantity: z.int(),
    unpriced_quantity: z.int().meta({ description: 'The part of `quantity` without a price. `spend` leaves out its cost.' }),
  })
  .meta({ id: 'UnitUse' });
export const unitsOut = {
  units: z.array(unitOut),
  partly_priced: z.boolean().meta({
    description: 'True if a unit was used without a price, so that `spend` is less than providers charge. See `units`.',
  }),
};
const group = z.string().nullable().optional();

const usageOut = z
  .object({
    from: instantOut,
    to: instantOut,
    time_zone: z.string(),
    interval: z.enum(USAGE_INTERVALS).nullable(),
    group_by: z.array(z.enum(USAGE_GROUPS)),
    data: z.array(
      z.object({
        start: instantOut.optional(),
        organization_id: group,
        team_id: group,
        key_id: group,
        member_id: group,
        service_account_id: group,
        model: group,
        deployment_id: group,
        provider: group,
        tag: group.meta({
          description:
            'A tag of the request. A request counts under each of its tags, so lines by tag add up to more than the total. Null for requests without a tag.',
        }),
        deployment_tag: group.meta({
          description:
            'A deployment counts under each of the tags it carries now, so lines by tag add up to more than the total.',
        }),
        owner: group.meta({
          description: 'Who brought the deployment: `organization` or `platform`. Null for requests that reached none.',
        }),
        end_user: group.meta({
          description:
            'The end user, or its pseudonym, as the organization stores end users; `other` for those beyond the bound of a day. Null for requests that name none.',
        }),
        session: group.meta({
          description: 'The session; `other` for those beyond the bound of a day. Null for requests that name none.',
        }),
        client: group.meta({
          description: 'The client by its `user-agent`; `other` for any other, and for requests of earlier versions.',
        }),
        ...sums,
        ...unitsOut,
        previous: comparedOut.line,
      }),
    ),
    total: z.object({ ...sums, ...unitsOut }),
    overlapping: z.boolean().meta({
      description: 'True if a request can count in several lines, as by tag: then the lines add up to more than the total.',
    }),
    truncated: z.boolean().meta({ description: 'True if there are more lines than returned. The total counts all of them.' }),
    previous: comparedOut.report.optional().meta({ description: 'The period before, with `compare`.' }),
  })
  .meta({ id: 'Usage' });

const description =
  'Returns the sums of each group, per interval if one is given, with the highest spend first. A settled request appears within a second.';

export const read = route({
  summary: 'Get usage and spend',
  description,
  permission: 'usage.read',
  query: comparableQuery,
  response: usageOut,
  load: askedOrganization,
  handle: (call, organization) => report(call, organization),
});

export const readOfOrganization = route({
  summary: 'Get usage and spend of an organization',
  description,
  permission: 'usage.read',
  params: idParams,
  query: ofOneQuery,
  response: usageOut,
  load: async (call) => {
    const { object } = await load.organizationEver(call);
    return { place: { anywhereIn: { organizationId: object.id } }, object };
  },
  handle: (call, organization) => report(call, organization),
});

async function report(
  call: AdminCall<unknown, ComparableQuery>,
  organization: OrganizationRow | null,
): Promise<z.output<typeof usageOut>> {
  const question = questionOf(call, organization);
  const answer = await reportUsage(call.deps.db, question).catch((error: unknown) => {
    throw error instanceof TooManyIntervals ? invalid('?interval', error.message) : error;
  });
  const compared = call.query.compare === undefined ? null : await comparisonOf(call.deps.db, question, answer);
  return {
    from: new Date(question.fromMs).toISOString(),
    to: new Date(question.toMs).toISOString(),
    time_zone: question.timeZone,
    interval: question.interval,
    group_by: [...question.groupBy],
    data: (compared ?? answer).lines.map((line) => ({ ...renderLine(line), ...previousOf(compared?.previousOf(line)) })),
    total: { ...renderTotals(answer.total), ...renderUnits(answer.totalUnits) },
    overlapping: question.groupBy.some((group) => ADDS_UP_TO_MORE.has(group)),
    truncated: (compared ?? answer).isCut,
    ...(compared === null ? {} : { previous: compared.report }),
  };
}

/** Returns the field of a line, or nothing if the period before is not known. */
function previousOf(previous: z.output<typeof comparedOut.line>) {
  return previous === undefined ? {} : { previous };
}

export function questionOf(
  call: AdminCall<unknown, Omit<Query, 'organization_id'>>,
  organization: OrganizationRow | null,
): UsageQuestion {
  const { query } = call;
  const timeZone = query.time_zone ?? organization?.timeZone ?? 'UTC';
  const nowMs = call.deps.clock.nowMs();
  const only: [UsageGroup, string | undefined][] = [
    ['organization', organization?.id],
    ['team', query.team_id],
    ['key', query.key_id],
    ['member', query.member_id],
    ['service_account', query.service_account_id],
    ['model', query.model],
    ['deployment', query.deployment_id],
    ['provider', query.provider],
    ['tag', query.tag],
    ['deployment_tag', query.deployment_tag],
    ['owner', query.owner],
    ['client', query.client],
  ];
  const endUsers = query.end_user === undefined ? {} : { end_user: storedNamesOf(call, organization, query.end_user) };
  const sessions = query.session === undefined ? {} : { session: storedNamesOf(call, organization, query.session) };
  requireOneKind(query);
  return {
    ...spanOf(query, timeZone, nowMs),
    groupBy: query.group_by ?? [],
    interval: query.interval ?? null,
    timeZone,
    only: {
      ...Object.fromEntries(only.flatMap(([name, value]) => (value === undefined ? [] : [[name, [value]]]))),
      ...endUsers,
      ...sessions,
    },
    linesMax: query.limit,
    withUnits: true,
    reaches: reachWithin(call.actor, 'usage.read', organization === null ? 'platform' : { organizationId: organization.id }),
  };
}

/** Throws invalid if a query uses two kinds of labels that are not summed together. */
function requireOneKind(query: Omit<Query, 'organization_id'>): void {
  const used = LABEL_GROUPS.filter((name) => query.group_by?.includes(name) || query[name] !== undefined);
  const usesClient = query.group_by?.includes('client') || query.client !== undefined;
  if (used.length > 1 || (used.includes('tag') && usesClient))
    throw invalid('?group_by', 'can use one of tag, end_user and session, as a group or a filter; and client, but not with tag');
}

/** Returns the time of a query: its month, its range, or the last 30 days. */
function spanOf({ from, to, month }: Pick<Query, 'from' | 'to' | 'month'>, timeZone: string, nowMs: number) {
  if (month !== undefined) {
    if (from !== undefined || to !== undefined) throw invalid('?month', 'cannot be combined with `from` or `to`');
    const named = month === 'current' ? monthOf(nowMs, timeZone) : month === 'last' ? monthOf(nowMs, timeZone, 1) : month;
    const { startMs, endMs } = monthSpan(named, timeZone);
    if (startMs >= nowMs) throw invalid('?month', 'must not be in the future');
    return { fromMs: startMs, toMs: Math.min(endMs, nowMs), isUntilNow: endMs > nowMs };
  }
  const toMs = to === undefined ? nowMs : Date.parse(to);
  const fromMs = from === undefined ? toMs - DEFAULT_SPAN_MS : Date.parse(from);
  if (fromMs >= toMs) throw invalid('?from', 'must be before `to`');
  return { fromMs, toMs, isUntilNow: to === undefined };
}

export const FIELDS = {
  organization: 'organization_id',
  team: 'team_id',
  key: 'key_id',
  member: 'member_id',
  service_account: 'service_account_id',
  model: 'model',
  deployment: 'deployment_id',
  provider: 'provider',
  tag: 'tag',
  deployment_tag: 'deployment_tag',
  owner: 'owner',
  end_user: 'end_user',
  session: 'session',
  client: 'client',
} as const satisfies Record<UsageGroup, string>;

function renderLine({ startMs, groups, sums: line, units }: UsageLine) {
  const named = Object.entries(groups).map(([name, value]) => [FIELDS[name as UsageGroup], value]);
  return {
    ...(startMs === null ? {} : { start: new Date(startMs).toISOString() }),
    ...Object.fromEntries(named),
    ...renderTotals(line),
    ...renderUnits(units),
  };
}

export function renderUnits(units: readonly UnitSum[]) {
  return {
    units: units.map(({ unit, uses, quantity, unpricedQuantity }) => ({
      ...{ unit, uses, quantity },
      unpriced_quantity: unpricedQuantity,
    })),
    partly_priced: units.some(({ unpricedQuantity }) => unpricedQuantity > 0),
  };
}

/** Renders sums as the API returns them. */
export function renderTotals(totals: UsageTotals) {
  return { admitted_requests: Number(totals.admitted), ...renderSums(totals) };
}

/** Renders sums as exports have them. Counts of tokens stay far below 2^53, so they are numbers; money is a decimal string. */
export function renderSums(totals: UsageTotals) {
  const { spend_nano_usd, admitted: _, ...counts } = totals;
  const numbers = Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, Number(value)]));
  return { ...(numbers as Record<keyof typeof counts, number>), spend: formatUsd(spend_nano_usd) };
}
