/** The people who hold a role in a place: those whom somebody without the right can ask. */
import { and, asc, eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { OrganizationRole, PlatformRole, TeamRole } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { accounts, memberships, teamMembers } from '../schema.ts';

export interface RoleHolder {
  readonly accountId: string;
  readonly name: string;
  readonly role: string;
}

/** Returns the first active accounts with one of these roles on the platform, by name. */
export function onPlatform(db: Database, roles: readonly PlatformRole[], limit: number): Promise<readonly RoleHolder[]> {
  return db
    .select({ accountId: accounts.id, name: accounts.name, role: sql<string>`${accounts.platformRole}` })
    .from(accounts)
    .where(and(inArray(accounts.platformRole, [...roles]), eq(accounts.status, 'active')))
    .orderBy(asc(accounts.name), asc(accounts.id))
    .limit(limit);
}

/** Returns the first active members with one of these roles in the organization, by name. */
export function inOrganization(
  db: Database,
  { organizationId, roles }: { readonly organizationId: string; readonly roles: readonly OrganizationRole[] },
  limit: number,
): Promise<readonly RoleHolder[]> {
  return db
    .select({ accountId: accounts.id, name: accounts.name, role: memberships.role })
    .from(memberships)
    .innerJoin(accounts, eq(accounts.id, memberships.accountId))
    .where(and(inArray(memberships.role, [...roles]), activeIn(organizationId)))
    .orderBy(asc(accounts.name), asc(accounts.id))
    .limit(limit);
}

/** Returns the first active members with one of these roles in the team, by name. */
export function inTeam(
  db: Database,
  { organizationId, teamId, roles }: { organizationId: string; teamId: string; roles: readonly TeamRole[] },
  limit: number,
): Promise<readonly RoleHolder[]> {
  return db
    .select({ accountId: accounts.id, name: accounts.name, role: teamMembers.role })
    .from(teamMembers)
    .innerJoin(
      memberships,
      and(eq(memberships.organizationId, teamMembers.organizationId), eq(memberships.id, teamMembers.membershipId)),
    )
    .innerJoin(accounts, eq(accounts.id, memberships.accountId))
    .where(
      and(
        eq(teamMembers.organizationId, organizationId),
        eq(teamMembers.teamId, teamId),
        inArray(teamMembers.role, [...roles]),
        activeIn(organizationId),
      ),
    )
    .orderBy(asc(accounts.name), asc(accounts.id))
    .limit(limit);
}

function activeIn(organizationId: string): SQL | undefined {
  return and(eq(memberships.organizationId, organizationId), eq(memberships.status, 'active'), eq(accounts.status, 'active'));
}
