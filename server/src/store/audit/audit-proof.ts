/** Follows audit chains, and compares them with what is remembered of them outside the database. */
import { eq } from 'drizzle-orm';
import { type AuditKey, type ChainFault, ChainWalk } from '../../domain/audit/audit-chain.ts';
import type { Database } from '../database.ts';
import { auditHeads } from '../schema.ts';
import { type AuditTrail, eventOf, PLATFORM_CHAIN, streamAuditEvents } from './audit.ts';
import type { RememberedHead } from './audit-heads.ts';

/** What a verdict went by. */
interface Compared {
  /** The first event with a MAC, from which on the key holds; null: there is none. */
  readonly keyedFromSeq: number | null;
  /** Events without a MAC after that one, and the newest of them. Replicas of the version before wrote them during an upgrade. */
  readonly unkeyedSince: number;
  readonly lastUnkeyedSeq: number | null;
  /** Heads in files that the chain was compared with. */
  readonly remembered: readonly RememberedHead[];
}

export type AuditVerdict =
  | ({ readonly is: 'intact'; readonly events: number; readonly headHash: string } & Compared)
  | ({ readonly is: 'broken' } & ChainFault & Compared);

/**
 * Follows a whole chain to its head, with the key, and compares it with the heads that files of this host hold. Events appended meanwhile are
 * left for the next time.
 */
export function verifyAuditChain(
  db: Database,
  { key, heads }: AuditTrail,
  organizationId: string | null,
  nowMs: number,
): Promise<AuditVerdict> {
  // Read before the database's own head: what is remembered was committed, so the database can only be further.
  return follow(db, {
    chain: organizationId ?? PLATFORM_CHAIN,
    key,
    remembered: heads.all(organizationId ?? PLATFORM_CHAIN),
    nowMs,
  });
}

/** Follows a whole chain by its hashes alone: for a copy that is proved to be the same as its original, row by row. */
export function followAuditChain(db: Database, chain: string): Promise<AuditVerdict> {
  return follow(db, { chain, key: null, remembered: [], nowMs: 0 });
}

interface Wanted {
  readonly chain: string;
  readonly key: AuditKey | null;
  readonly remembered: readonly RememberedHead[];
  readonly nowMs: number;
}

async function follow(db: Database, { chain, key, remembered, nowMs }: Wanted): Promise<AuditVerdict> {
  const [head] = await db.select().from(auditHeads).where(eq(auditHeads.chain, chain));
  const walk = new ChainWalk(chain, key);
  const compared = (): Compared => {
    const { keyedFromSeq, unkeyedSince, lastUnkeyedSeq } = walk;
    return { keyedFromSeq, unkeyedSince, lastUnkeyedSeq, remembered };
  };
  const broken = (fault: ChainFault): AuditVerdict => ({ is: 'broken', ...fault, ...compared() });
  const hashAt = new Map(remembered.map(({ seq }) => [seq, '']));
  for await (const rows of streamAuditEvents(db, chain === PLATFORM_CHAIN ? null : chain, head?.seq)) {
    for (const row of rows) {
      const [hash, previousHash] = [row.hash.toString('hex'), row.prevHash.toString('hex')];
      const fault = walk.next({ seq: row.seq, event: eventOf(row), atMs: row.at.getTime(), previousHash, hash, mac: row.mac });
      if (fault !== null) return broken(fault);
      if (hashAt.has(row.seq)) hashAt.set(row.seq, hash);
    }
  }
  if ((head?.seq ?? 0) !== walk.seq || (head !== undefined && head.hash.toString('hex') !== walk.hash)) {
    return broken({ seq: walk.seq + 1, because: 'head' });
  }
  const fault = walk.end(nowMs) ?? forgotten(remembered, hashAt, walk.seq);
  return fault === null ? { is: 'intact', events: walk.seq, headHash: walk.hash, ...compared() } : broken(fault);
}

/** The first remembered head that the chain no longer holds. */
function forgotten(
  remembered: readonly RememberedHead[],
  hashAt: ReadonlyMap<number, string>,
  lastSeq: number,
): ChainFault | null {
  const wrong = remembered.filter(({ seq, hash }) => hashAt.get(seq) !== hash).map(({ seq }) => Math.min(seq, lastSeq + 1));
  return wrong.length === 0 ? null : { seq: Math.min(...wrong), because: 'remembered' };
}
