/** How each organization stands: what the list of organizations filters, sorts and adds up by. Derived; the refresher in jobs/ keeps it. */
import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, pgTable, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';
import { organizations } from './tenancy.ts';

const whole = (name: string) => bigint(name, { mode: 'number' }).notNull().default(0);

/**
 * One row per organization that was not deleted, made and taken away by triggers, as are `lifecycle` and the three counts: those are true
 * at every instant. All else is true as of `asOf`. Money is nano-dollars; days are of UTC.
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
    /** What its use says, whatever its lifecycle. */
    judgement: text('judgement', { enum: ['healthy', 'near_limit', 'over_budget', 'idle'] })
      .notNull()
      .default('idle'),
    status: text('status', { enum: ['healthy', 'near_limit', 'over_budget', 'idle', 'suspended', 'archived'] })
      .notNull()
      .generatedAlwaysAs(sql`case when lifecycle = 'active' then judgement else lifecycle end`),
    /** Of the budget that is nearest its end, in millionths of its amount; −1 without a budget. */
    budgetUsedPpm: bigint('budget_used_ppm', { mode: 'number' }).notNull().default(-1),
    /** In the present calendar month of the organization's time zone. */
    spendPeriodNanoUsd: whole('spend_period_nano_usd'),
    spend30dNanoUsd: whole('spend_30d_nano_usd'),
    /** The last 30 days, today the last of them; empty: nothing in any of them. */
    dailySpendNanoUsd: bigint('daily_spend_nano_usd', { mode: 'number' }).array().notNull().default([]),
    requests30d: whole('requests_30d'),
    teamCount: integer('team_count').notNull().default(0),
    memberCount: integer('member_count').notNull().default(0),
    keyCount: integer('key_count').notNull().default(0),
    grantedTargets: integer('granted_targets').notNull().default(0),
    /** Of the catalogue that `grantedTargets` was counted in. */
    catalogueVersion: bigint('catalogue_version', { mode: 'number' }).notNull().default(-1),
    asOf: instant('as_of').notNull().defaultNow(),
    /** When it has to be judged again though nothing was written; the epoch: as soon as possible. */
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

/** Organizations whose usage or configuration changed since they were judged. Written by triggers in the transaction of the change. */
export const standingChanges = pgTable('standing_changes', {
  organizationId: text('organization_id').primaryKey(),
  changedAt: instant('changed_at').notNull().defaultNow(),
});
