import { z } from 'zod';
import { formatUsd } from '../../domain/money/money.ts';
import type { OwnKeysCap } from '../../domain/money/own-key-budget.ts';
import { can } from '../../domain/tenancy/permission.ts';
import * as keys from '../../store/tenancy/keys.ts';
import type { TeamRow } from '../../store/tenancy/teams.ts';
import type { AdminCall } from '../http/call.ts';
import { idParams } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';
import { endedUseOf } from '../logins/ended-use.ts';
import { memberIn } from '../people/reassign.ts';
import { ownKeysCap, ownKeysCapOut, renderCap, renderSelfService } from './self-service.ts';
import { LOGINS_ONLY, spokenForNanoUsd } from './self-service-keys.ts';

/** Tells callers whether they may make a key of their own in a team, and within which limits. */

export const read = route({
  summary: 'Get the bounds for your own keys',
  description:
    'Returns what the team’s self-service policy lets the caller do: how many keys, with which limits and for how long.',
  permission: 'teams.read',
  params: idParams,
  response: z
    .object({
      enabled: z.boolean(),
      reason: z
        .string()
        .nullable()
        .meta({ description: 'The reason that the caller may not create a key, in a sentence. Null if they may.' }),
      keys_left: z
        .int()
        .nullable()
        .meta({ description: 'The number of keys that the caller may still create. Null if unlimited.' }),
      budget_max: ownKeysCapOut
        .nullable()
        .meta({ description: 'The most that the caller’s own keys may spend together. Null if they need no budget.' }),
      budget_left: z.string().nullable().meta({
        description:
          'The part of `budget_max` that is left in the present period, in USD. A key or login takes its budget; a login that ended takes what it spent.',
      }),
      expiry_required: z.boolean(),
      max_expiry_days: z.int().nullable(),
    })
    .meta({ id: 'OwnKeys' }),
  load: load.team,
  handle: async (call, team) => {
    const membershipId = await membershipOf(call, team);
    // Managers of the team's keys are not bound by its self-service policy.
    const isManager = can(call.actor, 'keys.manage', { organizationId: team.organizationId, teamId: team.id });
    const policy = isManager ? UNBOUND : renderSelfService(team.selfService);
    const left = membershipId === null ? null : await keysLeft(call, team, membershipId, policy.max_keys_per_member);
    const cap = isManager ? null : ownKeysCap(team.selfService);
    const budgetLeft = cap === null || membershipId === null ? null : await budgetLeftOf(call, team, membershipId, cap);
    const isSpent = cap !== null && cap.amountNanoUsd > 0 && budgetLeft === formatUsd(0);
    const reason = whyNot(call, team, {
      membershipId,
      isEnabled: policy.enabled,
      isLoginsOnly: policy.logins_only,
      left,
      isSpent,
    });
    return {
      enabled: reason === null,
      reason,
      keys_left: left,
      budget_max: renderCap(cap),
      budget_left: budgetLeft,
      expiry_required: policy.max_expiry_days !== null,
      max_expiry_days: policy.max_expiry_days,
    };
  },
});

const UNBOUND = { enabled: true, logins_only: false, max_keys_per_member: null, max_expiry_days: null, max_budget: null };

/** Returns the caller's membership if it is active and in the team, else null. */
async function membershipOf(call: AdminCall<unknown, unknown, unknown>, team: TeamRow): Promise<string | null> {
  const { accountId } = call.actor;
  if (accountId === null) return null;
  const { organizationId, id: teamId } = team;
  return (await memberIn(call.deps.db, { organizationId, teamId }, accountId))?.ownerMembershipId ?? null;
}

async function keysLeft(
  call: AdminCall<unknown, unknown, unknown>,
  { organizationId, id: teamId }: TeamRow,
  membershipId: string,
  most: number | null,
): Promise<number | null> {
  if (most === null) return null;
  const living = await keys.listLiving(call.deps.db, { organizationId, teamId, membershipId });
  return Math.max(0, most - living.length);
}

async function budgetLeftOf(
  call: AdminCall<unknown, unknown, unknown>,
  team: TeamRow,
  membershipId: string,
  cap: OwnKeysCap,
): Promise<string> {
  const { db, clock } = call.deps;
  const own = { organizationId: team.organizationId, teamId: team.id, membershipId };
  const ended = await endedUseOf(call.deps, team, membershipId);
  const taken = await spokenForNanoUsd(db, own, cap, new Date(clock.nowMs()), ended);
  return formatUsd(Math.max(0, cap.amountNanoUsd - taken));
}

interface Standing {
  readonly membershipId: string | null;
  readonly isEnabled: boolean;
  readonly isLoginsOnly: boolean;
  readonly left: number | null;
  /** True if the budgets of their keys use up what the team lets them spend. */
  readonly isSpent: boolean;
}

function whyNot({ actor }: AdminCall<unknown, unknown, unknown>, team: TeamRow, standing: Standing): string | null {
  const { organizationId, id: teamId } = team;
  if (actor.accountId === null) return 'An admin token cannot own keys. Sign in as a person.';
  if (standing.membershipId === null) return 'You are not an active member of this team.';
  const own = { organizationId, teamId, ownerAccountId: actor.accountId };
  if (!can(actor, 'keys.manage', own) && !can(actor, 'keys.manage_own', own))
    return 'Your role in this team may not create keys.';
  if (standing.isLoginsOnly) return LOGINS_ONLY;
  if (!standing.isEnabled) return 'Members of this team may not create their own keys.';
  if (standing.left === 0) return 'You already have the most keys that this team allows a member.';
  return standing.isSpent
    ? 'The budgets of your keys use up what this team lets you spend. Keys revoked in this period count too.'
    : null;
}
