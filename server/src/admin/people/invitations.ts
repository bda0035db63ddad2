import { z } from 'zod';
import { grantAboveTeams, PLATFORM_ROLES, ROLES_ABOVE_TEAMS, type RoleGrant } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import type { InvitationRow } from '../../store/accounts/invitations.ts';
import * as invitations from '../../store/accounts/invitations.ts';
import { findByEmail } from '../../store/accounts/sign-in.ts';
import type { Database } from '../../store/database.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import { email, id, idParams } from '../http/fields.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { never } from '../http/schemas.ts';
import { lockLiving } from '../organizations/organizations.ts';
import { MISPLACED_ROLES, requireGrantableRole, requirePlaceOfRole } from './grant-role.ts';
import { type InvitationTokens, linkOf, mailInvitation, newTokens } from './invitation-mail.ts';
import {
  INVITATION_STATUSES,
  invitationEvent,
  invitationFacts,
  invitationFields,
  invitationOut,
  viewInvitation,
} from './invitation-view.ts';
import { requireTeams, teamRoles } from './team-roles.ts';

/** Invites people to join. Only callers who may give a role can invite to it. */

const VALID_MS = 7 * 86_400_000;

const createBody = z
  .strictObject({
    email,
    organization_id: id.nullable().meta({ description: 'The organization. Null for the platform roles.' }),
    role: z.enum(ROLES_ABOVE_TEAMS),
    teams: teamRoles.optional(),
  })
  .meta({
    ...never(...MISPLACED_ROLES, {
      required: ['teams'],
      properties: { role: { enum: PLATFORM_ROLES }, teams: { type: 'array', items: {}, minItems: 1 } },
    }),
    'x-example': { email: 'ada@acme.test', organization_id: 'org_0198c6f2a1b27c3d8e9f0a1b2c3d4e5f', role: 'org_member' },
  });
type CreateBody = z.output<typeof createBody>;

const sentOut = z
  .object({
    ...invitationFields,
    link: z.string().meta({
      description: 'The link to hand over, only in this answer. It does not prove the address; only the mailed link does.',
    }),
    mailed: z.boolean().meta({ description: 'True if a mail server accepted the invitation. If false, hand the link over.' }),
  })
  .meta({ id: 'SentInvitation' });

export const list = route({
  summary: 'List invitations',
  description: 'Returns the invitations to places whose members the caller may manage. `status` narrows the list.',
  permission: ['members.manage', 'platform.read'],
  query: z.strictObject({ ...listQuery, organization_id: id.optional(), status: z.enum(INVITATION_STATUSES).optional() }),
  response: pageOut(invitationOut),
  load: load.anywhere,
  handle: async (call) => {
    const { organization_id: organizationId, status } = call.query;
    const place = organizationId === undefined ? 'platform' : { organizationId };
    const reach = (['members.manage', 'platform.read'] as const).flatMap((one) => reachWithin(call.actor, one, place));
    const filter = { reach, organizationId, status, search: searchOf(call.query), now: new Date(call.deps.clock.nowMs()) };
    const listed = await invitations.list(call.deps.db, filter, pageRequest(call.query));
    return renderPage(
      listed,
      listed.rows.map((row) => viewInvitation(call, row)),
    );
  },
});

export const create = route({
  summary: 'Invite a person to an organization or the platform',
  description:
    'The invitation is for this address, valid for 7 days and one use. Nobody can invite above their own role. Returns 409 if the address has an open invitation to the same place; send that one again.',
  permission: ['members.manage', 'accounts.manage'],
  body: createBody,
  status: 201,
  response: sentOut,
  load: loadPlaceOfBody,
  handle: async (call, grant) => {
    requireGrantableRole(call, grant, '/role');
    const { organization_id: invitedTo, teams = [] } = call.body;
    if (invitedTo !== null) await requireTeams(call, invitedTo, teams);
    await requireNewcomer(call);
    const { tokens, hashes } = newTokens(call);
    const row = await change(call, async ({ tx, now, record }) => {
      const { email, organization_id: organizationId, role } = call.body;
      if (organizationId !== null) await lockLiving(tx, organizationId);
      await closeExpired(tx, { organizationId, email }, now);
      const row = await invitations.insert(tx, {
        id: newId('inv', now.getTime()),
        organizationId,
        email,
        role,
        teams: teams.map((team) => ({ teamId: team.team_id, role: team.role })),
        ...hashes,
        invitedBy: call.actor.id,
        inviterName: call.actor.name,
        createdAt: now,
        expiresAt: new Date(now.getTime() + VALID_MS),
      });
      await record({ ...invitationEvent(row), action: 'invitation.create', before: null, after: invitationFacts(row) });
      return row;
    });
    return sent(call, row, tokens);
  },
});

export const resend = route({
  summary: 'Send an invitation again',
  description: 'Creates a new link, valid for 7 days. The old link stops working.',
  permission: ['members.manage', 'accounts.manage'],
  params: idParams,
  response: sentOut,
  load: loadInvitation,
  handle: async (call, { id }) => {
    const { tokens, hashes } = newTokens(call);
    const row = await change(call, async ({ tx, now, record }) => {
      const row = await lockOpen(call, tx, id);
      const updated = await invitations.update(tx, id, {
        ...hashes,
        expiresAt: new Date(now.getTime() + VALID_MS),
        // From now on, the role is given on this caller's authority.
        invitedBy: call.actor.id,
        inviterName: call.actor.name,
      });
      const [before, after] = [invitationFacts(row), invitationFacts(updated)];
      await record({ ...invitationEvent(row), action: 'invitation.resend', before, after: { ...after, resent: true } });
      return updated;
    });
    return sent(call, row, tokens);
  },
});

export const cancel = route({
  summary: 'Cancel an invitation',
  description: 'The link stops working at once.',
  permission: ['members.manage', 'accounts.manage'],
  params: idParams,
  status: 204,
  response: z.void(),
  load: loadInvitation,
  handle: (call, { id }) =>
    change(call, async ({ tx, now, record }) => {
      const row = await lockOpen(call, tx, id);
      await invitations.update(tx, id, { cancelledAt: now });
      await record({ ...invitationEvent(row), action: 'invitation.cancel', before: invitationFacts(row), after: null });
    }),
});

async function sent(call: AdminCall<unknown, unknown, unknown>, row: InvitationRow, tokens: InvitationTokens) {
  const organization = row.organizationId === null ? null : await organizations.find(call.deps.db, row.organizationId);
  const mailed = await mailInvitation(call, row, { tokens, place: organization?.name ?? 'this gateway' });
  return { ...viewInvitation(call, row), link: linkOf(call, tokens.token), mailed };
}

/**
 * Locks an invitation that the caller may change. Throws 403 for a role above their own, and 409 if it was accepted or cancelled.
 */
async function lockOpen(call: AdminCall<unknown, unknown, unknown>, tx: Database, id: string): Promise<InvitationRow> {
  const row = await invitations.lock(tx, id);
  if (row === null) throw notFound('invitation');
  requireGrantableRole(call, grantAboveTeams(row), '');
  if (row.acceptedAt !== null) throw conflict('This invitation was already accepted.');
  if (row.cancelledAt !== null) throw conflict('This invitation was already cancelled. Send a new one.');
  return row;
}

/** Loads the place that a body invites to, and the role it gives there. Throws 400 if the two do not fit. */
async function loadPlaceOfBody(call: AdminCall<unknown, unknown, CreateBody>): Promise<Loaded<RoleGrant>> {
  const { role, organization_id: organizationId, teams } = call.body;
  requirePlaceOfRole(role, organizationId);
  if (organizationId === null && (teams ?? []).length > 0)
    throw invalid('/teams', 'must be empty for a platform role: teams belong to an organization');
  if (organizationId !== null) await load.findOrganization(call, organizationId);
  return { place: { organizationId }, object: grantAboveTeams({ role, organizationId }) };
}

async function loadInvitation(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<InvitationRow>> {
  const row = await invitations.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('invitation');
  return { place: { organizationId: row.organizationId }, object: row };
}

/** Throws 409 if the account is a member or has a platform role already. */
async function requireNewcomer(call: AdminCall<unknown, unknown, CreateBody>): Promise<void> {
  const { email, organization_id: organizationId } = call.body;
  const account = await findByEmail(call.deps.db, email);
  if (account === null) return;
  const isThere =
    organizationId === null
      ? account.platformRole !== null
      : (await memberships.findByAccount(call.deps.db, { organizationId, accountId: account.id })) !== null;
  const where = organizationId === null ? 'already has a platform role' : 'is already a member';
  if (isThere) throw conflict(`${account.name} ${where}.`, [{ pointer: '/email', message: where }]);
}

/** Cancels an expired invitation, which would otherwise block a new one. */
async function closeExpired(
  tx: Database,
  wanted: { readonly organizationId: string | null; readonly email: string },
  now: Date,
): Promise<void> {
  const open = await invitations.findOpen(tx, wanted);
  if (open !== null && open.expiresAt <= now) await invitations.update(tx, open.id, { cancelledAt: now });
}
