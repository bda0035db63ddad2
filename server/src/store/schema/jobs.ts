/** What the recurring jobs did and found. */
import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { PerMillion, PriceUnits } from '../../domain/money/price.ts';
import { credentials, deployments } from './catalogue.ts';
import { instant } from './columns.ts';

/** One run of one job. The newest of each job are kept. */
export const jobRuns = pgTable(
  'job_runs',
  {
    id: text('id').primaryKey(),
    job: text('job').notNull(),
    startedAt: instant('started_at').notNull(),
    /** Null: it runs, or its process ended first. */
    finishedAt: instant('finished_at'),
    outcome: text('outcome', { enum: ['done', 'failed'] }),
    /** What was done in a sentence, or why it failed. */
    summary: text('summary'),
    /** Who asked for it; null: its schedule. */
    askedBy: text('asked_by'),
  },
  (table) => [
    index('job_runs_job').on(table.job, table.id),
    check('job_runs_outcome', sql`${table.outcome} in ('done', 'failed')`),
  ],
);

/** Where sums did not agree. `found` is what the counter or the rollups said, `ledger` what is owed; both in the unit of what was counted. */
export const ledgerDrifts = pgTable(
  'ledger_drifts',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id').notNull(),
    /** `counter`: of limits and budgets. `rollups`: what reports are added up from. */
    kind: text('kind', { enum: ['counter', 'rollups'] }).notNull(),
    /** The counter's name with its period's start, or the day. */
    subject: text('subject').notNull(),
    found: bigint('found', { mode: 'number' }).notNull(),
    ledger: bigint('ledger', { mode: 'number' }).notNull(),
    foundAt: instant('found_at').notNull(),
    correctedAt: instant('corrected_at'),
  },
  (table) => [
    index('ledger_drifts_open').on(table.kind, table.subject).where(sql`${table.correctedAt} is null`),
    check('ledger_drifts_kind', sql`${table.kind} in ('counter', 'rollups')`),
  ],
);

/** The last live check of a credential. */
export const credentialChecks = pgTable('credential_checks', {
  credentialId: text('credential_id')
    .primaryKey()
    .references(() => credentials.id, { onDelete: 'cascade' }),
  checkedAt: instant('checked_at').notNull(),
  ok: boolean('ok').notNull(),
  message: text('message'),
  /** Since when every check failed; null while it is good. */
  failingSince: instant('failing_since'),
});

/**
 * A list price that is no longer the one a deployment took from the list. Adopting it adds a price version; a dismissed one stays, so that
 * it is not proposed again until the list changes.
 */
export const priceProposals = pgTable('price_proposals', {
  deploymentId: text('deployment_id')
    .primaryKey()
    .references(() => deployments.id),
  /** Rates by bucket, and under `units`, which is no bucket, what the list charges beyond them. */
  perMillion: jsonb('per_million').$type<PerMillion & { readonly units?: PriceUnits }>().notNull(),
  foundAt: instant('found_at').notNull(),
  dismissedAt: instant('dismissed_at'),
});
