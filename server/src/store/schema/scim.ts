/** The SCIM directory: the people and groups of an organization as its identity provider told them, and the tokens to tell them with. */
import { sql } from 'drizzle-orm';
import { boolean, check, foreignKey, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { bytes, createdAt, instant, names, updatedAt } from './columns.ts';
import { memberships, organizations } from './tenancy.ts';

const organizationId = () =>
  text('organization_id')
    .notNull()
    .references(() => organizations.id);

/** A token of the SCIM endpoint. It names the organization. Only the hash of the secret is kept. */
export const scimTokens = pgTable(
  'scim_tokens',
  {
    organizationId: organizationId(),
    id: text('id').notNull(),
    name: text('name').notNull(),
    hash: bytes('hash').notNull(),
    /** The pepper of the hash, as in `key_secrets`. */
    pepper: text('pepper').notNull(),
    lastFour: text('last_four').notNull(),
    expiresAt: instant('expires_at'),
    revokedAt: instant('revoked_at'),
    lastUsedAt: instant('last_used_at'),
    createdBy: text('created_by').notNull(),
    createdByName: text('created_by_name').notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.id] }), uniqueIndex('scim_tokens_hash').on(table.hash)],
);

/** A person of the directory. The row belongs to a membership, whose id is the person's id in SCIM, and is deleted with it. */
export const scimUsers = pgTable(
  'scim_users',
  {
    organizationId: organizationId(),
    id: text('membership_id').notNull(),
    /** The name that lists show and sort by. */
    name: text('name').notNull(),
    userName: text('user_name').notNull(),
    externalId: text('external_id'),
    /** The address that counts, in lower case. */
    email: text('email').notNull(),
    /** Each address in lower case, alone and after its type: `ada@acme.test` and `work ada@acme.test`. */
    emailKeys: names('email_keys'),
    /** All that was told and is kept, in the form of SCIM, without `active`. */
    resource: jsonb('resource').$type<Readonly<Record<string, unknown>>>().notNull(),
    /** True if the directory says that the person is active. */
    isActive: boolean('is_active').notNull(),
    /** True if the directory disabled the membership. Then the directory may enable it again. */
    disabledMember: boolean('disabled_member').notNull().default(false),
    /** True if the directory made the account. */
    madeAccount: boolean('made_account').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.id] }),
    uniqueIndex('scim_users_user_name').on(table.organizationId, sql`lower(${table.userName})`),
    uniqueIndex('scim_users_external_id').on(table.organizationId, table.externalId).where(sql`${table.externalId} is not null`),
    index('scim_users_name').on(table.organizationId, sql`(lower(${table.name}) collate "C")`, table.id),
    foreignKey({ columns: [table.organizationId, table.id], foreignColumns: [memberships.organizationId, memberships.id] }),
  ],
);

/** A group of the directory. Its name has no meaning here: mappings name its id. */
export const scimGroups = pgTable(
  'scim_groups',
  {
    organizationId: organizationId(),
    id: text('id').notNull(),
    name: text('name').notNull(),
    externalId: text('external_id'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.id] }),
    uniqueIndex('scim_groups_name').on(
      table.organizationId,
      sql`(lower(${table.name}) collate "C")`,
      sql`coalesce(${table.externalId}, '')`,
    ),
    uniqueIndex('scim_groups_external_id').on(table.organizationId, table.externalId).where(sql`${table.externalId} is not null`),
  ],
);

export const scimGroupMembers = pgTable(
  'scim_group_members',
  {
    organizationId: text('organization_id').notNull(),
    groupId: text('group_id').notNull(),
    userId: text('membership_id').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.groupId, table.userId] }),
    index('scim_group_members_user').on(table.organizationId, table.userId),
    foreignKey({
      columns: [table.organizationId, table.groupId],
      foreignColumns: [scimGroups.organizationId, scimGroups.id],
    }).onDelete('cascade'),
    foreignKey({
      columns: [table.organizationId, table.userId],
      foreignColumns: [scimUsers.organizationId, scimUsers.id],
    }).onDelete('cascade'),
  ],
);

/** The people whose roles must be worked out again, because their groups or a mapping changed. */
export const scimRoleQueue = pgTable(
  'scim_role_queue',
  {
    organizationId: text('organization_id').notNull(),
    userId: text('membership_id').notNull(),
    queuedAt: instant('queued_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.userId] }),
    foreignKey({
      columns: [table.organizationId, table.userId],
      foreignColumns: [scimUsers.organizationId, scimUsers.id],
    }).onDelete('cascade'),
  ],
);

/** A change that the endpoint refused lately, for the organization's admins. The same refusal again counts in one row. */
export const scimRefusals = pgTable(
  'scim_refusals',
  {
    organizationId: organizationId(),
    id: text('id').notNull(),
    /** `Users` or `Groups`. */
    resource: text('resource').notNull(),
    method: text('method').notNull(),
    /** The user name, display name or id that the request named. */
    subject: text('subject').notNull(),
    status: integer('status').notNull(),
    detail: text('detail').notNull(),
    times: integer('times').notNull().default(1),
    firstAt: instant('first_at').notNull(),
    lastAt: instant('last_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.id] }),
    uniqueIndex('scim_refusals_once').on(table.organizationId, table.resource, table.method, table.subject, table.detail),
    index('scim_refusals_last').on(table.organizationId, table.lastAt),
    check('scim_refusals_resource', sql`${table.resource} in ('Users', 'Groups')`),
  ],
);
