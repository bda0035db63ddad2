/** Who showed or said that an account's address is its own. Global: a person is in no one tenant. */
import { sql } from 'drizzle-orm';
import { check, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { ADDRESS_PROOFS } from '../../domain/tenancy/address.ts';
import { accounts } from './accounts.ts';
import { instant } from './columns.ts';

/** One proof of one address. An account whose address changes keeps those of the old one, which say nothing of the new. Rows never change. */
export const addressProofs = pgTable(
  'address_proofs',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    /** In lower case. */
    address: text('address').notNull(),
    how: text('how', { enum: ADDRESS_PROOFS }).notNull(),
    provedAt: instant('proved_at').notNull(),
    /** The account itself for mail, the one who vouched, the command line, or the identity provider. */
    provedBy: text('proved_by').notNull(),
    provedByName: text('proved_by_name').notNull(),
    /** Why somebody vouched. */
    reason: text('reason'),
  },
  (table) => [
    // A second proof of the same kind by the same one adds nothing: the first says since when.
    uniqueIndex('address_proofs_once').on(table.accountId, table.address, table.how, table.provedBy),
    check('address_proofs_how', sql`${table.how} in ('mail', 'operator', 'platform_admin', 'identity_provider')`),
  ],
);
