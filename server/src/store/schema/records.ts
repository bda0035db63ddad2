/**
 * One row per request, and one per attempt that used something. Partitioned by the month of `admitted_at`. The migrations are
 * written by hand, because drizzle-kit does not know partitions: keep both in step. partitions.ts creates a partition before any
 * row needs it. Readers use the views of record-views.ts, which also contain the rows of the version before. Its tables,
 * `request_log` and `ledger`, are described in the migrations only: nothing but triggers and those views uses them.
 */
import { isNotNull, type SQLWrapper, sql } from 'drizzle-orm';
import { bigint, boolean, customType, index, integer, jsonb, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { bytes, createdAt, instant } from './columns.ts';

export const REQUEST_STATUSES = ['succeeded', 'failed', 'refused', 'cancelled', 'estimated'] as const;
export const LEDGER_KINDS = ['usage', 'estimated', 'adjustment'] as const;

/** Amounts by unit, for units without a column. */
export type OtherUsage = Readonly<Record<string, number>>;

const transactionId = customType<{ data: string; driverData: string }>({ dataType: () => 'xid8' });

/** Tokens of the common buckets. Null is 0: it takes no room. `total_tokens` includes other buckets too. */
const tokens = () => ({
  totalTokens: bigint('total_tokens', { mode: 'number' }).notNull().default(0),
  inputTokens: bigint('input_tokens', { mode: 'number' }),
  outputTokens: bigint('output_tokens', { mode: 'number' }),
  cachedInputTokens: bigint('cached_input_tokens', { mode: 'number' }),
  cacheWriteTokens: bigint('cache_write_tokens', { mode: 'number' }),
  reasoningTokens: bigint('reasoning_tokens', { mode: 'number' }),
});

/** Ids as `short_id` makes them: the 16 bytes of the UUID. Team, key and people are those at the time of the request. */
const ids = () => ({
  organizationId: bytes('organization_id').notNull(),
  requestId: bytes('request_id').notNull(),
  teamId: bytes('team_id').notNull(),
  keyId: bytes('key_id').notNull(),
  memberId: bytes('member_id'),
  serviceAccountId: bytes('service_account_id'),
});

/** Returns the condition for requests that did not succeed. A query needs exactly this text to use the partial index. */
export const isUnsuccessful = (status: SQLWrapper) => sql`${status} <> 'succeeded'`;

export const requestRecords = pgTable(
  'request_records',
  {
    admittedAt: instant('admitted_at').notNull(),
    /** The transaction that stored the row, for readers that must not miss one. */
    storedBy: transactionId('stored_by').notNull().default(sql`pg_current_xact_id()`),
    /** Sums over the request's attempts, like the spend, so that a list needs no join. */
    ...tokens(),
    /** Null when no attempt cost anything or an attempt is unpriced. */
    nanoUsd: bigint('nano_usd', { mode: 'number' }),
    gatewayUs: integer('gateway_us').notNull(),
    providerMs: integer('provider_ms'),
    firstTokenMs: integer('first_token_ms'),
    /** The number of requests in this row. Repeated refusals of one key by one rule share a row; `repeatIds` lists their ids. */
    count: integer('count').notNull().default(1),
    httpStatus: smallint('http_status').notNull(),
    attempts: smallint('attempts').notNull(),
    stream: boolean('stream').notNull(),
    /** True if the request has a spend and something that it used had no price. */
    partlyPriced: boolean('partly_priced').notNull().default(false),
    ...ids(),
    /** The deployment that answered. Null: none did. */
    deploymentId: bytes('deployment_id'),
    calledName: text('called_name').notNull(),
    status: text('status', { enum: REQUEST_STATUSES }).notNull(),
    endpoint: text('endpoint').notNull(),
    decision: text('decision').notNull(),
    code: text('code'),
    param: text('param'),
    finishReason: text('finish_reason'),
    clientRequestId: text('client_request_id'),
    otherUsage: jsonb('other_usage').$type<OtherUsage>(),
    /** Null: none. */
    repeatIds: text('repeat_ids').array(),
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
    /**
     * What the request says about its origin: its end user as the organization stores end users, its session, and its client, one of
     * CLIENTS. Null: nothing, and always in rows of earlier versions.
     */
    endUser: text('end_user'),
    session: text('session'),
    client: text('client'),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.admittedAt, table.requestId] }),
    index('request_records_key').on(table.keyId, table.admittedAt),
    index('request_records_team').on(table.teamId, table.admittedAt),
    // The rest are filters of lists. Few requests have a code or did not succeed, so those indexes are small.
    index('request_records_newest').on(table.admittedAt),
    index('request_records_model').on(table.calledName, table.admittedAt),
    index('request_records_deployment').on(table.deploymentId, table.admittedAt).where(isNotNull(table.deploymentId)),
    index('request_records_code').on(table.code, table.admittedAt).where(isNotNull(table.code)),
    index('request_records_unsuccessful').on(table.status, table.admittedAt).where(isUnsuccessful(table.status)),
    index('request_records_status').on(table.organizationId, table.status, table.admittedAt).where(isUnsuccessful(table.status)),
  ],
);

/** The usage and the spend of each attempt. Rows are never changed or deleted; all balances derive from them. */
export const ledgerRecords = pgTable(
  'ledger_records',
  {
    admittedAt: instant('admitted_at').notNull(),
    createdAt: createdAt(),
    ...tokens(),
    /** The spend. Null if the deployment has no price. It may be negative in an adjustment. */
    nanoUsd: bigint('nano_usd', { mode: 'number' }),
    attempt: smallint('attempt').notNull(),
    ...ids(),
    deploymentId: bytes('deployment_id').notNull(),
    priceId: bytes('price_id'),
    kind: text('kind', { enum: LEDGER_KINDS }).notNull(),
    calledName: text('called_name').notNull(),
    provider: text('provider').notNull(),
    upstreamModel: text('upstream_model').notNull(),
    otherUsage: jsonb('other_usage').$type<OtherUsage>(),
    /** The service tier or speed whose rates applied. Null: the ordinary rates. */
    serviceTier: text('service_tier'),
    /** The names of used units without a price, joined by commas. Null: none. */
    unpricedUnits: text('unpriced_units'),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.admittedAt, table.requestId, table.attempt, table.kind] }),
    index('ledger_records_key').on(table.keyId, table.admittedAt),
    index('ledger_records_newest').on(table.admittedAt),
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

/** The partitioned tables, by name. The last two are those of the version before. */
export const PARTITIONED_TABLES = ['request_records', 'ledger_records', 'request_content', 'request_log', 'ledger'] as const;
