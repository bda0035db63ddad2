import { z } from 'zod';
import type { ProviderRow } from '../../store/identity/identity-providers.ts';
import * as providers from '../../store/identity/identity-providers.ts';
import type { AdminCall } from '../http/call.ts';
import type { Change } from '../http/change.ts';
import { id } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import type { Loaded } from '../http/route.ts';

export const providerParams = z.object({ id, idp_id: id });

/** Loads the provider of `/organizations/:id/identity-providers/:idp_id`. */
export async function loadProvider(
  call: AdminCall<z.output<typeof providerParams>, unknown, unknown>,
): Promise<Loaded<ProviderRow>> {
  const { id: organizationId } = await load.findOrganization(call, call.params.id);
  const row = await providers.find(call.deps.db, { organizationId, id: call.params.idp_id });
  if (row === null) throw notFound('identity provider');
  return { place: { organizationId }, object: row };
}

/** Locks a provider. Throws 404 if it was deleted meanwhile. */
export async function lockOne({ tx }: Change, key: providers.ProviderKey): Promise<ProviderRow> {
  const row = await providers.lock(tx, key);
  if (row === null) throw notFound('identity provider');
  return row;
}
