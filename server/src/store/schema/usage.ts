/** Sums of usage. The ledger writer writes them in the transaction of the ledger rows that they add up. */
import { sql } from 'drizzle-orm';
import { bigint, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { NAME_KINDS } from '../../domain/usage/attribution.ts';
import { createdAt, instant } from './columns.ts';

const count = (name: string) => bigint(name, { mode: 'number' }).notNull().default(0);

/** Tokens of the common buckets. `totalTokens` includes other buckets too; `other_usage` of the single rows has those by name. */
export const tokenCounts = () => ({
  inputTokens: count('input_tokens'),
  cachedInputTokens: count('cached_input_tokens'),
  cacheWriteTokens: count('cache_write_tokens'),
  outputTokens: count('output_tokens'),
  reasoningTokens: count('reasoning_tokens'),
  totalTokens: count('total_tokens'),
});

const usageSums = () => ({
  /** Settled requests. They do not include `estimated_requests` and `refused_requests`. */
  requests: count('requests'),
  estimatedRequests: count('estimated_requests'),
  refusedRequests: count('refused_requests'),
  /** The requests that a request limit counted: every admitted one, whatever its outcome. */
  admitted: count('admitted'),
  ...tokenCounts(),
  spendNanoUsd: count('spend_nano_usd'),
  unpricedRequests: count('unpriced_requests'),
});

/** Sums per 15 minutes of the admission. An absent dimension is the empty string, so that the key needs no nulls. */
export const rollups = pgTable(
  'rollups',
  {
    organizationId: text('organization_id').notNull(),
    bucketStart: instant('bucket_start').notNull(),
    teamId: text('team_id').notNull(),
    keyId: text('key_id').notNull(),
    memberId: text('member_id').notNull().default(''),
    serviceAccountId: text('service_account_id').notNull().default(''),
    calledName: text('called_name').notNull(),
    deploymentId: text('deployment_id').notNull().default(''),
    provider: text('provider').notNull().default(''),
    ...usageSums(),
  },
  (table) => [
    primaryKey({
      columns: [
        table.organizationId,
        table.bucketStart,
        table.teamId,
        table.keyId,
        table.memberId,
        table.serviceAccountId,
        table.calledName,
        table.deploymentId,
        table.provider,
      ],
    }),
    index('rollups_member').on(table.organizationId, table.memberId, table.bucketStart).where(sql`${table.memberId} <> ''`),
    index('rollups_key').on(table.organizationId, table.keyId, table.bucketStart),
    // For queries over every organization.
    index('rollups_time').on(table.bucketStart),
  ],
);

/**
 * Sums per hour and team, without keys and people. An organization's month is a few thousand rows, however many keys it has.
 * Triggers on `rollups` keep them current.
 */
export const teamRollups = pgTable(
  'team_rollups',
  {
    organizationId: text('organization_id').notNull(),
    hourStart: instant('hour_start').notNull(),
    teamId: text('team_id').notNull(),
    calledName: text('called_name').notNull(),
    deploymentId: text('deployment_id').notNull(),
    provider: text('provider').notNull(),
    ...usageSums(),
  },
  (table) => [
    primaryKey({
      name: 'team_rollups_pk',
      columns: [table.organizationId, table.hourStart, table.teamId, table.calledName, table.deploymentId, table.provider],
    }),
    index('team_rollups_time').on(table.hourStart),
  ],
);

/** Sums per UTC day and organization: about thirty rows a month. Triggers on `team_rollups` keep them current. */
export const organizationDays = pgTable(
  'organization_days',
  {
    organizationId: text('organization_id').notNull(),
    dayStart: instant('day_start').notNull(),
    ...usageSums(),
  },
  (table) => [
    primaryKey({ name: 'organization_days_pk', columns: [table.organizationId, table.dayStart] }),
    index('organization_days_day').on(table.dayStart),
  ],
);

/** Sums per 15 minutes of the whole platform, without tenants. Triggers on `rollups` keep them current. */
export const platformRollups = pgTable(
  'platform_rollups',
  {
    bucketStart: instant('bucket_start').notNull(),
    calledName: text('called_name').notNull(),
    deploymentId: text('deployment_id').notNull(),
    provider: text('provider').notNull(),
    ...usageSums(),
  },
  (table) => [
    primaryKey({
      name: 'platform_rollups_pk',
      columns: [table.bucketStart, table.calledName, table.deploymentId, table.provider],
    }),
  ],
);

/**
 * Usage per 15 minutes in units without a column in the rollups: tokens of rarer buckets, searches, images, seconds. One row per
 * unit, so that a new unit needs no column and a request without such units adds no row. Written with the rollups.
 */
export const unitRollups = pgTable(
  'unit_rollups',
  {
    organizationId: text('organization_id').notNull(),
    bucketStart: instant('bucket_start').notNull(),
    teamId: text('team_id').notNull(),
    keyId: text('key_id').notNull(),
    memberId: text('member_id').notNull().default(''),
    serviceAccountId: text('service_account_id').notNull().default(''),
    calledName: text('called_name').notNull(),
    deploymentId: text('deployment_id').notNull().default(''),
    provider: text('provider').notNull().default(''),
    unit: text('unit').notNull(),
    /** Attempts that used it. */
    uses: count('uses'),
    quantity: count('quantity'),
    /** The part of `quantity` that had no price. */
    unpricedQuantity: count('unpriced_quantity'),
  },
  (table) => [
    primaryKey({
      name: 'unit_rollups_pk',
      columns: [
        table.organizationId,
        table.bucketStart,
        table.teamId,
        table.keyId,
        table.memberId,
        table.serviceAccountId,
        table.calledName,
        table.deploymentId,
        table.provider,
        table.unit,
      ],
    }),
    index('unit_rollups_time').on(table.bucketStart),
  ],
);

/**
 * Usage per 15 minutes of requests with tags: one row per tag, and one with an empty tag. In the latter, each of these requests
 * counts once. A request without tags adds no row. A row with a unit counts usage in that unit; a row without one adds up
 * everything else. Written with the rollups.
 */
export const tagRollups = pgTable(
  'tag_rollups',
  {
    organizationId: text('organization_id').notNull(),
    bucketStart: instant('bucket_start').notNull(),
    teamId: text('team_id').notNull(),
    keyId: text('key_id').notNull(),
    memberId: text('member_id').notNull().default(''),
    serviceAccountId: text('service_account_id').notNull().default(''),
    calledName: text('called_name').notNull(),
    deploymentId: text('deployment_id').notNull().default(''),
    provider: text('provider').notNull().default(''),
    tag: text('tag').notNull(),
    unit: text('unit').notNull().default(''),
    ...usageSums(),
    uses: count('uses'),
    quantity: count('quantity'),
    /** The part of `quantity` that had no price. */
    unpricedQuantity: count('unpriced_quantity'),
  },
  (table) => [
    primaryKey({
      name: 'tag_rollups_pk',
      columns: [
        table.organizationId,
        table.bucketStart,
        table.teamId,
        table.keyId,
        table.memberId,
        table.serviceAccountId,
        table.calledName,
        table.deploymentId,
        table.provider,
        table.tag,
        table.unit,
      ],
    }),
    // For one tag over all time, and for queries over every organization.
    index('tag_rollups_tag').on(table.organizationId, table.tag, table.bucketStart),
    index('tag_rollups_time').on(table.bucketStart),
  ],
);

/**
 * Usage per 15 minutes of requests that say something about their origin. A request adds to one row for its end user, one for its
 * session and one for its client, as far as it names them; a row of the kind `client` has no name. A request that says nothing adds no
 * row. A row with a unit counts usage in that unit; a row without one adds up everything else. Written with the rollups.
 */
export const attributionRollups = pgTable(
  'attribution_rollups',
  {
    organizationId: text('organization_id').notNull(),
    bucketStart: instant('bucket_start').notNull(),
    teamId: text('team_id').notNull(),
    keyId: text('key_id').notNull(),
    memberId: text('member_id').notNull().default(''),
    serviceAccountId: text('service_account_id').notNull().default(''),
    calledName: text('called_name').notNull(),
    deploymentId: text('deployment_id').notNull().default(''),
    provider: text('provider').notNull().default(''),
    kind: text('kind', { enum: ['end_user', 'session', 'client'] }).notNull(),
    /** A name of `usageNames`, or `other`. */
    name: text('name').notNull().default(''),
    /** A client of CLIENTS; empty for any other. */
    client: text('client').notNull().default(''),
    unit: text('unit').notNull().default(''),
    ...usageSums(),
    uses: count('uses'),
    quantity: count('quantity'),
    /** The part of `quantity` that had no price. */
    unpricedQuantity: count('unpriced_quantity'),
  },
  (table) => [
    primaryKey({
      name: 'attribution_rollups_pk',
      columns: [
        table.organizationId,
        table.kind,
        table.bucketStart,
        table.name,
        table.client,
        table.teamId,
        table.keyId,
        table.memberId,
        table.serviceAccountId,
        table.calledName,
        table.deploymentId,
        table.provider,
        table.unit,
      ],
    }),
    // For queries over every organization.
    index('attribution_rollups_time').on(table.kind, table.bucketStart),
  ],
);

/** The names of callers that usage tells apart, of each kind and period. Their number is bounded: NAMES_MAX. */
export const usageNames = pgTable(
  'usage_names',
  {
    organizationId: text('organization_id').notNull(),
    kind: text('kind', { enum: NAME_KINDS }).notNull(),
    /** The start of the day or the month, in UTC. */
    period: instant('period').notNull(),
    name: text('name').notNull(),
  },
  (table) => [primaryKey({ name: 'usage_names_pk', columns: [table.organizationId, table.kind, table.period, table.name] })],
);

/** The number of names of each kind and period. Its row is locked while names are added. */
export const usageNameCounts = pgTable(
  'usage_name_counts',
  {
    organizationId: text('organization_id').notNull(),
    kind: text('kind', { enum: NAME_KINDS }).notNull(),
    period: instant('period').notNull(),
    names: integer('names').notNull(),
    /** The number before the latest batch, by which that batch knows how many of its names there is room for. */
    namesBefore: integer('names_before').notNull().default(0),
  },
  (table) => [primaryKey({ name: 'usage_name_counts_pk', columns: [table.organizationId, table.kind, table.period] })],
);

/**
 * Attempts per 15 minutes that the rollups do not count, and errors. A request counts in the rollups at the deployment that
 * answered, as one attempt. `attempts` are those beyond it: failed ones, and −1 where no attempt was made because the gateway
 * answered itself. Only requests whose attempts are listed add rows. Requests of earlier versions list none, so their errors are
 * not here. Written with the rollups.
 */
export const attemptRollups = pgTable(
  'attempt_rollups',
  {
    organizationId: text('organization_id').notNull(),
    bucketStart: instant('bucket_start').notNull(),
    teamId: text('team_id').notNull(),
    memberId: text('member_id').notNull().default(''),
    deploymentId: text('deployment_id').notNull(),
    provider: text('provider').notNull(),
    attempts: count('attempts'),
    /** The attempts that failed: refused by the provider, without a usable answer, or broken off. */
    errors: count('errors'),
    /** The part of `errors` that the provider blamed on the request. */
    callerErrors: count('caller_errors'),
    /** The end of the last error, and its request. */
    lastErrorAt: instant('last_error_at'),
    lastErrorRequestId: text('last_error_request_id'),
    /** The ends of the first and the last error that was not the caller's. */
    firstFaultAt: instant('first_fault_at'),
    lastFaultAt: instant('last_fault_at'),
  },
  (table) => [
    primaryKey({
      name: 'attempt_rollups_pk',
      columns: [table.organizationId, table.bucketStart, table.teamId, table.memberId, table.deploymentId, table.provider],
    }),
    // For one deployment over every organization.
    index('attempt_rollups_deployment').on(table.deploymentId, table.bucketStart),
    index('attempt_rollups_time').on(table.bucketStart),
  ],
);

/**
 * The shapes that decisions name by id: their rules, or the effect of tags on a called name. A decision stays readable after
 * edits.
 */
export const decisionShapes = pgTable(
  'decision_shapes',
  {
    organizationId: text('organization_id').notNull(),
    shapeId: text('shape_id').notNull(),
    rules: jsonb('rules').$type<unknown>().notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.shapeId] })],
);
