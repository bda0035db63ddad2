/**
 * One row per request, and one per attempt that used something. Partitioned by the month of `admitted_at`. The migrations are
 * written by hand, because drizzle-kit does not know partitions: keep both in step. partitions.ts creates a partition before any
 * row needs it.
 */
import { isNotNull, type SQLWrapper, sql } from 'drizzle-orm';
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { bytes, createdAt, instant } from './columns.ts';
import { tokenCounts } from './usage.ts';

/** The dimensions at the time of the request, so that history stays the same when a key moves. */
const dimensions = () => ({
  teamId: text('team_id').notNull(),
  keyId: text('key_id').notNull(),
  memberId: text('member_id'),
  serviceAccountId: text('service_account_id'),
  calledName: text('called_name').notNull(),
});

/** Whole tokens by bucket, for buckets without a column. Null if there were none. */
const otherUsage = () => jsonb('other_usage').$type<Readonly<Record<string, number>>>();

/** Returns the condition for requests that did not succeed. A query needs exactly this text to use the partial index. */
export const isUnsuccessful = (status: SQLWrapper) => sql`${status} <> 'succeeded'`;

export const requestLog = pgTable(
  'request_log',
  {
    organizationId: text('organization_id').notNull(),
    admittedAt: instant('admitted_at').notNull(),
    requestId: text('request_id').notNull(),
    clientRequestId: text('client_request_id'),
    ...dimensions(),
    status: text('status', { enum: ['succeeded', 'failed', 'refused', 'cancelled', 'estimated'] }).notNull(),
    httpStatus: integer('http_status').notNull(),
    code: text('code'),
    param: text('param'),
    endpoint: text('endpoint').notNull(),
    stream: boolean('stream').notNull(),
    deploymentId: text('deployment_id'),
    attempts: integer('attempts').notNull(),
    finishReason: text('finish_reason'),
    gatewayUs: integer('gateway_us').notNull(),
    providerMs: integer('provider_ms'),
    firstTokenMs: integer('first_token_ms'),
    /** Sums over the request's attempts, like the spend, so that a list needs no join. */
    ...tokenCounts(),
    otherUsage: otherUsage(),
    /** Null when no attempt cost anything or an attempt is unpriced. */
    nanoUsd: bigint('nano_usd', { mode: 'number' }),
    /** True if the request has a spend and something that it used had no price. */
    partlyPriced: boolean('partly_priced').notNull().default(false),
    decision: text('decision').notNull(),
    /** The number of requests in this row. Repeated refusals of one key by one rule share a row; `repeatIds` lists their ids. */
    count: integer('count').notNull().default(1),
    repeatIds: text('repeat_ids').array().notNull().default([]),
    /** The tags that the request names, then those that its organization, team and key added. Null: none. */
    tags: text('tags').array(),
    /**
     * The number of `tags` that the request names itself, a full stop, and the id of the shape with their effect on the called
     * name.
     */
    tagRoute: text('tag_route'),
    /**
     * The attempts that were sent: the text of domain/usage/attempt.ts. Null if one attempt answered and nothing else happened,
     * and in rows of earlier versions.
     */
    tried: text('tried'),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.admittedAt, table.requestId] }),
    index('request_log_key').on(table.organizationId, table.keyId, table.admittedAt),
    index('request_log_team').on(table.organizationId, table.teamId, table.admittedAt),
    index('request_log_status').on(table.organizationId, table.status, table.admittedAt),
    index('request_log_newest').on(table.admittedAt, table.requestId),
    // Filters of the platform's list, which covers every organization's requests.
    index('request_log_model').on(table.calledName, table.admittedAt, table.requestId),
    index('request_log_deployment')
      .on(table.deploymentId, table.admittedAt, table.requestId)
      .where(isNotNull(table.deploymentId)),
    index('request_log_code').on(table.code, table.admittedAt, table.requestId).where(isNotNull(table.code)),
    // Few requests do not succeed, and the platform searches for those. An index over all requests would cost too much.
    index('request_log_unsuccessful').on(table.status, table.admittedAt, table.requestId).where(isUnsuccessful(table.status)),
  ],
);

/** The usage and the spend of each attempt. Rows are never changed or deleted; all balances derive from them. */
export const ledger = pgTable(
  'ledger',
  {
    organizationId: text('organization_id').notNull(),
    admittedAt: instant('admitted_at').notNull(),
    requestId: text('request_id').notNull(),
    attempt: integer('attempt').notNull(),
    kind: text('kind', { enum: ['usage', 'estimated', 'adjustment'] }).notNull(),
    ...dimensions(),
    deploymentId: text('deployment_id').notNull(),
    provider: text('provider').notNull(),
    upstreamModel: text('upstream_model').notNull(),
    priceId: text('price_id'),
    ...tokenCounts(),
    otherUsage: otherUsage(),
    /** The spend. Null if the deployment has no price. It may be negative in an adjustment. */
    nanoUsd: bigint('nano_usd', { mode: 'number' }),
    /** The service tier or speed whose rates applied. Null: the ordinary rates. */
    serviceTier: text('service_tier'),
    /** The names of used units without a price, joined by commas. Null: none. */
    unpricedUnits: text('unpriced_units'),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.admittedAt, table.requestId, table.attempt, table.kind] }),
    index('ledger_key').on(table.organizationId, table.keyId, table.admittedAt),
    index('ledger_newest').on(table.admittedAt),
  ],
);

/** Prompt and answer, sealed under the organization's content key. Kept only if its `audit.content` setting says so. */
export const requestContent = pgTable(
  'request_content',
  {
    organizationId: text('organization_id').notNull(),
    admittedAt: instant('admitted_at').notNull(),
    requestId: text('request_id').notNull(),
    sealed: bytes('sealed').notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.admittedAt, table.requestId] })],
);

/** The partitioned tables, by name. */
export const PARTITIONED_TABLES = ['request_log', 'ledger', 'request_content'] as const;
