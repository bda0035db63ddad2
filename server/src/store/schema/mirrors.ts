/** Copies of requests that were sent to a mirror. The platform pays for them: no sum of an organization reads these rows. */
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { CopyOutcome } from '../../domain/routing/mirror.ts';
import { instant } from './columns.ts';

/** One row for each request in a mirror's share: its copy, or why there was none. Nothing of its content is kept. */
export const mirrorCopies = pgTable(
  'mirror_copies',
  {
    organizationId: text('organization_id').notNull(),
    requestId: text('request_id').notNull(),
    at: instant('at').notNull(),
    calledName: text('called_name').notNull(),
    outcome: text('outcome').$type<CopyOutcome>().notNull(),
    /** Why there was no copy, or no answer to it. Null: it was answered. */
    reason: text('reason'),
    /** Null if no deployment was chosen; so are the columns below it. */
    deploymentId: text('deployment_id'),
    provider: text('provider'),
    upstreamModel: text('upstream_model'),
    httpStatus: integer('http_status'),
    tookMs: integer('took_ms'),
    priceId: text('price_id'),
    usage: jsonb('usage').$type<Readonly<Record<string, number>>>().notNull().default({}),
    /** Null if the deployment has no price. */
    nanoUsd: bigint('nano_usd', { mode: 'number' }),
    isEstimated: boolean('is_estimated').notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.requestId] }),
    // For the platform's report and for the job that deletes old rows.
    index('mirror_copies_at').on(table.at),
  ],
);
