/** The audit log: one hash chain per organization, and one for the platform with `platform` as its name. */
import { bigint, index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { anyJson, bytes, instant } from './columns.ts';

/**
 * One event. `hash` covers the row and `prevHash`; `mac` covers `hash` under a key: see domain/audit/audit-chain.ts. A trigger
 * forbids changes.
 */
export const auditEvents = pgTable(
  'audit_events',
  {
    chain: text('chain').notNull(),
    seq: bigint('seq', { mode: 'number' }).notNull(),
    at: instant('at').notNull(),
    actorKind: text('actor_kind').notNull(),
    actorId: text('actor_id').notNull(),
    actorName: text('actor_name').notNull(),
    action: text('action').notNull(),
    objectType: text('object_type').notNull(),
    objectId: text('object_id').notNull(),
    objectName: text('object_name'),
    before: anyJson('before'),
    after: anyJson('after'),
    reason: text('reason'),
    ip: text('ip'),
    requestId: text('request_id'),
    prevHash: bytes('prev_hash').notNull(),
    hash: bytes('hash').notNull(),
    /** Null if a version without the audit key wrote the event. */
    mac: bytes('mac'),
  },
  (table) => [
    primaryKey({ columns: [table.chain, table.seq] }),
    index('audit_events_at').on(table.chain, table.at),
    index('audit_events_time').on(table.at, table.chain, table.seq),
    index('audit_events_object').on(table.chain, table.objectType, table.objectId, table.seq),
    index('audit_events_actor').on(table.chain, table.actorId, table.seq),
  ],
);

/** The newest event of each chain. Its row lock orders concurrent appends. A trigger keeps it from going back. */
export const auditHeads = pgTable('audit_heads', {
  chain: text('chain').primaryKey(),
  seq: bigint('seq', { mode: 'number' }).notNull(),
  hash: bytes('hash').notNull(),
});
