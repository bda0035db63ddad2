/** Invitations. A lookup by the hash of the link finds the tenant. */
import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { type Listed, listOrder, named, type PageRequest } from '../named-list.ts';
import { afterCursor, orderOf, pageLimit, pageOf, totalOf } from '../paging.ts';
import { invitations } from '../schema.ts';
import { withinReach } from '../tenancy/reach.ts';

export type InvitationRow = typeof invitations.$inferSelect;
export type InvitationStatus = 'pending' | 'accepted' | 'expired' | 'cancelled';

/**
 * Finds an invitation by the hashes that its token may have. Global: this lookup finds the tenant. Includes closed and expired
 * ones.
 */
export async function findByHash(db: Database, hashes: readonly Buffer[]): Promise<InvitationRow | null> {
  const [row] = await db
    .select()
    .from(invitations)
    .where(inArray(invitations.hash, [...hashes]));
  return row ?? null;
}

/** Finds an invitation by id. Global, because ids are unique over all tenants: the caller must check permissions on the row. */
export async function find(db: Database, id: string): Promise<InvitationRow | null> {
  const [row] = await db.select().from(invitations).where(eq(invitations.id, id));
  return row ?? null;
}

export async function lock(tx: Database, id: string): Promise<InvitationRow | null> {
  const [row] = await tx.select().from(invitations).where(eq(invitations.id, id)).for('update');
  return row ?? null;
}

/** Inserts an invitation. Throws UniqueViolation of `invitations_open` if the address has an open one to the same place. */
export async function insert(tx: Database, row: typeof invitations.$inferInsert): Promise<InvitationRow> {
  const [inserted] = await tx.insert(invitations).values(row).returning();
  return inserted as InvitationRow;
}

export async function update(
  tx: Database,
  id: string,
  changes: Partial<typeof invitations.$inferInsert>,
): Promise<InvitationRow> {
  const [row] = await tx.update(invitations).set(changes).where(eq(invitations.id, id)).returning();
  return row as InvitationRow;
}

interface Place {
  readonly organizationId: string | null;
}

/** Returns the invitation of an address to a place that is neither accepted nor cancelled. It may have expired. */
export async function findOpen(db: Database, { organizationId, email }: Place & { readonly email: string }) {
  const [row] = await db
    .select()
    .from(invitations)
    .where(and(isOpen(), at(organizationId), sql`lower(${invitations.email}) = ${email}`));
  return row ?? null;
}

/** Returns the open invitations that an account or admin token sent, to all places. */
export function listOpenOf(db: Database, senderId: string): Promise<InvitationRow[]> {
  return db
    .select()
    .from(invitations)
    .where(and(isOpen(), eq(invitations.invitedBy, senderId)))
    .orderBy(invitations.id);
}

export interface InvitationFilter {
  readonly reach: readonly Reach[];
  readonly organizationId?: string | undefined;
  readonly status?: InvitationStatus | undefined;
  /** The beginning of the address, or the whole id. */
  readonly search?: string | undefined;
  /** The time that decides whether an invitation has expired. */
  readonly now: Date;
}

export async function list(db: Database, filter: InvitationFilter, page: PageRequest): Promise<Listed<InvitationRow>> {
  const columns = { id: invitations.id, name: invitations.email };
  const order = listOrder('invitations', page.sort, columns);
  const limit = pageLimit(page.limit);
  const wanted = and(
    withinReach(filter.reach, { organizationId: invitations.organizationId }),
    filter.organizationId === undefined ? undefined : at(filter.organizationId),
    hasStatus(filter.status, filter.now),
    named(columns, filter.search),
  );
  const found = await db
    .select({ row: invitations, lowerName: order.lowerName })
    .from(invitations)
    .where(and(wanted, afterCursor(order.keyset, page.cursor)))
    .orderBy(orderOf(order.keyset))
    .limit(limit + 1);
  const kept = pageOf(order.keyset, found, limit, ({ row, lowerName }) => order.keyOf({ id: row.id, lowerName }));
  const total = await totalOf(db, db.select({ id: invitations.id }).from(invitations).where(wanted));
  return { rows: kept.rows.map(({ row }) => row), nextCursor: kept.nextCursor, total };
}

/** Returns the status of an invitation at a time. */
export function statusOf(row: InvitationRow, nowMs: number): InvitationStatus {
  if (row.acceptedAt !== null) return 'accepted';
  if (row.cancelledAt !== null) return 'cancelled';
  return row.expiresAt.getTime() <= nowMs ? 'expired' : 'pending';
}

function hasStatus(status: InvitationStatus | undefined, now: Date): SQL | undefined {
  switch (status) {
    case undefined:
      return undefined;
    case 'accepted':
      return sql`${invitations.acceptedAt} is not null`;
    case 'cancelled':
      return sql`${invitations.cancelledAt} is not null`;
    case 'expired':
      return and(isOpen(), sql`${invitations.expiresAt} <= ${now}`);
    case 'pending':
      return and(isOpen(), sql`${invitations.expiresAt} > ${now}`);
  }
}

function isOpen(): SQL | undefined {
  return and(isNull(invitations.acceptedAt), isNull(invitations.cancelledAt));
}

function at(organizationId: string | null): SQL {
  return organizationId === null ? isNull(invitations.organizationId) : eq(invitations.organizationId, organizationId);
}
