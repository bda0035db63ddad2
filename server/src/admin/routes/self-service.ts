import { z } from 'zod';
import { can } from '../../domain/permission.ts';
import * as keys from '../../store/keys.ts';
import type { TeamRow } from '../../store/teams.ts';
import type { AdminCall } from '../call.ts';
import { idParams } from '../fields.ts';
import * as load from '../load.ts';
import { memberIn } from '../reassign.ts';
import { route } from '../route.ts';
import { renderSelfService } from '../self-service.ts';

/** What the caller may do with keys of their own in a team. */

export const read = route({
  summary: 'Whether the caller may make a key of their own in a team, and within what',
  permission: 'teams.read',
  params: idParams,
  response: z
    .object({
      enabled: z.boolean(),
      reason: z.string().nullable().meta({ description: 'Why not, in a sentence.' }),
      keys_left: z.int().nullable().meta({ description: 'Null: as many as they like.' }),
      budget_max: z
        .string()
        .nullable()
        .meta({ description: 'The key must carry a block budget of at most this; null: it need not.' }),
      expiry_required: z.boolean(),
      max_expiry_days: z.int().nullable(),
    })
    .meta({ id: 'OwnKeys' }),
  load: load.team,
  handle: async (call, team) => {
    const membershipId = await membershipOf(call, team);
    // Who manages the team's keys is not held to what its members may do alone.
    const isManager = can(call.actor, 'keys.manage', { organizationId: team.organizationId, teamId: team.id });
    const policy = isManager ? UNBOUND : renderSelfService(team.selfService);
    const left = membershipId === null ? null : await keysLeft(call, team, membershipId, policy.max_keys_per_member);
    const reason = whyNot(call, team, { membershipId, isEnabled: policy.enabled, left });
    return {
      enabled: reason === null,
      reason,
      keys_left: left,
      budget_max: policy.max_budget,
      expiry_required: policy.max_expiry_days !== null,
      max_expiry_days: policy.max_expiry_days,
    };
  },
});

const UNBOUND = { enabled: true, max_keys_per_member: null, max_expiry_days: null, max_budget: null };

/** The caller's membership while it is active and in the team. */
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

interface Standing {
  readonly membershipId: string | null;
  readonly isEnabled: boolean;
  readonly left: number | null;
}

function whyNot({ actor }: AdminCall<unknown, unknown, unknown>, team: TeamRow, standing: Standing): string | null {
  const { organizationId, id: teamId } = team;
  if (actor.accountId === null) return 'An admin token is nobody, and owns no keys.';
  if (standing.membershipId === null) return 'You are not an active member of this team.';
  const own = { organizationId, teamId, ownerAccountId: actor.accountId };
  if (!can(actor, 'keys.manage', own) && !can(actor, 'keys.manage_own', own)) return 'Your role in this team makes no keys.';
  if (!standing.isEnabled) return 'This team does not let its members make keys of their own.';
  return standing.left === 0 ? 'You have as many keys of your own as this team allows.' : null;
}
