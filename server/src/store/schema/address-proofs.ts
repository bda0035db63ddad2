/** Proofs that an account's address belongs to its owner. Global: a person is not part of one tenant. */
import { sql } from 'drizzle-orm';
import { check, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { ADDRESS_PROOFS } from '../../domain/tenancy/address.ts';
import { accounts } from './accounts.ts';
import { instant } from './columns.ts';

/** One proof of one address. After a change of address the old proofs stay, but do not prove the new one. Rows never change. */
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
    /** The account itself for mail, the platform admin who vouched, the command line, or the identity provider. */
    provedBy: text('proved_by').notNull(),
    provedByName: text('proved_by_name').notNull(),
    /** The reason that a platform admin gave when vouching. */
    reason: text('reason'),
  },
  (table) => [
    // A second proof of the same kind by the same actor adds nothing: the first one has the time.
    uniqueIndex('address_proofs_once').on(table.accountId, table.address, table.how, table.provedBy),
    check('address_proofs_how', sql`${table.how} in ('mail', 'operator', 'platform_admin', 'identity_provider')`),
  ],
);
