/** Invitations. Looking one up by its link's hash is how its tenant is discovered. */
import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { type Listed, listOrder, named, type PageRequest } from '../named-list.ts';
import { afterCursor, orderOf, pageLimit, pageOf, totalOf } from '../paging.ts';
import { invitations } from '../schema.ts';
import { withinReach } from '../tenancy/reach.ts';

export type InvitationRow = typeof invitations.$inferSelect;
export type InvitationStatus = 'pending' | 'accepted' | 'expired' | 'cancelled';

/** Finds an invitation by the hashes that its token may have. Global: it discovers the tenant. Accepted, cancelled and expired ones are found too. */
export async function findByHash(db: Database, hashes: readonly Buffer[]): Promise<InvitationRow | null> {
  const [row] = await db
    .select()
    .from(invitations)
    .where(inArray(invitations.hash, [...hashes]));
  return row ?? null;
}

/** Global, as ids are unique over all tenants; the caller's right to see it is asked afterwards. */
export async function find(db: Database, id: string): Promise<InvitationRow | null> {
  const [row] = await db.select().from(invitations).where(eq(invitations.id, id));
  return row ?? null;
}

export async function lock(tx: Database, id: string): Promise<InvitationRow | null> {
  const [row] = await tx.select().from(invitations).where(eq(invitations.id, id)).for('update');
  return row ?? null;
}

/** Throws UniqueViolation of `invitations_open` when the address has an open one to the same place. */
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

/** The open one of an address to a place, also when its time is over. */
export async function findOpen(db: Database, { organizationId, email }: Place & { readonly email: string }) {
  const [row] = await db
    .select()
    .from(invitations)
    .where(and(isOpen(), at(organizationId), sql`lower(${invitations.email}) = ${email}`));
  return row ?? null;
}

/** The open ones that an account or admin token sent, to wherever. */
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
  /** Beginning of the address, or the whole id. */
  readonly search?: string | undefined;
  /** What expired means. */
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

/** What became of it. */
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
