/** The access choices of one organization's tree, as far as a change can reach: what its effect is computed from. */
import { and, eq, inArray, isNull, ne, type SQL, sql } from 'drizzle-orm';
import type { AccessChoice } from '../../domain/access/access.ts';
import { accessChoiceFrom } from '../configuration/policy-columns.ts';
import type { Database } from '../database.ts';
import { accounts, keys, memberships, teams } from '../schema.ts';

/** A team or member with its choice. */
export interface Chooser {
  readonly id: string;
  readonly name: string;
  readonly access: AccessChoice;
}

/** Keys of one place that choose alike. */
export interface KeysAlike {
  readonly teamId: string;
  readonly memberId: string | null;
  readonly access: AccessChoice;
  readonly count: number;
  /** The first of them by id, at most as many as were asked for. */
  readonly ids: readonly string[];
}

/** Whose part of the tree: the whole organization's, or what one team or member stands above. */
export interface PartOfTree {
  readonly organizationId: string;
  readonly teamId?: string;
  readonly membershipId?: string;
}

/** Teams that are not deleted, or the one named. */
export async function teamsOf(db: Database, { organizationId, teamId }: PartOfTree): Promise<ReadonlyMap<string, Chooser>> {
  const which = teamId === undefined ? undefined : eq(teams.id, teamId);
  const rows = await db
    .select()
    .from(teams)
    .where(and(eq(teams.organizationId, organizationId), isNull(teams.deletedAt), which));
  return byId(rows.map((row) => ({ id: row.id, name: row.name, access: accessChoiceFrom(row) })));
}

/** Members that were not removed, or the one named. */
export async function membersOf(
  db: Database,
  { organizationId, membershipId }: PartOfTree,
): Promise<ReadonlyMap<string, Chooser>> {
  const rows = await db
    .select({ row: memberships, name: accounts.name })
    .from(memberships)
    .innerJoin(accounts, eq(accounts.id, memberships.accountId))
    .where(
      and(
        eq(memberships.organizationId, organizationId),
        ne(memberships.status, 'removed'),
        membershipId === undefined ? undefined : eq(memberships.id, membershipId),
      ),
    );
  return byId(rows.map(({ row, name }) => ({ id: row.id, name, access: accessChoiceFrom(row) })));
}

/** Keys that are not revoked, those that choose alike together: half a million that inherit are one line a team and owner. */
export async function keysAlike(db: Database, part: PartOfTree, idsMax: number): Promise<readonly KeysAlike[]> {
  const same = [keys.teamId, keys.ownerMembershipId, keys.accessMode, keys.accessTargets, keys.accessGroups] as const;
  const rows = await db
    .select({
      teamId: keys.teamId,
      memberId: keys.ownerMembershipId,
      accessMode: keys.accessMode,
      accessTargets: keys.accessTargets,
      accessGroups: keys.accessGroups,
      total: sql<string>`count(*)`,
      ids: sql<string[]>`(array_agg(${keys.id} order by ${keys.id}))[1:${sql.raw(String(idsMax))}]`,
    })
    .from(keys)
    .where(livingKeys(part))
    .groupBy(...same);
  return rows.map(({ teamId, memberId, total, ids, ...choice }) => ({
    teamId,
    memberId,
    access: accessChoiceFrom(choice),
    count: Number(total),
    ids,
  }));
}

/** The names of keys of one organization. */
export async function keyNames(
  db: Database,
  organizationId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: keys.id, name: keys.name })
    .from(keys)
    .where(and(eq(keys.organizationId, organizationId), inArray(keys.id, [...ids])));
  return new Map(rows.map((row) => [row.id, row.name]));
}

function livingKeys({ organizationId, teamId, membershipId }: PartOfTree): SQL | undefined {
  return and(
    eq(keys.organizationId, organizationId),
    ne(keys.status, 'revoked'),
    teamId === undefined ? undefined : eq(keys.teamId, teamId),
    membershipId === undefined ? undefined : eq(keys.ownerMembershipId, membershipId),
  );
}

function byId(choosers: readonly Chooser[]): ReadonlyMap<string, Chooser> {
  return new Map(choosers.map((chooser) => [chooser.id, chooser]));
}
