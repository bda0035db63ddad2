/**
 * The audit log: one hash chain per organization and one for the platform. Events are appended in the transaction of the change.
 */
import { and, asc, eq, gt, gte, inArray, isNull, lt, lte, type SQL } from 'drizzle-orm';
import { type AuditKey, chainHash, chainMac, GENESIS_HASH, isMacOf, type Json } from '../../domain/audit/audit-chain.ts';
import type { Database } from '../database.ts';
import { afterCursor, type Keyset, orderOf, type Page, pageLimit, pageOf } from '../paging.ts';
import { auditEvents, auditHeads } from '../schema.ts';
import type { AuditHead, AuditHeads } from './audit-heads.ts';

/** The chain of events that belong to no organization. */
export const PLATFORM_CHAIN = 'platform';

export interface NewAuditEvent {
  /** Null for the platform's chain. */
  readonly organizationId: string | null;
  readonly at: Date;
  readonly actorKind: string;
  readonly actorId: string;
  readonly actorName: string;
  readonly action: string;
  readonly objectType: string;
  readonly objectId: string;
  readonly objectName: string | null;
  /** Plain values without secrets. They are stored as JSON. */
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
  readonly ip: string | null;
  readonly requestId: string | null;
}

export interface AuditEvent extends Omit<NewAuditEvent, 'before' | 'after'> {
  /** The position in its chain, from 1. */
  readonly seq: number;
  readonly before: Json;
  readonly after: Json;
  readonly hash: string;
}

/** A stored event, with the hashes that chain it. */
export type ChainedEvent = typeof auditEvents.$inferSelect;

/** A filter of events. An absent field does not filter. */
export interface EventFilter {
  readonly objectType?: string | undefined;
  readonly objectId?: string | undefined;
  readonly actorId?: string | undefined;
  readonly action?: string | undefined;
  readonly from?: Date | undefined;
  /** The end of the time, not included. */
  readonly to?: Date | undefined;
}

/** A filter of the events of one chain. */
export interface AuditFilter extends EventFilter {
  readonly organizationId: string | null;
  readonly seq?: number | undefined;
}

/** The means to chain events: the installation's key, and the heads that this process remembers. */
export interface AuditTrail {
  readonly key: AuditKey;
  readonly heads: AuditHeads;
  /** Called when the database no longer contains an event that this process wrote to a chain. */
  readonly onContradiction: (chain: string) => void;
}

/** An appended event, the new head of its chain. Pass it to `rememberAppended` after the commit. */
export interface AppendedEvent extends AuditHead {
  /** True if the chain in the database is not the one that this process wrote to before. */
  readonly isContradiction: boolean;
}

/**
 * Appends one event and returns the chain's new head. Appends to one chain wait until the previous transaction ends, so a chain
 * has no gaps and no forks. If the newest event has no valid MAC, a closing event with its hash is appended first.
 */
export async function appendAuditEvent(tx: Database, trail: AuditTrail, event: NewAuditEvent): Promise<AppendedEvent> {
  const chain = event.organizationId ?? PLATFORM_CHAIN;
  const head = await lockHead(tx, chain);
  const { isKeyed, isContradiction } = await judgeHead(tx, trail, head);
  const before = isKeyed ? head : await insertEvent(tx, trail.key, head, closingEvent(head, event.at));
  const after = await insertEvent(tx, trail.key, before, event);
  await moveHead(tx, after);
  return { ...after, isContradiction };
}

/**
 * Remembers the events that a committed transaction appended. For a chain that contradicts the remembered head, it keeps that
 * head as evidence, so that no later event hides the change. Never rejects.
 */
export async function rememberAppended(
  { heads, onContradiction }: AuditTrail,
  appended: readonly AppendedEvent[],
): Promise<void> {
  const changed = new Set(appended.filter(({ isContradiction }) => isContradiction).map(({ chain }) => chain));
  for (const chain of changed) onContradiction(chain);
  await heads.remember(appended.filter(({ chain }) => !changed.has(chain)));
}

/** Appends one event in its own transaction, and remembers it. */
export async function appendAlone(db: Database, trail: AuditTrail, event: NewAuditEvent): Promise<void> {
  await rememberAppended(trail, [await db.transaction((tx) => appendAuditEvent(tx, trail, event))]);
}

/**
 * Closes every chain whose newest event has no MAC of this key, each in its own transaction, so that no other writer waits for
 * more than one event. Calls `goOn` before each; it may throw to stop. Returns the number of closed chains.
 */
export async function closeUnkeyedChains(
  db: Database,
  trail: AuditTrail,
  { now, goOn = () => {} }: { readonly now: () => Date; readonly goOn?: () => void },
): Promise<number> {
  let closed = 0;
  for await (const chains of unkeyedChains(db, trail.key)) {
    for (const chain of chains) {
      goOn();
      const appended = await db.transaction((tx) => closeUnkeyedChain(tx, trail, chain, now()));
      if (appended === null) continue;
      await rememberAppended(trail, [appended]);
      closed += 1;
    }
  }
  return closed;
}

/** Closes a chain whose newest event has no valid MAC. Returns its new head, or null if there was nothing to close. */
async function closeUnkeyedChain(tx: Database, trail: AuditTrail, chain: string, at: Date): Promise<AppendedEvent | null> {
  const head = await lockHead(tx, chain);
  const { isKeyed, isContradiction } = await judgeHead(tx, trail, head);
  if (isKeyed) return null;
  const after = await insertEvent(tx, trail.key, head, closingEvent(head, at));
  await moveHead(tx, after);
  return { ...after, isContradiction };
}

/** Yields the chains whose newest event has no MAC of this key, in order, one page at a time. */
export async function* unkeyedChains(db: Database, { key, isReplaced }: AuditKey, atOnce = CHAINS_AT_ONCE) {
  for (let after = ''; ; ) {
    const heads = await db
      .select({ chain: auditHeads.chain, seq: auditEvents.seq, hash: auditEvents.hash, mac: auditEvents.mac })
      .from(auditHeads)
      .innerJoin(auditEvents, and(eq(auditEvents.chain, auditHeads.chain), eq(auditEvents.seq, auditHeads.seq)))
      // A key that replaced a lost one finds MACs of the lost one, which only a comparison tells from its own.
      .where(and(gt(auditHeads.chain, after), isReplaced ? undefined : isNull(auditEvents.mac)))
      .orderBy(asc(auditHeads.chain))
      .limit(atOnce);
    yield heads.filter((head) => !isKeyedBy(key, head)).map(({ chain }) => chain);
    const last = heads.at(-1);
    if (last === undefined || heads.length < atOnce) return;
    after = last.chain;
  }
}

/** Lists events, newest first. Throws InvalidCursor. */
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

/** Returns the query of a filter, for counting with totalOf. */
export function auditEventsQuery(db: Database, filter: AuditFilter) {
  return db
    .select({ seq: auditEvents.seq })
    .from(auditEvents)
    .where(and(...conditionsOf(filter)));
}

/** Yields every event of a chain, oldest first, one page at a time: for export and verification of long chains. */
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

const NEWEST_FIRST: Keyset = { name: 'audit-events', columns: [auditEvents.seq], direction: 'desc' };
/** A small number, because one event can hold the changes of a request body of one megabyte. */
const EVENTS_AT_ONCE = 200;
const CHAINS_AT_ONCE = 500;

async function lockHead(tx: Database, chain: string): Promise<AuditHead> {
  const genesis = { chain, seq: 0, hash: Buffer.from(GENESIS_HASH, 'hex') };
  // Inserting the row, or writing its own name back, locks it in one statement.
  const [head] = await tx
    .insert(auditHeads)
    .values(genesis)
    .onConflictDoUpdate({ target: auditHeads.chain, set: { chain } })
    .returning();
  const { seq, hash } = head ?? genesis;
  return { chain, seq, hash: hash.toString('hex') };
}

/** Checks the chain's newest event, and the last one that this process wrote, in one query. */
async function judgeHead(tx: Database, { key, heads }: AuditTrail, head: AuditHead) {
  const known = heads.known(head.chain);
  const seqs = known === null ? [head.seq] : [head.seq, known.seq];
  const rows = await tx
    .select({ seq: auditEvents.seq, hash: auditEvents.hash, mac: auditEvents.mac })
    .from(auditEvents)
    .where(and(eq(auditEvents.chain, head.chain), inArray(auditEvents.seq, seqs)));
  const mac = rows.find(({ seq }) => seq === head.seq)?.mac ?? null;
  const newest = { ...head, hash: Buffer.from(head.hash, 'hex'), mac };
  const then = known === null ? null : rows.find(({ seq }) => seq === known.seq);
  return {
    isKeyed: head.seq === 0 || isKeyedBy(key.key, newest),
    isContradiction: known !== null && then?.hash.toString('hex') !== known.hash,
  };
}

/** Reports whether an event has a MAC of this key. */
function isKeyedBy(key: Buffer, { chain, seq, hash, mac }: Pick<ChainedEvent, 'chain' | 'seq' | 'hash' | 'mac'>): boolean {
  return mac !== null && isMacOf(key, mac, { chain, seq, hash: hash.toString('hex') });
}

async function insertEvent(tx: Database, { key }: AuditKey, head: AuditHead, event: NewAuditEvent): Promise<AuditHead> {
  const { chain } = head;
  const seq = head.seq + 1;
  const { organizationId: _, ...rest } = event;
  const facts = { ...rest, before: jsonOf(event.before), after: jsonOf(event.after) };
  const hash = chainHash(head.hash, eventOf({ chain, seq, ...facts }));
  const [prevHash, ownHash] = [Buffer.from(head.hash, 'hex'), Buffer.from(hash, 'hex')];
  const mac = chainMac(key, { chain, seq, hash });
  await tx.insert(auditEvents).values({ chain, seq, ...facts, prevHash, hash: ownHash, mac });
  return { chain, seq, hash };
}

async function moveHead(tx: Database, { chain, seq, hash }: AuditHead): Promise<void> {
  await tx
    .update(auditHeads)
    .set({ seq, hash: Buffer.from(hash, 'hex') })
    .where(eq(auditHeads.chain, chain));
}

/** Returns the event that closes events without a MAC: it holds the place and the hash of the last of them. */
function closingEvent({ chain, seq, hash }: AuditHead, at: Date): NewAuditEvent {
  return {
    organizationId: chain === PLATFORM_CHAIN ? null : chain,
    at,
    actorKind: 'system',
    actorId: 'audit',
    actorName: 'Headgate',
    action: 'audit_chain.close',
    objectType: 'audit_chain',
    objectId: chain,
    objectName: null,
    before: null,
    after: { last_seq: seq, last_hash: hash },
    reason: null,
    ip: null,
    requestId: null,
  };
}

function conditionsOf(filter: AuditFilter): (SQL | undefined)[] {
  return [
    eq(auditEvents.chain, filter.organizationId ?? PLATFORM_CHAIN),
    filter.seq === undefined ? undefined : eq(auditEvents.seq, filter.seq),
    ...eventConditions(filter),
  ];
}

export function eventConditions(filter: EventFilter): (SQL | undefined)[] {
  return [
    filter.objectType === undefined ? undefined : eq(auditEvents.objectType, filter.objectType),
    filter.objectId === undefined ? undefined : eq(auditEvents.objectId, filter.objectId),
    filter.actorId === undefined ? undefined : eq(auditEvents.actorId, filter.actorId),
    filter.action === undefined ? undefined : eq(auditEvents.action, filter.action),
    filter.from === undefined ? undefined : gte(auditEvents.at, filter.from),
    filter.to === undefined ? undefined : lt(auditEvents.at, filter.to),
  ];
}

type Row = ChainedEvent;

/**
 * Returns the content that a hash covers: every column except the hashes and the MAC. Omit a column added later if it is null:
 * else old hashes break.
 */
export function eventOf(
  row: Omit<Row, 'hash' | 'prevHash' | 'mac' | 'before' | 'after'> & { readonly before: unknown; readonly after: unknown },
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

/** Returns a value that a jsonb column stores unchanged: dates as text, no undefined, no text that PostgreSQL cannot store. */
function jsonOf(value: unknown): Json {
  if (value === null || value === undefined) return null;
  return JSON.parse(JSON.stringify(value), (_key, inner: unknown) =>
    typeof inner === 'string' ? inner.toWellFormed().replaceAll('\0', '\ufffd') : inner,
  );
}

export function eventFrom(row: Row): AuditEvent {
  const { chain, prevHash: _, mac: __, hash, ...facts } = row;
  return {
    ...facts,
    organizationId: chain === PLATFORM_CHAIN ? null : chain,
    before: jsonOf(row.before),
    after: jsonOf(row.after),
    hash: hash.toString('hex'),
  };
}
