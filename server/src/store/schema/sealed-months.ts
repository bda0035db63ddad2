/** Closed months of the ledger. */
import { bigint, date, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { bytes, instant } from './columns.ts';

const sum = (name: string) => bigint(name, { mode: 'bigint' }).notNull();

/**
 * The ledger entries of one organization and one month (UTC) that were stored before `through`, added up. Later entries of the month
 * get a further row with the next number, which covers them alone. The entries themselves stay in the ledger.
 */
export const sealedMonths = pgTable(
  'sealed_months',
  {
    organizationId: text('organization_id').notNull(),
    /** The first day of the month. */
    month: date('month', { mode: 'string' }).notNull(),
    /** From 1. */
    seal: integer('seal').notNull(),
    /** Entries with a `created_at` before it, and not before that of the seal before. */
    through: instant('through').notNull(),
    sealedAt: instant('sealed_at').notNull(),
    entries: sum('entries'),
    totalTokens: sum('total_tokens'),
    inputTokens: sum('input_tokens'),
    outputTokens: sum('output_tokens'),
    nanoUsd: sum('nano_usd'),
    /** The SHA-256 of the entries as text, in the order of store/sealed/sealed-entries.ts. */
    hash: bytes('hash').notNull(),
  },
  (table) => [primaryKey({ name: 'sealed_months_pk', columns: [table.organizationId, table.month, table.seal] })],
);
