import { z } from 'zod';
import {
  canGrantRole,
  grantAboveTeams,
  ROLES_ABOVE_TEAMS,
  type RoleAboveTeams,
  TEAM_ROLES,
  type TeamRole,
} from '../../domain/tenancy/permission.ts';
import { type InvitationRow, statusOf } from '../../store/accounts/invitations.ts';
import type { AdminCall } from '../http/call.ts';
import { instantOut, isoOf, isoOrNull } from '../http/fields.ts';

/** The API view of an invitation, for callers who may send one. Never contains its link. */

export const INVITATION_STATUSES = ['pending', 'accepted', 'expired', 'cancelled'] as const;

export const invitationFields = {
  id: z.string(),
  email: z.string(),
  organization_id: z.string().nullable().meta({ description: 'The organization. Null for an invitation to the platform.' }),
  role: z.enum(ROLES_ABOVE_TEAMS),
  teams: z.array(z.object({ team_id: z.string(), role: z.enum(TEAM_ROLES) })),
  status: z.enum(INVITATION_STATUSES),
  invited_by: z.string(),
  inviter_name: z.string(),
  created_at: instantOut,
  expires_at: instantOut,
  accepted_at: instantOut.nullable(),
  accepted_by: z.string().nullable(),
  cancelled_at: instantOut.nullable(),
  may_change: z.boolean().meta({ description: 'True if the caller may send the invitation again or cancel it.' }),
};
export const invitationOut = z.object(invitationFields).meta({ id: 'Invitation' });

export function viewInvitation(call: AdminCall<unknown, unknown, unknown>, row: InvitationRow): z.output<typeof invitationOut> {
  return {
    id: row.id,
    ...invitationFacts(row),
    status: statusOf(row, call.deps.clock.nowMs()),
    invited_by: row.invitedBy,
    inviter_name: row.inviterName,
    created_at: isoOf(row.createdAt),
    accepted_at: isoOrNull(row.acceptedAt),
    accepted_by: row.acceptedBy,
    cancelled_at: isoOrNull(row.cancelledAt),
    may_change: canGrantRole(call.actor, grantAboveTeams(row)),
  };
}

/** Returns the sender's choices and the expiry, which the audit log records. */
export function invitationFacts(row: InvitationRow) {
  return {
    email: row.email,
    organization_id: row.organizationId,
    role: row.role as RoleAboveTeams,
    teams: row.teams.map(({ teamId, role }) => ({ team_id: teamId, role: role as TeamRole })),
    expires_at: isoOf(row.expiresAt),
  };
}

/** Returns the fields that identify an invitation in an audit event, in the chain of its organization or of the platform. */
export function invitationEvent({ organizationId, id, email }: InvitationRow) {
  return { organizationId, objectType: 'invitation', objectId: id, objectName: email };
}
