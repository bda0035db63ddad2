/** The roles that groups of an identity provider or of the SCIM directory give. A role that a person gave is never changed. */
import { and, eq, inArray, isNull } from 'drizzle-orm';
import { type GivenRole, roleAfter, type SourceSays } from '../../domain/identity/given-role.ts';
import { type GroupMapping, type GroupRoles, rolesOfGroups } from '../../domain/identity/group-roles.ts';
import type { OrganizationRole, TeamRole } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { groupMappings, memberships, organizations, teamMembers, teams } from '../schema.ts';
import { countOwners, update as updateMember } from '../tenancy/memberships.ts';

/** The groups of one member, as one source says. */
export interface GroupsOfMember {
  readonly organizationId: string;
  readonly membershipId: string;
  /** The identity provider's id, or `scim`. */
  readonly source: string;
  /** All groups of the person. The values of mappings are compared with them exactly. */
  readonly groups: readonly string[];
  /** The mappings that count, if the caller read them. It has locked the organization, too. Absent: all of the source. */
  readonly mappings?: readonly GroupMapping[];
  /** The organization's role if no group gives one; `org_member` if absent. */
  readonly defaultRole?: OrganizationRole;
  /** The roles that groups of the SCIM directory give, if the source is an identity provider. Absent: none. */
  readonly directory?: GroupRoles;
}

/**
 * The roles that changed, or that another source gives now. The caller records them, takes back what they gave, and revokes keys
 * of teams that were left.
 */
export interface AppliedGroups {
  readonly role: { readonly before: GivenRole<OrganizationRole>; readonly after: GivenRole<OrganizationRole> } | null;
  readonly teams: readonly AppliedTeam[];
}

export interface AppliedTeam {
  readonly teamId: string;
  readonly name: string;
  /** Null: the member was not in the team. */
  readonly before: GivenRole<TeamRole> | null;
  /** Null: the member left the team. */
  readonly after: GivenRole<TeamRole> | null;
}

/**
 * Gives a member the roles of their groups, and takes those that the same source gave before and no group gives now. Which source
 * gives the role in a place is decided by `roleAfter`. The organization is locked, so that its last owners cannot leave at once. A
 * member who was removed is not changed.
 */
export async function applyGroups(tx: Database, wanted: GroupsOfMember, now: Date): Promise<AppliedGroups> {
  const { organizationId, membershipId, source, groups } = wanted;
  if (wanted.mappings === undefined)
    await tx.select({ id: organizations.id }).from(organizations).where(eq(organizations.id, organizationId)).for('update');
  const [member] = await tx
    .select()
    .from(memberships)
    .where(and(eq(memberships.organizationId, organizationId), eq(memberships.id, membershipId)))
    .for('update');
  if (member === undefined || member.status === 'removed') return { role: null, teams: [] };
  const given = rolesOfGroups(wanted.mappings ?? (await mappingsOf(tx, { organizationId, source })), groups);
  const role = await applyRole(
    tx,
    wanted,
    { role: member.role as OrganizationRole, managedBy: member.managedBy },
    {
      gives: given.role,
      isActive: member.status === 'active',
      now,
    },
  );
  return { role, teams: await applyTeams(tx, wanted, given.teams, now) };
}

async function applyRole(
  tx: Database,
  { organizationId, membershipId, source, defaultRole, directory }: GroupsOfMember,
  before: GivenRole<OrganizationRole>,
  { gives, isActive, now }: { readonly gives: OrganizationRole | null; readonly isActive: boolean; readonly now: Date },
): Promise<AppliedGroups['role']> {
  const says = { source, gives, otherwise: defaultRole ?? 'org_member', directoryGives: (directory?.role ?? null) !== null };
  const after = roleAfter<OrganizationRole>(before, says);
  if (after === null || isSame(before, after)) return null;
  const isOwnerLeft = before.role === 'org_owner' && after.role !== 'org_owner' && isActive;
  // The last owner keeps the role.
  if (isOwnerLeft && (await countOwners(tx, organizationId)) <= 1) return null;
  await updateMember(tx, { organizationId, id: membershipId }, after, now);
  return { before, after };
}

function isSame(one: GivenRole<string> | null, other: GivenRole<string> | null): boolean {
  return one?.role === other?.role && one?.managedBy === other?.managedBy;
}

/** Returns the mappings of one source, at most 1,000, with those to teams that still exist. */
export async function mappingsOf(
  db: Database,
  { organizationId, source }: { readonly organizationId: string; readonly source: string },
): Promise<readonly GroupMapping[]> {
  const { value, role, teamId, teamRole } = groupMappings;
  return db
    .select({ value, role, teamId, teamRole })
    .from(groupMappings)
    .leftJoin(teams, and(eq(teams.organizationId, groupMappings.organizationId), eq(teams.id, groupMappings.teamId)))
    .where(and(eq(groupMappings.organizationId, organizationId), eq(groupMappings.source, source), isNull(teams.deletedAt)))
    .orderBy(groupMappings.id)
    .limit(MAPPINGS_MAX);
}

/** The most mappings of an organization. */
export const MAPPINGS_MAX = 1_000;

/** Makes the member's teams those of the groups, except for what another source or a person gave. */
async function applyTeams(
  tx: Database,
  { organizationId, membershipId, source, directory }: GroupsOfMember,
  given: ReadonlyMap<string, TeamRole>,
  now: Date,
): Promise<readonly AppliedTeam[]> {
  const of = and(eq(teamMembers.organizationId, organizationId), eq(teamMembers.membershipId, membershipId));
  const held = new Map((await tx.select().from(teamMembers).where(of).for('update')).map((row) => [row.teamId, row]));
  const managed = [...held.values()].filter(({ managedBy }) => managedBy === source).map(({ teamId }) => teamId);
  const named = await namesOf(tx, organizationId, [...new Set([...given.keys(), ...managed])]);
  const applied: AppliedTeam[] = [];
  for (const [teamId, name] of named) {
    const row = held.get(teamId);
    const before = row === undefined ? null : { role: row.role as TeamRole, managedBy: row.managedBy };
    const says: SourceSays<TeamRole> = {
      ...{ source, gives: given.get(teamId) ?? null, otherwise: null },
      directoryGives: directory?.teams.has(teamId) === true,
    };
    const after = roleAfter(before, says);
    if (isSame(before, after)) continue;
    const place = and(of, eq(teamMembers.teamId, teamId));
    if (after === null) await tx.delete(teamMembers).where(place);
    else if (before !== null) await tx.update(teamMembers).set(after).where(place);
    else await tx.insert(teamMembers).values({ organizationId, teamId, membershipId, ...after, createdAt: now });
    applied.push({ teamId, name, before, after });
  }
  return applied;
}

/** Returns the names of teams that exist, by id, in order of id. Locks them, so that none is deleted meanwhile. */
async function namesOf(tx: Database, organizationId: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await tx
    .select({ id: teams.id, name: teams.name })
    .from(teams)
    .where(and(eq(teams.organizationId, organizationId), inArray(teams.id, [...ids]), isNull(teams.deletedAt)))
    .orderBy(teams.id)
    .for('update');
  return new Map(rows.map(({ id, name }) => [id, name]));
}
