/** Usage added up by whatever one asks, over any stretch of time: the numbers behind GET /usage. */
import { and, eq, inArray, type SQL, type SQLChunk, type SQLWrapper, sql } from 'drizzle-orm';
import { type PeriodSpan, startsWithin } from '../../domain/limits/period.ts';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Database, OpenDatabase } from '../database.ts';
import { readInParts } from '../row-cursor.ts';
import { deployments } from '../schema.ts';
import { withinReach } from '../tenancy/reach.ts';
import { type TagQuestion, tagUnitRows, tagUsageRows } from './tag-sums.ts';
import { linesWithUnits, type UnitSum, unitRows, unitSumsFrom } from './unit-sums.ts';
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
  usageRows,
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
] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];
export const USAGE_INTERVALS = ['hour', 'day', 'week', 'month'] as const;
export type UsageInterval = (typeof USAGE_INTERVALS)[number];

export interface UsageQuestion {
  readonly fromMs: number;
  /** Not included. */
  readonly toMs: number;
  /** `toMs` is now: what was asked since is welcome, so that the present day need not be cut into pieces. */
  readonly isUntilNow?: boolean;
  readonly groupBy: readonly UsageGroup[];
  readonly interval: UsageInterval | null;
  /** IANA zone in which hours, days, weeks (from Monday) and months begin. */
  readonly timeZone: string;
  /** Each narrows to its values; absent does not narrow. */
  readonly only: Readonly<Partial<Record<UsageGroup, readonly string[]>>>;
  /** What the reader may see; absent: everything. */
  readonly reaches?: readonly Reach[] | undefined;
  /** Lines of a report at most; 10,000 unless given, and never more. */
  readonly linesMax?: number | undefined;
  /** Each line says its units, too. */
  readonly withUnits?: boolean | undefined;
}

/** Sums of one group. `startMs` null without an interval; of the groups only those asked for, null where a request had none. */
export interface UsageLine {
  readonly startMs: number | null;
  readonly groups: Readonly<Partial<Record<UsageGroup, string | null>>>;
  readonly sums: UsageTotals;
  /** By name; empty unless asked for. */
  readonly units: readonly UnitSum[];
}

/** Whole numbers, exact however large. */
export type UsageTotals = Readonly<Record<UsageSum, bigint>>;

export interface UsageReport {
  /** By time, then by spend, the dearest first. */
  readonly lines: readonly UsageLine[];
  readonly total: UsageTotals;
  /** Of the total; empty unless asked for. */
  readonly totalUnits: readonly UnitSum[];
  /** There are more lines than are given; the total counts all of them. */
  readonly isCut: boolean;
}

/** More intervals than a report has room for. The answer is 400. */
export class TooManyIntervals extends Error {
  constructor() {
    super(`the time asked for has more than ${INTERVALS_MAX} intervals`);
    this.name = 'TooManyIntervals';
  }
}

/** More lines than an export holds. The answer is 400. */
export class TooManyLines extends Error {
  constructor() {
    super(`there are more than ${STREAMED_LINES_MAX} lines: narrow the time or the filters`);
    this.name = 'TooManyLines';
  }
}

const INTERVALS_MAX = 2_000;
const LINES_MAX = 10_000;
const STREAMED_LINES_MAX = 100_000;
const LINES_AT_ONCE = 500;

/** Throws TooManyIntervals. */
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
 * The same lines, in the same order, in parts of at most 500, of one moment however slowly they are read; at most 100,000. `readerId` is
 * no other reader's. Throws TooManyIntervals and TooManyLines before the first part.
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

/** Asked for no groups, everything is one line, which is also the total. */
function isOneLine({ groupBy, interval }: UsageQuestion): boolean {
  return groupBy.length === 0 && interval === null;
}

/** Something may have several of these: lines by them add up to more than the total. */
export const ADDS_UP_TO_MORE: ReadonlySet<UsageGroup> = new Set(['tag', 'deployment_tag']);

/** Lines by tag do not add up to it. */
async function totalOf(db: Database, question: UsageQuestion) {
  const { total, totalUnits } = await reportUsage(db, { ...question, groupBy: [], interval: null });
  return { total, totalUnits };
}

/** The total, then the lines: one more than `linesMax`, which tells that there are more. `row_count` in each is how many there would be. */
function statementOf(question: UsageQuestion, starts: readonly number[] | null, linesMax: number): SQL {
  const groups = question.groupBy.map((group) => sql.identifier(GROUP_COLUMNS[group]));
  const keys = starts === null ? groups : [sql`slot`, ...groups];
  const sums = sql.raw(USAGE_SUMS.map((name) => `coalesce(sum(${name}), 0) as ${name}`).join(', '));
  const span = { fromMs: question.fromMs, toMs: question.isUntilNow === true ? Number.POSITIVE_INFINITY : question.toMs };
  const of = [span, whoseOf(question, starts), conditionsOf(question)] as const;
  const tags = tagQuestionOf(question, ...of);
  const order = sql`total_mark desc${starts === null ? sql`` : sql`, slot`}, spend_nano_usd desc, total_tokens desc`;
  const lines = sql`
    select ${keys.length === 0 ? sql`1` : sql`grouping(${list(keys)})`} as total_mark, count(*) over () as row_count, ${list([...keys, sums])}
    from ${slotted(question, starts, tags === null ? usageRows(...of) : tagUsageRows(tags))} as slotted
    group by grouping sets (${keys.length === 0 ? sql`` : sql`(${list(keys)}), `}())${tags === null ? sql`` : onlyUsed(keys)}
    order by ${order} limit ${linesMax + 2}`;
  if (question.withUnits !== true) return lines;
  const units = slotted(question, starts, tags === null ? unitRows(...of) : tagUnitRows(tags));
  return linesWithUnits({ lines, keys, units, order });
}

/** Null: nobody asks for the tags of requests. */
function tagQuestionOf(question: UsageQuestion, span: Span, whose: Whose, conditions: readonly Condition[]): TagQuestion | null {
  if (!question.groupBy.includes('tag') && question.only.tag === undefined) return null;
  const keys = { is: 'keys', condition: (columns: KeyColumns) => ofKeys(question, columns) } as const;
  return { span, whose, keys, conditions, only: question.only.tag ?? null };
}

/** Where every request has tags nothing is left of those without. */
function onlyUsed(keys: readonly SQLChunk[]): SQL {
  const isTotal = keys.length === 0 ? sql`true` : sql`grouping(${list(keys)}) > 0`;
  const isUsed = sql.raw(USAGE_SUMS.map((name) => `sum(${name}) <> 0`).join(' or '));
  return sql` having ${isTotal} or ${isUsed}`;
}

/** Rows with the deployments' tags that are grouped by, of those that are asked for, each with the interval it lies in. */
function slotted({ groupBy, only }: UsageQuestion, starts: readonly number[] | null, rows: SQL): SQL {
  const slot = starts === null ? sql`0` : slotOf(sql`at`, starts);
  const wanted = only.deployment_tag === undefined ? sql`true` : taggedWith(only.deployment_tag);
  const isSplit = groupBy.includes('deployment_tag');
  return sql`(select ${slot} as slot, used.* from ${isSplit ? perDeploymentTag(rows) : rows} as used where ${wanted})`;
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
} as const satisfies Record<UsageGroup, string>;

/** By the tags that deployments carry now: what was used at one counts under each of its tags, so these lines add up to more than the total. */
function perDeploymentTag(rows: SQL): SQL {
  return sql`(select untagged.*, deployment_tag from ${rows} as untagged left join ${deployments} on ${deployments.id} = deployment_id
    left join lateral unnest(${deployments.tags}) as deployment_tag on true)`;
}

function taggedWith(tags: readonly string[]): SQL {
  return sql`deployment_id in (select ${deployments.id} from ${deployments} where ${deployments.tags} && ${sql.param([...tags])}::text[])`;
}

/** Which interval an instant lies in, counted from 1. */
export function slotOf(at: SQLWrapper, starts: readonly number[]): SQL {
  return sql`width_bucket(extract(epoch from ${at}), ${sql.param(starts.map((ms) => ms / 1_000))}::numeric[])`;
}

/** Rising beginnings, the first at or before `fromMs`: the same calendar that budgets count by. Null without an interval. Throws TooManyIntervals. */
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

/** Null: there are more than INTERVALS_MAX, which is told without walking them. */
function hoursWithin(timeZone: string, { startMs: fromMs, endMs: toMs }: PeriodSpan): readonly number[] | null {
  if ((toMs - fromMs) / HOUR_MS_LONGEST > INTERVALS_MAX) return null;
  const starts = [hourOf(timeZone, fromMs)];
  for (;;) {
    const startMs = starts.at(-1) as number;
    const next = hourOf(timeZone, startMs + HOUR_MS);
    // Clocks set by half an hour make one local hour of 90 minutes or of 30.
    starts.push(next > startMs ? next : startMs + HOUR_MS);
    if ((starts.at(-1) as number) >= toMs) return starts.slice(0, -1);
    if (starts.length > INTERVALS_MAX) return null;
  }
}

/** An hour in which clocks were set back. */
const HOUR_MS_LONGEST = 2 * HOUR_MS;

function hourOf(timeZone: string, atMs: number): number {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.floor(atMs)).toZonedDateTimeISO(timeZone);
  return atMs - (local.minute * 60_000 + local.second * 1_000 + local.millisecond);
}

function periodOf(interval: Exclude<UsageInterval, 'hour'>) {
  return interval === 'day' ? { is: interval } : { is: interval, anchorDay: 1 };
}

/** Who sees every tenant and asks for none needs no tenants' rows; who asks for organizations alone needs only their days. */
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

const WITHOUT_TENANTS: ReadonlySet<UsageGroup> = new Set(['model', 'deployment', 'provider']);

/** Hours of teams do where nobody asks for keys or people and no interval begins within an hour. */
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
    const value = row[GROUP_COLUMNS[group]];
    return [group, value === null || value === '' ? null : String(value)] as const;
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
