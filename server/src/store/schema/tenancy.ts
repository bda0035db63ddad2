/** The tenancy tree. The organization is the shard key: it comes first in every key, index and reference below it. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { CALLER_TAGS } from '../../domain/access/tags.ts';
import type { OwnKeysPeriod } from '../../domain/money/own-key-budget.ts';
import { OWN_DEPLOYMENTS } from '../../domain/routing/own.ts';
import { CACHE_SCOPES, KEY_KINDS, MIRRORING, RESPONSES_SCOPES } from '../../domain/tenancy/tenancy.ts';
import { END_USERS } from '../../domain/usage/attribution.ts';
import type { StoredLabelLimit, StoredModelLimit, StoredPeriod, StoredRateLimits } from '../configuration/policy-columns.ts';
import { accounts } from './accounts.ts';
import { bytes, createdAt, instant, metadata, names, updatedAt } from './columns.ts';

/** The rate limits of a scope; budgets have their own table. Read and write them only through policy-columns.ts. */
const policy = () => ({
  rateLimits: jsonb('rate_limits').$type<StoredRateLimits>().notNull().default({}),
  modelLimits: jsonb('model_limits').$type<readonly StoredModelLimit[]>().notNull().default([]),
});

/** The access choice of a scope below the organization: it inherits its parent's access or restricts it. */
const narrowing = () => ({
  accessMode: text('access_mode', { enum: ['inherit', 'restrict'] })
    .notNull()
    .default('inherit'),
  accessTargets: names('access_targets'),
  accessGroups: names('access_groups'),
});

/**
 * The tags that a level adds to its requests (domain/access/tags.ts), and its limits by tag and end user. A version before neither
 * reads nor writes `label_limits` and `require_end_user`.
 */
const labelling = () => ({
  defaultTags: names('default_tags'),
  requiredTags: names('required_tags'),
  requireEndUser: boolean('require_end_user').notNull().default(false),
  labelLimits: jsonb('label_limits').$type<readonly StoredLabelLimit[]>().notNull().default([]),
});

const version = () => bigint('version', { mode: 'number' }).notNull().default(1);

/** The rules by which members may create their own keys in a team, and the bounds of such keys. */
export interface StoredSelfService {
  readonly enabled?: boolean;
  /** Members may log in while `enabled` is false. A replica of the version before, which does not know it, then refuses both. */
  readonly loginsOnly?: boolean;
  readonly maxKeysPerMember?: number;
  readonly maxExpiryDays?: number;
  readonly maxBudgetNanoUsd?: number;
  /** Absent means a month: an earlier version stored only the amount. */
  readonly maxBudgetPeriod?: OwnKeysPeriod;
  readonly [more: string]: unknown;
}

/**
 * The tenant. Its row is never deleted, so that ids and slugs are not reused. `contentKey` null: its stored content cannot be
 * read.
 */
export const organizations = pgTable(
  'organizations',
  {
    id: text('id').primaryKey(),
    slug: text('slug').notNull(),
    name: text('name').notNull(),
    status: text('status', { enum: ['active', 'suspended', 'archived', 'deleted'] })
      .notNull()
      .default('active'),
    timeZone: text('time_zone').notNull().default('UTC'),
    ...policy(),
    accessMode: text('access_mode', { enum: ['all', 'selected'] })
      .notNull()
      .default('selected'),
    accessTargets: names('access_targets'),
    accessGroups: names('access_groups'),
    ...labelling(),
    auditContent: text('audit_content', { enum: ['off', 'metadata', 'redacted', 'full'] })
      .notNull()
      .default('off'),
    contentRetentionDays: integer('content_retention_days'),
    eventRetentionDays: integer('event_retention_days'),
    /** The choice to store answers of the Responses API, and the keys that find them. A version before stores none. */
    responsesStorage: text('responses_storage', { enum: ['off', 'keep'] })
      .notNull()
      .default('off'),
    responsesScope: text('responses_scope', { enum: RESPONSES_SCOPES }).notNull().default('team'),
    /** The choice to allow files and batches, and the keys that find them. */
    batches: text('batches', { enum: ['off', 'on'] })
      .notNull()
      .default('on'),
    filesScope: text('files_scope', { enum: RESPONSES_SCOPES }).notNull().default('team'),
    /** The keys that get an answer of the exact cache again; null: none is kept. Another epoch forgets those kept before. */
    cacheScope: text('cache_scope', { enum: CACHE_SCOPES }),
    cacheEpoch: integer('cache_epoch').notNull().default(0),
    /** The use of the organization's own deployments: domain/routing/own.ts. */
    ownDeployments: text('own_deployments', { enum: OWN_DEPLOYMENTS }).notNull().default('own_first'),
    /** How the end users of requests are stored. A version before stores none. */
    endUsers: text('end_users', { enum: END_USERS }).notNull().default('hashed'),
    /** The choice to let copies of requests go to mirrors. A version before sends none. */
    mirroring: text('mirroring', { enum: MIRRORING }).notNull().default('refuse'),
    metadata: metadata(),
    contentKey: bytes('content_key'),
    /** The key that wraps `contentKey`: the master key in rows of earlier versions, or the installation's data key `content`. */
    contentKeyBy: text('content_key_by', { enum: ['master', 'installation'] })
      .notNull()
      .default('master'),
    version: version(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    archivedAt: instant('archived_at'),
    deletedAt: instant('deleted_at'),
  },
  (table) => [
    uniqueIndex('organizations_slug').on(table.slug),
    index('organizations_name').on(sql`(lower(${table.name}) collate "C")`, table.id),
    index('organizations_slug_prefix').on(sql`(lower(${table.slug}) collate "C")`, table.id),
    index('organizations_created_at').on(table.createdAt, table.id),
    check('organizations_status', sql`${table.status} in ('active', 'suspended', 'archived', 'deleted')`),
    check('organizations_access_mode', sql`${table.accessMode} in ('all', 'selected')`),
    check('organizations_cache_scope', sql`${table.cacheScope} in ('key', 'team', 'organization')`),
    check('organizations_content_key_by', sql`${table.contentKeyBy} in ('master', 'installation')`),
  ],
);

/** The organization of each id below it, for URLs that do not name it (`/teams/{id}`). Triggers write it; rows never change. */
export const tenantObjects = pgTable('tenant_objects', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
});

export const teams = pgTable(
  'teams',
  {
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    id: text('id').notNull(),
    name: text('name').notNull(),
    status: text('status', { enum: ['active', 'suspended'] })
      .notNull()
      .default('active'),
    ...policy(),
    ...narrowing(),
    ...labelling(),
    selfService: jsonb('self_service').$type<StoredSelfService>().notNull().default({}),
    metadata: metadata(),
    version: version(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: instant('deleted_at'),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.id] }),
    index('teams_name').on(table.organizationId, sql`(lower(${table.name}) collate "C")`, table.id),
    index('teams_name_everywhere').on(sql`(lower(${table.name}) collate "C")`, table.id),
    index('teams_id').on(table.id),
    check('teams_status', sql`${table.status} in ('active', 'suspended')`),
    check('teams_access_mode', sql`${table.accessMode} in ('inherit', 'restrict')`),
  ],
);

/**
 * An account's membership, and the user scope of requests with keys it owns. The row of a removed member stays and can be
 * restored.
 */
export const memberships = pgTable(
  'memberships',
  {
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    id: text('id').notNull(),
    accountId: text('account_id')
      .notNull()
      .references(() => accounts.id),
    role: text('role').notNull(),
    status: text('status', { enum: ['active', 'disabled', 'removed'] })
      .notNull()
      .default('active'),
    ...policy(),
    ...narrowing(),
    /** The identity provider (its id) or SCIM directory (`scim`) that gave the present role; null: a person did. */
    managedBy: text('managed_by'),
    metadata: metadata(),
    version: version(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    removedAt: instant('removed_at'),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.id] }),
    uniqueIndex('memberships_account').on(table.organizationId, table.accountId),
    index('memberships_role').on(table.organizationId, table.role, table.status),
    check('memberships_status', sql`${table.status} in ('active', 'disabled', 'removed')`),
    check('memberships_access_mode', sql`${table.accessMode} in ('inherit', 'restrict')`),
  ],
);

export const teamMembers = pgTable(
  'team_members',
  {
    organizationId: text('organization_id').notNull(),
    teamId: text('team_id').notNull(),
    membershipId: text('membership_id').notNull(),
    role: text('role').notNull(),
    /** As in `memberships`. */
    managedBy: text('managed_by'),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.teamId, table.membershipId] }),
    index('team_members_membership').on(table.organizationId, table.membershipId),
    foreignKey({ columns: [table.organizationId, table.teamId], foreignColumns: [teams.organizationId, teams.id] }),
    foreignKey({
      columns: [table.organizationId, table.membershipId],
      foreignColumns: [memberships.organizationId, memberships.id],
    }),
  ],
);

/**
 * A service account that owns keys and never signs in. A team has at most one default, made with its first key without an owner.
 */
export const serviceAccounts = pgTable(
  'service_accounts',
  {
    organizationId: text('organization_id').notNull(),
    id: text('id').notNull(),
    teamId: text('team_id').notNull(),
    name: text('name').notNull(),
    isDefault: boolean('is_default').notNull().default(false),
    status: text('status', { enum: ['active', 'disabled'] })
      .notNull()
      .default('active'),
    metadata: metadata(),
    version: version(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: instant('deleted_at'),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.id] }),
    index('service_accounts_team').on(table.organizationId, table.teamId, table.id),
    uniqueIndex('service_accounts_default')
      .on(table.organizationId, table.teamId)
      .where(sql`${table.isDefault} and ${table.deletedAt} is null`),
    foreignKey({ columns: [table.organizationId, table.teamId], foreignColumns: [teams.organizationId, teams.id] }),
    check('service_accounts_status', sql`${table.status} in ('active', 'disabled')`),
  ],
);

/** A key that an application presents. The hashes of its secrets are in key_secrets. The row stays when the key is revoked. */
export const keys = pgTable(
  'keys',
  {
    organizationId: text('organization_id').notNull(),
    id: text('id').notNull(),
    teamId: text('team_id').notNull(),
    name: text('name').notNull(),
    /** `login`: made by a person's login on a device. `workload`: made by a trust rule. A version before reads all as `api`. */
    kind: text('kind', { enum: KEY_KINDS }).notNull().default('api'),
    ownerMembershipId: text('owner_membership_id'),
    ownerServiceAccountId: text('owner_service_account_id'),
    status: text('status', { enum: ['active', 'disabled', 'revoked'] })
      .notNull()
      .default('active'),
    expiresAt: instant('expires_at'),
    prefix: text('prefix').notNull(),
    lastFour: text('last_four').notNull(),
    ...policy(),
    ...narrowing(),
    ...labelling(),
    callerTags: text('caller_tags', { enum: CALLER_TAGS }).notNull().default('route'),
    metadata: metadata(),
    version: version(),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    revokedAt: instant('revoked_at'),
    lastUsedAt: instant('last_used_at'),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.id] }),
    index('keys_team').on(table.organizationId, table.teamId, table.id),
    index('keys_member').on(table.organizationId, table.ownerMembershipId).where(sql`${table.ownerMembershipId} is not null`),
    index('keys_service_account')
      .on(table.organizationId, table.ownerServiceAccountId)
      .where(sql`${table.ownerServiceAccountId} is not null`),
    index('keys_name').on(table.organizationId, sql`(lower(${table.name}) collate "C")`, table.id),
    // For lists over all tenants. Most keys are active, so an index by status is worth it only for the others.
    index('keys_id').on(table.id),
    index('keys_name_everywhere').on(sql`(lower(${table.name}) collate "C")`, table.id),
    index('keys_inactive').on(table.status, table.id).where(sql`${table.status} <> 'active'`),
    index('keys_inactive_name')
      .on(table.status, sql`(lower(${table.name}) collate "C")`, table.id)
      .where(sql`${table.status} <> 'active'`),
    foreignKey({ columns: [table.organizationId, table.teamId], foreignColumns: [teams.organizationId, teams.id] }),
    foreignKey({
      columns: [table.organizationId, table.ownerMembershipId],
      foreignColumns: [memberships.organizationId, memberships.id],
    }),
    foreignKey({
      columns: [table.organizationId, table.ownerServiceAccountId],
      foreignColumns: [serviceAccounts.organizationId, serviceAccounts.id],
    }),
    check('keys_have_one_owner', sql`num_nonnulls(${table.ownerMembershipId}, ${table.ownerServiceAccountId}) = 1`),
    check('keys_kind', sql`${table.kind} in ('api', 'login', 'workload')`),
    check('keys_status', sql`${table.status} in ('active', 'disabled', 'revoked')`),
    check('keys_caller_tags', sql`${table.callerTags} in ('route', 'attribute', 'refuse')`),
    check('keys_access_mode', sql`${table.accessMode} in ('inherit', 'restrict')`),
  ],
);

/**
 * The secrets of keys. Global: a lookup here finds the tenant. A rotation with overlap adds a row and sets `validUntil` of the
 * older.
 */
export const keySecrets = pgTable(
  'key_secrets',
  {
    hash: bytes('hash').primaryKey(),
    /** The name of the pepper of the hash (`pepperName`). Null: the first pepper. */
    pepper: text('pepper'),
    organizationId: text('organization_id').notNull(),
    keyId: text('key_id').notNull(),
    validUntil: instant('valid_until'),
    createdAt: createdAt(),
  },
  (table) => [index('key_secrets_key').on(table.organizationId, table.keyId)],
);

/** A budget: money per period at one scope. The row of a deleted one stays, because alerts and old answers name it. */
export const budgets = pgTable(
  'budgets',
  {
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    id: text('id').notNull(),
    scope: text('scope', { enum: ['organization', 'team', 'user', 'key'] }).notNull(),
    scopeId: text('scope_id').notNull(),
    amountNanoUsd: bigint('amount_nano_usd', { mode: 'number' }).notNull(),
    period: jsonb('period').$type<StoredPeriod>().notNull(),
    matchTarget: text('match_target'),
    matchAccessGroup: text('match_access_group'),
    thresholds: integer('thresholds').array().notNull(),
    action: text('action', { enum: ['block', 'alert'] }).notNull(),
    clampOutput: boolean('clamp_output').notNull().default(false),
    position: integer('position').notNull().default(0),
    createdAt: createdAt(),
    /**
     * The last change of amount, period, target or thresholds. Earlier spend may have passed a threshold that has not alerted.
     */
    changedAt: instant('changed_at').notNull().defaultNow(),
    deletedAt: instant('deleted_at'),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.id] }),
    index('budgets_scope').on(table.organizationId, table.scope, table.scopeId, table.position),
    check('budgets_scope_name', sql`${table.scope} in ('organization', 'team', 'user', 'key')`),
    check('budgets_action', sql`${table.action} in ('block', 'alert')`),
    check('budgets_amount', sql`${table.amountNanoUsd} between 0 and 9000000000000000`),
    check('budgets_have_one_match', sql`num_nonnulls(${table.matchTarget}, ${table.matchAccessGroup}) <= 1`),
  ],
);

/** A threshold that has alerted in a period. Each alerts once per period. */
export const budgetAlerts = pgTable(
  'budget_alerts',
  {
    organizationId: text('organization_id').notNull(),
    budgetId: text('budget_id').notNull(),
    periodStart: instant('period_start').notNull(),
    threshold: integer('threshold').notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.budgetId, table.periodStart, table.threshold] })],
);
