/** The audit log: appended in the transaction of the change, one hash chain per organization and one for the platform. */
import { and, asc, eq, gt, gte, lt, lte, type SQL } from 'drizzle-orm';
import { chainHash, GENESIS_HASH, type Json, verifyChain } from '../domain/audit-chain.ts';
import type { Database } from './database.ts';
import { afterCursor, type Keyset, orderOf, type Page, pageLimit, pageOf } from './paging.ts';
import { auditEvents, auditHeads } from './schema.ts';

/** The chain of what belongs to no organization. */
export const PLATFORM_CHAIN = 'platform';

export interface NewAuditEvent {
  /** Null: the platform's own chain. */
  readonly organizationId: string | null;
  readonly at: Date;
  readonly actorKind: string;
  readonly actorId: string;
  readonly actorName: string;
  readonly action: string;
  readonly objectType: string;
  readonly objectId: string;
  readonly objectName: string | null;
  /** Plain values without secrets: what JSON keeps of them is stored. */
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
  readonly ip: string | null;
  readonly requestId: string | null;
}

export interface AuditEvent extends Omit<NewAuditEvent, 'before' | 'after'> {
  /** Position in its chain, from 1. */
  readonly seq: number;
  readonly before: Json;
  readonly after: Json;
  readonly hash: string;
}

/** An event as it is stored, with the hashes that chain it. */
export type ChainedEvent = typeof auditEvents.$inferSelect;

/** Narrows a list of events; absent does not narrow. */
export interface AuditFilter {
  readonly organizationId: string | null;
  readonly seq?: number | undefined;
  readonly objectType?: string | undefined;
  readonly objectId?: string | undefined;
  readonly actorId?: string | undefined;
  readonly action?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

export type AuditVerdict =
  | { readonly is: 'intact'; readonly events: number; readonly headHash: string }
  /** The first event that was edited, removed or put in; one past the last when events are missing at the end. */
  | { readonly is: 'broken'; readonly seq: number };

/** Appends one event. Appends to one chain wait for each other until their transactions end, so a chain has no gaps and no forks. */
export async function appendAuditEvent(tx: Database, event: NewAuditEvent): Promise<void> {
  const chain = event.organizationId ?? PLATFORM_CHAIN;
  const head = await lockHead(tx, chain);
  const seq = head.seq + 1;
  const { organizationId: _, ...rest } = event;
  const facts = { ...rest, before: jsonOf(event.before), after: jsonOf(event.after) };
  const hash = Buffer.from(chainHash(head.hash.toString('hex'), linkOf({ chain, seq, ...facts })), 'hex');
  await tx.insert(auditEvents).values({ chain, seq, ...facts, prevHash: head.hash, hash });
  await tx.update(auditHeads).set({ seq, hash }).where(eq(auditHeads.chain, chain));
}

/** Newest first. */
export async function listAuditEvents(
  db: Database,
  filter: AuditFilter,
  page: { readonly limit?: number | undefined; readonly cursor?: string | null | undefined },
): Promise<Page<AuditEvent>> {
  const limit = pageLimit(page.limit);
  const rows = await db
    .select()
    .from(auditEvents)
    .where(and(...conditionsOf(filter), afterCursor(NEWEST_FIRST, page.cursor)))
    .orderBy(orderOf(NEWEST_FIRST))
    .limit(limit + 1);
  const { rows: kept, nextCursor } = pageOf(NEWEST_FIRST, rows, limit, (row) => [row.seq]);
  return { rows: kept.map(eventFrom), nextCursor };
}

/** The conditions of a filter, for counting with totalOf. */
export function auditEventsQuery(db: Database, filter: AuditFilter) {
  return db
    .select({ seq: auditEvents.seq })
    .from(auditEvents)
    .where(and(...conditionsOf(filter)));
}

/** Every event of a chain, oldest first, a page at a time: for export and proof of chains longer than memory. */
export async function* streamAuditEvents(db: Database, organizationId: string | null, toSeq = Number.MAX_SAFE_INTEGER) {
  const chain = organizationId ?? PLATFORM_CHAIN;
  for (let after = 0; ; ) {
    const rows = await db
      .select()
      .from(auditEvents)
      .where(and(eq(auditEvents.chain, chain), gt(auditEvents.seq, after), lte(auditEvents.seq, toSeq)))
      .orderBy(asc(auditEvents.seq))
      .limit(EVENTS_AT_ONCE);
    const last = rows.at(-1);
    if (last !== undefined) yield rows;
    if (last === undefined || rows.length < EVENTS_AT_ONCE) return;
    after = last.seq;
  }
}

/** Follows a whole chain to its head. Events appended meanwhile are left for the next time. */
export async function verifyAuditChain(db: Database, organizationId: string | null): Promise<AuditVerdict> {
  const chain = organizationId ?? PLATFORM_CHAIN;
  const [head] = await db.select().from(auditHeads).where(eq(auditHeads.chain, chain));
  let seq = 0;
  let previous = GENESIS_HASH;
  for await (const rows of streamAuditEvents(db, organizationId, head?.seq ?? Number.MAX_SAFE_INTEGER)) {
    for (const row of rows) {
      const link = { event: linkOf(row), hash: row.hash.toString('hex') };
      const follows = row.seq === seq + 1 && row.prevHash.toString('hex') === previous;
      if (!follows || verifyChain([link], { startHash: previous }).is === 'broken') return { is: 'broken', seq: seq + 1 };
      seq = row.seq;
      previous = link.hash;
    }
  }
  const isWhole = head === undefined ? seq === 0 : head.seq === seq && head.hash.toString('hex') === previous;
  return isWhole ? { is: 'intact', events: seq, headHash: previous } : { is: 'broken', seq: seq + 1 };
}

const NEWEST_FIRST: Keyset = { name: 'audit-events', columns: [auditEvents.seq], direction: 'desc' };
/** Few, since one event may hold what a request body of a megabyte changed. */
const EVENTS_AT_ONCE = 200;

async function lockHead(tx: Database, chain: string): Promise<{ seq: number; hash: Buffer }> {
  const genesis = { chain, seq: 0, hash: Buffer.from(GENESIS_HASH, 'hex') };
  // Writing the chain's own name back locks the row whether it was there or not, in one statement.
  const [head] = await tx
    .insert(auditHeads)
    .values(genesis)
    .onConflictDoUpdate({ target: auditHeads.chain, set: { chain } })
    .returning();
  return head ?? genesis;
}

function conditionsOf(filter: AuditFilter): (SQL | undefined)[] {
  return [
    eq(auditEvents.chain, filter.organizationId ?? PLATFORM_CHAIN),
    filter.seq === undefined ? undefined : eq(auditEvents.seq, filter.seq),
    filter.objectType === undefined ? undefined : eq(auditEvents.objectType, filter.objectType),
    filter.objectId === undefined ? undefined : eq(auditEvents.objectId, filter.objectId),
    filter.actorId === undefined ? undefined : eq(auditEvents.actorId, filter.actorId),
    filter.action === undefined ? undefined : eq(auditEvents.action, filter.action),
    filter.from === undefined ? undefined : gte(auditEvents.at, filter.from),
    filter.to === undefined ? undefined : lt(auditEvents.at, filter.to),
  ];
}

type Row = ChainedEvent;

/** What a hash covers: every column but the hashes. A column added later must be left out where it is absent, or old chains break. */
function linkOf(
  row: Omit<Row, 'hash' | 'prevHash' | 'before' | 'after'> & { readonly before: unknown; readonly after: unknown },
): Json {
  return {
    chain: row.chain,
    seq: row.seq,
    at: row.at.toISOString(),
    actor: [row.actorKind, row.actorId, row.actorName],
    action: row.action,
    object: [row.objectType, row.objectId, row.objectName],
    before: jsonOf(row.before),
    after: jsonOf(row.after),
    reason: row.reason,
    ip: row.ip,
    request_id: row.requestId,
  };
}

/** What a jsonb column keeps and gives back unchanged: dates as text, nothing undefined, no text that PostgreSQL cannot hold. */
function jsonOf(value: unknown): Json {
  if (value === null || value === undefined) return null;
  return JSON.parse(JSON.stringify(value), (_key, inner: unknown) =>
    typeof inner === 'string' ? inner.toWellFormed().replaceAll('\0', '\ufffd') : inner,
  );
}

function eventFrom(row: Row): AuditEvent {
  const { chain, prevHash: _, hash, ...facts } = row;
  return {
    ...facts,
    organizationId: chain === PLATFORM_CHAIN ? null : chain,
    before: jsonOf(row.before),
    after: jsonOf(row.after),
    hash: hash.toString('hex'),
  };
}
