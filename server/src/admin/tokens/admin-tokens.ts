import { z } from 'zod';
import { grantAboveTeams, ORGANIZATION_ROLES, ROLES_ABOVE_TEAMS, type RoleGrant } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import { hashedSecret, lastFour, newAdminToken } from '../../lib/secrets.ts';
import type { AdminTokenRow } from '../../store/accounts/admin-tokens.ts';
import * as adminTokens from '../../store/accounts/admin-tokens.ts';
import { reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import { flag, id, idParams, isoOf, name } from '../http/fields.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { never } from '../http/schemas.ts';
import { MISPLACED_ROLES, requireGrantableRole, requirePlaceOfRole } from '../people/grant-role.ts';
import { tokenEvent } from '../people/take-back.ts';
import { withdrawInvitationsOf } from '../people/withdraw-invitations.ts';
import { NOT_NARROWED, patchedNarrowing, requireNarrowing, tokenExpiry, tokenNarrowing } from './token-fields.ts';
import { expiryOfMade, ownerOfMachine, ownerOfMade, refuseNarrowed } from './token-owner.ts';
import { tokenFacts, tokenOut, tokenOutFields, viewToken, viewTokens } from './token-view.ts';

const createBody = z
  .strictObject({
    name,
    role: z.enum(ROLES_ABOVE_TEAMS),
    organization_id: id.nullish().meta({ description: 'The organization. Null for the platform roles.' }),
    service_account_id: id
      .nullish()
      .meta({ description: 'The service account that owns the token. It must belong to the same place.' }),
    expires_at: tokenExpiry,
    ...tokenNarrowing,
  })
  .meta(
    never(...MISPLACED_ROLES, {
      required: ['organization_ids'],
      properties: { role: { enum: ORGANIZATION_ROLES }, organization_ids: { type: 'array', items: {} } },
    }),
  );
type CreateBody = z.output<typeof createBody>;

export const list = route({
  summary: 'List admin tokens',
  description: 'Returns the tokens that the caller may see, without their secrets.',
  permission: 'admin_tokens.manage',
  query: z.strictObject({
    ...listQuery,
    organization_id: id.optional(),
    service_account_id: id.optional(),
    status: z.enum(['active', 'revoked']).optional(),
    unowned: flag.meta({ description: 'If true, returns only working tokens without an owner.' }),
  }),
  response: pageOut(tokenOut),
  load: load.anywhere,
  handle: async (call) => {
    const { organization_id: organizationId, service_account_id: serviceAccountId, status, unowned } = call.query;
    const place = organizationId === undefined ? 'platform' : { organizationId };
    const reach = reachWithin(call.actor, 'admin_tokens.manage', place);
    const unownedAt = unowned === true ? new Date(call.deps.clock.nowMs()) : undefined;
    const filter = { reach, organizationId, serviceAccountId, status, unownedAt, search: searchOf(call.query) };
    const listed = await adminTokens.list(call.deps.db, filter, pageRequest(call.query));
    return renderPage(listed, await viewTokens(call, listed.rows));
  },
});

export const read = route({
  summary: 'Get an admin token',
  description: 'Returns its role, owner, narrowing and expiry. The secret is never shown again.',
  permission: 'admin_tokens.manage',
  params: idParams,
  response: tokenOut,
  load: loadToken,
  handle: (call, row) => viewToken(call, row),
});

export const create = route({
  summary: 'Create an admin token',
  description:
    'The token is only in this answer. Nobody can create one above their own role. It belongs to the caller and stops when the caller can no longer hold its role. With `service_account_id`, it belongs to that service account.',
  permission: 'admin_tokens.manage',
  body: createBody,
  status: 201,
  response: z
    .object({ ...tokenOutFields, token: z.string().meta({ description: 'The token. Shown once.' }) })
    .meta({ id: 'NewAdminToken' }),
  load: loadPlaceOfBody,
  handle: async (call, grant) => {
    requireGrantableRole(call, grant, '/role');
    refuseNarrowed(call.actor);
    const { service_account_id: serviceAccountId = null } = call.body;
    const isMachines = serviceAccountId !== null || (call.actor.token?.serviceAccountId ?? null) !== null;
    const expiresAt = expiryOfMade(call, call.body.expires_at, { grant, isMachines });
    await requireNarrowing(call, grant, call.body);
    const token = newAdminToken(call.deps.random);
    const row = await change(call, async ({ tx, now, record }) => {
      const owner =
        serviceAccountId === null ? ownerOfMade(call.actor) : await ownerOfMachine(tx, call.actor, { grant, serviceAccountId });
      const row = await adminTokens.insert(tx, {
        id: newId('adm', now.getTime()),
        name: call.body.name,
        role: grant.role,
        organizationId: call.body.organization_id ?? null,
        ...hashedSecret(call.deps.keys.pepper, token),
        lastFour: lastFour(token),
        expiresAt,
        ...patchedNarrowing(NOT_NARROWED, call.body),
        ...owner,
        createdBy: call.actor.id,
        createdAt: now,
      });
      const after = { ...tokenFacts(row), service_account_id: row.serviceAccountId };
      await record({ ...tokenEvent(row), action: 'admin_token.create', before: null, after });
      return row;
    });
    return { ...(await viewToken(call, row)), token };
  },
});

export const revoke = route({
  summary: 'Revoke an admin token',
  description: 'Permanent and immediate: every replica looks up the token on every call.',
  permission: 'admin_tokens.manage',
  params: idParams,
  status: 204,
  response: z.void(),
  load: loadToken,
  handle: async (call, { id, role, organizationId }) => {
    requireGrantableRole(call, grantAboveTeams({ role, organizationId }), '');
    await change(call, async (change) => {
      const { tx, now, record } = change;
      const row = await adminTokens.revoke(tx, { id, at: now });
      if (row === null) return;
      await record({
        ...tokenEvent(row),
        action: 'admin_token.revoke',
        before: { revoked_at: null },
        after: { revoked_at: isoOf(now) },
      });
      await withdrawInvitationsOf(change, id);
    });
  },
});

/**
 * Loads the place in which a new token will act: the organization that the body names, or the platform. Throws 400 if it does not
 * fit the role.
 */
async function loadPlaceOfBody(call: AdminCall<unknown, unknown, CreateBody>): Promise<Loaded<RoleGrant>> {
  const { role, organization_id: organizationId = null } = call.body;
  requirePlaceOfRole(role, organizationId);
  if (organizationId !== null) await load.findOrganization(call, organizationId);
  return { place: { organizationId }, object: grantAboveTeams({ role, organizationId }) };
}

export async function loadToken(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<AdminTokenRow>> {
  const row = await adminTokens.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('admin token');
  return { place: { organizationId: row.organizationId }, object: row };
}
