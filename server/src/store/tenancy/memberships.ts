/** Memberships: an account in an organization, and the user scope of requests with keys it owns. */
import { and, asc, count, eq, inArray, ne, type SQL, sql } from 'drizzle-orm';
import type { Reach } from '../../domain/tenancy/permission.ts';
import { findingCondition, type PersonFinding } from '../accounts/person-findings.ts';
import type { Database } from '../database.ts';
import { type Listed, listOrder, named, type PageRequest } from '../named-list.ts';
import { afterCursor, orderOf, pageLimit, pageOf, type Total, totalOf } from '../paging.ts';
import { accounts, keys, memberships, teamMembers, teams } from '../schema.ts';
import { withinReach } from './reach.ts';

type MembershipRow = typeof memberships.$inferSelect;

/** A membership with its person. */
export interface Member extends MembershipRow {
  readonly account: { readonly name: string; readonly email: string; readonly status: 'active' | 'disabled' };
}

export interface MemberKey {
  readonly organizationId: string;
  readonly id: string;
}

/** Finds a member. Returns null if there is none or it was removed. */
export async function find(db: Database, key: MemberKey): Promise<Member | null> {
  const [found] = await select(db).where(present(key));
  return found === undefined ? null : memberFrom(found);
}

export async function findByAccount(
  db: Database,
  wanted: { readonly organizationId: string; readonly accountId: string },
): Promise<Member | null> {
  const [found] = await select(db).where(
    and(
      eq(memberships.organizationId, wanted.organizationId),
      eq(memberships.accountId, wanted.accountId),
      ne(memberships.status, 'removed'),
    ),
  );
  return found === undefined ? null : memberFrom(found);
}

/** Returns the members among these accounts, by account id. */
export async function findByAccounts(
  db: Database,
  { organizationId, accountIds }: { readonly organizationId: string; readonly accountIds: readonly string[] },
): Promise<ReadonlyMap<string, Member>> {
  if (accountIds.length === 0) return new Map();
  const found = await select(db).where(
    and(
      eq(memberships.organizationId, organizationId),
      inArray(memberships.accountId, [...accountIds]),
      ne(memberships.status, 'removed'),
    ),
  );
  return new Map(found.map((row) => [row.membership.accountId, memberFrom(row)]));
}

/** Adds an account, or restores a removed membership with its old id and limits. Returns null if it is already a member. */
export async function add(tx: Database, row: typeof memberships.$inferInsert, at: Date): Promise<{ readonly id: string } | null> {
  const [added] = await tx
    .insert(memberships)
    .values(row)
    .onConflictDoUpdate({
      target: [memberships.organizationId, memberships.accountId],
      set: {
        role: row.role,
        managedBy: row.managedBy ?? null,
        status: 'active',
        removedAt: null,
        updatedAt: at,
        version: sql`${memberships.version} + 1`,
      },
      setWhere: eq(memberships.status, 'removed'),
    })
    .returning({ id: memberships.id });
  return added ?? null;
}

/** Updates a membership and increments its version. */
export async function update(
  tx: Database,
  key: MemberKey,
  changes: Partial<typeof memberships.$inferInsert>,
  at: Date,
): Promise<void> {
  await tx
    .update(memberships)
    .set({ ...changes, version: sql`${memberships.version} + 1`, updatedAt: at })
    .where(present(key));
}

/**
 * Counts the active owners of an organization. Lock the organization first: otherwise the last two owners could leave at once.
 */
export async function countOwners(tx: Database, organizationId: string): Promise<number> {
  const [row] = await tx
    .select({ total: count() })
    .from(memberships)
    .where(
      and(eq(memberships.organizationId, organizationId), eq(memberships.role, 'org_owner'), eq(memberships.status, 'active')),
    );
  return row?.total ?? 0;
}

/** Returns the teams of each of these members, by membership id, in order of name. */
export async function teamsOf(db: Database, organizationIds: readonly string[], ids: readonly string[]) {
  if (ids.length === 0) return new Map<string, { teamId: string; name: string; role: string; managedBy: string | null }[]>();
  const rows = await db
    .select({
      ...{ id: teamMembers.membershipId, teamId: teams.id, name: teams.name },
      ...{ role: teamMembers.role, managedBy: teamMembers.managedBy },
    })
    .from(teamMembers)
    .innerJoin(teams, and(eq(teams.organizationId, teamMembers.organizationId), eq(teams.id, teamMembers.teamId)))
    .where(
      and(
        inArray(teamMembers.organizationId, [...organizationIds]),
        inArray(teamMembers.membershipId, [...ids]),
        sql`${teams.deletedAt} is null`,
      ),
    )
    .orderBy(asc(teams.name), asc(teams.id));
  return Map.groupBy(rows, (row) => row.id);
}

/** Counts the keys, without revoked ones, that each of these members owns in each team, by membership id. */
export async function keyCounts(
  db: Database,
  organizationIds: readonly string[],
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly { readonly teamId: string; readonly total: number }[]>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: sql<string>`${keys.ownerMembershipId}`, teamId: keys.teamId, total: count() })
    .from(keys)
    .where(
      and(
        inArray(keys.organizationId, [...organizationIds]),
        inArray(keys.ownerMembershipId, [...ids]),
        ne(keys.status, 'revoked'),
      ),
    )
    .groupBy(keys.ownerMembershipId, keys.teamId);
  return Map.groupBy(rows, (row) => row.id);
}

/** Returns account ids and names by membership id, for a list of keys. Includes removed members. */
export async function people(db: Database, organizationIds: readonly string[], ids: readonly string[]) {
  if (ids.length === 0) return new Map<string, { id: string; accountId: string; name: string }>();
  const rows = await db
    .select({ id: memberships.id, accountId: accounts.id, name: accounts.name })
    .from(memberships)
    .innerJoin(accounts, eq(accounts.id, memberships.accountId))
    .where(and(inArray(memberships.organizationId, [...organizationIds]), inArray(memberships.id, [...ids])));
  return new Map(rows.map((row) => [row.id, row]));
}

export interface MemberFilter {
  readonly reach: readonly Reach[];
  readonly organizationId: string;
  readonly role?: string | undefined;
  /** Only people with this finding. */
  readonly finding?: PersonFinding | undefined;
  /** The beginning of the person's name or e-mail address, or the whole id of the membership. */
  readonly search?: string | undefined;
}

export async function list(db: Database, filter: MemberFilter, page: PageRequest): Promise<Listed<Member>> {
  const order = listOrder('members', page.sort, { id: memberships.id, name: accounts.name });
  const limit = pageLimit(page.limit);
  const wanted = conditionOf(db, filter);
  const found = await select(db, order.lowerName)
    .where(and(wanted, afterCursor(order.keyset, page.cursor)))
    .orderBy(orderOf(order.keyset))
    .limit(limit + 1);
  const kept = pageOf(order.keyset, found, limit, (row) => order.keyOf({ id: row.membership.id, lowerName: row.lowerName }));
  return { rows: kept.rows.map(memberFrom), nextCursor: kept.nextCursor, total: await totalOf(db, all(db, wanted)) };
}

/** Counts the members that a list with this filter has on all pages. */
export function countMembers(db: Database, filter: MemberFilter): Promise<Total> {
  return totalOf(db, all(db, conditionOf(db, filter)));
}

function all(db: Database, wanted: SQL | undefined) {
  return db
    .select({ id: memberships.id })
    .from(memberships)
    .innerJoin(accounts, eq(accounts.id, memberships.accountId))
    .where(wanted);
}

function conditionOf(db: Database, filter: MemberFilter): SQL | undefined {
  return and(
    withinReach(filter.reach, { organizationId: memberships.organizationId, membershipId: memberships.id }),
    eq(memberships.organizationId, filter.organizationId),
    ne(memberships.status, 'removed'),
    filter.role === undefined ? undefined : eq(memberships.role, filter.role),
    filter.finding === undefined ? undefined : findingCondition(db, filter.finding),
    named({ id: memberships.id, name: accounts.name }, filter.search, accounts.email),
  );
}

function select(db: Database, lowerName: SQL<string> = sql<string>`''`) {
  return db
    .select({
      membership: memberships,
      account: { name: accounts.name, email: accounts.email, status: accounts.status },
      lowerName,
    })
    .from(memberships)
    .innerJoin(accounts, eq(accounts.id, memberships.accountId));
}

function memberFrom(row: { readonly membership: MembershipRow; readonly account: Member['account'] }): Member {
  return { ...row.membership, account: row.account };
}

function present({ organizationId, id }: MemberKey): SQL | undefined {
  return and(eq(memberships.organizationId, organizationId), eq(memberships.id, id), ne(memberships.status, 'removed'));
}
