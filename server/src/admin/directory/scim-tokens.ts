import { z } from 'zod';
import { newId } from '../../lib/id.ts';
import { hashedSecret, lastFour, newScimToken } from '../../lib/secrets.ts';
import type { ScimTokenRow } from '../../store/identity/scim-tokens.ts';
import * as scimTokens from '../../store/identity/scim-tokens.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import { id, idParams, instant, instantOut, isoOf, isoOrNull, shortName } from '../http/fields.ts';
import { listQuery, pageOut, pageRequest, renderPage } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { lockLiving } from '../organizations/organizations.ts';

/** The tokens with which an identity provider calls the SCIM endpoint. */

/** Two, so that a new token can be in use before the old one is revoked. */
const LIVING_MAX = 2;

const tokenOutFields = {
  id: z.string(),
  name: z.string(),
  last_four: z.string(),
  state: z.enum(['active', 'expired', 'revoked']),
  expires_at: instantOut.nullable(),
  last_used_at: instantOut.nullable(),
  created_by_name: z.string(),
  created_at: instantOut,
  revoked_at: instantOut.nullable(),
};
const tokenOut = z.object(tokenOutFields).meta({ id: 'ScimToken' });

export const list = route({
  summary: 'List the SCIM tokens of an organization',
  description: 'Returns all tokens without their secrets, newest first. At most two of them are active.',
  permission: 'directory.manage',
  params: idParams,
  query: z.strictObject({ limit: listQuery.limit, cursor: listQuery.cursor }),
  response: pageOut(tokenOut),
  load: load.organization,
  handle: async (call, { id }) => {
    const listed = await scimTokens.list(call.deps.db, id, pageRequest(call.query));
    const nowMs = call.deps.clock.nowMs();
    return renderPage(
      listed,
      listed.rows.map((row) => view(row, nowMs)),
    );
  },
});

export const create = route({
  summary: 'Create a SCIM token',
  description:
    'The token is only in this answer. An organization can have two active tokens, so that its identity provider can change from one to the other. A token belongs to the organization: it goes on working when its creator leaves.',
  permission: 'directory.manage',
  params: idParams,
  body: z.strictObject({
    name: shortName(100),
    expires_at: instant.nullish().meta({ description: 'The expiry. If absent or null, the token does not expire.' }),
  }),
  status: 201,
  response: z
    .object({ ...tokenOutFields, token: z.string().meta({ description: 'The token. Shown once.' }) })
    .meta({ id: 'NewScimToken' }),
  load: load.organization,
  handle: async (call, { id: organizationId }) => {
    const nowMs = call.deps.clock.nowMs();
    const expiresAt = call.body.expires_at == null ? null : new Date(call.body.expires_at);
    if (expiresAt !== null && expiresAt.getTime() <= nowMs) throw invalid('/expires_at', 'must be in the future');
    const token = newScimToken(call.deps.random);
    const row = await change(call, async ({ tx, now, record }) => {
      await lockLiving(tx, organizationId);
      if ((await scimTokens.listLiving(tx, organizationId, now)).length >= LIVING_MAX)
        throw conflict(`This organization has ${LIVING_MAX} active SCIM tokens, the most allowed. Revoke one first.`);
      const row = await scimTokens.insert(tx, {
        ...{ organizationId, id: newId('scim', now.getTime()), name: call.body.name, expiresAt, createdAt: now },
        ...hashedSecret(call.deps.keys.pepper, token),
        ...{ lastFour: lastFour(token), createdBy: call.actor.id, createdByName: call.actor.name },
      });
      await record({ ...tokenEvent(row), action: 'scim_token.create', before: null, after: facts(row) });
      return row;
    });
    return { ...view(row, nowMs), token };
  },
});

export const revoke = route({
  summary: 'Revoke a SCIM token',
  description: 'Permanent and immediate: every replica looks the token up at every request. People and groups stay as they are.',
  permission: 'directory.manage',
  params: z.object({ id, token_id: id }),
  status: 204,
  response: z.void(),
  load: loadToken,
  handle: (call, key) =>
    change(call, async ({ tx, now, record }) => {
      const row = await scimTokens.revoke(tx, key, now);
      if (row === null) return;
      const after = { revoked_at: isoOf(now) };
      await record({ ...tokenEvent(row), action: 'scim_token.revoke', before: { revoked_at: null }, after });
    }),
});

async function loadToken(
  call: AdminCall<{ readonly id: string; readonly token_id: string }, unknown, unknown>,
): Promise<Loaded<ScimTokenRow>> {
  const { id: organizationId } = await load.findOrganization(call, call.params.id);
  const row = await scimTokens.find(call.deps.db, { organizationId, id: call.params.token_id });
  if (row === null) throw notFound('SCIM token');
  return { place: { organizationId }, object: row };
}

function facts({ name, lastFour, expiresAt }: ScimTokenRow) {
  return { name, last_four: lastFour, expires_at: isoOrNull(expiresAt) };
}

function view(row: ScimTokenRow, nowMs: number): z.output<typeof tokenOut> {
  const isExpired = row.expiresAt !== null && row.expiresAt.getTime() <= nowMs;
  return {
    id: row.id,
    ...facts(row),
    state: row.revokedAt !== null ? 'revoked' : isExpired ? 'expired' : 'active',
    last_used_at: isoOrNull(row.lastUsedAt),
    created_by_name: row.createdByName,
    created_at: isoOf(row.createdAt),
    revoked_at: isoOrNull(row.revokedAt),
  };
}

function tokenEvent({ organizationId, id, name }: ScimTokenRow) {
  return { organizationId, objectType: 'scim_token', objectId: id, objectName: name };
}
