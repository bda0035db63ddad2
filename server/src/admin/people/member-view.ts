import { z } from 'zod';
import { can, capabilitiesOf, ORGANIZATION_ROLES, TEAM_ROLES } from '../../domain/tenancy/permission.ts';
import type { ScopePolicy } from '../../domain/tenancy/tenancy.ts';
import { lastSeen } from '../../store/accounts/account-facts.ts';
import { accessChoiceFrom } from '../../store/configuration/policy-columns.ts';
import type { Member } from '../../store/tenancy/memberships.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import { accessCatalogue, choiceOut, renderChoice, renderIneffective } from '../access/access-fields.ts';
import { levelsAbove } from '../access/parent-access.ts';
import type { AdminCall } from '../http/call.ts';
import { capabilities, instantOut, isoOf, isoOrNull, metadataOut } from '../http/fields.ts';
import { type LimitsStatus, visibleLimitsStatus, visibleStatusOut } from '../organizations/limits-status.ts';
import { loadPolicies, loadPolicy, policyOut, renderPolicy } from '../organizations/policy.ts';

/** The API view of a membership: a person in an organization, and their user scope. */
export const memberOut = z
  .object({
    id: z.string(),
    organization_id: z.string(),
    account_id: z.string(),
    name: z.string(),
    email: z.string(),
    account_status: z.enum(['active', 'disabled']),
    role: z.enum(ORGANIZATION_ROLES),
    status: z.enum(['active', 'disabled']),
    teams: z
      .array(z.object({ team_id: z.string(), name: z.string(), role: z.enum(TEAM_ROLES) }))
      .meta({ description: 'The teams that the caller may read.' }),
    key_count: z.int().meta({ description: 'The number of keys in the teams that the caller may read.' }),
    last_seen_at: instantOut
      .nullable()
      .meta({ description: 'The time of the person’s last sign-in or use of a session, to the minute.' }),
    ...policyOut,
    asset_access: choiceOut,
    metadata: metadataOut.nullable().meta({
      description:
        'Null if the caller reads the member only through a team: it needs teams.read in the whole organization, or members.manage.',
    }),
    limits_status: visibleStatusOut.optional().meta({
      description: 'Returned only when one member is read. Null if the caller lacks usage.read in the whole organization.',
    }),
    capabilities,
    version: z.int(),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'Member' });

type MemberView = z.output<typeof memberOut>;

export async function viewMember(call: AdminCall, organization: OrganizationRow, member: Member): Promise<MemberView> {
  const [view] = await viewMembers(call, organization, [member]);
  if (view === undefined) throw new Error('the view of the row is missing');
  const live = await liveOf(call, organization, member);
  const above = await levelsAbove(call.deps.db, { organizationId: organization.id });
  const ineffective = renderIneffective(above, accessChoiceFrom(member), await accessCatalogue(call.deps.db));
  return { ...view, limits_status: live, asset_access: { ...view.asset_access, ineffective } };
}

export async function viewMembers(
  call: AdminCall,
  organization: OrganizationRow,
  members: readonly Member[],
): Promise<MemberView[]> {
  const { db } = call.deps;
  const organizationId = organization.id;
  const ids = members.map((member) => member.id);
  const policies = await loadPolicies(db, 'user', members);
  const teams = await memberships.teamsOf(db, [organizationId], ids);
  const seen = await lastSeen(
    db,
    members.map((member) => member.accountId),
  );
  const counts = await memberships.keyCounts(db, [organizationId], ids);
  /** Reports whether the caller may see this team of a member. Colleagues in one team must not see a person's other teams. */
  const isSeen = (member: Member, teamId: string) =>
    can(call.actor, 'teams.read', { organizationId, teamId, ownerAccountId: member.accountId });
  const seesWhole = (member: Member) =>
    (['teams.read', 'members.manage'] as const).some((one) =>
      can(call.actor, one, { organizationId, ownerAccountId: member.accountId }),
    );
  return members.map((member, index) => ({
    id: member.id,
    organization_id: organizationId,
    account_id: member.accountId,
    name: member.account.name,
    email: member.account.email,
    account_status: member.account.status,
    teams: (teams.get(member.id) ?? [])
      .filter(({ teamId }) => isSeen(member, teamId))
      .map((team) => ({ team_id: team.teamId, name: team.name, role: team.role as TeamRoleName })),
    key_count: sumOf((counts.get(member.id) ?? []).filter(({ teamId }) => isSeen(member, teamId))),
    last_seen_at: isoOrNull(seen.get(member.accountId) ?? null),
    ...memberFacts(member, policies[index] as ScopePolicy),
    metadata: seesWhole(member) ? member.metadata : null,
    capabilities: [...capabilitiesOf(call.actor, { organizationId, ownerAccountId: member.accountId })],
    version: member.version,
    created_at: isoOf(member.createdAt),
    updated_at: isoOf(member.updatedAt),
  }));
}

async function liveOf(call: AdminCall, organization: OrganizationRow, member: Member): Promise<LimitsStatus | null> {
  const policy = await loadPolicy(call.deps.db, 'user', member);
  const scope = {
    organizationId: organization.id,
    scope: 'user',
    scopeId: member.id,
    policy,
    timeZone: organization.timeZone,
    place: { organizationId: organization.id, ownerAccountId: member.accountId },
  } as const;
  const [status = null] = await visibleLimitsStatus(call, [scope]);
  return status;
}

function sumOf(counts: readonly { readonly total: number }[]): number {
  return counts.reduce((sum, { total }) => sum + total, 0);
}

type TeamRoleName = (typeof TEAM_ROLES)[number];

/** Returns the fields that people set, which the audit log compares. */
export function memberFacts(member: Member, policy: ScopePolicy) {
  return {
    role: member.role as (typeof ORGANIZATION_ROLES)[number],
    status: member.status as 'active' | 'disabled',
    ...renderPolicy(policy),
    asset_access: renderChoice(accessChoiceFrom(member)),
    metadata: member.metadata,
  };
}
