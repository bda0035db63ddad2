import { z } from 'zod';
import { formatUsd } from '../../domain/money/money.ts';
import type { OwnKeysCap } from '../../domain/money/own-key-budget.ts';
import { can } from '../../domain/tenancy/permission.ts';
import { placesOf } from '../../store/accounts/account-places.ts';
import * as loginPolicies from '../../store/logins/login-policies.ts';
import * as keys from '../../store/tenancy/keys.ts';
import * as teams from '../../store/tenancy/teams.ts';
import { mayLearnOf } from '../http/actor.ts';
import type { AdminCall } from '../http/call.ts';
import { allowsLogins, ownKeysCap, ownKeysCapOut, renderCap } from '../teams/self-service.ts';
import { type KeysOfMember, NO_LOGINS, spokenForNanoUsd } from '../teams/self-service-keys.ts';
import { endedUseOf } from './ended-use.ts';

/** The teams in which the caller may log in, and why not in the others. */

export const placeOut = z.object({
  organization_id: z.string(),
  organization_name: z.string(),
  team_id: z.string(),
  team_name: z.string(),
  reason: z.string().nullable().meta({ description: 'The reason that the caller may not log in there. Null if they may.' }),
  budget_max: ownKeysCapOut.nullable().meta({ description: 'The most that the caller’s own keys there may spend together.' }),
  budget_left: z.string().nullable().meta({ description: 'The part of it that is left, in USD.' }),
  logins: z.enum(['any', 'loopback', 'off']).meta({ description: 'The logins that the organization allows.' }),
});
export type LoginPlace = z.output<typeof placeOut>;

const PLACES_MAX = 200;

/** Returns the teams of the caller, at most 200. */
export async function loginPlaces(call: AdminCall<unknown, unknown, unknown>): Promise<LoginPlace[]> {
  const { db } = call.deps;
  const { accountId } = call.actor;
  if (accountId === null) return [];
  const found: LoginPlace[] = [];
  for (const { organization, memberId, teams: inTeams } of await placesOf(db, accountId)) {
    if (organization.status !== 'active' || !mayLearnOf(call.actor, organization.id)) continue;
    const { logins } = await loginPolicies.find(db, organization.id);
    for (const { id: teamId } of inTeams) {
      if (found.length >= PLACES_MAX) return found;
      const team = await teams.find(db, { organizationId: organization.id, id: teamId });
      if (team === null || team.status !== 'active') continue;
      found.push({ ...(await placeOf(call, team, memberId, logins)), organization_name: organization.name, logins });
    }
  }
  return found;
}

async function placeOf(
  call: AdminCall<unknown, unknown, unknown>,
  team: teams.TeamRow,
  membershipId: string,
  logins: LoginPlace['logins'],
): Promise<Omit<LoginPlace, 'organization_name' | 'logins'>> {
  const { db } = call.deps;
  const { organizationId, id: teamId, selfService } = team;
  const isManager = can(call.actor, 'keys.manage', { organizationId, teamId });
  const cap = isManager ? null : ownKeysCap(selfService);
  const own = { organizationId, teamId, membershipId };
  const left = cap === null ? null : await leftOf(call, team, own, cap);
  const most = isManager ? undefined : selfService.maxKeysPerMember;
  const isFull = most !== undefined && (await keys.listLiving(db, own)).length >= most;
  const mayOwn = can(call.actor, 'keys.manage_own', { organizationId, teamId, ownerAccountId: call.actor.accountId });
  return {
    organization_id: organizationId,
    team_id: teamId,
    team_name: team.name,
    reason: reasonOf({ logins, isManager, mayOwn, isEnabled: allowsLogins(selfService), isFull, left }),
    budget_max: renderCap(cap),
    budget_left: left === null ? null : formatUsd(left),
  };
}

async function leftOf(
  { deps }: AdminCall<unknown, unknown, unknown>,
  team: teams.TeamRow,
  own: KeysOfMember,
  cap: OwnKeysCap,
): Promise<number> {
  const ended = await endedUseOf(deps, team, own.membershipId);
  const taken = await spokenForNanoUsd(deps.db, own, cap, new Date(deps.clock.nowMs()), ended);
  return Math.max(0, cap.amountNanoUsd - taken);
}

interface Standing {
  readonly logins: LoginPlace['logins'];
  readonly isManager: boolean;
  readonly mayOwn: boolean;
  readonly isEnabled: boolean;
  readonly isFull: boolean;
  readonly left: number | null;
}

function reasonOf({ logins, isManager, mayOwn, isEnabled, isFull, left }: Standing): string | null {
  if (logins === 'off') return 'This organization has switched logins off. Ask an admin for a key.';
  if (isManager) return null;
  if (!mayOwn) return 'Your role in this team may not log in. Ask a team admin for another role.';
  if (!isEnabled) return NO_LOGINS;
  if (isFull)
    return 'You have the most keys and logins that this team allows a member. End one first, or log in again on the same device.';
  return left === 0
    ? 'The budgets of your keys and logins use up what this team lets you spend. End a login, or ask a team admin.'
    : null;
}
