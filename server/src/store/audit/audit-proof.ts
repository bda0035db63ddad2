/** Verifies audit chains, and compares them with the heads that are stored outside the database. */
import { eq, sql } from 'drizzle-orm';
import { type AuditKey, type ChainFault, ChainWalk } from '../../domain/audit/audit-chain.ts';
import type { Database } from '../database.ts';
import { auditHeads } from '../schema.ts';
import { type AuditTrail, eventOf, PLATFORM_CHAIN, streamAuditEvents } from './audit.ts';
import type { RememberedHead } from './audit-heads.ts';

/** The facts behind a verdict. */
interface Compared {
  /** The first event with a MAC, from which on the key protects the chain. Null if there is none. */
  readonly keyedFromSeq: number | null;
  /**
   * The number of later events without a MAC, which replicas of the previous version wrote during an upgrade. Then the newest of
   * them.
   */
  readonly unkeyedSince: number;
  readonly lastUnkeyedSeq: number | null;
  /** The heads in files with which the chain was compared. */
  readonly remembered: readonly RememberedHead[];
}

export type AuditVerdict =
  | ({ readonly is: 'intact'; readonly events: number; readonly headHash: string } & Compared)
  | ({ readonly is: 'broken' } & ChainFault & Compared);

/**
 * Verifies a whole chain up to its head with the key, and compares it with the heads in files of this host. Events that are
 * appended meanwhile are not checked.
 */
export function verifyAuditChain(
  db: Database,
  { key, heads }: AuditTrail,
  organizationId: string | null,
  nowMs: number,
): Promise<AuditVerdict> {
  // Read the files before the database's head: their heads were committed, so the database must be at least as far.
  return follow(db, {
    chain: organizationId ?? PLATFORM_CHAIN,
    key,
    remembered: heads.all(organizationId ?? PLATFORM_CHAIN),
    nowMs,
  });
}

/** A chain that a file remembers and the database does not have. */
export interface MissingChain {
  readonly organizationId: string;
  readonly file: string;
  /** The position of its newest event in that file. */
  readonly seq: number;
}

/**
 * Returns the organizations of whose chains files of this host remember an event, and the database has none. The organization may be
 * gone as well, so that nobody would ask for its chain.
 */
export async function missingChains(db: Database, { heads }: AuditTrail): Promise<readonly MissingChain[]> {
  const remembered = heads.everyChain().filter(({ chain }) => chain !== PLATFORM_CHAIN);
  if (remembered.length === 0) return [];
  const chains = remembered.map(({ chain }) => chain);
  const rows = await db
    .select({ chain: auditHeads.chain })
    .from(auditHeads)
    .where(sql`${auditHeads.chain} = any(${sql.param(chains)}::text[])`);
  const there = new Set(rows.map(({ chain }) => chain));
  return remembered
    .filter(({ chain }) => !there.has(chain))
    .map(({ chain, file, seq }) => ({ organizationId: chain, file, seq }))
    .sort((one, other) => (one.organizationId < other.organizationId ? -1 : 1));
}

/** Verifies a whole chain by its hashes alone. For a copy whose rows are compared with the original. */
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

/** Returns the fault of the first remembered head that the chain no longer contains, or null. */
function forgotten(
  remembered: readonly RememberedHead[],
  hashAt: ReadonlyMap<number, string>,
  lastSeq: number,
): ChainFault | null {
  const wrong = remembered.filter(({ seq, hash }) => hashAt.get(seq) !== hash).map(({ seq }) => Math.min(seq, lastSeq + 1));
  return wrong.length === 0 ? null : { seq: Math.min(...wrong), because: 'remembered' };
}
