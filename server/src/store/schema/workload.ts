/**
 * Workload identity: the issuers whose tokens an organization trusts, and the rules by which a token gets a key. A version before
 * knows none of these tables.
 */
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
import type { TrustCondition } from '../../domain/identity/trust.ts';
import { KEY_SOURCES, TRUST_STATUSES } from '../../domain/identity/trust-words.ts';
import type { BudgetColumns, StoredRateLimits } from '../configuration/policy-columns.ts';
import { createdAt, instant, names, updatedAt } from './columns.ts';
import { keys, organizations, teams } from './tenancy.ts';

const version = () => bigint('version', { mode: 'number' }).notNull().default(1);

/** An issuer of tokens that an organization trusts. */
export const trustedIssuers = pgTable(
  'trusted_issuers',
  {
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    id: text('id').notNull(),
    name: text('name').notNull(),
    /** The claim `iss`. Compared exactly. */
    issuer: text('issuer').notNull(),
    keySource: text('key_source', { enum: KEY_SOURCES }).notNull(),
    /** The address of the key set, if `key_source` is `url`. */
    keysUrl: text('keys_url'),
    /** The key set as JSON, if `key_source` is `pasted`. Public keys only. */
    pastedKeys: text('pasted_keys'),
    algorithms: names('algorithms'),
    /** The accepted values of the header `typ`, in lower case. A token without the header counts as `jwt`. */
    tokenTypes: names('token_types'),
    lifeSecondsMax: integer('life_seconds_max').notNull(),
    /** True if a token is also accepted in place of a key's secret, without an exchange. */
    isDirect: boolean('is_direct').notNull().default(false),
    status: text('status', { enum: TRUST_STATUSES }).notNull().default('active'),
    version: version(),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.id] }),
    uniqueIndex('trusted_issuers_id').on(table.id),
    uniqueIndex('trusted_issuers_issuer').on(table.organizationId, table.issuer),
    check('trusted_issuers_key_source', sql`${table.keySource} in ('discovery', 'url', 'pasted')`),
    check('trusted_issuers_status', sql`${table.status} in ('active', 'disabled')`),
    check('trusted_issuers_life', sql`${table.lifeSecondsMax} between 60 and 3600`),
  ],
);

/** The key set that was last fetched for an issuer. A change of the issuer's `issuer` or source deletes the row. */
export const trustedIssuerKeys = pgTable(
  'trusted_issuer_keys',
  {
    organizationId: text('organization_id').notNull(),
    issuerId: text('issuer_id').notNull(),
    /** The key set as JSON. Public. */
    keySet: text('key_set').notNull(),
    fetchedAt: instant('fetched_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.issuerId] }),
    foreignKey({
      columns: [table.organizationId, table.issuerId],
      foreignColumns: [trustedIssuers.organizationId, trustedIssuers.id],
    }).onDelete('cascade'),
  ],
);

/** A rule by which tokens of an issuer get keys: its conditions, the owner of the keys, and their limits. */
export const trustRules = pgTable(
  'trust_rules',
  {
    organizationId: text('organization_id').notNull(),
    id: text('id').notNull(),
    issuerId: text('issuer_id').notNull(),
    name: text('name').notNull(),
    status: text('status', { enum: TRUST_STATUSES }).notNull().default('active'),
    conditions: jsonb('conditions').$type<readonly TrustCondition[]>().notNull(),
    /** The claims of whose values each combination has a key of its own. Empty: the rule has one key. */
    keyBy: names('key_by'),
    /** True if each token may be exchanged once only, by its `jti`. */
    isOnce: boolean('is_once').notNull().default(false),
    teamId: text('team_id').notNull(),
    /** The service account that owns the keys; null: the member who is linked to the claim `sub` owns them. */
    serviceAccountId: text('service_account_id'),
    /** The identity provider whose links name the member, if no service account owns the keys. */
    linkProviderId: text('link_provider_id'),
    rateLimits: jsonb('rate_limits').$type<StoredRateLimits>().notNull().default({}),
    budgets: jsonb('budgets').$type<readonly BudgetColumns[]>().notNull().default([]),
    accessMode: text('access_mode', { enum: ['inherit', 'restrict'] })
      .notNull()
      .default('inherit'),
    accessTargets: names('access_targets'),
    accessGroups: names('access_groups'),
    version: version(),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.id] }),
    uniqueIndex('trust_rules_id').on(table.id),
    index('trust_rules_issuer').on(table.organizationId, table.issuerId),
    index('trust_rules_service_account').on(table.organizationId, table.serviceAccountId),
    foreignKey({
      columns: [table.organizationId, table.issuerId],
      foreignColumns: [trustedIssuers.organizationId, trustedIssuers.id],
    }),
    foreignKey({ columns: [table.organizationId, table.teamId], foreignColumns: [teams.organizationId, teams.id] }),
    check('trust_rules_status', sql`${table.status} in ('active', 'disabled')`),
    check('trust_rules_access_mode', sql`${table.accessMode} in ('inherit', 'restrict')`),
    check('trust_rules_owner', sql`num_nonnulls(${table.serviceAccountId}, ${table.linkProviderId}) = 1`),
  ],
);

/** The key of a rule for one combination of values, and for one member if members own the keys. */
export const workloadKeys = pgTable(
  'workload_keys',
  {
    organizationId: text('organization_id').notNull(),
    ruleId: text('rule_id').notNull(),
    /** The SHA-256 of the values and of the owner. */
    valuesHash: text('values_hash').notNull(),
    /** The values of `key_by`, in its order. */
    values: names('claim_values'),
    keyId: text('key_id').notNull(),
    createdAt: createdAt(),
    lastExchangedAt: instant('last_exchanged_at'),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.ruleId, table.valuesHash] }),
    uniqueIndex('workload_keys_key').on(table.organizationId, table.keyId),
    foreignKey({
      columns: [table.organizationId, table.ruleId],
      foreignColumns: [trustRules.organizationId, trustRules.id],
    }).onDelete('cascade'),
    foreignKey({ columns: [table.organizationId, table.keyId], foreignColumns: [keys.organizationId, keys.id] }),
  ],
);
