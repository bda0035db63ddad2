/** Tables of the installation, not of a tenant. */
import { sql } from 'drizzle-orm';
import { bigint, check, integer, jsonb, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { createdAt, instant } from './columns.ts';

/**
 * One row. `wrappedKeys` holds the data keys, wrapped by the master key, by purpose, in base64. `masterKeyCheck` detects a wrong
 * master key before anything is written. During a rotation the `next` columns hold the same under the new master key, so that
 * both keys work.
 */
export const installation = pgTable(
  'installation',
  {
    id: smallint('id').primaryKey().default(1),
    wrappedKeys: jsonb('wrapped_keys').$type<Record<string, string>>().notNull().default({}),
    masterKeyCheck: text('master_key_check').notNull(),
    nextWrappedKeys: jsonb('next_wrapped_keys').$type<Record<string, string>>(),
    nextMasterKeyCheck: text('next_master_key_check'),
    /** Identifies the installation in its journals. Null: derived from the pepper, which was never renewed then. */
    journalId: text('journal_id'),
    createdAt: createdAt(),
  },
  (table) => [
    check('installation_has_one_row', sql`${table.id} = 1`),
    check('installation_next_is_whole', sql`(${table.nextWrappedKeys} is null) = (${table.nextMasterKeyCheck} is null)`),
  ],
);

/** Leases for work that only one process may do at a time. A holder renews its lease before `expiresAt`; see lease.ts. */
export const processLeases = pgTable('process_leases', {
  name: text('name').primaryKey(),
  holder: text('holder').notNull(),
  expiresAt: instant('expires_at').notNull(),
  /** The newest migration that the holder knows. Null if the holder runs an earlier version. */
  knows: text('knows'),
  /** The name of the holder's master key (`masterKeyName`). Null if the holder runs an earlier version. */
  masterKey: text('master_key'),
});

/** A number that grows with every change of the catalogue (`catalogue`) or of one organization (its id). Replicas poll it. */
export const configVersions = pgTable('config_versions', {
  scope: text('scope').primaryKey(),
  version: bigint('version', { mode: 'number' }).notNull().default(1),
});

/** The answer to a caller's `Idempotency-Key`, kept for 24 hours. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    caller: text('caller').notNull(),
    key: text('key').notNull(),
    requestHash: text('request_hash').notNull(),
    status: integer('status'),
    body: text('body'),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.caller, table.key] })],
);
