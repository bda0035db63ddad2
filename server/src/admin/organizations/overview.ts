import { z } from 'zod';
import { formatUsd } from '../../domain/money/money.ts';
import { can } from '../../domain/tenancy/permission.ts';
import { SCOPES } from '../../domain/tenancy/tenancy.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import { type AttemptHealth, NO_ATTEMPTS, providerHealth } from '../../store/usage/attempt-health.ts';
import * as overview from '../../store/usage/overview.ts';
import {
  intervalStarts,
  reportUsage,
  type UsageGroup,
  type UsageLine,
  type UsageReport,
} from '../../store/usage/usage-report.ts';
import { attemptsOut, renderAttempts, stateOut } from '../catalogue/attempts-view.ts';
import { reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { id, instant, instantOut, timeZone } from '../http/fields.ts';
import { invalid } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { askedOrganization } from '../usage/usage-scope.ts';
import { closestBudgets } from './budgets-closest.ts';

/**
 * The overview page: spend and requests in a time range, by organization, model and key, and the budgets that are nearly used up.
 */

/** The number of days before today in the default range. With today they make a week. */
const DEFAULT_DAYS = 6;
const DAY_MS = 86_400_000;
const SPAN_MS_MAX = 400 * 86_400_000;
const HOURS_UP_TO_MS = 3 * 86_400_000;
const TOP = 10;
/** The most organizations whose budgets and newest requests are read, the busiest first. */
const BUSIEST = 100;

const query = z.strictObject({
  organization_id: id.optional(),
  from: instant.optional().meta({
    description: 'The start of the range, at most 400 days before `to`. Default: the start of the day six days before `to`.',
  }),
  to: instant.optional().meta({ description: 'The end of the range, exclusive. Default: now.' }),
  time_zone: timeZone
    .optional()
    .meta({ description: 'The time zone in which hours and days begin. Default: the organization’s, else UTC.' }),
});
type OverviewCall = AdminCall<unknown, z.output<typeof query>>;

const amounts = {
  requests: z
    .int()
    .meta({ description: 'The number of admitted requests, whatever their outcome. Refused requests are not included.' }),
  spend: z.string(),
};
const millis = z.number().nullable();

const NEEDS_PLATFORM = 'Counts the deployments of all tenants. Null if the caller lacks platform.read.';

const overviewOut = z
  .object({
    range: z.object({
      from: instantOut,
      to: instantOut,
      interval: z.enum(['hour', 'day']),
      time_zone: z.string().meta({ description: 'The time zone in which the intervals of `series` begin.' }),
    }),
    ...amounts,
    errors: z.int().meta({ description: 'The number of admitted requests that failed; also counted in `requests`.' }),
    refusals: z.int(),
    tokens: z.int(),
    latency: z.object({ p50_ms: millis, p95_ms: millis, sample: z.int() }).meta({
      description:
        'The time from arrival to the end of the answer. The sample is the newest answered requests of the 100 busiest organizations, at most 5,000.',
    }),
    series: z.array(z.object({ time: instantOut, ...amounts, errors: z.int(), refused: z.int(), tokens: z.int() })),
    top_organizations: z.array(z.object({ id: z.string(), name: z.string(), ...amounts })),
    top_models: z.array(z.object({ name: z.string(), ...amounts })),
    top_keys: z.array(z.object({ id: z.string(), name: z.string(), organization_id: z.string(), ...amounts })).meta({
      description:
        'The keys with the highest spend. Across organizations, only keys of the ten organizations with the highest spend.',
    }),
    providers: z.array(
      z.object({
        provider: z.string(),
        deployments: z.int().nullable().meta({ description: NEEDS_PLATFORM }),
        cooling: z.int().nullable().meta({ description: NEEDS_PLATFORM }),
        requests: z.int(),
        errors: z.int().meta({ description: 'The attempts at this provider that failed. The same as `attempts.errors`.' }),
        attempts: attemptsOut.meta({
          description:
            'The attempts that the caller may see, by whole quarters of an hour. A request can have several, so its failed attempts can outnumber the failed requests.',
        }),
        ...stateOut,
      }),
    ),
    budgets_closest: z.array(
      z.object({
        organization_id: z.string(),
        organization_name: z.string(),
        scope: z.enum(SCOPES),
        scope_id: z.string(),
        scope_name: z.string(),
        budget_id: z.string(),
        amount: z.string(),
        spent: z.string(),
        held: z.string(),
        ratio: z.number().meta({ description: 'Spent and held money divided by the amount. 1 means used up.' }),
        resets_at: instantOut.nullable(),
        live: z.boolean().meta({
          description: 'False while the shared counters are unavailable. The figures then come from the ledger, without `held`.',
        }),
      }),
    ),
  })
  .meta({ id: 'Overview' });

export const read = route({
  summary: 'Get the overview of a period',
  description: 'Returns the figures of the start page.',
  permission: 'usage.read',
  query,
  response: overviewOut,
  load: askedOrganization,
  handle: (call, organization) => readOverview(call, organization),
});

async function readOverview(call: OverviewCall, organization: OrganizationRow | null): Promise<z.output<typeof overviewOut>> {
  const { db } = call.deps;
  const asked = questionOf(call, organization);
  const starts = intervalStarts(asked) ?? [];
  const report = (groupBy: readonly UsageGroup[], more: object = {}) =>
    reportUsage(db, { ...asked, interval: null, groupBy, linesMax: TOP, ...more });
  const [perInterval, organizations, models, providers, failures] = await Promise.all([
    reportUsage(db, { ...asked, groupBy: [] }),
    report(['organization'], { linesMax: BUSIEST }),
    report(['model']),
    report(['provider'], { linesMax: 1_000 }),
    overview.countFailures(db, asked, starts),
  ]);
  const busiest = organization === null ? idsOf(organizations, 'organization') : [organization.id];
  const [health, keys, latency, closest] = await Promise.all([
    providerHealth(db, asked, busiest),
    topKeys(busiest.slice(0, TOP), report),
    overview.readLatency(db, asked, busiest),
    closestBudgets(call, busiest, asked.reaches, TOP),
  ]);
  const names = await overview.namesOf(db, {
    organizationIds: busiest,
    keyIds: keys.flatMap((line) => line.groups.key ?? []),
  });
  const nameOf = (id: string) => names.get(id) ?? id;
  const { total } = perInterval;
  return {
    range: {
      from: new Date(asked.fromMs).toISOString(),
      to: new Date(asked.toMs).toISOString(),
      interval: asked.interval,
      time_zone: asked.timeZone,
    },
    ...amountsOf({ sums: total }),
    errors: failures.reduce((sum, one) => sum + one.requests, 0),
    refusals: Number(total.refused_requests),
    tokens: Number(total.total_tokens),
    latency: { p50_ms: latency.p50Ms, p95_ms: latency.p95Ms, sample: latency.sample },
    series: seriesOf(perInterval, starts, failures),
    top_organizations: organizations.lines.slice(0, TOP).flatMap((line) => {
      const id = line.groups.organization;
      return id ? [{ id, name: nameOf(id), ...amountsOf(line) }] : [];
    }),
    top_models: models.lines.flatMap((line) => (line.groups.model ? [{ name: line.groups.model, ...amountsOf(line) }] : [])),
    top_keys: keys.flatMap((line) => {
      const { key: id, organization: organization_id } = line.groups;
      return id && organization_id ? [{ id, name: nameOf(id), organization_id, ...amountsOf(line) }] : [];
    }),
    providers: await providersOf(call, providers, { health, sinceMs: asked.fromMs }),
    budgets_closest: closest,
  };
}

function questionOf(call: OverviewCall, organization: OrganizationRow | null) {
  const { query, deps } = call;
  const toMs = query.to === undefined ? deps.clock.nowMs() : Date.parse(query.to);
  const timeZone = query.time_zone ?? organization?.timeZone ?? 'UTC';
  const fromMs = query.from === undefined ? dayOf(toMs - DEFAULT_DAYS * DAY_MS, timeZone) : Date.parse(query.from);
  if (fromMs >= toMs) throw invalid('?from', 'must be before `to`');
  if (toMs - fromMs > SPAN_MS_MAX) throw invalid('?from', 'must be at most 400 days before `to`');
  return {
    fromMs,
    toMs,
    isUntilNow: query.to === undefined,
    interval: toMs - fromMs <= HOURS_UP_TO_MS ? ('hour' as const) : ('day' as const),
    timeZone,
    organizationId: organization?.id,
    only: organization === null ? {} : { organization: [organization.id] },
    reaches: reachWithin(call.actor, 'usage.read', organization === null ? 'platform' : { organizationId: organization.id }),
  };
}

/** Returns the start of the day of an instant, in milliseconds since the epoch. */
function dayOf(atMs: number, timeZone: string): number {
  return intervalStarts({ fromMs: atMs, toMs: atMs + 1, interval: 'day', timeZone })?.[0] ?? atMs;
}

/**
 * Finds the keys with the greatest spend, with one query per organization. An index serves each; a query for ten organizations
 * would read every tenant's rows of the range. The queries run one at a time, because requests of keys need connections too.
 */
async function topKeys(
  organizationIds: readonly string[],
  report: (groupBy: readonly UsageGroup[], more: object) => Promise<UsageReport>,
): Promise<readonly UsageLine[]> {
  const lines: UsageLine[] = [];
  for (const one of organizationIds)
    lines.push(...(await report(['organization', 'key'], { only: { organization: [one] } })).lines);
  return lines.sort(bySpend).slice(0, TOP);
}

function bySpend(one: UsageLine, other: UsageLine): number {
  return Number(other.sums.spend_nano_usd - one.sums.spend_nano_usd);
}

function idsOf(report: UsageReport, group: UsageGroup): readonly string[] {
  return report.lines.flatMap((line) => line.groups[group] ?? []);
}

function amountsOf({ sums }: Pick<UsageLine, 'sums'>) {
  return { requests: Number(sums.admitted), spend: formatUsd(sums.spend_nano_usd) };
}

/** Returns every interval, including those without requests. */
function seriesOf(report: UsageReport, starts: readonly number[], failures: readonly overview.Failures[]) {
  const lines = new Map(report.lines.map((line) => [line.startMs, line]));
  const errors = new Map<number | null, number>();
  for (const { startMs, requests } of failures) errors.set(startMs, (errors.get(startMs) ?? 0) + requests);
  return starts.map((startMs) => {
    const line = lines.get(startMs);
    return {
      time: new Date(startMs).toISOString(),
      ...(line === undefined ? { requests: 0, spend: '0.00' } : amountsOf(line)),
      errors: errors.get(startMs) ?? 0,
      refused: Number(line?.sums.refused_requests ?? 0),
      tokens: Number(line?.sums.total_tokens ?? 0),
    };
  });
}

/**
 * Returns the providers that were called. A caller who may read the platform also gets the providers of all other deployments,
 * with the number of deployments and of those in cooldown.
 */
async function providersOf(
  call: OverviewCall,
  report: UsageReport,
  { health, sinceMs }: { readonly health: ReadonlyMap<string, AttemptHealth>; readonly sinceMs: number },
) {
  const seesAll = can(call.actor, 'platform.read', { organizationId: null });
  const all = seesAll ? await overview.deploymentsOf(call.deps.db) : [];
  const resting = new Set(call.deps.process.health().cooling.map((one) => one.deploymentId));
  const asked = new Map(report.lines.flatMap((line) => (line.groups.provider ? [[line.groups.provider, line] as const] : [])));
  const names = new Set([...asked.keys(), ...health.keys(), ...all.map((one) => one.provider)]);
  return [...names].sort().map((provider) => {
    const own = all.filter((one) => one.provider === provider);
    const sums = asked.get(provider)?.sums;
    const beyond = health.get(provider) ?? NO_ATTEMPTS;
    const shown = renderAttempts(call, { ...beyond, attempts: beyond.attempts + Number(sums?.admitted ?? 0) }, sinceMs);
    return {
      provider,
      deployments: seesAll ? own.length : null,
      cooling: seesAll ? own.filter((one) => resting.has(one.id)).length : null,
      requests: Number(sums?.admitted ?? 0),
      errors: shown.attempts.errors,
      ...shown,
    };
  });
}
