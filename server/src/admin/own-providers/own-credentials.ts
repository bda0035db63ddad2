import { z } from 'zod';
import type { CredentialRow } from '../../store/catalogue/credentials.ts';
import * as credentials from '../../store/catalogue/credentials.ts';
import { endOverlapOf, insertCredential, patchCredential, removeCredential, scopesOf } from '../catalogue/credential-changes.ts';
import { checkBody, checkCredential, checkedOut } from '../catalogue/credential-check.ts';
import { ownCreateBody, patchBody, provider } from '../catalogue/credential-fields.ts';
import { testCredential, testedOut } from '../catalogue/credential-test.ts';
import { credentialOut, viewCredential, viewCredentials } from '../catalogue/credential-view.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change } from '../http/change.ts';
import { idParams } from '../http/fields.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { lockLiving } from '../organizations/organizations.ts';
import { OWN_CREDENTIALS_MAX } from './own-providers.ts';

/** Credentials that an organization brings for its own requests. A secret is sealed on arrival and never shown again. */

export const list = route({
  summary: 'List own credentials',
  description: 'Returns the credentials that the organization brought, without their secrets.',
  permission: 'own_providers.manage',
  params: idParams,
  query: z.strictObject({ ...listQuery, provider: provider.optional() }),
  response: pageOut(credentialOut),
  load: load.organization,
  handle: async (call, { id: owner }) => {
    const filter = { owner, provider: call.query.provider, search: searchOf(call.query) };
    const listed = await credentials.list(call.deps.db, filter, pageRequest(call.query));
    return renderPage(listed, await viewCredentials(call, listed.rows));
  },
});

export const create = route({
  summary: 'Create an own credential',
  description:
    'Only requests of this organization use it. Takes the same body as `POST /credentials`, but not the kind `ambient`, and the base URL must be a public address that begins with `https://`, unless HEADGATE_ALLOWED_OWN_UPSTREAMS lists its host. `provider` may be a preset (`GET /organizations/{id}/own-presets`); its address is the preset’s: `base_url` is absent, or that address, which is refused if the preset has moved meanwhile. If the platform moves the preset to another host, the credential is not used until the secret is given again. Returns 409 if the organization has 100 already.',
  permission: 'own_providers.manage',
  params: idParams,
  body: ownCreateBody,
  status: 201,
  response: credentialOut,
  load: load.organization,
  handle: async (call, { id: owner }) =>
    viewCredential(
      call,
      await changeOwn(call, owner, async (made) => {
        if ((await credentials.countOf(made.tx, owner)) >= OWN_CREDENTIALS_MAX)
          throw conflict(`There are ${OWN_CREDENTIALS_MAX} own credentials already, the most allowed. Delete one first.`);
        return insertCredential(call, made, owner);
      }),
    ),
});

export const check = route({
  summary: 'Test an own credential before storing it',
  callsProvider: true,
  description:
    'Makes one live call for the list of models, which costs nothing, as `POST /credentials/check` does. `credential_id` names an own credential of the organization.',
  permission: 'own_providers.manage',
  params: idParams,
  body: checkBody,
  response: checkedOut,
  load: load.organization,
  handle: (call, { id: owner }) => checkCredential(call, owner),
});

export const test = route({
  summary: 'Test an own credential and show each call',
  callsProvider: true,
  description:
    'Makes the calls of `POST /credentials/{id}/test` under the stricter rule for addresses, and returns each with its answer.',
  permission: 'own_providers.manage',
  params: idParams,
  response: testedOut,
  load: loadOwnCredential,
  handle: (call, row) => testCredential(call, row),
});

export const read = route({
  summary: 'Get an own credential',
  description: 'Returns one credential of an organization. The secret is never shown.',
  permission: 'own_providers.manage',
  params: idParams,
  response: credentialOut,
  load: loadOwnCredential,
  handle: (call, row) => viewCredential(call, row),
});

export const update = route({
  summary: 'Change an own credential or rotate its secret',
  description:
    'Takes the same body as `PATCH /credentials/{id}`, with the stricter rule for the base URL. If `new_base_url` is not null, a new secret needs that address beside it as `base_url`, or null.',
  permission: 'own_providers.manage',
  takesIfMatch: true,
  params: idParams,
  body: patchBody,
  response: credentialOut,
  load: loadOwnCredential,
  handle: async (call, { id, owner }) =>
    viewCredential(call, await changeOwn(call, owner, (made) => patchCredential(call, made, id, owner))),
});

export const endOverlap = route({
  summary: 'Stop using the secret before of an own credential',
  description: 'Ends the time in which the replaced secret counts beside the new one. Does nothing if there is none.',
  permission: 'own_providers.manage',
  takesIfMatch: true,
  params: idParams,
  response: credentialOut,
  load: loadOwnCredential,
  handle: async (call, { id, owner }) =>
    viewCredential(call, await changeOwn(call, owner, (made) => endOverlapOf(call, made, id, owner))),
});

export const remove = route({
  summary: 'Delete an own credential',
  description: 'Returns 409 while an own deployment uses the credential.',
  permission: 'own_providers.manage',
  takesIfMatch: true,
  params: idParams,
  status: 204,
  response: z.undefined(),
  load: loadOwnCredential,
  handle: async (call, { id, owner }) => {
    await changeOwn(call, owner, (made) => removeCredential(call, made, id, owner));
    return undefined;
  },
});

/** Changes what one organization brought. Such changes run one at a time, so that its bounds hold. */
export function changeOwn<T>(
  call: AdminCall<unknown, unknown, unknown>,
  organizationId: string,
  work: (made: Change) => Promise<T>,
): Promise<T> {
  return change(call as AdminCall, async (made) => {
    await lockLiving(made.tx, organizationId);
    const done = await work(made);
    made.touch(scopesOf(organizationId));
    return done;
  });
}

async function loadOwnCredential(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<CredentialRow>> {
  const row = await credentials.findOwn(call.deps.db, call.params.id);
  if (row === null) throw notFound('object');
  return { place: { organizationId: row.owner }, object: row };
}
