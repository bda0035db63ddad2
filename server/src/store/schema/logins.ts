/** Logins of people on their devices: the keys that they made, their refresh tokens, and those that wait for approval. */
import { sql } from 'drizzle-orm';
import { bigint, check, foreignKey, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { LOGIN_POLICIES, LOGIN_REQUEST_STATES, LOGIN_WAYS } from '../../domain/logins/words.ts';
import { bytes, createdAt, instant, updatedAt } from './columns.ts';
import { keys, organizations } from './tenancy.ts';

/** A login: a person on one device, with a key of kind `login`. The row stays when the login ends, as its key does. */
export const logins = pgTable(
  'logins',
  {
    organizationId: text('organization_id').notNull(),
    keyId: text('key_id').notNull(),
    accountId: text('account_id').notNull(),
    /** The name that the device gave itself. */
    deviceName: text('device_name').notNull(),
    /** The program that asked, as it named itself. */
    client: text('client').notNull(),
    way: text('way', { enum: LOGIN_WAYS }).notNull(),
    /** The address from which the device asked. */
    ip: text('ip'),
    createdAt: createdAt(),
    /** The last time that tokens were fetched. Null: never yet. */
    refreshedAt: instant('refreshed_at'),
    /** The end of the login, however it is used. */
    endsAt: instant('ends_at').notNull(),
    endedAt: instant('ended_at'),
    /** Why it ended: `signed_out`, `ended`, `reuse`, `idle`, `expired`, `unclaimed`. */
    endedBy: text('ended_by'),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.keyId] }),
    foreignKey({ columns: [table.organizationId, table.keyId], foreignColumns: [keys.organizationId, keys.id] }),
    index('logins_account').on(table.accountId, table.keyId),
    index('logins_living').on(table.endsAt).where(sql`${table.endedAt} is null`),
    check('logins_way', sql`${table.way} in ('loopback', 'device')`),
  ],
);

/**
 * The refresh tokens of a login, of which one is unused. `successor` names the token that a used one was exchanged for. Global, as
 * `key_secrets` is: a lookup here finds the tenant.
 */
export const refreshTokens = pgTable(
  'login_refresh_tokens',
  {
    hash: bytes('hash').primaryKey(),
    /** The name of the pepper of the hash. */
    pepper: text('pepper').notNull(),
    organizationId: text('organization_id').notNull(),
    keyId: text('key_id').notNull(),
    createdAt: createdAt(),
    expiresAt: instant('expires_at').notNull(),
    usedAt: instant('used_at'),
    successor: bytes('successor'),
  },
  (table) => [
    index('login_refresh_tokens_key').on(table.organizationId, table.keyId),
    index('login_refresh_tokens_expires_at').on(table.expiresAt),
  ],
);

/** A device or program that waits for a person to approve it, or for its tokens afterwards. Short-lived. */
export const loginRequests = pgTable(
  'login_requests',
  {
    /** The hash of the device code or of the authorization code. */
    hash: bytes('hash').primaryKey(),
    way: text('way', { enum: LOGIN_WAYS }).notNull(),
    state: text('state', { enum: LOGIN_REQUEST_STATES }).notNull().default('pending'),
    /** The hash of the code that a person types; null for a loopback login. */
    userCodeHash: bytes('user_code_hash'),
    deviceName: text('device_name').notNull(),
    client: text('client').notNull(),
    ip: text('ip'),
    /** Facts of a loopback login: the challenge of PKCE and the address that gets the code. */
    codeChallenge: text('code_challenge'),
    redirectUri: text('redirect_uri'),
    /** The account that last looked at the code. Only that account can approve. */
    seenBy: text('seen_by'),
    /** The login that was approved. */
    organizationId: text('organization_id'),
    keyId: text('key_id'),
    intervalSeconds: integer('interval_seconds').notNull(),
    polledAt: instant('polled_at'),
    expiresAt: instant('expires_at').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex('login_requests_user_code').on(table.userCodeHash).where(sql`${table.userCodeHash} is not null`),
    index('login_requests_expires_at').on(table.expiresAt),
    check('login_requests_way', sql`${table.way} in ('loopback', 'device')`),
    check('login_requests_state', sql`${table.state} in ('pending', 'approved', 'denied', 'used')`),
  ],
);

/** The logins that an organization allows. No row: all. */
export const loginPolicies = pgTable(
  'login_policies',
  {
    organizationId: text('organization_id')
      .primaryKey()
      .references(() => organizations.id),
    logins: text('logins', { enum: LOGIN_POLICIES }).notNull(),
    version: bigint('version', { mode: 'number' }).notNull().default(1),
    updatedAt: updatedAt(),
  },
  (table) => [check('login_policies_logins', sql`${table.logins} in ('any', 'loopback', 'off')`)],
);

/** The managed settings of Claude Code for an organization (`team_id` empty) or one of its teams. */
export const managedSettings = pgTable(
  'managed_settings',
  {
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    /** Empty: the organization's own. */
    teamId: text('team_id').notNull(),
    settings: jsonb('settings').$type<Readonly<Record<string, unknown>>>().notNull(),
    version: bigint('version', { mode: 'number' }).notNull().default(1),
    updatedBy: text('updated_by').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.teamId] })],
);
