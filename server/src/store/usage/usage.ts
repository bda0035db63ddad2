/** The past of counters, from the ledger. Each function reads one snapshot with one statement. */
import { and, eq, gt, gte, inArray, lt, ne, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import type { CounterSpec } from '../../domain/limits/limit-plan.ts';
import type { TargetMatch } from '../../domain/limits/rate-limit.ts';
import type { Database } from '../database.ts';
import { hasId, ledger, requestLog, targetLabels } from '../schema.ts';
import { HOUR_MS, instantOf, type KeyColumns, QUARTER_MS, type TeamColumns, usageRows, type Whose } from './usage-rows.ts';

/** An amount that was admitted at a time, in the counter's unit. */
export interface UsePoint {
  readonly atMs: number;
  readonly amount: number;
}

/** The scope and the called names whose usage a counter counts. */
export type Covered = Pick<CounterSpec, 'organizationId' | 'scope' | 'scopeId' | 'match'>;

/** The fields of a counter that define what it counts and over what time. */
export type CounterScope = Covered & Pick<CounterSpec, 'unit' | 'window'>;

/**
 * Returns what a counter would have counted from `fromMs` up to, not including, `toMs`. A calendar counter gets one exact sum. A
 * trailing one gets points no wider than its slots. Each is at its last admission or the end of its last rollup, so that no usage
 * expires early. An access group means its present members.
 */
export async function spendSince(
  db: Database,
  counter: CounterScope,
  fromMs: number,
  toMs: number,
): Promise<readonly UsePoint[]> {
  const { window } = counter;
  if (window.is === 'now' || fromMs >= toMs) return [];
  if (window.is === 'calendar') return totalPoint(db, counter, fromMs, toMs);
  const slotMs = window.slotMs;
  return slotMs >= QUARTER_MS
    ? pointsOfRollups(db, counter, fromMs, toMs, slotMs)
    : pointsOfRows(db, counter, fromMs, toMs, slotMs);
}

/**
 * The admitted usage of one key under one called name, in one second of the last minute or in one earlier minute. Team and member
 * are those at the admission: after a key moves or changes owner, its earlier usage still counts for the earlier ones.
 */
export interface RecentUse {
  readonly organizationId: string;
  readonly teamId: string;
  /** Null for a service account's key. */
  readonly memberId: string | null;
  readonly keyId: string;
  readonly calledName: string;
  /** The latest admission among them. */
  readonly atMs: number;
  readonly requests: number;
  readonly tokens: number;
}

/**
 * Returns every admission since a time (an hour ago, at start), oldest first. Groups the last 70 seconds of the database's clock
 * by second, because minute counters may need them, and earlier ones by minute.
 */
export async function recentAdmissions(db: Database, sinceMs: number): Promise<readonly RecentUse[]> {
  const { organizationId, teamId, memberId, keyId, calledName } = requestLog;
  const whose = { organizationId, teamId, memberId, keyId, calledName };
  const slot = sql`date_trunc(case when ${requestLog.admittedAt} > now() - interval '70 seconds' then 'second' else 'minute' end, ${requestLog.admittedAt})`;
  const rows = await db
    .select({
      ...whose,
      at: sql<string>`max(${requestLog.admittedAt})`.as('at'),
      requests: sql<string>`sum(${requestLog.count})`,
      tokens: sql<string>`sum(${requestLog.totalTokens})`,
    })
    .from(requestLog)
    // Lines of batches count for none of these limits. Their rows stand for no request.
    .where(and(gte(requestLog.admittedAt, instantOf(sinceMs)), ne(requestLog.status, 'refused'), gt(requestLog.count, 0)))
    .groupBy(...Object.values(whose), slot)
    .orderBy(sql`at`);
  return rows.map(({ at, requests, tokens, ...same }) => ({
    ...same,
    atMs: new Date(at).getTime(),
    requests: Number(requests),
    tokens: Number(tokens),
  }));
}

const ROLLUP_UNITS = { requests: 'admitted', tokens: 'total_tokens', nano_usd: 'spend_nano_usd', parallel: 'admitted' } as const;

async function totalPoint(db: Database, counter: CounterScope, fromMs: number, toMs: number): Promise<readonly UsePoint[]> {
  const rows = usageRows({ fromMs, toMs }, whoseOf(counter));
  const total = sql`select coalesce(sum(${sql.identifier(ROLLUP_UNITS[counter.unit])}), 0) as amount from ${rows} as used`;
  const { rows: found } = await db.execute<{ amount: string }>(total);
  const amount = Number(found[0]?.amount ?? 0);
  return amount === 0 ? [] : [{ atMs: fromMs, amount }];
}

/** Returns points from quarters or hours, which suffice for wide slots. Each counts as admitted at its end. */
async function pointsOfRollups(db: Database, counter: CounterScope, fromMs: number, toMs: number, slotMs: number) {
  const rows = usageRows({ fromMs, toMs }, slotMs >= HOUR_MS ? whoseOf(counter) : ofKeys(counter));
  return pointsFrom(
    db,
    sql`select least(max(until), now()) as at, sum(${sql.identifier(ROLLUP_UNITS[counter.unit])}) as amount
    from ${rows} as used group by ${slotOf(sql`at`, slotMs)} order by 1`,
  );
}

async function pointsOfRows(db: Database, counter: CounterScope, fromMs: number, toMs: number, slotMs: number) {
  const source = counter.unit === 'requests' ? requestLog : ledger;
  const amount = counter.unit === 'requests' ? requestLog.count : counter.unit === 'tokens' ? ledger.totalTokens : ledger.nanoUsd;
  const wanted = and(
    keysCoveredBy(counter, source),
    gte(source.admittedAt, instantOf(fromMs)),
    lt(source.admittedAt, instantOf(toMs)),
    counter.unit === 'requests' ? ne(requestLog.status, 'refused') : undefined,
  );
  return pointsFrom(
    db,
    sql`select max(${source.admittedAt}) as at, sum(${amount}) as amount from ${source} where ${wanted}
    group by ${slotOf(source.admittedAt, slotMs)} order by 1`,
  );
}

function slotOf(at: SQLWrapper, slotMs: number): SQL {
  return sql`date_bin(${`${slotMs} milliseconds`}::interval, ${at}, timestamptz '2000-01-01 00:00:00+00')`;
}

async function pointsFrom(db: Database, query: SQL): Promise<readonly UsePoint[]> {
  const { rows } = await db.execute<{ at: string; amount: string | null }>(query);
  return rows
    .map((row) => ({ atMs: new Date(row.at).getTime(), amount: Number(row.amount ?? 0) }))
    .filter((point) => point.amount !== 0);
}

/** Returns the source for a counter. Usage of organizations and teams can be read without keys. */
export function whoseOf(counter: Covered): Whose {
  const { scope } = counter;
  if (scope === 'organization' || scope === 'team')
    return { is: 'teams', condition: (columns) => ofTeams(counter, scope, columns) };
  return ofKeys(counter);
}

function ofKeys(counter: Covered): Whose {
  return { is: 'keys', condition: (columns) => keysCoveredBy(counter, columns) };
}

/** Returns the condition for the rows that a counter counts: of its scope, under the names it matches. */
export function keysCoveredBy(counter: Covered, columns: KeyColumns): SQL | undefined {
  const { organizationId, scope, scopeId, match } = counter;
  if (scope === 'organization' || scope === 'team') return ofTeams(counter, scope, columns);
  const column = scope === 'user' ? columns.memberId : columns.keyId;
  return and(hasId(columns.organizationId, organizationId), hasId(column, scopeId), named(match, columns.calledName));
}

function ofTeams(
  { organizationId, scopeId, match }: Covered,
  scope: 'organization' | 'team',
  columns: TeamColumns,
): SQL | undefined {
  const ofTeam = scope === 'team' ? hasId(columns.teamId, scopeId) : undefined;
  return and(hasId(columns.organizationId, organizationId), ofTeam, named(match, columns.calledName));
}

function named(match: TargetMatch, calledName: TeamColumns['calledName']): SQL | undefined {
  switch (match.is) {
    case 'any':
    case 'tag':
    case 'end_user':
      return undefined;
    case 'exact':
      return eq(calledName, match.name);
    case 'prefix':
      return sql`starts_with(${calledName}, ${match.prefix})`;
    case 'access_group':
      return inArray(
        calledName,
        sql`(select ${targetLabels.targetName} from ${targetLabels} where ${targetLabels.accessGroup} = ${match.key})`,
      );
  }
}
