/**
 * One row per request and per attempt that cost something. Partitioned by month of `admitted_at` (hand-written in migrations, since
 * drizzle-kit knows no partitions; keep both in step). Partitions are made by partitions.ts before any row needs them.
 */
import { isNotNull, type SQLWrapper, sql } from 'drizzle-orm';
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { bytes, createdAt, instant } from './columns.ts';
import { tokenCounts } from './usage.ts';

/** Snapshotted, so that history does not move when a key does. */
const dimensions = () => ({
  teamId: text('team_id').notNull(),
  keyId: text('key_id').notNull(),
  memberId: text('member_id'),
  serviceAccountId: text('service_account_id'),
  calledName: text('called_name').notNull(),
});

/** Whole tokens by bucket where one occurred that has no column; null otherwise. */
const otherUsage = () => jsonb('other_usage').$type<Readonly<Record<string, number>>>();

/** Of a request that did not succeed. A query that says it in these words is answered by its index. */
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
    /** Σ over the request's attempts, like the spend: a list needs no join. */
    ...tokenCounts(),
    otherUsage: otherUsage(),
    /** Null when no attempt cost anything or an attempt is unpriced. */
    nanoUsd: bigint('nano_usd', { mode: 'number' }),
    /** It has a price, and something it was billed for has none. */
    partlyPriced: boolean('partly_priced').notNull().default(false),
    decision: text('decision').notNull(),
    /** Repeats of one (key, rule) refusal share a row; their ids resolve to it. */
    count: integer('count').notNull().default(1),
    repeatIds: text('repeat_ids').array().notNull().default([]),
    /** Those it names, then those its organization, team and key added; null: none. */
    tags: text('tags').array(),
    /** How many of `tags` it names itself, a full stop, and the shape that says what they made of the called name. */
    tagRoute: text('tag_route'),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.admittedAt, table.requestId] }),
    index('request_log_key').on(table.organizationId, table.keyId, table.admittedAt),
    index('request_log_team').on(table.organizationId, table.teamId, table.admittedAt),
    index('request_log_status').on(table.organizationId, table.status, table.admittedAt),
    index('request_log_newest').on(table.admittedAt, table.requestId),
    // What the platform's readers narrow a list of every organization's requests by.
    index('request_log_model').on(table.calledName, table.admittedAt, table.requestId),
    index('request_log_deployment')
      .on(table.deploymentId, table.admittedAt, table.requestId)
      .where(isNotNull(table.deploymentId)),
    index('request_log_code').on(table.code, table.admittedAt, table.requestId).where(isNotNull(table.code)),
    // Few requests do not succeed, and those are what the platform looks for; the rest is not worth an index over every organization.
    index('request_log_unsuccessful').on(table.status, table.admittedAt, table.requestId).where(isUnsuccessful(table.status)),
  ],
);

/** What is owed. Rows are never changed or deleted; balances are derived from them. */
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
    /** Null: the deployment has no price. May be negative in an adjustment. */
    nanoUsd: bigint('nano_usd', { mode: 'number' }),
    /** The service tier or speed whose rates applied; null: the ordinary ones. */
    serviceTier: text('service_tier'),
    /** Names of the units that were used and have no price, joined by commas; null: none. */
    unpricedUnits: text('unpriced_units'),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.admittedAt, table.requestId, table.attempt, table.kind] }),
    index('ledger_key').on(table.organizationId, table.keyId, table.admittedAt),
    index('ledger_newest').on(table.admittedAt),
  ],
);

/** Prompt and answer, sealed under the organization's content key, only where its `audit.content` says so. */
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
