import { z } from 'zod';
import { capabilitiesOf, ORGANIZATION_ROLES, PLATFORM_ROLES, type RoleGrant } from '../../domain/permission.ts';
import { newId } from '../../lib/id.ts';
import { hashSecret, lastFour, newAdminToken } from '../../lib/secrets.ts';
import type { AdminTokenRow } from '../../store/admin-tokens.ts';
import * as adminTokens from '../../store/admin-tokens.ts';
import { reachWithin } from '../authorize.ts';
import type { AdminCall } from '../call.ts';
import { change } from '../change.ts';
import { capabilities, id, idParams, instant, instantOut, isoOf, isoOrNull, name } from '../fields.ts';
import { requireGrantableRole } from '../grant-role.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../lists.ts';
import * as load from '../load.ts';
import { invalid, notFound } from '../problem.ts';
import { type Loaded, route } from '../route.ts';
import { withdrawInvitationsOf } from '../withdraw-invitations.ts';
import { futureInstant } from './key-create.ts';

const ROLES = [...PLATFORM_ROLES, ...ORGANIZATION_ROLES] as const;
type TokenRole = (typeof ROLES)[number];

const tokenFields = {
  id: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  organization_id: z.string().nullable(),
  last_four: z.string(),
  status: z.enum(['active', 'expired', 'revoked']),
  expires_at: instantOut.nullable(),
  revoked_at: instantOut.nullable(),
  last_used_at: instantOut.nullable(),
  created_by: z.string(),
  created_at: instantOut,
  capabilities,
};
const tokenOut = z.object(tokenFields).meta({ id: 'AdminToken' });

const createBody = z.strictObject({
  name,
  role: z.enum(ROLES),
  organization_id: id.nullish().meta({ description: 'Null for the platform roles.' }),
  expires_at: instant.nullish(),
});
type CreateBody = z.output<typeof createBody>;

export const list = route({
  summary: 'List admin tokens',
  permission: 'admin_tokens.manage',
  query: z.strictObject({ ...listQuery, organization_id: id.optional(), status: z.enum(['active', 'revoked']).optional() }),
  response: pageOut(tokenOut),
  load: load.anywhere,
  handle: async (call) => {
    const { organization_id: organizationId, status } = call.query;
    const place = organizationId === undefined ? 'platform' : { organizationId };
    const reach = reachWithin(call.actor, 'admin_tokens.manage', place);
    const filter = { reach, organizationId, status, search: searchOf(call.query) };
    const listed = await adminTokens.list(call.deps.db, filter, pageRequest(call.query));
    return renderPage(
      listed,
      listed.rows.map((row) => view(call, row)),
    );
  },
});

export const read = route({
  summary: 'Read an admin token',
  permission: 'admin_tokens.manage',
  params: idParams,
  response: tokenOut,
  load: loadToken,
  handle: async (call, row) => view(call, row),
});

export const create = route({
  summary: 'Create an admin token',
  description: 'The token is in this answer and in no other. Nobody makes one above their own role.',
  permission: 'admin_tokens.manage',
  body: createBody,
  status: 201,
  response: z.object({ ...tokenFields, token: z.string().meta({ description: 'Shown once.' }) }).meta({ id: 'NewAdminToken' }),
  load: loadPlaceOfBody,
  handle: async (call, grant) => {
    requireGrantableRole(call, grant, '/role');
    const expiresAt = futureInstant(call, call.body.expires_at ?? null);
    const token = newAdminToken(call.deps.random);
    const row = await change(call, async ({ tx, now, record }) => {
      const row = await adminTokens.insert(tx, {
        id: newId('adm', now.getTime()),
        name: call.body.name,
        role: grant.role,
        organizationId: call.body.organization_id ?? null,
        hash: Buffer.from(hashSecret(call.deps.keys.pepper, token), 'hex'),
        lastFour: lastFour(token),
        expiresAt,
        createdBy: call.actor.id,
        createdAt: now,
      });
      await record({ ...eventOf(row), action: 'admin_token.create', before: null, after: facts(row) });
      return row;
    });
    return { ...view(call, row), token };
  },
});

export const revoke = route({
  summary: 'Revoke an admin token',
  description: 'Final, and at once: every replica looks tokens up at every call.',
  permission: 'admin_tokens.manage',
  params: idParams,
  status: 204,
  response: z.void(),
  load: loadToken,
  handle: async (call, { id, role, organizationId }) => {
    requireGrantableRole(call, grantOf(role as TokenRole, organizationId), '');
    await change(call, async (change) => {
      const { tx, now, record } = change;
      const row = await adminTokens.revoke(tx, { id, at: now });
      if (row === null) return;
      await record({
        ...eventOf(row),
        action: 'admin_token.revoke',
        before: { revoked_at: null },
        after: { revoked_at: isoOf(now) },
      });
      await withdrawInvitationsOf(change, id);
    });
  },
});

/** The place a new token will act in: the organization it names, or the platform. */
async function loadPlaceOfBody(call: AdminCall<unknown, unknown, CreateBody>): Promise<Loaded<RoleGrant>> {
  const { role, organization_id: organizationId = null } = call.body;
  const isPlatformRole = PLATFORM_ROLES.some((name) => name === role);
  if (isPlatformRole && organizationId !== null) throw invalid('/organization_id', `is null for the role ${role}`);
  if (!isPlatformRole && organizationId === null) throw invalid('/organization_id', `is needed for the role ${role}`);
  if (organizationId !== null) await load.findOrganization(call, organizationId);
  return { place: { organizationId }, object: grantOf(role, organizationId) };
}

async function loadToken(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<AdminTokenRow>> {
  const row = await adminTokens.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('admin token');
  return { place: { organizationId: row.organizationId }, object: row };
}

function grantOf(role: TokenRole, organizationId: string | null): RoleGrant {
  return organizationId === null ? ({ role } as RoleGrant) : ({ role, organizationId } as RoleGrant);
}

function view(call: AdminCall<unknown, unknown, unknown>, row: AdminTokenRow): z.output<typeof tokenOut> {
  return {
    id: row.id,
    ...facts(row),
    last_four: row.lastFour,
    status: statusOf(row, call.deps.clock.nowMs()),
    revoked_at: isoOrNull(row.revokedAt),
    last_used_at: isoOrNull(row.lastUsedAt),
    created_by: row.createdBy,
    created_at: isoOf(row.createdAt),
    capabilities: [...capabilitiesOf(call.actor, { organizationId: row.organizationId })],
  };
}

function statusOf(row: AdminTokenRow, nowMs: number): 'active' | 'expired' | 'revoked' {
  if (row.revokedAt !== null) return 'revoked';
  return row.expiresAt !== null && row.expiresAt.getTime() <= nowMs ? 'expired' : 'active';
}

function facts(row: AdminTokenRow) {
  return {
    name: row.name,
    role: row.role as TokenRole,
    organization_id: row.organizationId,
    expires_at: isoOrNull(row.expiresAt),
  };
}

function eventOf(row: AdminTokenRow) {
  return { organizationId: row.organizationId, objectType: 'admin_token', objectId: row.id, objectName: row.name };
}
