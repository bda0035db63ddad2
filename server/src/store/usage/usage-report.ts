/** Usage summed by any groups over any span of time, for GET /usage. */
import { and, eq, inArray, type SQL, type SQLChunk, type SQLWrapper, sql } from 'drizzle-orm';
import { type PeriodSpan, startsWithin } from '../../domain/limits/period.ts';
import type { Reach } from '../../domain/tenancy/permission.ts';
import { OTHER_CLIENT } from '../../domain/usage/attribution.ts';
import type { Database, OpenDatabase } from '../database.ts';
import { readInParts } from '../row-cursor.ts';
import { deployments } from '../schema.ts';
import { withinReach } from '../tenancy/reach.ts';
import { type LabelQuestion, type Source, UNITS, USAGE } from './label-sums.ts';
import { originRows } from './origin-sums.ts';
import { tagRows } from './tag-sums.ts';
import { linesWithUnits, type UnitSum, unitSumsFrom } from './unit-sums.ts';
import {
  type Condition,
  DAY_MS,
  HOUR_MS,
  type KeyColumns,
  QUARTER_MS,
  type Span,
  type TeamColumns,
  USAGE_SUMS,
  type UsageSum,
  type Whose,
} from './usage-rows.ts';

export const USAGE_GROUPS = [
  'organization',
  'team',
  'key',
  'member',
  'service_account',
  'model',
  'deployment',
  'provider',
  'tag',
  'deployment_tag',
  'owner',
  'end_user',
  'session',
  'client',
] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];
export const USAGE_INTERVALS = ['hour', 'day', 'week', 'month'] as const;
export type UsageInterval = (typeof USAGE_INTERVALS)[number];

export interface UsageQuestion {
  readonly fromMs: number;
  /** The end of the time, not included. */
  readonly toMs: number;
  /** True if `toMs` is now. The report may then include later requests, so that the present day can be read as a whole. */
  readonly isUntilNow?: boolean;
  readonly groupBy: readonly UsageGroup[];
  readonly interval: UsageInterval | null;
  /** The IANA zone in which hours, days, weeks (from Monday) and months begin. */
  readonly timeZone: string;
  /** Filters by the values of each group. An absent group does not filter. */
  readonly only: Readonly<Partial<Record<UsageGroup, readonly string[]>>>;
  /** The reader's reach. Absent for everything. */
  readonly reaches?: readonly Reach[] | undefined;
  /** The most lines of a report. Default and maximum: 10,000. */
  readonly linesMax?: number | undefined;
  /** True to add the units to each line. */
  readonly withUnits?: boolean | undefined;
}

/**
 * The sums of one group. `startMs` is null without an interval. `groups` has only the requested ones, null if a request had none.
 */
export interface UsageLine {
  readonly startMs: number | null;
  readonly groups: Readonly<Partial<Record<UsageGroup, string | null>>>;
  readonly sums: UsageTotals;
  /** The units, by name. Empty unless requested. */
  readonly units: readonly UnitSum[];
}

/** The sums of a line: exact whole numbers of any size. */
export type UsageTotals = Readonly<Record<UsageSum, bigint>>;

export interface UsageReport {
  /** The lines by time, then by spend, highest first. */
  readonly lines: readonly UsageLine[];
  readonly total: UsageTotals;
  /** The units of the total. Empty unless requested. */
  readonly totalUnits: readonly UnitSum[];
  /** True if there are more lines than the report has. The total counts all of them. */
  readonly isCut: boolean;
}

/** The time has more intervals than a report allows. The answer is 400. */
export class TooManyIntervals extends Error {
  constructor() {
    super(
      `the time range has more than ${INTERVALS_MAX} intervals, the most allowed: choose a shorter range or a longer interval`,
    );
    this.name = 'TooManyIntervals';
  }
}

/** There are more lines than an export allows. The answer is 400. */
export class TooManyLines extends Error {
  constructor() {
    super(`there are more than ${STREAMED_LINES_MAX} lines, the most allowed: narrow the time range or the filters`);
    this.name = 'TooManyLines';
  }
}

const INTERVALS_MAX = 2_000;
/** The most lines of a report. */
export const LINES_MAX = 10_000;
const STREAMED_LINES_MAX = 100_000;
const LINES_AT_ONCE = 500;

/** Returns a report of usage. Throws TooManyIntervals. */
export async function reportUsage(db: Database, question: UsageQuestion): Promise<UsageReport> {
  const linesMax = Math.min(question.linesMax ?? LINES_MAX, LINES_MAX);
  const starts = intervalStarts(question);
  const { rows: found } = await db.execute<Found>(statementOf(question, starts, linesMax));
  const [total, ...grouped] = found;
  const lines = isOneLine(question) && total !== undefined ? [total] : grouped;
  return {
    lines: lines.slice(0, linesMax).map((row) => lineFrom(row, question.groupBy, starts)),
    ...(question.groupBy.some((group) => ADDS_UP_TO_MORE.has(group)) ? await totalOf(db, question) : totalFrom(total)),
    isCut: lines.length > linesMax,
  };
}

/**
 * Yields the lines of reportUsage in the same order, in parts of at most 500 and at most 100,000 in all. They come from one
 * snapshot, however slowly they are read. `readerId` must be unique to this reader. Throws TooManyIntervals and TooManyLines
 * before the first part.
 */
export async function* streamUsage(
  openSession: OpenDatabase['openSession'],
  readerId: string,
  question: UsageQuestion,
): AsyncGenerator<readonly UsageLine[]> {
  const starts = intervalStarts(question);
  const statement = statementOf(question, starts, STREAMED_LINES_MAX);
  let isFirst = true;
  for await (const rows of readInParts<Found>(openSession, `usage_${readerId}`, statement, LINES_AT_ONCE)) {
    const lines = isFirst && !isOneLine(question) ? rows.slice(1) : rows;
    if (isFirst && Number(rows[0]?.row_count) > STREAMED_LINES_MAX + 1) throw new TooManyLines();
    isFirst = false;
    yield lines.map((row) => lineFrom(row, question.groupBy, starts));
  }
}

/** Reports whether the report has a single line, which is also the total: without groups and interval. */
function isOneLine({ groupBy, interval }: UsageQuestion): boolean {
  return groupBy.length === 0 && interval === null;
}

/** Groups of which a request can have several, so that their lines add up to more than the total. */
export const ADDS_UP_TO_MORE: ReadonlySet<UsageGroup> = new Set(['tag', 'deployment_tag']);

/** Reads the total in its own query, because lines by tag do not add up to it. */
async function totalOf(db: Database, question: UsageQuestion) {
  const { total, totalUnits } = await reportUsage(db, { ...question, groupBy: [], interval: null });
  return { total, totalUnits };
}

/**
 * Returns a query of the total and then the lines, with one more than `linesMax` if there are more. `row_count` is the number of
 * all rows.
 */
function statementOf(question: UsageQuestion, starts: readonly number[] | null, linesMax: number): SQL {
  const groups = question.groupBy.map((group) => sql.identifier(GROUP_COLUMNS[group]));
  const keys = starts === null ? groups : [sql`slot`, ...groups];
  const sums = sql.raw(USAGE_SUMS.map((name) => `coalesce(sum(${name}), 0) as ${name}`).join(', '));
  const span = { fromMs: question.fromMs, toMs: question.isUntilNow === true ? Number.POSITIVE_INFINITY : question.toMs };
  const rows = rowsOf(question, span, whoseOf(question, starts));
  const order = sql`total_mark desc${starts === null ? sql`` : sql`, slot`}, spend_nano_usd desc, total_tokens desc`;
  const lines = sql`
    select ${keys.length === 0 ? sql`1` : sql`grouping(${list(keys)})`} as total_mark, count(*) over () as row_count, ${list([...keys, sums])}
    from ${slotted(question, starts, rows.of(USAGE))} as slotted
    group by grouping sets (${keys.length === 0 ? sql`` : sql`(${list(keys)}), `}())${rows.isLabelled ? onlyUsed(keys) : sql``}
    order by ${order} limit ${linesMax + 2}`;
  if (question.withUnits !== true) return lines;
  const units = slotted(question, starts, rows.of(UNITS));
  return linesWithUnits({ lines, keys, units, order });
}

/** The kinds of labels of which a report can use one. Only end users and sessions can be combined, each with clients. */
export const LABEL_GROUPS = ['tag', 'end_user', 'session'] as const satisfies readonly UsageGroup[];

interface Rows {
  /** True if a request's usage may come in several rows that cancel each other. */
  readonly isLabelled: boolean;
  of(source: Source): SQL;
}

/** Returns the rows of a report, with a column for each label that it uses. */
function rowsOf(question: UsageQuestion, span: Span, whose: Whose): Rows {
  const uses = (group: UsageGroup) => question.groupBy.includes(group) || question.only[group] !== undefined;
  const keys = { is: 'keys', condition: (columns: KeyColumns) => ofKeys(question, columns) } as const;
  const asked: LabelQuestion = { span, whose, keys, conditions: conditionsOf(question) };
  if (uses('tag')) return { isLabelled: true, of: (source) => tagRows(source, { ...asked, only: question.only.tag ?? null }) };
  const by = uses('end_user') ? 'end_user' : uses('session') ? 'session' : null;
  if (by === null && !uses('client')) return { isLabelled: false, of: (source) => source.all(asked) };
  const clients = question.only.client?.map((client) => (client === OTHER_CLIENT ? '' : client)) ?? null;
  const names = by === null ? null : (question.only[by] ?? null);
  return {
    isLabelled: true,
    of: (source) => originRows(source, { ...asked, by, byClient: question.groupBy.includes('client'), names, clients }),
  };
}

/** Returns the condition that omits lines without usage, as for requests without tags if every request has tags. */
function onlyUsed(keys: readonly SQLChunk[]): SQL {
  const isTotal = keys.length === 0 ? sql`true` : sql`grouping(${list(keys)}) > 0`;
  const isUsed = sql.raw(USAGE_SUMS.map((name) => `sum(${name}) <> 0`).join(' or '));
  return sql` having ${isTotal} or ${isUsed}`;
}

/** Returns the rows with their interval as `slot`, filtered and, if requested, split by the tags of deployments. */
function slotted({ groupBy, only }: UsageQuestion, starts: readonly number[] | null, rows: SQL): SQL {
  const slot = starts === null ? sql`0` : slotOf(sql`at`, starts);
  const wanted = only.deployment_tag === undefined ? sql`true` : taggedWith(only.deployment_tag);
  const owned = only.owner === undefined ? sql`true` : ownedBy(only.owner);
  const tagged = groupBy.includes('deployment_tag') ? perDeploymentTag(rows) : rows;
  const split = groupBy.includes('owner') ? withOwner(tagged) : tagged;
  return sql`(select ${slot} as slot, used.* from ${split} as used where ${wanted} and ${owned})`;
}

type Found = Readonly<Record<string, string | number | null>> & { readonly units?: unknown };

const GROUP_COLUMNS = {
  organization: 'organization_id',
  team: 'team_id',
  key: 'key_id',
  member: 'member_id',
  service_account: 'service_account_id',
  model: 'called_name',
  deployment: 'deployment_id',
  provider: 'provider',
  tag: 'tag',
  deployment_tag: 'deployment_tag',
  owner: 'deployment_owner',
  end_user: 'end_user',
  session: 'session',
  client: 'client',
} as const satisfies Record<UsageGroup, string>;

/**
 * Splits rows by the present tags of deployments. Usage counts under each tag of its deployment, so lines add up to more than the
 * total.
 */
function perDeploymentTag(rows: SQL): SQL {
  return sql`(select untagged.*, deployment_tag from ${rows} as untagged left join ${deployments} on ${deployments.id} = deployment_id
    left join lateral unnest(${deployments.tags}) as deployment_tag on true)`;
}

function taggedWith(tags: readonly string[]): SQL {
  return sql`deployment_id in (select ${deployments.id} from ${deployments} where ${deployments.tags} && ${sql.param([...tags])}::text[])`;
}

/** Adds who brought the deployment: `organization` or `platform`; null for requests that reached none. */
function withOwner(rows: SQL): SQL {
  return sql`(select unowned.*, case when ${deployments.owner} = '' then 'platform' when ${deployments.owner} <> '' then 'organization' end
    as deployment_owner from ${rows} as unowned left join ${deployments} on ${deployments.id} = deployment_id)`;
}

function ownedBy(owners: readonly string[]): SQL {
  const [own, ours] = ['organization', 'platform'].map((name) => sql.raw(String(owners.includes(name))));
  return sql`deployment_id in (select ${deployments.id} from ${deployments}
    where case when ${deployments.owner} = '' then ${ours} else ${own} end)`;
}

/** Returns SQL for the number of the interval of a time, counted from 1. */
export function slotOf(at: SQLWrapper, starts: readonly number[]): SQL {
  return sql`width_bucket(extract(epoch from ${at}), ${sql.param(starts.map((ms) => ms / 1_000))}::numeric[])`;
}

/**
 * Returns the ascending starts of intervals by the calendar of budgets, the first at or before `fromMs`. Null without one. Throws
 * TooManyIntervals.
 */
export function intervalStarts({
  fromMs,
  toMs,
  interval,
  timeZone,
}: Pick<UsageQuestion, 'fromMs' | 'toMs' | 'interval' | 'timeZone'>): readonly number[] | null {
  if (interval === null) return null;
  const span = { startMs: fromMs, endMs: toMs };
  const starts =
    interval === 'hour' ? hoursWithin(timeZone, span) : startsWithin(periodOf(interval), timeZone, span, INTERVALS_MAX);
  if (starts === null) throw new TooManyIntervals();
  return starts;
}

/** Returns the starts of hours, or null if there are more than INTERVALS_MAX, which it checks before it computes them. */
function hoursWithin(timeZone: string, { startMs: fromMs, endMs: toMs }: PeriodSpan): readonly number[] | null {
  if ((toMs - fromMs) / HOUR_MS_LONGEST > INTERVALS_MAX) return null;
  const starts = [hourOf(timeZone, fromMs)];
  for (;;) {
    const startMs = starts.at(-1) as number;
    const next = hourOf(timeZone, startMs + HOUR_MS);
    // A clock change of half an hour makes one local hour of 90 or 30 minutes.
    starts.push(next > startMs ? next : startMs + HOUR_MS);
    if ((starts.at(-1) as number) >= toMs) return starts.slice(0, -1);
    if (starts.length > INTERVALS_MAX) return null;
  }
}

/** The length of an hour in which clocks are set back. */
const HOUR_MS_LONGEST = 2 * HOUR_MS;

function hourOf(timeZone: string, atMs: number): number {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.floor(atMs)).toZonedDateTimeISO(timeZone);
  return atMs - (local.minute * 60_000 + local.second * 1_000 + local.millisecond);
}

function periodOf(interval: Exclude<UsageInterval, 'hour'>) {
  return interval === 'day' ? { is: interval } : { is: interval, anchorDay: 1 };
}

/**
 * Returns a coarser source if one suffices: platform sums for a reader of all tenants without tenant groups, or days of
 * organizations.
 */
function coarserWhose({ groupBy, only, reaches }: UsageQuestion, starts: readonly number[] | null): Whose | null {
  const narrowed = (Object.keys(only) as UsageGroup[]).filter((group) => only[group] !== undefined);
  const asked = [...groupBy, ...narrowed];
  const begin = (stepMs: number) => starts === null || starts.every((ms) => ms % stepMs === 0);
  const seesAll = reaches === undefined || reaches.some((reach) => reach.is === 'everywhere');
  if (seesAll && begin(QUARTER_MS) && asked.every((group) => WITHOUT_TENANTS.has(group))) {
    return { is: 'platform', condition: ({ calledName }) => among(only.model, calledName) };
  }
  const seesWhole = seesAll || reaches.every((reach) => reach.is === 'organization');
  if (!seesWhole || !begin(DAY_MS) || !asked.every((group) => group === 'organization')) return null;
  return {
    is: 'organizations',
    condition: ({ organizationId }) =>
      and(among(only.organization, organizationId), reaches === undefined ? undefined : withinReach(reaches, { organizationId })),
  };
}

const WITHOUT_TENANTS: ReadonlySet<UsageGroup> = new Set(['model', 'deployment', 'provider', 'owner']);

/**
 * Returns the coarsest source. Hours of teams suffice if no group or filter needs keys or people and every interval starts on an
 * hour.
 */
function whoseOf(question: UsageQuestion, starts: readonly number[] | null): Whose {
  const coarser = coarserWhose(question, starts);
  if (coarser !== null) return coarser;
  const { groupBy, only, reaches } = question;
  const needsKeys = (['key', 'member', 'service_account'] as const).some(
    (group) => groupBy.includes(group) || only[group] !== undefined,
  );
  const isOfHours = starts === null || starts.every((ms) => ms % HOUR_MS === 0);
  const seesOwn = reaches?.some((reach) => reach.is === 'own') ?? false;
  return needsKeys || seesOwn || !isOfHours
    ? { is: 'keys', condition: (columns) => ofKeys(question, columns) }
    : { is: 'teams', condition: (columns) => ofTeams(question, columns) };
}

function ofTeams(
  { only, reaches }: Pick<UsageQuestion, 'only' | 'reaches'>,
  { organizationId, teamId, calledName }: TeamColumns,
): SQL | undefined {
  return and(
    among(only.organization, organizationId),
    among(only.team, teamId),
    among(only.model, calledName),
    reaches === undefined ? undefined : withinReach(reaches, { organizationId, teamId }),
  );
}

function ofKeys({ only, reaches }: UsageQuestion, columns: KeyColumns): SQL | undefined {
  const { organizationId, teamId, keyId, memberId, serviceAccountId } = columns;
  return and(
    ofTeams({ only }, columns),
    among(only.key, keyId),
    among(only.member, memberId),
    among(only.service_account, serviceAccountId),
    reaches === undefined ? undefined : withinReach(reaches, { organizationId, teamId, membershipId: memberId }),
  );
}

function among(values: readonly string[] | undefined, column: TeamColumns['teamId']): SQL | undefined {
  if (values === undefined) return undefined;
  return values.length === 1 ? eq(column, values[0]) : inArray(column, [...values]);
}

function conditionsOf({ only }: UsageQuestion): Condition[] {
  const columns = ['deployment', 'provider'] as const;
  return columns.flatMap((group) => (only[group] === undefined ? [] : [{ column: GROUP_COLUMNS[group], values: only[group] }]));
}

function lineFrom(row: Found, groupBy: readonly UsageGroup[], starts: readonly number[] | null): UsageLine {
  const groups = groupBy.map((group) => {
    const value = row[GROUP_COLUMNS[group]] || (group === 'client' ? OTHER_CLIENT : null);
    return [group, value === null ? null : String(value)] as const;
  });
  return {
    startMs: starts === null ? null : (starts[Number(row.slot) - 1] ?? null),
    groups: Object.fromEntries(groups),
    sums: sumsFrom(row),
    units: unitSumsFrom(row.units),
  };
}

function totalFrom(row: Found | undefined) {
  return { total: sumsFrom(row), totalUnits: unitSumsFrom(row?.units) };
}

function sumsFrom(row: Found | undefined): UsageTotals {
  const sums = USAGE_SUMS.map((name) => [name, BigInt(row?.[name] ?? 0)] as const);
  return Object.fromEntries(sums) as Record<UsageSum, bigint>;
}

function list(parts: readonly SQLChunk[]): SQL {
  return sql.join([...parts], sql`, `);
}
