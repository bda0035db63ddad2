import { sql } from 'drizzle-orm';
import { bigint, boolean, check, foreignKey, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { BATCH_STATUSES } from '../../domain/batches/batch.ts';
import type { PerMillion, PriceUnits } from '../../domain/money/price.ts';
import { bytes, createdAt, instant } from './columns.ts';

/** The price at which a batch is charged, frozen when it is made. */
export interface BatchPrice {
  readonly id: string;
  readonly effectiveFromMs: number;
  readonly perMillion: PerMillion;
  readonly units?: PriceUnits;
}

/**
 * A batch: the state that clients see, whom it charges and at which price, and how far it got at the provider. A process vouches for
 * a batch while it works on it; see proxy/batches/batch-driver.ts.
 */
export const batches = pgTable(
  'batches',
  {
    organizationId: text('organization_id').notNull(),
    /** An id of ours, `batch_…`. */
    id: text('id').notNull(),
    teamId: text('team_id').notNull(),
    keyId: text('key_id').notNull(),
    memberId: text('member_id'),
    serviceAccountId: text('service_account_id'),
    calledName: text('called_name').notNull(),
    endpoint: text('endpoint').notNull(),
    inputFileId: text('input_file_id').notNull(),
    /** The client's metadata as JSON, sealed under the organization's content key. Null: none. */
    metadata: bytes('metadata'),
    status: text('status', { enum: BATCH_STATUSES }).notNull(),
    /** The time of its admission, by the counters' clock. Its lines are charged to this time. */
    createdAt: createdAt(),
    inProgressAt: instant('in_progress_at'),
    finalizingAt: instant('finalizing_at'),
    cancellingAt: instant('cancelling_at'),
    endedAt: instant('ended_at'),
    /** The end of its completion window. */
    expiresAt: instant('expires_at').notNull(),
    /** The request that made it, and the decision that admitted it. */
    requestId: text('request_id').notNull(),
    decision: text('decision').notNull(),
    deploymentId: text('deployment_id').notNull(),
    provider: text('provider').notNull(),
    upstreamModel: text('upstream_model').notNull(),
    /** Null: the deployment had no price. */
    price: jsonb('price').$type<BatchPrice>(),
    /** The tier of the price that applies: `batch`, or null for the ordinary rates. */
    priceTier: text('price_tier'),
    /** Lines in all; those that failed, before or at the provider; and those that were answered. */
    total: integer('total').notNull(),
    /** Lines that were refused when it was made, and not sent. */
    refused: integer('refused').notNull().default(0),
    failed: integer('failed').notNull().default(0),
    completed: integer('completed').notNull().default(0),
    /** What all lines held at the admission. */
    heldTokens: bigint('held_tokens', { mode: 'number' }).notNull(),
    heldNanoUsd: bigint('held_nano_usd', { mode: 'number' }).notNull(),
    /** What settled lines used. */
    settledLines: integer('settled_lines').notNull().default(0),
    spentTokens: bigint('spent_tokens', { mode: 'number' }).notNull().default(0),
    spentNanoUsd: bigint('spent_nano_usd', { mode: 'number' }).notNull().default(0),
    /** The number in the name of the hold of lines that are not settled. */
    holdNumber: integer('hold_number').notNull().default(1),
    /** The process that works on it, and until when it vouches for that. */
    owner: text('owner'),
    ownedUntil: instant('owned_until'),
    /** The time of the next step. */
    nextAt: instant('next_at').notNull(),
    /** Failures in a row of the present step, and the newest one in words. */
    failures: integer('failures').notNull().default(0),
    trouble: text('trouble'),
    /** Set before the provider is asked for a file or for a batch, so that a second one is looked for and not made. */
    sendingAt: instant('sending_at'),
    makingAt: instant('making_at'),
    vendorFileId: text('vendor_file_id'),
    vendorBatchId: text('vendor_batch_id'),
    /** The end that the provider reported, in our terms; null while its batch runs. */
    vendorEnd: text('vendor_end'),
    vendorOutputId: text('vendor_output_id'),
    vendorErrorId: text('vendor_error_id'),
    /** True once the provider's files are deleted, or cannot be. */
    isCleaned: boolean('is_cleaned').notNull().default(false),
    outputFileId: text('output_file_id'),
    errorFileId: text('error_file_id'),
    /** Why it failed, as clients read it. */
    errors: jsonb('errors').$type<readonly BatchError[]>(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.id] }),
    index('batches_team').on(table.organizationId, table.teamId),
    index('batches_due').on(table.nextAt).where(sql`${table.isCleaned} = false`),
    check('batches_counts', sql`${table.total} >= 0 and ${table.failed} >= 0 and ${table.completed} >= 0`),
  ],
);

/** One error of a batch as a whole. */
export interface BatchError {
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
  readonly line: number | null;
}

/** The lines of a batch, packed (domain/batches/line-plan.ts), and those that are settled. */
export const batchLines = pgTable(
  'batch_lines',
  {
    organizationId: text('organization_id').notNull(),
    batchId: text('batch_id').notNull(),
    plan: bytes('plan').notNull(),
    settled: bytes('settled').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.batchId] }),
    foreignKey({
      name: 'batch_lines_batch',
      columns: [table.organizationId, table.batchId],
      foreignColumns: [batches.organizationId, batches.id],
    }).onDelete('cascade'),
  ],
);
