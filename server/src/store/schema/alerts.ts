/** Events that people can subscribe to, the webhooks that receive them, and the deliveries. */
import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { bytes, createdAt, instant, names, updatedAt } from './columns.ts';
import { organizations } from './tenancy.ts';

/**
 * An event. `organizationId` is null for the platform's own. `teamId` is set if the event concerns only one team. Rows never
 * change.
 */
export const alertEvents = pgTable(
  'alert_events',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id').references(() => organizations.id),
    teamId: text('team_id'),
    type: text('type').notNull(),
    data: jsonb('data').$type<Readonly<Record<string, unknown>>>().notNull(),
    occurredAt: instant('occurred_at').notNull(),
  },
  (table) => [index('alert_events_organization').on(table.organizationId, table.id)],
);

/**
 * A URL that receives events. `sealed` is the signing secret, encrypted under the credentials data key with the row's id as AAD.
 * After a rotation, the previous secret signs as well until `oldUntil`.
 */
export const webhooks = pgTable(
  'webhooks',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id').references(() => organizations.id),
    name: text('name').notNull(),
    url: text('url').notNull(),
    events: names('events'),
    status: text('status', { enum: ['active', 'disabled'] })
      .notNull()
      .default('active'),
    sealed: bytes('sealed').notNull(),
    oldSealed: bytes('old_sealed'),
    oldUntil: instant('old_until'),
    version: bigint('version', { mode: 'number' }).notNull().default(1),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('webhooks_organization').on(table.organizationId, table.id),
    check('webhooks_status', sql`${table.status} in ('active', 'disabled')`),
  ],
);

/** The delivery of one event to one webhook or one e-mail address. `lost`: retries ended, and a person may send it again. */
export const alertDeliveries = pgTable(
  'alert_deliveries',
  {
    id: text('id').primaryKey(),
    eventId: text('event_id')
      .notNull()
      .references(() => alertEvents.id, { onDelete: 'cascade' }),
    webhookId: text('webhook_id').references(() => webhooks.id, { onDelete: 'cascade' }),
    email: text('email'),
    status: text('status', { enum: ['pending', 'delivered', 'lost'] })
      .notNull()
      .default('pending'),
    attempts: integer('attempts').notNull().default(0),
    /** The HTTP status of the last attempt, or null if the receiver did not answer. */
    httpStatus: integer('http_status'),
    /** The reason why the last attempt failed. */
    problem: text('problem'),
    lastAttemptAt: instant('last_attempt_at'),
    /** The time at which retries end. Of a lost delivery, the time at which they ended. */
    giveUpAt: instant('give_up_at').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex('alert_deliveries_receiver').on(table.eventId, sql`coalesce(${table.webhookId}, ${table.email})`),
    index('alert_deliveries_webhook').on(table.webhookId, table.id),
    index('alert_deliveries_pending').on(table.id).where(sql`${table.status} = 'pending'`),
    check('alert_deliveries_status', sql`${table.status} in ('pending', 'delivered', 'lost')`),
    check('alert_deliveries_have_one_receiver', sql`num_nonnulls(${table.webhookId}, ${table.email}) = 1`),
  ],
);
