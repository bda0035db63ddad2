/** Invitations to an organization or to the platform. Global: a platform role belongs to no organization. */
import { sql } from 'drizzle-orm';
import { index, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { bytes, createdAt, instant } from './columns.ts';

/** A team that the person joins, and their role in it. */
export interface InvitedTeam {
  readonly teamId: string;
  readonly role: string;
}

/** An invitation of one e-mail address. Only the hash of the link's token is kept. Accepted, cancelled and expired rows stay. */
export const invitations = pgTable(
  'invitations',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id'),
    email: text('email').notNull(),
    role: text('role').notNull(),
    teams: jsonb('teams').$type<readonly InvitedTeam[]>().notNull().default([]),
    hash: bytes('hash').notNull(),
    /**
     * The hash of the second token, which only the mailed link contains and which proves the address. Null if no mail was sent.
     */
    mailHash: bytes('mail_hash'),
    invitedBy: text('invited_by').notNull(),
    inviterName: text('inviter_name').notNull(),
    createdAt: createdAt(),
    expiresAt: instant('expires_at').notNull(),
    acceptedAt: instant('accepted_at'),
    acceptedBy: text('accepted_by'),
    cancelledAt: instant('cancelled_at'),
  },
  (table) => [
    uniqueIndex('invitations_hash').on(table.hash),
    // At most one open invitation per place and address: a second click makes no second link.
    uniqueIndex('invitations_open')
      .on(sql`coalesce(${table.organizationId}, '')`, sql`lower(${table.email})`)
      .where(sql`${table.acceptedAt} is null and ${table.cancelledAt} is null`),
    index('invitations_organization').on(table.organizationId, table.id),
    index('invitations_accepted_by').on(table.acceptedBy).where(sql`${table.acceptedBy} is not null`),
    index('invitations_inviter').on(table.invitedBy).where(sql`${table.acceptedAt} is null and ${table.cancelledAt} is null`),
  ],
);
