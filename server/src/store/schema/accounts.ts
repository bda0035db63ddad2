/** People and admin tokens. Global, because one person may belong to many organizations. */
import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { ACCOUNT_ORIGINS } from '../../domain/tenancy/address.ts';
import { PLATFORM_ROLES } from '../../domain/tenancy/permission.ts';
import { bytes, createdAt, instant, updatedAt } from './columns.ts';

/** A person: the sign-in library's user columns and our own. Their ways of signing in are in sign-in.ts. */
export const accounts = pgTable(
  'accounts',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    email: text('email').notNull(),
    emailVerified: boolean('email_verified').notNull().default(false),
    image: text('image'),
    /** True if sign-in asks for a code of an authenticator app after the password. */
    twoFactorEnabled: boolean('two_factor_enabled').notNull().default(false),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    platformRole: text('platform_role', { enum: PLATFORM_ROLES }),
    status: text('status', { enum: ['active', 'disabled'] })
      .notNull()
      .default('active'),
    /** Null if an earlier version made the account. address-origins.ts then finds the origin in the audit log. */
    madeHow: text('made_how', { enum: ACCOUNT_ORIGINS }),
    /** The id of the account or token that made it or invited the person. Null if unknown. */
    madeBy: text('made_by'),
    madeByName: text('made_by_name'),
    /**
     * The organization that invited it first. Until the address is proved, only that one admits it. Null: the platform made it.
     */
    boundOrganizationId: text('bound_organization_id'),
  },
  (table) => [
    uniqueIndex('accounts_email').on(sql`lower(${table.email})`),
    index('accounts_created_at').on(table.createdAt, table.id),
    index('accounts_origin_unknown').on(table.id).where(sql`${table.madeHow} is null`),
    check('accounts_platform_role', sql`${table.platformRole} in ('platform_admin', 'platform_auditor')`),
    check('accounts_status', sql`${table.status} in ('active', 'disabled')`),
  ],
);

/**
 * The organizations of each account, so that a sign-in finds them. A trigger on memberships writes it, whatever a membership's
 * status.
 */
export const accountMemberships = pgTable(
  'account_memberships',
  {
    accountId: text('account_id').notNull(),
    organizationId: text('organization_id').notNull(),
    membershipId: text('membership_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.organizationId] })],
);

/**
 * A token for the admin API. `organizationId` is null for the platform. Only the hash of the secret is kept. The owner is the
 * service account if one is named, else the maker, else the installation if an origin is named, else nobody. See
 * domain/tenancy/admin-token.ts.
 */
export const adminTokens = pgTable(
  'admin_tokens',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    role: text('role').notNull(),
    organizationId: text('organization_id'),
    hash: bytes('hash').notNull(),
    /** The pepper of the hash, as in `key_secrets`. */
    pepper: text('pepper'),
    lastFour: text('last_four').notNull(),
    expiresAt: instant('expires_at'),
    revokedAt: instant('revoked_at'),
    lastUsedAt: instant('last_used_at'),
    lastUsedIp: text('last_used_ip'),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
    /** The person who made it or took it over. If another token made it, that token's maker. */
    makerAccountId: text('maker_account_id'),
    serviceAccountId: text('service_account_id'),
    origin: text('origin', { enum: ['configured', 'first_start', 'command_line', 'token'] }),
    /**
     * The time at which a token without an owner ends. The default serves rows of versions without owners: see the trigger in
     * 0017.
     */
    unownedEndsAt: instant('unowned_ends_at').default(sql`now() + interval '30 days'`),
    /** The permissions that the token is narrowed to; organizations and networks follow. Null: no narrowing of that kind. */
    permissions: text('permissions').array(),
    organizationIds: text('organization_ids').array(),
    networks: text('networks').array(),
    version: bigint('version', { mode: 'number' }).notNull().default(1),
  },
  (table) => [
    uniqueIndex('admin_tokens_hash').on(table.hash),
    index('admin_tokens_organization').on(table.organizationId, table.createdAt, table.id),
    index('admin_tokens_maker').on(table.makerAccountId),
    index('admin_tokens_service_account').on(table.serviceAccountId),
  ],
);

/** A service account of an organization, or of the platform if that is null. It owns admin tokens and never signs in. */
export const tokenAccounts = pgTable(
  'token_accounts',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id'),
    name: text('name').notNull(),
    status: text('status', { enum: ['active', 'disabled'] })
      .notNull()
      .default('active'),
    /** The person who answers for its tokens. A token stops working once this person may no longer hold its role. */
    responsibleAccountId: text('responsible_account_id')
      .notNull()
      .references(() => accounts.id),
    version: bigint('version', { mode: 'number' }).notNull().default(1),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: instant('deleted_at'),
  },
  (table) => [
    index('token_accounts_organization').on(table.organizationId, table.id),
    index('token_accounts_responsible').on(table.responsibleAccountId),
    check('token_accounts_status', sql`${table.status} in ('active', 'disabled')`),
  ],
);
