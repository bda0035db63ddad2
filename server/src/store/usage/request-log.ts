/** The request log: one row per request of a known key, with its decision and, if the organization stores it, its content. */
import { and, arrayContains, between, desc, eq, gte, inArray, isNull, lt, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/pg-core';
import type { AnsweredBy } from '../../domain/decision/attempts-made.ts';
import type { DecisionFacts } from '../../domain/decision/decision-view.ts';
import type { Reach } from '../../domain/tenancy/permission.ts';
import { type Client, OTHER_CLIENT } from '../../domain/usage/attribution.ts';
import { requestTimeMs } from '../../lib/id.ts';
import type { Database } from '../database.ts';
import { type Keyset, type KeysetValue, keysetValuesOf, type Page, pageLimit, pageOf } from '../paging.ts';
import {
  decisionShapes,
  deployments,
  type Form,
  hasId,
  hasIdAs,
  isOfForm,
  isUnsuccessful,
  ledger,
  orderColumns,
  orderedId,
  organizations,
  requestContent,
  requestLog,
} from '../schema.ts';
import { organizationsReached, withinReach } from '../tenancy/reach.ts';
import { instantOf } from './usage-rows.ts';

export type RequestRow = typeof requestLog.$inferSelect;
export type LedgerRow = typeof ledger.$inferSelect;

/** A filter of a list of requests. An absent field does not filter. */
export interface RequestFilter {
  /** Absent for every organization. */
  readonly organizationId?: string | undefined;
  readonly teamId?: string | undefined;
  readonly keyId?: string | undefined;
  readonly memberId?: string | undefined;
  readonly serviceAccountId?: string | undefined;
  readonly calledName?: string | undefined;
  readonly deploymentId?: string | undefined;
  readonly status?: RequestRow['status'] | undefined;
  readonly code?: string | undefined;
  readonly tag?: string | undefined;
  /** The names under which the end user may be stored. */
  readonly endUsers?: readonly string[] | undefined;
  readonly sessions?: readonly string[] | undefined;
  readonly client?: Client | typeof OTHER_CLIENT | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** The reader's reach. Absent for everything. */
  readonly reaches?: readonly Reach[] | undefined;
}

/** The ids of a request. Without an organization, every one is searched, which is only for platform readers. */
export interface RequestAddress {
  readonly organizationId?: string | undefined;
  readonly requestId: string;
}

/** Lists requests, newest first. Throws InvalidCursor. */
export async function listRequests(
  db: Database,
  filter: RequestFilter,
  page: { readonly limit?: number | undefined; readonly cursor?: string | null | undefined },
): Promise<Page<RequestRow>> {
  const limit = pageLimit(page.limit);
  const after = page.cursor ?? null;
  const read = filter.organizationId === undefined && !seesAll(filter) ? newestOfEvery : newestRows;
  const rows = await read(db, { filter, after: after === null ? null : keysetValuesOf(NEWEST_FIRST, after) }, limit + 1);
  return pageOf(NEWEST_FIRST, rows, limit, (row) => [row.admittedAt, row.requestId]);
}

/** Returns the query of a list, for counting with totalOf. */
export function requestsQuery(db: Database, filter: RequestFilter) {
  return db.select({ requestId: requestLog.requestId }).from(requestLog).where(conditionOf(filter));
}

/** Finds a request by its id, or the shared row by the id of a repeated refusal. Returns null if there is none. */
export async function findRequest(db: Database, { organizationId, requestId }: RequestAddress): Promise<RequestRow | null> {
  const atMs = requestTimeMs(requestId);
  if (atMs === null) return null;
  const whose = organizationId === undefined ? undefined : hasId(requestLog.organizationId, organizationId);
  // The id contains the row's time, which gives the partition and the place in its index.
  const [own] = await db
    .select()
    .from(requestLog)
    .where(and(whose, eq(requestLog.admittedAt, instantOf(atMs)), hasId(requestLog.requestId, requestId)));
  if (own !== undefined) return own;
  const [shared] = await db
    .select()
    .from(requestLog)
    .where(
      and(
        whose,
        eq(requestLog.status, 'refused'),
        between(requestLog.admittedAt, instantOf(atMs - REPEAT_MS), instantOf(atMs + REPEAT_MS)),
        arrayContains(requestLog.repeatIds, [requestId]),
      ),
    )
    .limit(1);
  return shared ?? null;
}

/** Returns the facts of a decision, or null if there is no such request. A repeat has its own id, not that of the shared row. */
export async function findDecision(db: Database, address: RequestAddress): Promise<DecisionFacts | null> {
  const row = await findRequest(db, address);
  if (row === null) return null;
  const { requestId } = address;
  return { ...row, requestId, atMs: row.admittedAt.getTime(), answeredBy: await findAnsweredBy(db, row) };
}

/**
 * Finds the upstream that answered a request of one attempt: as its ledger rows name it, else as its deployment does now. Null if
 * it is not needed, because the attempts are listed, or not known.
 */
export async function findAnsweredBy(db: Database, row: RequestRow): Promise<AnsweredBy | null> {
  if (row.tried !== null || row.attempts !== 1 || row.deploymentId === null) return null;
  const entry = (await findLedgerRows(db, row)).find(({ deploymentId }) => deploymentId === row.deploymentId);
  if (entry !== undefined) return { provider: entry.provider, upstreamModel: entry.upstreamModel };
  const { provider, upstreamModel } = deployments;
  const [now] = await db.select({ provider, upstreamModel }).from(deployments).where(eq(deployments.id, row.deploymentId));
  return now ?? null;
}

/** Returns the rules or tags of a decision's shape, or null if it was never stored. */
export async function findShape(
  db: Database,
  { organizationId, shapeId }: { readonly organizationId: string; readonly shapeId: string },
): Promise<unknown> {
  const [row] = await db
    .select({ rules: decisionShapes.rules })
    .from(decisionShapes)
    .where(and(eq(decisionShapes.organizationId, organizationId), eq(decisionShapes.shapeId, shapeId)));
  return row?.rules ?? null;
}

/** Returns the ledger rows of a request's attempts, in order. */
export async function findLedgerRows(db: Database, row: Pick<RequestRow, 'organizationId' | 'admittedAt' | 'requestId'>) {
  return db
    .select()
    .from(ledger)
    .where(
      and(
        hasId(ledger.organizationId, row.organizationId),
        eq(ledger.admittedAt, row.admittedAt),
        hasId(ledger.requestId, row.requestId),
      ),
    )
    .orderBy(ledger.attempt, ledger.kind);
}

/** Returns a request's sealed content, or null if none was stored. */
export async function findContent(
  db: Database,
  row: Pick<RequestRow, 'organizationId' | 'admittedAt' | 'requestId'>,
): Promise<Buffer | null> {
  const [content] = await db
    .select({ sealed: requestContent.sealed })
    .from(requestContent)
    .where(
      and(
        eq(requestContent.organizationId, row.organizationId),
        eq(requestContent.admittedAt, row.admittedAt),
        eq(requestContent.requestId, row.requestId),
      ),
    );
  return content?.sealed ?? null;
}

/**
 * Reports whether the reader sees every organization. If so, indexes over all organizations are fast; for others most rows would
 * not match.
 */
function seesAll({ reaches }: RequestFilter): boolean {
  return reaches?.some((reach) => reach.is === 'everywhere') ?? true;
}

const NEWEST_FIRST: Keyset = { name: 'requests', columns: [requestLog.admittedAt, requestLog.requestId], direction: 'desc' };
/** Repeats share a row for one second. The rest allows for clock adjustments. */
const REPEAT_MS = 2_000;

/** The rows of a page: those that match, after a place. */
interface Wanted {
  readonly filter: RequestFilter;
  /** The values of a cursor; null for the first page. */
  readonly after: readonly KeysetValue[] | null;
}

/** Returns the query of the newest rows. Rows of each form are read in the order of an index, and then merged. */
function newestRows(db: Database, { filter, after }: Wanted, count: number, organizationId?: SQLWrapper) {
  const half = (form: Form) => {
    const [time, id] = orderColumns(form) as readonly [SQLWrapper, SQLWrapper];
    const whose = organizationId === undefined ? undefined : hasIdAs(form, requestLog.organizationId, organizationId);
    const [atMax, idMax] = after ?? [];
    const isAfter =
      atMax === undefined || idMax === undefined ? undefined : sql`(${time}, ${id}) < (${atMax}, ${orderedId(form, idMax)})`;
    return db
      .select()
      .from(requestLog)
      .where(
        and(
          isOfForm(form),
          whose,
          conditionOf(filter, (column, value) => hasIdAs(form, column, value)),
          isAfter,
        ),
      )
      .orderBy(sql`${time} desc`, sql`${id} desc`)
      .limit(count);
  };
  return unionAll(half('short'), half('long')).orderBy(desc(requestLog.admittedAt), desc(requestLog.requestId)).limit(count);
}

/**
 * Returns the newest rows of all organizations. Only organizations whose own newest row is among the newest can have a row on the
 * page. One index lookup per organization finds those, and only their rows are read. Organizations out of reach are left out
 * first: in them, every row would be read and none would match.
 */
async function newestOfEvery(db: Database, wanted: Wanted, count: number): Promise<RequestRow[]> {
  const latest = newestRows(db, wanted, 1, organizations.id).as('latest');
  const active = db
    .select({ id: organizations.id })
    .from(organizations)
    .innerJoinLateral(latest, sql`true`)
    .where(organizationsReached(organizations.id, wanted.filter.reaches ?? []))
    .orderBy(desc(latest.admittedAt), desc(latest.requestId))
    .limit(count)
    .as('active');
  const newest = newestRows(db, wanted, count, active.id).as('newest');
  const rows = await db
    .select({ newest: newest._.selectedFields })
    .from(active)
    .innerJoinLateral(newest, sql`true`)
    .orderBy(desc(newest.admittedAt), desc(newest.requestId))
    .limit(count);
  return rows.map((row) => row.newest);
}

function conditionOf(filter: RequestFilter, is: typeof hasId = hasId): SQL | undefined {
  const columns = { organizationId: requestLog.organizationId, teamId: requestLog.teamId, membershipId: requestLog.memberId };
  return and(
    filter.organizationId === undefined ? undefined : is(requestLog.organizationId, filter.organizationId),
    filter.teamId === undefined ? undefined : is(requestLog.teamId, filter.teamId),
    filter.keyId === undefined ? undefined : is(requestLog.keyId, filter.keyId),
    filter.memberId === undefined ? undefined : is(requestLog.memberId, filter.memberId),
    filter.serviceAccountId === undefined ? undefined : is(requestLog.serviceAccountId, filter.serviceAccountId),
    filter.calledName === undefined ? undefined : eq(requestLog.calledName, filter.calledName),
    filter.deploymentId === undefined ? undefined : is(requestLog.deploymentId, filter.deploymentId),
    filter.status === undefined ? undefined : eq(requestLog.status, filter.status),
    filter.status === undefined || filter.status === 'succeeded' ? undefined : isUnsuccessful(requestLog.status),
    filter.code === undefined ? undefined : eq(requestLog.code, filter.code),
    filter.tag === undefined ? undefined : arrayContains(requestLog.tags, [filter.tag]),
    filter.endUsers === undefined ? undefined : inArray(requestLog.endUser, [...filter.endUsers]),
    filter.sessions === undefined ? undefined : inArray(requestLog.session, [...filter.sessions]),
    filter.client === undefined ? undefined : ofClient(filter.client),
    filter.from === undefined ? undefined : gte(requestLog.admittedAt, filter.from),
    filter.to === undefined ? undefined : lt(requestLog.admittedAt, filter.to),
    filter.reaches === undefined ? undefined : withinReach(filter.reaches, columns),
  );
}

function ofClient(client: Client | typeof OTHER_CLIENT): SQL {
  return client === OTHER_CLIENT ? isNull(requestLog.client) : eq(requestLog.client, client);
}
