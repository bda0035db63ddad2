/** Events that people can subscribe to, the webhooks that receive them, and the deliveries. */
import { sql } from 'drizzle-orm';
import { bigint, boolean, check, doublePrecision, index, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { ALERT_RULE_KINDS } from '../../domain/alerts/alert-rule.ts';
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
    /** The form of the body: `standard` as Standard Webhooks have it, or `slack`, a text for people. */
    format: text('format', { enum: ['standard', 'slack'] })
      .notNull()
      .default('standard'),
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

/**
 * A rule that raises an alert when a figure passes a threshold. `organizationId` null: a rule of the platform, over all
 * organizations. `threshold` is in the unit of its kind (domain/alerts/alert-rule.ts).
 */
export const alertRules = pgTable(
  'alert_rules',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id').references(() => organizations.id),
    name: text('name').notNull(),
    kind: text('kind', { enum: ALERT_RULE_KINDS }).notNull(),
    threshold: doublePrecision('threshold').notNull(),
    windowMinutes: integer('window_minutes').notNull(),
    minimumCount: integer('minimum_count').notNull(),
    minimumNanoUsd: bigint('minimum_nano_usd', { mode: 'number' }).notNull().default(0),
    /** An incident ends when the figure was below the threshold for this long. */
    quietMinutes: integer('quiet_minutes').notNull(),
    /** The webhooks that receive its alerts beside those that subscribe to rules. Deleted ones are ignored. */
    webhookIds: names('webhook_ids'),
    /** True: its alerts are mailed to the owners or, of the platform, to its admins. */
    mail: boolean('mail').notNull(),
    enabled: boolean('enabled').notNull().default(true),
    version: bigint('version', { mode: 'number' }).notNull().default(1),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('alert_rules_organization').on(table.organizationId, table.id)],
);

/**
 * A time in which a rule's figure was over its threshold. Its one alert was raised when it was opened. `subject` is the deployment
 * or the credential; empty for a sum. At most one of a rule and a subject is open.
 */
export const alertIncidents = pgTable(
  'alert_incidents',
  {
    id: text('id').primaryKey(),
    ruleId: text('rule_id')
      .notNull()
      .references(() => alertRules.id, { onDelete: 'cascade' }),
    subject: text('subject').notNull(),
    subjectName: text('subject_name').notNull(),
    /** The figure when it was opened, and at the last look. */
    value: doublePrecision('value').notNull(),
    lastValue: doublePrecision('last_value').notNull(),
    openedAt: instant('opened_at').notNull(),
    /** The last time at which the figure was over the threshold. */
    lastSeenAt: instant('last_seen_at').notNull(),
    closedAt: instant('closed_at'),
  },
  (table) => [
    uniqueIndex('alert_incidents_open').on(table.ruleId, table.subject).where(sql`${table.closedAt} is null`),
    index('alert_incidents_rule').on(table.ruleId, table.id),
  ],
);
