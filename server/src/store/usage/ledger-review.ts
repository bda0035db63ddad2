/** Finds ledger entries that earlier versions may have settled wrongly, from the stored rows. Reads only. */
import { and, inArray, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { encodeCursor, type Keyset, keysetValuesOf } from '../paging.ts';
import { auditEvents, hasIdIn, isUnsuccessful, ledger, requestLog } from '../schema.ts';
import { instantOf, ofEveryOrganization } from './usage-rows.ts';

/**
 * `hang_up_at_finish`: the client hung up between a stream's finish reason and its usage, which was then estimated.
 * `error_in_answer`: a 200 with neither output nor usage was charged. `error_in_stream`: a stream that failed before any output
 * was charged. `key_moved`: the key moved while the request was in flight, and its new team was charged.
 */
export const REVIEW_REASONS = ['error_in_answer', 'error_in_stream', 'hang_up_at_finish', 'key_moved'] as const;
export type ReviewReason = (typeof REVIEW_REASONS)[number];

export interface ReviewedEntry {
  readonly requestId: string;
  readonly attempt: number;
  readonly admittedAt: Date;
  readonly organizationId: string;
  /** The team that was charged. */
  readonly teamId: string;
  /** The key's team at the admission. Null unless `key_moved` is a reason. */
  readonly admittedTeamId: string | null;
  readonly keyId: string;
  readonly calledName: string;
  readonly nanoUsd: number;
  /** The reasons, in the order of REVIEW_REASONS. */
  readonly reasons: readonly ReviewReason[];
}

export interface ReviewQuestion {
  readonly fromMs: number;
  /** The end of the time, not included. */
  readonly toMs: number;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/**
 * One page, oldest first. It may have few rows or none and still a next page, because one page reads a bounded number of days.
 */
export interface ReviewPage {
  readonly rows: readonly ReviewedEntry[];
  readonly nextCursor: string | null;
}

const STEP_MS = 86_400_000;
/** The most days that one page reads. */
const STEPS_MAX = 31;
/** The longest assumed time of a request in flight. */
const IN_FLIGHT_MS_MAX = 86_400_000;
/** The time after a move for which another process may still admit requests under the old team. */
const HEARD_MS_MAX = 10_000;

/** Returns suspect entries with a charge, of requests admitted in the given time. Throws InvalidCursor. */
export async function reviewLedger(db: Database, { fromMs, toMs, limit, cursor }: ReviewQuestion): Promise<ReviewPage> {
  const rows: ReviewedEntry[] = [];
  let position = positionOf(cursor) ?? { atMs: fromMs, requestId: '', attempt: 0 };
  for (let steps = 0; steps < STEPS_MAX; steps += 1) {
    const stepToMs = Math.min(toMs, position.atMs + STEP_MS);
    const found = await readStep(db, position, stepToMs, limit + 1 - rows.length);
    rows.push(...found);
    const last = rows[limit - 1];
    if (rows.length > limit && last !== undefined) return { rows: rows.slice(0, limit), nextCursor: cursorAfter(last) };
    if (stepToMs >= toMs) return { rows, nextCursor: null };
    position = { atMs: stepToMs, requestId: '', attempt: 0 };
  }
  return { rows, nextCursor: encodeCursor(OLDEST_FIRST, [new Date(position.atMs), '', 0]) };
}

/** The place after which entries are still to be read. */
interface Position {
  readonly atMs: number;
  readonly requestId: string;
  readonly attempt: number;
}

const OLDEST_FIRST: Keyset = {
  name: 'ledger-review',
  columns: [ledger.admittedAt, ledger.requestId, ledger.attempt],
  direction: 'asc',
};

function positionOf(cursor: string | undefined): Position | null {
  if (cursor === undefined) return null;
  const [at, requestId, attempt] = keysetValuesOf(OLDEST_FIRST, cursor);
  return { atMs: Date.parse(String(at)), requestId: String(requestId), attempt: Number(attempt) };
}

function cursorAfter({ admittedAt, requestId, attempt }: ReviewedEntry): string {
  return encodeCursor(OLDEST_FIRST, [admittedAt, requestId, attempt]);
}

async function readStep(db: Database, position: Position, toMs: number, limit: number): Promise<readonly ReviewedEntry[]> {
  const isWanted = sql`(${ledger.admittedAt}, ${ledger.requestId}, ${ledger.attempt})
      > (${instantOf(position.atMs)}, ${position.requestId}::text, ${position.attempt}::int)
    and ${ledger.admittedAt} >= ${instantOf(position.atMs)} and ${ledger.admittedAt} < ${instantOf(toMs)} and ${ledger.nanoUsd} > 0`;
  const order = sql`order by admitted_at, request_id, attempt limit ${limit}`;
  const { rows } = await db.execute<Found>(sql`
    select organization_id, admitted_at, request_id, attempt, min(team_id) as team_id, min(key_id) as key_id,
      min(called_name) as called_name, min(nano_usd) as nano_usd, array_agg(reason order by reason) as reasons,
      min(admitted_team_id) as admitted_team_id
    from ((${misjudged(isWanted, position.atMs, toMs)} ${order}) union all (${misplaced(isWanted, position.atMs, toMs)} ${order})) as suspect
    group by organization_id, admitted_at, request_id, attempt ${order}`);
  return rows.map(entryFrom);
}

type Found = {
  readonly organization_id: string;
  readonly admitted_at: Date | string;
  readonly request_id: string;
  readonly attempt: number;
  readonly team_id: string;
  readonly key_id: string;
  readonly called_name: string;
  readonly nano_usd: string;
  readonly reasons: ReviewReason[];
  readonly admitted_team_id: string | null;
};

const ENTRY = sql`${ledger.organizationId}, ${ledger.admittedAt}, ${ledger.requestId}, ${ledger.attempt}, ${ledger.teamId},
  ${ledger.keyId}, ${ledger.calledName}, ${ledger.nanoUsd}`;

/**
 * Returns a query of requests whose last attempt was estimated and that were cut off, failed or empty. An empty answer has at
 * most one token.
 */
function misjudged(isWanted: SQL, fromMs: number, toMs: number): SQL {
  const { status, httpStatus, stream, finishReason, code, endpoint } = requestLog;
  const hungUp = sql`${status} = 'cancelled' and ${stream} and ${finishReason} is not null`;
  const failed = sql`${status} = 'failed' and ${stream} and ${httpStatus} = 200 and ${code} = 'provider_error'
    and ${finishReason} is null and ${ledger.outputTokens} + ${ledger.reasoningTokens} = 0`;
  const empty = sql`${status} in ('estimated', 'cancelled') and not ${stream} and ${httpStatus} = 200 and ${finishReason} is null
    and ${inArray(endpoint, ['chat_completions', 'messages'])} and ${ledger.outputTokens} + ${ledger.reasoningTokens} <= 1`;
  return sql`select ${ENTRY}, null as admitted_team_id,
      case when ${status} = 'failed' then 'error_in_stream' when ${stream} then 'hang_up_at_finish' else 'error_in_answer' end as reason
    from ${requestLog}, ${entriesOf(sql`${hasIdIn('l', 'organization_id', sql`${requestLog.organizationId}`)}
      and l.admitted_at = ${requestLog.admittedAt} and ${hasIdIn('l', 'request_id', sql`${requestLog.requestId}`)}
      and l.attempt = ${requestLog.attempts} and l.kind = 'estimated'`)}
    where ${isUnsuccessful(status)} and ${status} in ('cancelled', 'failed', 'estimated')
      and ${requestLog.admittedAt} >= ${instantOf(fromMs)} and ${requestLog.admittedAt} < ${instantOf(toMs)}
      and ((${hungUp}) or (${failed}) or (${empty})) and ${isWanted}`;
}

/** Returns a query of requests whose key moved after the admission, and that were charged to a team the key joined only then. */
function misplaced(isWanted: SQL, fromMs: number, toMs: number): SQL {
  const moves = sql`(select ${auditEvents.chain}, ${auditEvents.objectId}, ${auditEvents.at}, ${auditEvents.seq},
      ${auditEvents.before} ->> 'team_id' as from_team, ${auditEvents.after} ->> 'team_id' as to_team
    from ${auditEvents} where ${and(
      ofEveryOrganization(auditEvents.chain),
      sql`${auditEvents.at} > ${instantOf(fromMs - HEARD_MS_MAX)} and ${auditEvents.at} <= ${instantOf(toMs + IN_FLIGHT_MS_MAX)}`,
      sql`${auditEvents.objectType} = 'key' and ${auditEvents.action} = 'key.move'`,
    )})`;
  const ofKey = sql`m.chain = ${ledger.organizationId} and m.object_id = ${ledger.keyId}`;
  const inFlight = sql`interval '1 millisecond' * ${sql.raw(String(IN_FLIGHT_MS_MAX))}`;
  const heard = sql`interval '1 millisecond' * ${sql.raw(String(HEARD_MS_MAX))}`;
  return sql`with moves as materialized ${moves}
    select ${ENTRY}, first_move.from_team as admitted_team_id, 'key_moved' as reason
    from (select distinct chain, object_id from moves) as moved
    cross join ${entriesOf(sql`${hasIdIn('l', 'organization_id', sql`moved.chain`)} and ${hasIdIn('l', 'key_id', sql`moved.object_id`)}
      and l.admitted_at >= ${instantOf(fromMs)} and l.admitted_at < ${instantOf(toMs)}`)}
    cross join lateral (select m.from_team from moves m where ${ofKey} and m.at > ${ledger.admittedAt} order by m.seq limit 1) as first_move
    where ${ledger.kind} <> 'adjustment' and ${ledger.teamId} <> first_move.from_team
      and exists (select 1 from moves m where ${ofKey} and m.to_team = ${ledger.teamId}
        and m.at > ${ledger.admittedAt} and m.at <= ${ledger.admittedAt} + ${inFlight})
      and not exists (select 1 from moves m where ${ofKey} and m.from_team = ${ledger.teamId}
        and m.at <= ${ledger.admittedAt} and m.at > ${ledger.admittedAt} - ${heard})
      and ${isWanted}`;
}

/** Returns the ledger entries that meet a condition on the alias `l`. With the offset each table's index is used. */
function entriesOf(condition: SQL): SQL {
  return sql`lateral (select * from ${ledger} as l where ${condition} offset 0) as ${ledger}`;
}

function entryFrom(row: Found): ReviewedEntry {
  return {
    requestId: row.request_id,
    attempt: row.attempt,
    admittedAt: new Date(row.admitted_at),
    organizationId: row.organization_id,
    teamId: row.team_id,
    admittedTeamId: row.admitted_team_id,
    keyId: row.key_id,
    calledName: row.called_name,
    nanoUsd: Number(row.nano_usd),
    reasons: row.reasons,
  };
}
