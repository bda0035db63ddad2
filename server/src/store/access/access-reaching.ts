/**
 * Lists of the scopes that can or cannot call a target, level by level, within a reader's reach. Ordered by organization and id.
 */
import { and, eq, isNull, ne, not, type SQL, sql } from 'drizzle-orm';
import type { AccessLevels } from '../../domain/access/access.ts';
import type { Reach } from '../../domain/tenancy/permission.ts';
import { accessChoiceFrom, organizationAccessFrom } from '../configuration/policy-columns.ts';
import type { Database } from '../database.ts';
import { afterCursor, type Keyset, orderOf, type Page, pageLimit, pageOf } from '../paging.ts';
import { accounts, keys, memberships, organizations, teams } from '../schema.ts';
import { withinReach } from '../tenancy/reach.ts';

/** The query: a target with its labels in the catalogue, and the part of the tree that the reader may see. */
export interface ReachingQuery {
  readonly target: { readonly name: string; readonly accessGroups: ReadonlySet<string> };
  /**
   * `reaching`: those that can call it. `removed`: those that cannot. `removed_below`: those that cannot although their
   * organization is granted it. The last one reveals no target to readers whose organization is not granted it.
   */
  readonly who: 'reaching' | 'removed' | 'removed_below';
  readonly reach: readonly Reach[];
  readonly organizationId?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** One scope that can or cannot call the target, with the access of each of its levels. */
export interface Reaching {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
  readonly status: string;
  readonly levels: AccessLevels;
}

/**
 * Lists organizations. All four lists omit deleted organizations and teams, removed members and revoked keys, and throw
 * InvalidCursor.
 */
export async function organizationsReaching(db: Database, query: ReachingQuery): Promise<Page<Reaching>> {
  const keyset = keysetOf(query, 'organizations', organizations.id);
  const found = await db
    .select({ id: organizations.id, name: organizations.name, status: organizations.status, organization: organizations })
    .from(organizations)
    .where(
      and(
        ...ofOrganization(query),
        withinReach(query.reach, { organizationId: organizations.id }),
        afterCursor(keyset, query.cursor),
      ),
    )
    .orderBy(orderOf(keyset))
    .limit(pageLimit(query.limit) + 1);
  return page(keyset, query, found, () => ({ team: null, user: null, key: null }));
}

export async function teamsReaching(db: Database, query: ReachingQuery): Promise<Page<Reaching>> {
  const keyset = keysetOf(query, 'teams', teams.organizationId, teams.id);
  const visible = withinReach(query.reach, { organizationId: teams.organizationId, teamId: teams.id });
  const found = await db
    .select({ id: teams.id, name: teams.name, status: teams.status, organization: organizations, team: teams })
    .from(teams)
    .innerJoin(organizations, eq(organizations.id, teams.organizationId))
    .where(
      and(...ofOrganization(query, passes(teams, query)), isNull(teams.deletedAt), visible, afterCursor(keyset, query.cursor)),
    )
    .orderBy(orderOf(keyset))
    .limit(pageLimit(query.limit) + 1);
  return page(keyset, query, found, (row) => ({ team: accessChoiceFrom(row.team), user: null, key: null }));
}

/** Lists members. Only the organization's grants and the member's own narrowing count: teams belong to keys. */
export async function membersReaching(db: Database, query: ReachingQuery): Promise<Page<Reaching>> {
  const keyset = keysetOf(query, 'members', memberships.organizationId, memberships.id);
  const visible = withinReach(query.reach, { organizationId: memberships.organizationId, membershipId: memberships.id });
  const isMember = ne(memberships.status, 'removed');
  const found = await db
    .select({
      id: memberships.id,
      name: accounts.name,
      status: memberships.status,
      organization: organizations,
      member: memberships,
    })
    .from(memberships)
    .innerJoin(organizations, eq(organizations.id, memberships.organizationId))
    .innerJoin(accounts, eq(accounts.id, memberships.accountId))
    .where(and(...ofOrganization(query, passes(memberships, query)), isMember, visible, afterCursor(keyset, query.cursor)))
    .orderBy(orderOf(keyset))
    .limit(pageLimit(query.limit) + 1);
  return page(keyset, query, found, (row) => ({ team: null, user: accessChoiceFrom(row.member), key: null }));
}

export async function keysReaching(db: Database, query: ReachingQuery): Promise<Page<Reaching>> {
  const keyset = keysetOf(query, 'keys', keys.organizationId, keys.id);
  const visible = withinReach(query.reach, {
    organizationId: keys.organizationId,
    teamId: keys.teamId,
    membershipId: keys.ownerMembershipId,
  });
  const isKey = ne(keys.status, 'revoked');
  const narrowed = sql`(${keys.ownerMembershipId} is null or ${passes(memberships, query)})`;
  const found = await db
    .select({
      id: keys.id,
      name: keys.name,
      status: keys.status,
      organization: organizations,
      team: teams,
      member: memberships,
      key: keys,
    })
    .from(keys)
    .innerJoin(organizations, eq(organizations.id, keys.organizationId))
    .innerJoin(teams, and(eq(teams.organizationId, keys.organizationId), eq(teams.id, keys.teamId)))
    .leftJoin(memberships, and(eq(memberships.organizationId, keys.organizationId), eq(memberships.id, keys.ownerMembershipId)))
    .where(
      and(
        ...ofOrganization(query, passes(teams, query), narrowed, passes(keys, query)),
        isKey,
        visible,
        afterCursor(keyset, query.cursor),
      ),
    )
    .orderBy(orderOf(keyset))
    .limit(pageLimit(query.limit) + 1);
  return page(keyset, query, found, (row) => ({
    team: accessChoiceFrom(row.team),
    user: row.member === null ? null : accessChoiceFrom(row.member),
    key: accessChoiceFrom(row.key),
  }));
}

function keysetOf({ who }: ReachingQuery, level: string, ...columns: Keyset['columns']): Keyset {
  return { name: `${who}.${level}`, columns, direction: 'asc' };
}

/** Returns the conditions on the organization, and on the target's passing through it and every level `below`. */
function ofOrganization(query: ReachingQuery, ...below: readonly SQL[]): (SQL | undefined)[] {
  return [
    ne(organizations.status, 'deleted'),
    query.organizationId === undefined ? undefined : eq(organizations.id, query.organizationId),
    ...answerOf(query.who, passes(organizations, query), below),
  ];
}

function answerOf(who: ReachingQuery['who'], granted: SQL, below: readonly SQL[]): SQL[] {
  const through = sql.join([sql`true`, ...below], sql` and `);
  switch (who) {
    case 'reaching':
      return [granted, through];
    case 'removed':
      return [not(sql`(${granted} and ${through})`)];
    case 'removed_below':
      return [granted, not(sql`(${through})`)];
  }
}

/** Returns `admits` of domain/access/access.ts as an SQL condition. Neither considers tags. */
function passes(table: typeof organizations | typeof teams | typeof memberships | typeof keys, { target }: ReachingQuery): SQL {
  return sql`(${table.accessMode} in ('all', 'inherit') or ${target.name} = any(${table.accessTargets})
    or ${table.accessGroups} && ${sql.param([...target.accessGroups])}::text[])`;
}

type Found = Omit<Reaching, 'levels' | 'organizationId'> & { readonly organization: typeof organizations.$inferSelect };

function page<R extends Found>(
  keyset: Keyset,
  query: ReachingQuery,
  found: readonly R[],
  below: (row: R) => Omit<AccessLevels, 'organization'>,
): Page<Reaching> {
  const keyOf = (row: R) => (keyset.columns.length === 1 ? [row.id] : [row.organization.id, row.id]);
  const { rows, nextCursor } = pageOf(keyset, found, pageLimit(query.limit), keyOf);
  const render = (row: R): Reaching => ({
    id: row.id,
    organizationId: row.organization.id,
    name: row.name,
    status: row.status,
    levels: { organization: organizationAccessFrom(row.organization), ...below(row) },
  });
  return { rows: rows.map(render), nextCursor };
}
