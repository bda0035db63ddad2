/** The runs and the findings of the recurring jobs. */
import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { PerMillion, PriceUnits } from '../../domain/money/price.ts';
import { credentials, deployments } from './catalogue.ts';
import { instant } from './columns.ts';

/** One run of one job. Only the newest runs of each job are kept. */
export const jobRuns = pgTable(
  'job_runs',
  {
    id: text('id').primaryKey(),
    job: text('job').notNull(),
    startedAt: instant('started_at').notNull(),
    /** Null if it still runs, or if its process ended first. */
    finishedAt: instant('finished_at'),
    outcome: text('outcome', { enum: ['done', 'failed'] }),
    /** One sentence about the result, or the reason of the failure. */
    summary: text('summary'),
    /** The name of the account or token that started it. Null: the schedule did. */
    askedBy: text('asked_by'),
  },
  (table) => [
    index('job_runs_job').on(table.job, table.id),
    check('job_runs_outcome', sql`${table.outcome} in ('done', 'failed')`),
  ],
);

/**
 * A sum that differs from the ledger. `found` is the sum of the counter or the rollups, `ledger` the right one, both in its unit.
 */
export const ledgerDrifts = pgTable(
  'ledger_drifts',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id').notNull(),
    /** `counter`: of limits and budgets. `rollups`: the sums that reports read. */
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
  /** The time of the first check that the provider refused since the last one that succeeded. Null if it refused none. */
  failingSince: instant('failing_since'),
});

/**
 * A list price that differs from the one a deployment took from the list. Adopting it adds a price version. A dismissed proposal
 * stays, so that it is not made again until the list changes.
 */
export const priceProposals = pgTable('price_proposals', {
  deploymentId: text('deployment_id')
    .primaryKey()
    .references(() => deployments.id),
  /** Rates by bucket. `units` is not a bucket: it holds the list's further prices. */
  perMillion: jsonb('per_million').$type<PerMillion & { readonly units?: PriceUnits }>().notNull(),
  foundAt: instant('found_at').notNull(),
  dismissedAt: instant('dismissed_at'),
});
