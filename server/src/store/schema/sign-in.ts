/** Sign-in methods, sessions and second factors. The sign-in library defines most columns; its users are our accounts. */
import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { METHOD_ORIGINS } from '../../domain/tenancy/address.ts';
import { accounts } from './accounts.ts';
import { bytes, createdAt, instant, updatedAt } from './columns.ts';

const account = () =>
  text('account_id')
    .notNull()
    .references(() => accounts.id, { onDelete: 'cascade' });

/** One way to sign in: a password (`credential`, hashed with scrypt) or, later, a company's identity provider. */
export const signInMethods = pgTable(
  'sign_in_methods',
  {
    id: text('id').primaryKey(),
    userId: account(),
    providerId: text('provider_id').notNull(),
    /** The person's id at the provider. For a password, the account's own id. */
    accountId: text('provider_account_id').notNull(),
    password: text('password'),
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    idToken: text('id_token'),
    accessTokenExpiresAt: instant('access_token_expires_at'),
    refreshTokenExpiresAt: instant('refresh_token_expires_at'),
    scope: text('scope'),
    /** The way in which the present value was set. Null if an earlier version set it. */
    addedHow: text('added_how', { enum: METHOD_ORIGINS }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex('sign_in_methods_provider').on(table.providerId, table.accountId),
    index('sign_in_methods_account').on(table.userId),
  ],
);

/** A signed-in browser. The cookie holds `token` and a signature over it, so nobody can sign in with the row alone. */
export const sessions = pgTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    userId: account(),
    token: text('token').notNull(),
    expiresAt: instant('expires_at').notNull(),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    /** Updated at most once a minute. */
    lastUsedAt: instant('last_used_at').notNull().defaultNow(),
  },
  (table) => [uniqueIndex('sessions_token').on(table.token), index('sessions_account').on(table.userId, table.createdAt)],
);

/** Open challenges: for a second factor, or for making or showing a passkey. Short-lived. */
export const verifications = pgTable(
  'verifications',
  {
    id: text('id').primaryKey(),
    identifier: text('identifier').notNull(),
    value: text('value').notNull(),
    expiresAt: instant('expires_at').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('verifications_identifier').on(table.identifier), index('verifications_expires_at').on(table.expiresAt)],
);

/**
 * The authenticator app of an account. Its secret is sealed, its recovery codes are hashed. `verified` is true after a first
 * right code.
 */
export const twoFactors = pgTable(
  'two_factors',
  {
    id: text('id').primaryKey(),
    userId: account(),
    secret: text('secret').notNull(),
    backupCodes: text('recovery_codes').notNull(),
    verified: boolean('verified').notNull().default(false),
    failedVerificationCount: integer('failed_verifications').notNull().default(0),
    lockedUntil: instant('locked_until'),
    /** The time of the first right code. Null if it came before this column existed. */
    addedAt: instant('added_at'),
  },
  (table) => [uniqueIndex('two_factors_account').on(table.userId)],
);

export const passkeys = pgTable(
  'passkeys',
  {
    id: text('id').primaryKey(),
    userId: account(),
    name: text('name'),
    publicKey: text('public_key').notNull(),
    credentialID: text('credential_id').notNull(),
    counter: bigint('counter', { mode: 'number' }).notNull(),
    deviceType: text('device_type').notNull(),
    backedUp: boolean('backed_up').notNull(),
    transports: text('transports'),
    aaguid: text('aaguid'),
    /** Null if an earlier version added it without asking for the password or a passkey again. */
    addedHow: text('added_how', { enum: METHOD_ORIGINS }),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex('passkeys_credential').on(table.credentialID), index('passkeys_account').on(table.userId)],
);

/** A link that works once, to become the first admin or to set a new password. Only the hash of its token is kept. */
export const oneTimeLinks = pgTable(
  'one_time_links',
  {
    id: text('id').primaryKey(),
    kind: text('kind', { enum: ['first_admin', 'password_reset'] }).notNull(),
    /** Null for the first admin, who has no account yet. */
    accountId: text('account_id').references(() => accounts.id, { onDelete: 'cascade' }),
    hash: bytes('hash').notNull(),
    /**
     * The address that received the link by mail alone, so that using the link proves the address. Null for a handed-over link.
     */
    mailedTo: text('mailed_to'),
    expiresAt: instant('expires_at').notNull(),
    usedAt: instant('used_at'),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex('one_time_links_hash').on(table.hash),
    index('one_time_links_account').on(table.accountId, table.kind),
    check('one_time_links_kind', sql`${table.kind} in ('first_admin', 'password_reset')`),
  ],
);
