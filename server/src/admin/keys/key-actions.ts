import { z } from 'zod';
import * as keys from '../../store/tenancy/keys.ts';
import { dryRunQuery, effectOut, rehearsed } from '../access/effect.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change } from '../http/change.ts';
import { idParams, instantOut, isoOf } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import * as load from '../http/load.ts';
import { conflict, notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { eventOf } from './key-create.ts';
import { newSecretOfKey } from './key-secret.ts';
import { keyFields, keyOut, viewKey } from './key-view.ts';
import { lockUnrevoked } from './keys.ts';

const OVERLAP_SECONDS_MAX = 30 * 86_400;

export const rotate = route({
  summary: 'Rotate the secret of a key',
  description: 'The key keeps its id, limits and access. Older secrets keep working for `overlap_seconds` (default 0).',
  permission: ['keys.manage', 'keys.manage_own'],
  takesIfMatch: true,
  params: idParams,
  body: z.strictObject({ overlap_seconds: z.int().min(0).max(OVERLAP_SECONDS_MAX).optional() }).optional(),
  response: z
    .object({
      ...keyFields,
      secret: z.string().meta({ description: 'The new secret. Shown once.' }),
      older_secrets_end_at: instantOut,
    })
    .meta({ id: 'RotatedKey' }),
  load: load.key,
  handle: async (call, { row: { organizationId, id } }) => {
    const secret = newSecretOfKey(call.deps);
    const rotated = await change(call, async ({ tx, now, record, touch }) => {
      const row = await lockUnrevoked(tx, { organizationId, id });
      requireVersion(call, row.version);
      if (row.kind !== 'api')
        throw conflict(`This key is a ${row.kind}: its tokens replace themselves, and it has no secret to rotate.`);
      const until = new Date(now.getTime() + (call.body?.overlap_seconds ?? 0) * 1_000);
      await keys.endSecrets(tx, row, until);
      await keys.addSecret(tx, { organizationId, keyId: id, hash: secret.hash, pepper: secret.pepper, at: now });
      const updated = await keys.update(tx, row, { prefix: secret.prefix, lastFour: secret.lastFour }, now);
      const before = { last_four: row.lastFour };
      await record({
        ...eventOf(row),
        action: 'key.rotate',
        before,
        after: { last_four: secret.lastFour, older_secrets_end_at: isoOf(until) },
      });
      touch({ organizationIds: [organizationId], keyIds: [id] });
      return { row: updated, until };
    });
    return { ...(await viewKey(call, rotated.row)), secret: secret.secret, older_secrets_end_at: isoOf(rotated.until) };
  },
});

export const disable = route({
  summary: 'Disable a key',
  description: 'Requests with the key get 403 `key_disabled` at once. It can be enabled again.',
  permission: ['keys.manage', 'keys.manage_own'],
  takesIfMatch: true,
  params: idParams,
  query: dryRunQuery,
  response: keyOut,
  rehearsal: effectOut,
  load: load.key,
  handle: async (call, { row }) => viewKey(call, await setStatus(call, row, 'disabled')),
});

/** Needs `keys.manage`, so that owners cannot enable a key that an admin disabled. */
export const enable = route({
  summary: 'Enable a disabled key',
  description: 'Requests with the key are served again at once.',
  permission: 'keys.manage',
  takesIfMatch: true,
  params: idParams,
  response: keyOut,
  load: load.key,
  handle: async (call, { row }) => viewKey(call, await setStatus(call, row, 'active')),
});

export const revoke = route({
  summary: 'Revoke a key',
  description: 'Permanent. The key’s row and history remain.',
  permission: ['keys.manage', 'keys.manage_own'],
  takesIfMatch: true,
  params: idParams,
  query: dryRunQuery,
  status: 204,
  response: z.void(),
  rehearsal: effectOut,
  load: load.key,
  handle: (call, { row: { organizationId, id } }) => {
    const work = async ({ tx, now, record, touch }: Change) => {
      const row = await keys.lock(tx, { organizationId, id });
      if (row === null) throw notFound('key');
      requireVersion(call, row.version);
      if (row.status === 'revoked') return;
      await keys.update(tx, row, { status: 'revoked', revokedAt: now }, now);
      await record({ ...eventOf(row), action: 'key.revoke', before: { status: row.status }, after: { status: 'revoked' } });
      touch({ organizationIds: [organizationId], keyIds: [id] });
    };
    return change(call, rehearsed(call, { level: 'key', organizationId, id }, work));
  },
});

function setStatus(
  call: AdminCall<unknown, { readonly dry_run?: boolean | undefined } | undefined, unknown>,
  { organizationId, id }: keys.KeyId,
  status: 'active' | 'disabled',
) {
  const work = async ({ tx, now, record, touch }: Change) => {
    const row = await lockUnrevoked(tx, { organizationId, id });
    requireVersion(call, row.version);
    if (row.status === status) return row;
    const updated = await keys.update(tx, row, { status }, now);
    const action = status === 'active' ? 'key.enable' : 'key.disable';
    await record({ ...eventOf(row), action, before: { status: row.status }, after: { status } });
    touch({ organizationIds: [organizationId], keyIds: [id] });
    return updated;
  };
  return change(call, rehearsed(call, { level: 'key', organizationId, id }, work));
}
