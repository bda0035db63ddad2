/** Usage added up. Rows are written by the ledger writer in the transaction of the ledger rows they add up. */
import { sql } from 'drizzle-orm';
import { bigint, index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { createdAt, instant } from './columns.ts';

const count = (name: string) => bigint(name, { mode: 'number' }).notNull().default(0);

/** Tokens of the everyday buckets. What falls in another bucket is in `totalTokens` too, and by name in `other_usage` of the single rows. */
export const tokenCounts = () => ({
  inputTokens: count('input_tokens'),
  cachedInputTokens: count('cached_input_tokens'),
  cacheWriteTokens: count('cache_write_tokens'),
  outputTokens: count('output_tokens'),
  reasoningTokens: count('reasoning_tokens'),
  totalTokens: count('total_tokens'),
});

const usageSums = () => ({
  /** Settled requests; `estimated_requests` and `refused_requests` stand beside them, not in them. */
  requests: count('requests'),
  estimatedRequests: count('estimated_requests'),
  refusedRequests: count('refused_requests'),
  /** What a request limit counted: every request that was let in, however it ended. */
  admitted: count('admitted'),
  ...tokenCounts(),
  spendNanoUsd: count('spend_nano_usd'),
  unpricedRequests: count('unpriced_requests'),
});

/** Per 15 minutes of the admission. An absent dimension is the empty string, so that the key needs no nulls. */
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
    // For what is asked of every organization at once.
    index('rollups_time').on(table.bucketStart),
  ],
);

/**
 * Per hour and team, without keys and people: an organization's month is a few thousand of these, however many keys it has. Kept by
 * triggers on `rollups`, so that whoever writes those keeps both.
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

/** Per day of UTC and organization: thirty rows are its month. Kept by triggers on `team_rollups`. */
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

/** Per 15 minutes without tenants: what the whole platform used, however many organizations it has. Kept by triggers on `rollups`. */
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
 * What was used in units that have no column in the rollups, per 15 minutes: tokens of the rarer buckets, searches, images, seconds. A row
 * a unit, so that a new unit needs no column and a request that uses none costs nothing. Written with the rollups.
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
 * What requests with tags used, per 15 minutes: a row a tag, so that a request without tags costs nothing, and one with an empty tag in which
 * each of these requests counts once. A row with a unit says what was used in it; one without adds up everything else. Written with the rollups.
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
    // For a tag over all of its time, and for what is asked of every organization at once.
    index('tag_rollups_tag').on(table.organizationId, table.tag, table.bucketStart),
    index('tag_rollups_time').on(table.bucketStart),
  ],
);

/** What a shape id stands for that decisions name: the rules, or what tags made of a called name,, so that a decision stays readable after they were edited. */
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
