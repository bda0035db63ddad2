/** How people prove who they are. The columns are those the sign-in library asks for; what it calls a user is an account. */
import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { METHOD_ORIGINS } from '../../domain/tenancy/address.ts';
import { accounts } from './accounts.ts';
import { bytes, createdAt, instant, updatedAt } from './columns.ts';

const account = () =>
  text('account_id')
    .notNull()
    .references(() => accounts.id, { onDelete: 'cascade' });

/** One way of signing in: a password (`credential`, hashed with scrypt), later a company's own identity provider. */
export const signInMethods = pgTable(
  'sign_in_methods',
  {
    id: text('id').primaryKey(),
    userId: account(),
    providerId: text('provider_id').notNull(),
    /** Who it is at the provider; for a password the account itself. */
    accountId: text('provider_account_id').notNull(),
    password: text('password'),
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    idToken: text('id_token'),
    accessTokenExpiresAt: instant('access_token_expires_at'),
    refreshTokenExpiresAt: instant('refresh_token_expires_at'),
    scope: text('scope'),
    /** How its present value was set; null: before this was kept. */
    addedHow: text('added_how', { enum: METHOD_ORIGINS }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex('sign_in_methods_provider').on(table.providerId, table.accountId),
    index('sign_in_methods_account').on(table.userId),
  ],
);

/** A signed-in browser. The cookie holds `token` and a signature over it, so the row alone opens nothing. */
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
    /** To the minute. */
    lastUsedAt: instant('last_used_at').notNull().defaultNow(),
  },
  (table) => [uniqueIndex('sessions_token').on(table.token), index('sessions_account').on(table.userId, table.createdAt)],
);

/** Challenges under way: a second factor that is waited for, a passkey being made or shown. Short-lived. */
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

/** The authenticator app of an account: its secret sealed, its recovery codes hashed. `verified` once a code of it was shown. */
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
    /** When a first code of it was shown; null: before this was kept. */
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
    /** Null: before a password or a passkey had to be shown again. */
    addedHow: text('added_how', { enum: METHOD_ORIGINS }),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex('passkeys_credential').on(table.credentialID), index('passkeys_account').on(table.userId)],
);

/** A link that works once: to become the first admin, or to set a new password. Only the hash of its token is kept. */
export const oneTimeLinks = pgTable(
  'one_time_links',
  {
    id: text('id').primaryKey(),
    kind: text('kind', { enum: ['first_admin', 'password_reset'] }).notNull(),
    /** Null for the first admin, who has no account yet. */
    accountId: text('account_id').references(() => accounts.id, { onDelete: 'cascade' }),
    hash: bytes('hash').notNull(),
    /** The address it was mailed to, and shown to nobody else: using it proves that address. Null: somebody was handed it. */
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
