/** Views of the console that people saved, and the mails that are sent of them. */
import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { accounts } from './accounts.ts';
import { createdAt, instant, names, updatedAt } from './columns.ts';
import { organizations } from './tenancy.ts';

/** A page of the console with its filters. It belongs to a person. If `organizationId` is set, that organization shares it. */
export const savedViews = pgTable(
  'saved_views',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    organizationId: text('organization_id').references(() => organizations.id),
    name: text('name').notNull(),
    /** The page: `/usage`. */
    path: text('path').notNull(),
    /** The part of the address after `?`. */
    query: text('query').notNull(),
    version: bigint('version', { mode: 'number' }).notNull().default(1),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('saved_views_account').on(table.accountId, table.id),
    index('saved_views_organization').on(table.organizationId, table.id).where(sql`${table.organizationId} is not null`),
  ],
);

/** A mail that is sent every week or month, at a day and an hour of the organization's time zone. */
export const scheduledMails = pgTable(
  'scheduled_mails',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    name: text('name').notNull(),
    /** Null: the statement of the last month. */
    savedViewId: text('saved_view_id').references(() => savedViews.id, { onDelete: 'cascade' }),
    every: text('every', { enum: ['week', 'month'] }).notNull(),
    /** Of a week 1 (Monday) to 7, of a month 1 to 28. */
    day: smallint('day').notNull(),
    /** 0 to 23. */
    hour: smallint('hour').notNull(),
    form: text('form', { enum: ['csv', 'table'] }).notNull(),
    /** The accounts that get the mail. Their rights are checked when it is sent. */
    recipients: names('recipients'),
    status: text('status', { enum: ['active', 'paused'] })
      .notNull()
      .default('active'),
    /** The time of the next mail. Moved on in the transaction that adds its deliveries. */
    dueAt: instant('due_at').notNull(),
    version: bigint('version', { mode: 'number' }).notNull().default(1),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('scheduled_mails_organization').on(table.organizationId, table.id),
    index('scheduled_mails_due').on(table.dueAt).where(sql`${table.status} = 'active'`),
    check('scheduled_mails_every', sql`${table.every} in ('week', 'month')`),
    check('scheduled_mails_form', sql`${table.form} in ('csv', 'table')`),
    check('scheduled_mails_status', sql`${table.status} in ('active', 'paused')`),
  ],
);

/**
 * One mail to one person. The key makes it exist once for each due time. `sending` is stored before the mail server is called: if
 * the process ends then, the mail is not sent again, because it may have arrived.
 */
export const scheduledMailDeliveries = pgTable(
  'scheduled_mail_deliveries',
  {
    scheduleId: text('schedule_id')
      .notNull()
      .references(() => scheduledMails.id, { onDelete: 'cascade' }),
    dueAt: instant('due_at').notNull(),
    accountId: text('account_id').notNull(),
    status: text('status', { enum: ['pending', 'sending', 'sent', 'refused', 'failed'] })
      .notNull()
      .default('pending'),
    attempts: integer('attempts').notNull().default(0),
    /** The reason of the last failure or refusal. */
    problem: text('problem'),
    /** The time of the last attempt; before the first one, the time at which the row was made. */
    triedAt: instant('tried_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'scheduled_mail_deliveries_pk', columns: [table.scheduleId, table.dueAt, table.accountId] }),
    index('scheduled_mail_deliveries_open').on(table.triedAt).where(sql`${table.status} in ('pending', 'sending')`),
    check('scheduled_mail_deliveries_status', sql`${table.status} in ('pending', 'sending', 'sent', 'refused', 'failed')`),
  ],
);
