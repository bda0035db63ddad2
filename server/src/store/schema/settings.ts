/** What belongs to the installation, not to a tenant. */
import { sql } from 'drizzle-orm';
import { bigint, check, integer, jsonb, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { createdAt, instant } from './columns.ts';

/**
 * One row. `wrappedKeys` holds data keys wrapped by the master key, by purpose, in base64; `masterKeyCheck` tells a wrong master key before
 * anything is touched. While the master key is rotated the `next` columns hold the same under the new one, so that either key opens.
 */
export const installation = pgTable(
  'installation',
  {
    id: smallint('id').primaryKey().default(1),
    wrappedKeys: jsonb('wrapped_keys').$type<Record<string, string>>().notNull().default({}),
    masterKeyCheck: text('master_key_check').notNull(),
    nextWrappedKeys: jsonb('next_wrapped_keys').$type<Record<string, string>>(),
    nextMasterKeyCheck: text('next_master_key_check'),
    /** Names the installation to its journals; null: derived from the pepper, as long as that was never renewed. */
    journalId: text('journal_id'),
    createdAt: createdAt(),
  },
  (table) => [
    check('installation_has_one_row', sql`${table.id} = 1`),
    check('installation_next_is_whole', sql`(${table.nextWrappedKeys} is null) = (${table.nextMasterKeyCheck} is null)`),
  ],
);

/** Who may do what only one process may do. A holder renews before `expiresAt`; see lease.ts. */
export const processLeases = pgTable('process_leases', {
  name: text('name').primaryKey(),
  holder: text('holder').notNull(),
  expiresAt: instant('expires_at').notNull(),
  /** The newest migration that the holder knows; null for a holder from before this was kept. */
  knows: text('knows'),
  /** Which master key the holder was started with (`masterKeyName`); null for a holder from before this was kept. */
  masterKey: text('master_key'),
});

/** Goes up with every change of the catalogue (`catalogue`) or of one organization (its id): what replicas poll. */
export const configVersions = pgTable('config_versions', {
  scope: text('scope').primaryKey(),
  version: bigint('version', { mode: 'number' }).notNull().default(1),
});

/** The answer already given to a caller's `Idempotency-Key`; kept 24 hours. */
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
