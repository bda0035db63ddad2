/** The memberships of accounts, over all organizations. */
import { and, asc, eq, inArray, isNull, ne } from 'drizzle-orm';
import type { SignInRules } from '../../domain/identity/evidence.ts';
import type { PlatformRole, RoleGrant } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { rulesFrom } from '../identity/sign-in-policies.ts';
import { accountMemberships, memberships, organizations, signInPolicies, teamMembers, teams } from '../schema.ts';

/** One organization that a person belongs to, with their teams there. */
export interface AccountPlace {
  readonly organization: { readonly id: string; readonly name: string; readonly slug: string; readonly status: string };
  readonly memberId: string;
  readonly role: string;
  readonly teams: readonly { readonly id: string; readonly name: string; readonly role: string }[];
  /** The rules of the organization for sign-ins; null: none. */
  readonly rules: SignInRules | null;
}

/**
 * Returns the places where an account may act now, by organization name: active memberships, no deleted organizations or teams.
 */
export async function placesOf(db: Database, accountId: string): Promise<readonly AccountPlace[]> {
  const rows = await db
    .select({
      organization: {
        id: organizations.id,
        name: organizations.name,
        slug: organizations.slug,
        status: organizations.status,
      },
      memberId: memberships.id,
      role: memberships.role,
      team: { id: teams.id, name: teams.name, role: teamMembers.role },
      policy: signInPolicies,
    })
    .from(accountMemberships)
    .innerJoin(memberships, and(IS_MEMBERSHIP_OF_ACCOUNT, eq(memberships.status, 'active')))
    .innerJoin(organizations, IS_LIVING_ORGANIZATION)
    .leftJoin(signInPolicies, eq(signInPolicies.organizationId, memberships.organizationId))
    .leftJoin(
      teamMembers,
      and(eq(teamMembers.organizationId, memberships.organizationId), eq(teamMembers.membershipId, memberships.id)),
    )
    .leftJoin(
      teams,
      and(eq(teams.organizationId, teamMembers.organizationId), eq(teams.id, teamMembers.teamId), isNull(teams.deletedAt)),
    )
    .where(eq(accountMemberships.accountId, accountId))
    .orderBy(organizations.name, organizations.id, teams.name, teams.id);
  return [...Map.groupBy(rows, (row) => row.organization.id).values()].map((ofOne) => {
    const [first] = ofOne as [(typeof ofOne)[number]];
    const inTeams = ofOne.flatMap(({ team }) =>
      team?.id && team.name !== null && team.role ? [{ id: team.id, name: team.name, role: team.role }] : [],
    );
    const rules = first.policy === null ? null : rulesFrom(first.policy);
    return { organization: first.organization, memberId: first.memberId, role: first.role, teams: inTeams, rules };
  });
}

/** Returns the organizations in which the membership of an account is disabled, by name. */
export async function disabledIn(db: Database, accountId: string) {
  return db
    .select({ organization_id: organizations.id, organization_name: organizations.name })
    .from(accountMemberships)
    .innerJoin(memberships, and(IS_MEMBERSHIP_OF_ACCOUNT, eq(memberships.status, 'disabled')))
    .innerJoin(organizations, IS_LIVING_ORGANIZATION)
    .where(eq(accountMemberships.accountId, accountId))
    .orderBy(asc(organizations.name), asc(organizations.id));
}

/** Returns the roles of an account: its platform role, and those in its organizations and teams. */
export function grantsOf(platformRole: PlatformRole | null, places: readonly AccountPlace[]): readonly RoleGrant[] {
  const grants: RoleGrant[] = platformRole === null ? [] : [{ role: platformRole }];
  for (const { organization, role, teams } of places) {
    grants.push({ role, organizationId: organization.id } as RoleGrant);
    for (const team of teams) grants.push({ role: team.role, organizationId: organization.id, teamId: team.id } as RoleGrant);
  }
  return grants;
}

/**
 * Returns the memberships of accounts, by account id, in order of organization name. Includes disabled ones, omits removed ones.
 */
export async function membershipsOf(db: Database, accountIds: readonly string[]) {
  const rows = await db
    .select({
      accountId: accountMemberships.accountId,
      organizationId: organizations.id,
      organizationName: organizations.name,
      memberId: memberships.id,
      role: memberships.role,
    })
    .from(accountMemberships)
    .innerJoin(memberships, and(IS_MEMBERSHIP_OF_ACCOUNT, ne(memberships.status, 'removed')))
    .innerJoin(organizations, IS_LIVING_ORGANIZATION)
    .where(inArray(accountMemberships.accountId, [...accountIds]))
    .orderBy(asc(organizations.name), asc(organizations.id));
  return Map.groupBy(rows, (row) => row.accountId);
}

const IS_MEMBERSHIP_OF_ACCOUNT = and(
  eq(memberships.organizationId, accountMemberships.organizationId),
  eq(memberships.id, accountMemberships.membershipId),
);
const IS_LIVING_ORGANIZATION = and(eq(organizations.id, memberships.organizationId), ne(organizations.status, 'deleted'));
