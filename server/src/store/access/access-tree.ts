/**
 * The access choices in the part of an organization's tree that a change affects. The effect of a change is computed from these.
 */
import { and, eq, inArray, isNull, ne, type SQL, sql } from 'drizzle-orm';
import type { AccessChoice } from '../../domain/access/access.ts';
import { accessChoiceFrom } from '../configuration/policy-columns.ts';
import type { Database } from '../database.ts';
import { accounts, keys, memberships, teams } from '../schema.ts';

/** A team or member with its access choice. */
export interface Chooser {
  readonly id: string;
  readonly name: string;
  readonly access: AccessChoice;
}

/** Keys of one team and owner with the same access choice. */
export interface KeysAlike {
  readonly teamId: string;
  readonly memberId: string | null;
  readonly access: AccessChoice;
  readonly count: number;
  /** The first ids, in order, at most as many as requested. */
  readonly ids: readonly string[];
}

/** A part of the tree: the whole organization, or everything below one team or member. */
export interface PartOfTree {
  readonly organizationId: string;
  readonly teamId?: string;
  readonly membershipId?: string;
}

/** Returns the teams by id, without deleted ones: all, or the one of the part. */
export async function teamsOf(db: Database, { organizationId, teamId }: PartOfTree): Promise<ReadonlyMap<string, Chooser>> {
  const which = teamId === undefined ? undefined : eq(teams.id, teamId);
  const rows = await db
    .select()
    .from(teams)
    .where(and(eq(teams.organizationId, organizationId), isNull(teams.deletedAt), which));
  return byId(rows.map((row) => ({ id: row.id, name: row.name, access: accessChoiceFrom(row) })));
}

/** Returns the members by id, without removed ones: all, or the one of the part. */
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

/** Groups the keys that are not revoked by choice. Half a million keys that inherit are then one row per team and owner. */
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

/** Returns the names of keys of one organization, by id. */
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
