import { z } from 'zod';
import { isSameAddress } from '../../domain/tenancy/key-address.ts';
import { newId } from '../../lib/id.ts';
import type { CredentialRow } from '../../store/catalogue/credentials.ts';
import * as credentials from '../../store/catalogue/credentials.ts';
import { NO_OTHER, type OtherColumns } from '../../store/sealing/other-secret.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, isUnchanged } from '../http/change.ts';
import { idParams } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { changeCatalogue } from './catalogue-change.ts';
import { createBody, type PatchBody, patchBody, provider, settingsFrom } from './credential-fields.ts';
import { requireAllowed, requireSameAddress, requireSecret, requireSound, secretOf } from './credential-input.ts';
import { replaced, type SecretColumns, type SecretPlace, sealed } from './credential-rotation.ts';
import { auditedCredential, credentialOut, viewCredential, viewCredentials } from './credential-view.ts';

/** Credentials for providers. A secret is sealed on arrival and never shown again. */

export const list = route({
  summary: 'List credentials',
  description: 'Returns the credentials of providers, without their secrets.',
  permission: 'platform.read',
  query: z.strictObject({ ...listQuery, provider: provider.optional() }),
  response: pageOut(credentialOut),
  load: load.platform,
  handle: async (call) => {
    const filter = { provider: call.query.provider, search: searchOf(call.query) };
    const listed = await credentials.list(call.deps.db, filter, pageRequest(call.query));
    return renderPage(listed, await viewCredentials(call, listed.rows));
  },
});

export const create = route({
  summary: 'Create a credential',
  description:
    'Takes `api_key` or `secret`, by its kind; `ambient` takes neither. The secret is encrypted at rest and never shown again. Returns 400 for a base URL with a private or metadata address.',
  permission: 'catalogue.manage',
  body: createBody,
  status: 201,
  response: credentialOut,
  load: load.platform,
  handle: async (call) => {
    const { body } = call;
    requireAllowed(call, body.base_url);
    const { name, provider, kind } = body;
    const facts = { name, provider, kind, settings: settingsFrom(body.settings), baseUrl: body.base_url ?? null };
    requireSound(call, facts);
    const given = requireSecret(kind, body);
    const created = await changeCatalogue(call, async ({ tx, now, record }) => {
      const id = newId('cred', now.getTime());
      const row = await credentials.insert(tx, {
        id,
        ...facts,
        expiresAt: body.expires_at == null ? null : new Date(body.expires_at),
        ...(await sealed(call, tx, { id, ...facts }, given)),
        createdAt: now,
        updatedAt: now,
      });
      await record({ ...eventOf(row), action: 'credential.create', before: null, after: auditedCredential(row) });
      return row;
    });
    return viewCredential(call, created);
  },
});

export const read = route({
  summary: 'Get a credential',
  description: 'Returns one credential with its last check and the number of deployments that use it. The secret is never shown.',
  permission: 'platform.read',
  params: idParams,
  response: credentialOut,
  load: loadCredential,
  handle: (call, row) => viewCredential(call, row),
});

export const update = route({
  summary: 'Change a credential or rotate its secret',
  description:
    '`api_key` or `secret`, by its kind, replaces the stored secret; the one before counts for `keep_previous_hours` more. A `base_url`, region or location that changes the address needs the secret again, else 400, because a stored secret is sent only to its own address. Every change checks the base URL by the present rules, even an unchanged one. The kind cannot change.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  params: idParams,
  body: patchBody,
  response: credentialOut,
  load: loadCredential,
  handle: async (call, { id }) => viewCredential(call, await changeCatalogue(call, (change) => applyPatch(call, change, id))),
});

export const endOverlap = route({
  summary: 'Stop using the secret before',
  description:
    'Ends the time in which the replaced secret of a credential counts beside the new one. Does nothing if there is none.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  params: idParams,
  response: credentialOut,
  load: loadCredential,
  handle: async (call, { id }) =>
    viewCredential(
      call,
      await changeCatalogue(call, async ({ tx, now, record, touch }) => {
        const row = await lockOne(tx, id);
        requireVersion(call, row.version);
        if (row.otherSealed === null) return row;
        const updated = await credentials.update(tx, id, NO_OTHER, now);
        const [before, after] = [auditedCredential(row), auditedCredential(updated)];
        await record({ ...eventOf(row), action: 'credential.end_overlap', before, after });
        touch({ catalogue: true });
        return updated;
      }),
    ),
});

export const remove = route({
  summary: 'Delete a credential',
  description: 'Returns 409 while a deployment uses the credential.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  params: idParams,
  status: 204,
  response: z.undefined(),
  load: loadCredential,
  handle: async (call, { id }) => {
    await changeCatalogue(call, async ({ tx, record }) => {
      const row = await lockOne(tx, id);
      requireVersion(call, row.version);
      const used = (await credentials.usage(tx, [id])).get(id) ?? 0;
      if (used > 0)
        throw conflict(
          `${used === 1 ? '1 deployment uses' : `${used} deployments use`} this credential. Give them another one or delete them first.`,
        );
      await credentials.remove(tx, id);
      await record({ ...eventOf(row), action: 'credential.delete', before: auditedCredential(row), after: null });
    });
    return undefined;
  },
});

type PatchCall = AdminCall<unknown, unknown, PatchBody>;

async function applyPatch(call: PatchCall, change: Change, id: string): Promise<CredentialRow> {
  const { body } = call;
  const row = await lockOne(change.tx, id);
  requireVersion(call, row.version);
  const place = placeAfter(row, body);
  requireAllowed(call, place.baseUrl);
  // A rule of a later version, or a setting that was taken back, must not keep people from renaming what is stored.
  if (body.settings !== undefined || body.base_url !== undefined) requireSound(call, place);
  const secret = await secretAfter(call, change, row, place);
  const columns = {
    name: body.name ?? row.name,
    baseUrl: place.baseUrl,
    settings: place.settings,
    ...(body.expires_at === undefined ? {} : { expiresAt: body.expires_at === null ? null : new Date(body.expires_at) }),
    ...secret.columns,
  };
  const before = auditedCredential(row);
  // A rotation is an event even when the new secret ends like the old one.
  const after = { ...auditedCredential({ ...row, ...columns }), ...secret.told };
  if (isUnchanged(before, after)) return row;
  const updated = await credentials.update(change.tx, id, columns, change.now);
  const action = secret.told === null ? 'credential.update' : 'credential.rotate';
  await change.record({ ...eventOf(updated), action, before, after });
  change.touch({ catalogue: true });
  return updated;
}

function placeAfter(row: CredentialRow, body: PatchBody): SecretPlace {
  const { id, provider, kind } = row;
  const baseUrl = body.base_url === undefined ? row.baseUrl : body.base_url;
  return { id, provider, kind, baseUrl, settings: body.settings === undefined ? row.settings : settingsFrom(body.settings) };
}

interface SecretAfter {
  readonly columns: Partial<SecretColumns & OtherColumns>;
  /** The words of the audit log for a new secret; null if there is none. */
  readonly told: { readonly api_key: 'replaced' } | { readonly secret: 'replaced' } | null;
}

/** Returns what a change does to the stored secret: nothing, unless it is given again. */
async function secretAfter(call: PatchCall, change: Change, row: CredentialRow, place: SecretPlace): Promise<SecretAfter> {
  const { api_key, secret, keep_previous_hours: keepHours } = call.body;
  const isGiven = api_key !== undefined || secret !== undefined;
  if (keepHours !== undefined && !isGiven)
    throw invalid('/keep_previous_hours', 'needs a new secret beside it: `api_key` or `secret`');
  const given = isGiven || row.kind === 'ambient' ? secretOf(row.kind, call.body) : null;
  if (given === null) {
    requireSameAddress(row, place);
    return { columns: {}, told: null };
  }
  // The machine's identity is no stored secret. Its row is bound to the new address.
  if (row.kind === 'ambient')
    return { columns: isSameAddress(row, place) ? {} : await sealed(call, change.tx, place, given), told: null };
  const columns = await replaced(call, change, row, { place, given, keepHours });
  return { columns, told: api_key === undefined ? { secret: 'replaced' } : { api_key: 'replaced' } };
}

export async function loadCredential(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<CredentialRow>> {
  const row = await credentials.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('credential');
  return { place: { organizationId: null }, object: row };
}

async function lockOne(tx: Change['tx'], id: string): Promise<CredentialRow> {
  const row = await credentials.lock(tx, id);
  if (row === null) throw notFound('credential');
  return row;
}

function eventOf(row: CredentialRow) {
  return { organizationId: null, objectType: 'credential', objectId: row.id, objectName: row.name };
}
