/** The catalogue: models, route groups, deployments, credentials and prices. Global, the same for every tenant. */
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
import type { PerMillion, PriceUnits } from '../../domain/money/price.ts';
import { DEPLOYMENT_MODES } from '../../domain/routing/catalogue.ts';
import { CREDENTIAL_KINDS, type CredentialSettings } from '../../domain/routing/credential.ts';
import { anyJson, bytes, createdAt, instant, metadata, names, updatedAt } from './columns.ts';
import { strategyChecks, strategyColumns } from './strategy-columns.ts';

const version = () => bigint('version', { mode: 'number' }).notNull().default(1);

/** The organization that brought the row; empty for the platform's. A version before writes only the platform's. */
const owner = () => text('owner').notNull().default('');

/**
 * A credential that we present to a provider. `sealed` is its secret, encrypted under the credentials data key; null if the provider
 * needs none. Secrets of more than one text are JSON; that of `ambient` is empty, and sealed all the same: it binds the row to its
 * address. `sealedFor` names the AAD. `address` is the row's id and the address of the secret. `row` is the id alone, as earlier
 * versions write and read it (store/sealing/key-seal.ts).
 *
 * `otherSealed` is the secret before, which counts until `otherUntil`, but only beside the `sealed` that replaced it
 * (store/sealing/other-secret.ts).
 */
export const credentials = pgTable(
  'credentials',
  {
    id: text('id').primaryKey(),
    owner: owner(),
    name: text('name').notNull(),
    provider: text('provider').notNull(),
    kind: text('kind', { enum: CREDENTIAL_KINDS }).notNull().default('api_key'),
    settings: jsonb('settings').$type<CredentialSettings>().notNull().default({}),
    baseUrl: text('base_url'),
    sealed: bytes('sealed'),
    sealedFor: text('sealed_for', { enum: ['row', 'address'] })
      .notNull()
      .default('row'),
    lastFour: text('last_four').notNull().default(''),
    otherSealed: bytes('other_sealed'),
    otherLastFour: text('other_last_four').notNull().default(''),
    otherUntil: instant('other_until'),
    /** The day on which the provider ends the key, as people entered it. Null: no end is known. */
    expiresAt: instant('expires_at'),
    version: version(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    // Names are unique by owner, so that a tenant cannot learn the names of others.
    uniqueIndex('credentials_name').on(table.owner, table.name),
    // For the reference of deployments, which have the same owner.
    uniqueIndex('credentials_id_owner').on(table.id, table.owner),
    check('credentials_sealed_for', sql`${table.sealedFor} in ('row', 'address')`),
    check(
      'credentials_kind',
      sql`${table.kind} in ('api_key', 'aws_static', 'aws_bearer', 'azure_entra', 'gcp_service_account', 'ambient')`,
    ),
  ],
);

/** The single namespace of callable names: a model and a route group cannot share a name. */
export const callableTargets = pgTable(
  'callable_targets',
  {
    name: text('name').primaryKey(),
    kind: text('kind', { enum: ['model', 'route_group'] }).notNull(),
    createdAt: createdAt(),
  },
  (table) => [check('callable_targets_kind', sql`${table.kind} in ('model', 'route_group')`)],
);

/** A public model name, made with its first deployment. Deleting the name deletes the row; grants that name it stay. */
export const models = pgTable(
  'models',
  {
    name: text('name')
      .primaryKey()
      .references(() => callableTargets.name),
    mode: text('mode', { enum: DEPLOYMENT_MODES }).notNull().default('chat'),
    ...strategyColumns(),
    sticky: boolean('sticky').notNull().default(false),
    /** The oldest answer that the exact cache may give, in seconds; null: its answers are not kept. */
    cacheSeconds: integer('cache_seconds'),
    fallbacks: names('fallbacks'),
    contextFallbacks: names('context_fallbacks'),
    policyFallbacks: names('policy_fallbacks'),
    canary: anyJson('canary'),
    mirror: anyJson('mirror'),
    metadata: metadata(),
    version: version(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => strategyChecks('models', table),
);

/**
 * One upstream model with its credential and capacity. The row of a deleted one stays, because ledger rows name it.
 *
 * `enabled` is the state of the platform's deployments. It is false for an organization's own, whose state is `ownEnabled`: a
 * version before reads `enabled` alone, and would serve everybody with them.
 */
export const deployments = pgTable(
  'deployments',
  {
    id: text('id').primaryKey(),
    owner: owner(),
    model: text('model').notNull(),
    provider: text('provider').notNull(),
    upstreamModel: text('upstream_model').notNull(),
    credentialId: text('credential_id').references(() => credentials.id),
    mode: text('mode', { enum: DEPLOYMENT_MODES }).notNull().default('chat'),
    rpm: bigint('rpm', { mode: 'number' }),
    tpm: bigint('tpm', { mode: 'number' }),
    weight: integer('weight').notNull().default(1),
    priority: integer('priority').notNull().default(0),
    tags: names('tags'),
    maxOutputTokens: integer('max_output_tokens'),
    /** The most tokens of a request and its answer together; null: undeclared. */
    contextWindow: integer('context_window'),
    /**
     * The most web searches that one request can make; null: undeclared. `partTokensMax` is the most input tokens of one image,
     * audio or file part, or of the result of one search.
     */
    searchesMax: integer('searches_max'),
    partTokensMax: integer('part_tokens_max'),
    /** The rule for the upstream call when the client hangs up. Null: the gateway's own rule. */
    onHangup: text('on_hangup', { enum: ['finish', 'stop'] }),
    /** The name of the output cap in chat requests that the gateway writes. Null: the newer name. */
    outputCapField: text('output_cap_field', { enum: ['max_tokens', 'max_completion_tokens'] }),
    timeoutMs: integer('timeout_ms').notNull().default(600_000),
    enabled: boolean('enabled').notNull().default(true),
    ownEnabled: boolean('own_enabled').notNull().default(true),
    metadata: metadata(),
    version: version(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: instant('deleted_at'),
  },
  (table) => [
    index('deployments_model').on(table.model, table.id),
    index('deployments_credential').on(table.credentialId),
    foreignKey({
      name: 'deployments_credential_owner',
      columns: [table.credentialId, table.owner],
      foreignColumns: [credentials.id, credentials.owner],
    }),
    check('deployments_own_enabled', sql`${table.owner} = '' or not ${table.enabled}`),
    check(
      'deployments_mode',
      sql`${table.mode} in ('chat', 'completion', 'embedding', 'rerank', 'moderation', 'image', 'speech', 'transcription')`,
    ),
    check('deployments_on_hangup', sql`${table.onHangup} in ('finish', 'stop')`),
    check('deployments_output_cap_field', sql`${table.outputCapField} in ('max_tokens', 'max_completion_tokens')`),
  ],
);

/** The last test call of a deployment that a person or an admin token made. */
export const deploymentChecks = pgTable('deployment_checks', {
  deploymentId: text('deployment_id')
    .primaryKey()
    .references(() => deployments.id, { onDelete: 'cascade' }),
  checkedAt: instant('checked_at').notNull(),
  /** Who made the call, with the name at that time. */
  actorKind: text('actor_kind').notNull(),
  actorId: text('actor_id').notNull(),
  actorName: text('actor_name').notNull(),
  ok: boolean('ok').notNull(),
  latencyMs: integer('latency_ms').notNull(),
  /** The provider's HTTP status. Null if there was no answer. */
  status: integer('status'),
  /** The provider's words or the gateway's, without secrets. At most 500 characters. */
  message: text('message').notNull(),
});

/**
 * The last reading of a vendor's own list of models with a credential. `place` is the address that was asked; a credential with
 * another address has no list. Null times: never read, never failed.
 */
export const modelLists = pgTable('model_lists', {
  credentialId: text('credential_id')
    .primaryKey()
    .references(() => credentials.id, { onDelete: 'cascade' }),
  place: text('place').notNull(),
  readAt: instant('read_at'),
  /** The account or token that asked. */
  readBy: text('read_by').notNull(),
  /** The number of different names in the list, and of entries that cannot be a deployment's model. */
  listed: integer('listed').notNull().default(0),
  unusable: integer('unusable').notNull().default(0),
  /** True if not all names are kept. */
  isCut: boolean('is_cut').notNull().default(false),
  /** The last attempt that failed since `readAt`, with the provider's words. */
  failedAt: instant('failed_at'),
  failure: text('failure'),
});

/** The names of a vendor's list, as far as they are kept. */
export const listedModels = pgTable(
  'listed_models',
  {
    credentialId: text('credential_id')
      .notNull()
      .references(() => modelLists.credentialId, { onDelete: 'cascade' }),
    upstreamModel: text('upstream_model').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.credentialId, table.upstreamModel] }),
    index('listed_models_name').on(table.upstreamModel),
  ],
);

/** A list of prices that somebody imported. A later import under the same name replaces it. */
export const priceLists = pgTable('price_lists', {
  name: text('name').primaryKey(),
  /** As the person who imported it named the version and its day (`2026-03-01`). */
  listVersion: text('list_version').notNull(),
  publishedOn: text('published_on'),
  importedAt: instant('imported_at').notNull(),
  /** The account or token that imported it. */
  importedBy: text('imported_by').notNull(),
  models: integer('models').notNull(),
});

/** The models of imported lists. A null `perMillion`: the list has no price that can be charged here. */
export const priceListModels = pgTable(
  'price_list_models',
  {
    list: text('list')
      .notNull()
      .references(() => priceLists.name, { onDelete: 'cascade' }),
    provider: text('provider').notNull(),
    upstreamModel: text('upstream_model').notNull(),
    perMillion: jsonb('per_million').$type<PerMillion>(),
    units: jsonb('units').$type<PriceUnits>(),
    contextWindow: integer('context_window'),
    maxOutputTokens: integer('max_output_tokens'),
    features: names('features'),
    isDeprecated: boolean('is_deprecated').notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.list, table.provider, table.upstreamModel] }),
    index('price_list_models_name').on(table.provider, table.upstreamModel),
  ],
);

/** A named set of deployments with its own routing policy, called by its key like a model. */
export const routeGroups = pgTable(
  'route_groups',
  {
    id: text('id').primaryKey(),
    key: text('key')
      .notNull()
      .references(() => callableTargets.name),
    ...strategyColumns(),
    /** True if requests of one session go to one deployment while it is healthy. */
    sticky: boolean('sticky').notNull().default(false),
    /** The oldest answer that the exact cache may give, in seconds; null: its answers are not kept. */
    cacheSeconds: integer('cache_seconds'),
    fallbacks: names('fallbacks'),
    contextFallbacks: names('context_fallbacks'),
    policyFallbacks: names('policy_fallbacks'),
    canary: anyJson('canary'),
    mirror: anyJson('mirror'),
    metadata: metadata(),
    version: version(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [uniqueIndex('route_groups_key').on(table.key), ...strategyChecks('route_groups', table)],
);

export const routeGroupMembers = pgTable(
  'route_group_members',
  {
    routeGroupId: text('route_group_id')
      .notNull()
      .references(() => routeGroups.id, { onDelete: 'cascade' }),
    deploymentId: text('deployment_id')
      .notNull()
      .references(() => deployments.id),
    weight: integer('weight').notNull().default(1),
    priority: integer('priority').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.routeGroupId, table.deploymentId] }),
    index('route_group_members_deployment').on(table.deploymentId),
  ],
);

/** A label for authorization. Its key never changes. */
export const accessGroups = pgTable('access_groups', {
  key: text('key').primaryKey(),
  name: text('name').notNull(),
  description: text('description').notNull().default(''),
  version: version(),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});

/** The access groups of each callable target. */
export const targetLabels = pgTable(
  'target_labels',
  {
    targetName: text('target_name')
      .notNull()
      .references(() => callableTargets.name, { onDelete: 'cascade' }),
    accessGroup: text('access_group')
      .notNull()
      .references(() => accessGroups.key),
  },
  (table) => [
    primaryKey({ columns: [table.targetName, table.accessGroup] }),
    index('target_labels_access_group').on(table.accessGroup, table.targetName),
  ],
);

/** Versions of a deployment's price: whole nano-dollars per million units by usage bucket. Rows never change. */
export const prices = pgTable(
  'prices',
  {
    id: text('id').primaryKey(),
    deploymentId: text('deployment_id')
      .notNull()
      .references(() => deployments.id),
    effectiveFrom: instant('effective_from').notNull(),
    perMillion: jsonb('per_million').$type<Readonly<Record<string, number>>>().notNull(),
    /** Further prices: of single units, and other rates for long prompts and service tiers. Null: none. */
    units: jsonb('units').$type<PriceUnits>(),
    /** `list`: taken from the published price list, and compared with its newer editions. Null: set by hand. */
    source: text('source', { enum: ['list'] }),
    /** The edition of the list. */
    sourceVersion: text('source_version'),
    /**
     * The account or token that added the version, or the start of the gateway. Null if an earlier version of the gateway added
     * it.
     */
    createdBy: text('created_by'),
    createdAt: createdAt(),
  },
  (table) => [index('prices_deployment').on(table.deploymentId, table.effectiveFrom)],
);
