/** The audit log of tests: a key of their own, and what somebody does to it who owns the tables. */
import { sql } from 'drizzle-orm';
import type { AuditKey } from '../../src/domain/audit/audit-chain.ts';
import type { AuditTrail } from '../../src/store/audit/audit.ts';
import type { AuditHeads } from '../../src/store/audit/audit-heads.ts';
import type { Database } from '../../src/store/database.ts';

const NO_HEADS: AuditHeads = { known: () => null, all: () => [], everyChain: () => [], remember: async () => {} };

/** A trail with a fixed key that accepts no event without it, and remembers nothing, unless told. */
export function testTrail({ key, heads }: { readonly key?: Partial<AuditKey>; readonly heads?: AuditHeads } = {}): AuditTrail {
  return {
    key: { key: Buffer.alloc(32, 7), unkeyedUntilMs: 0, isReplaced: false, ...key },
    heads: heads ?? NO_HEADS,
    onContradiction: () => {},
  };
}

/** Does what the triggers refuse, as the owner of the tables can. */
export async function byForce(db: Database, work: (tx: Database) => Promise<unknown>): Promise<void> {
  await db.transaction(async (tx) => {
    for (const table of ['audit_events', 'audit_heads']) await tx.execute(sql.raw(`alter table ${table} disable trigger user`));
    await work(tx);
    for (const table of ['audit_events', 'audit_heads']) await tx.execute(sql.raw(`alter table ${table} enable trigger user`));
  });
}
