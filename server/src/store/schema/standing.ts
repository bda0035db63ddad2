/**
 * The standing of each organization, by which the list of organizations filters, sorts and adds up. Derived by the refresher in
 * jobs/.
 */
import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, pgTable, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';
import { organizations } from './tenancy.ts';

const whole = (name: string) => bigint(name, { mode: 'number' }).notNull().default(0);

/**
 * One row per organization that is not deleted. Triggers insert and delete it, and keep `lifecycle` and the counts of teams,
 * members and keys always current. All other columns are true as of `asOf`. Money is in nano-dollars; days are UTC.
 */
export const organizationStandings = pgTable(
  'organization_standings',
  {
    organizationId: text('organization_id')
      .primaryKey()
      .references(() => organizations.id),
    lifecycle: text('lifecycle', { enum: ['active', 'suspended', 'archived'] })
      .notNull()
      .default('active'),
    /** The verdict on its usage, whatever its lifecycle. */
    judgement: text('judgement', { enum: ['healthy', 'near_limit', 'over_budget', 'idle'] })
      .notNull()
      .default('idle'),
    status: text('status', { enum: ['healthy', 'near_limit', 'over_budget', 'idle', 'suspended', 'archived'] })
      .notNull()
      .generatedAlwaysAs(sql`case when lifecycle = 'active' then judgement else lifecycle end`),
    /** The used part of the budget that is nearest its end, in millionths of its amount. −1 without a budget. */
    budgetUsedPpm: bigint('budget_used_ppm', { mode: 'number' }).notNull().default(-1),
    /** The spend in the present calendar month of the organization's time zone. */
    spendPeriodNanoUsd: whole('spend_period_nano_usd'),
    spend30dNanoUsd: whole('spend_30d_nano_usd'),
    /** The spend of each of the last 30 days, today last. Empty if there was none. */
    dailySpendNanoUsd: bigint('daily_spend_nano_usd', { mode: 'number' }).array().notNull().default([]),
    requests30d: whole('requests_30d'),
    teamCount: integer('team_count').notNull().default(0),
    memberCount: integer('member_count').notNull().default(0),
    keyCount: integer('key_count').notNull().default(0),
    grantedTargets: integer('granted_targets').notNull().default(0),
    /** The version of the catalogue in which `grantedTargets` was counted. */
    catalogueVersion: bigint('catalogue_version', { mode: 'number' }).notNull().default(-1),
    asOf: instant('as_of').notNull().defaultNow(),
    /** The time at which to judge it again even without a change. The epoch means as soon as possible. */
    dueAt: instant('due_at').notNull().default(sql`timestamptz 'epoch'`),
  },
  (table) => [
    index('organization_standings_due').on(table.dueAt),
    index('organization_standings_catalogue').on(table.catalogueVersion),
    index('organization_standings_spend').on(table.spend30dNanoUsd, table.organizationId),
    index('organization_standings_budget').on(table.budgetUsedPpm, table.organizationId),
    index('organization_standings_requests').on(table.requests30d, table.organizationId),
    index('organization_standings_teams').on(table.teamCount, table.organizationId),
    index('organization_standings_members').on(table.memberCount, table.organizationId),
    index('organization_standings_keys').on(table.keyCount, table.organizationId),
    index('organization_standings_status').on(table.status, table.organizationId),
    check('organization_standings_lifecycle', sql`${table.lifecycle} in ('active', 'suspended', 'archived')`),
  ],
);

/**
 * Organizations whose usage or configuration changed since they were judged. Triggers write it in the transaction of the change.
 */
export const standingChanges = pgTable('standing_changes', {
  organizationId: text('organization_id').primaryKey(),
  changedAt: instant('changed_at').notNull().defaultNow(),
});
