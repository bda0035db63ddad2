import { z } from 'zod';
import type { CredentialRow } from '../../store/catalogue/credentials.ts';
import * as credentials from '../../store/catalogue/credentials.ts';
import type { AdminCall } from '../http/call.ts';
import { id, idParams } from '../http/fields.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { changeCatalogue } from './catalogue-change.ts';
import { endOverlapOf, insertCredential, patchCredential, removeCredential } from './credential-changes.ts';
import { createBody, patchBody, provider } from './credential-fields.ts';
import { credentialOut, viewCredential, viewForPlatform } from './credential-view.ts';

/** Credentials for providers. A secret is sealed on arrival and never shown again. */

export const list = route({
  summary: 'List credentials',
  description:
    'Returns the credentials of providers, without their secrets. Also those that organizations brought: `owner` tells them apart.',
  permission: 'platform.read',
  query: z.strictObject({
    ...listQuery,
    provider: provider.optional(),
    owner: z
      .enum(['platform', 'organizations'])
      .optional()
      .meta({ description: 'Returns only credentials of the platform, or only those that organizations brought.' }),
    organization_id: id.optional().meta({ description: 'Returns only credentials that this organization brought.' }),
  }),
  response: pageOut(credentialOut),
  load: load.platform,
  handle: async (call) => {
    const { provider, owner, organization_id } = call.query;
    const owned = organization_id ?? (owner === 'platform' ? credentials.PLATFORM : owner);
    const filter = { owner: owned, provider, search: searchOf(call.query) };
    const listed = await credentials.list(call.deps.db, filter, pageRequest(call.query));
    return renderPage(listed, await viewForPlatform(call, listed.rows));
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
  handle: async (call) =>
    viewCredential(call, await changeCatalogue(call, (change) => insertCredential(call, change, credentials.PLATFORM))),
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
  handle: async (call, { id }) =>
    viewCredential(call, await changeCatalogue(call, (change) => patchCredential(call, change, id, credentials.PLATFORM))),
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
    viewCredential(call, await changeCatalogue(call, (change) => endOverlapOf(call, change, id, credentials.PLATFORM))),
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
    await changeCatalogue(call, (change) => removeCredential(call, change, id, credentials.PLATFORM));
    return undefined;
  },
});

export async function loadCredential(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<CredentialRow>> {
  const row = await credentials.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('credential');
  return { place: { organizationId: null }, object: row };
}
