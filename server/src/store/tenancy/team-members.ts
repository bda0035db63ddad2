/** The members of teams, with their roles. */
import { and, eq, ne, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { type Listed, listOrder, named, type PageRequest } from '../named-list.ts';
import { afterCursor, orderOf, pageLimit, pageOf, totalOf } from '../paging.ts';
import { accounts, memberships, teamMembers } from '../schema.ts';

/** A member of a team, with the person. */
export interface TeamMember {
  readonly organizationId: string;
  readonly teamId: string;
  readonly membershipId: string;
  readonly accountId: string;
  readonly name: string;
  readonly email: string;
  readonly role: string;
  readonly createdAt: Date;
}

export interface TeamMemberKey {
  readonly organizationId: string;
  readonly teamId: string;
  readonly membershipId: string;
}

export async function find(db: Database, key: TeamMemberKey): Promise<TeamMember | null> {
  const [row] = await select(db).where(of(key));
  return row ?? null;
}

/** Adds a member to a team. Throws UniqueViolation if the member is already in it. */
export async function insert(tx: Database, row: typeof teamMembers.$inferInsert): Promise<void> {
  await tx.insert(teamMembers).values(row);
}

/** Sets a role that a person gave. Groups no longer change it. */
export async function setRole(tx: Database, key: TeamMemberKey, role: string): Promise<void> {
  await tx.update(teamMembers).set({ role, managedBy: null }).where(of(key));
}

export async function remove(tx: Database, key: TeamMemberKey): Promise<void> {
  await tx.delete(teamMembers).where(of(key));
}

/** Removes a member from every team of the organization. */
export async function removeFromAll(
  tx: Database,
  member: { readonly organizationId: string; readonly membershipId: string },
): Promise<void> {
  await tx
    .delete(teamMembers)
    .where(and(eq(teamMembers.organizationId, member.organizationId), eq(teamMembers.membershipId, member.membershipId)));
}

export async function list(
  db: Database,
  filter: { readonly organizationId: string; readonly teamId: string; readonly search?: string | undefined },
  page: PageRequest,
): Promise<Listed<TeamMember>> {
  const order = listOrder('team-members', page.sort, { id: teamMembers.membershipId, name: accounts.name });
  const limit = pageLimit(page.limit);
  const wanted = and(
    eq(teamMembers.organizationId, filter.organizationId),
    eq(teamMembers.teamId, filter.teamId),
    ne(memberships.status, 'removed'),
    named({ id: memberships.id, name: accounts.name }, filter.search, accounts.email),
  );
  const found = await select(db, order.lowerName)
    .where(and(wanted, afterCursor(order.keyset, page.cursor)))
    .orderBy(orderOf(order.keyset))
    .limit(limit + 1);
  const kept = pageOf(order.keyset, found, limit, (row) => order.keyOf({ id: row.membershipId, lowerName: row.lowerName }));
  return { ...kept, total: await totalOf(db, select(db).where(wanted)) };
}

function select(db: Database, lowerName: SQL<string> = sql<string>`''`) {
  return db
    .select({
      organizationId: teamMembers.organizationId,
      teamId: teamMembers.teamId,
      membershipId: teamMembers.membershipId,
      accountId: accounts.id,
      name: accounts.name,
      email: accounts.email,
      role: teamMembers.role,
      createdAt: teamMembers.createdAt,
      lowerName: sql<string>`${lowerName}`.as('lower_name'),
    })
    .from(teamMembers)
    .innerJoin(
      memberships,
      and(eq(memberships.organizationId, teamMembers.organizationId), eq(memberships.id, teamMembers.membershipId)),
    )
    .innerJoin(accounts, eq(accounts.id, memberships.accountId));
}

function of({ organizationId, teamId, membershipId }: TeamMemberKey): SQL | undefined {
  return and(
    eq(teamMembers.organizationId, organizationId),
    eq(teamMembers.teamId, teamId),
    eq(teamMembers.membershipId, membershipId),
  );
}
