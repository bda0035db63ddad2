import { reaches } from '../../domain/access/access.ts';
import { type GivenPrice, givenPrice, NO_PRICE } from '../../domain/money/price-units.ts';
import type { ProviderName } from '../../domain/routing/catalogue.ts';
import { newId } from '../../lib/id.ts';
import * as credentials from '../../store/catalogue/credentials.ts';
import type { DeploymentRow } from '../../store/catalogue/deployments.ts';
import * as deployments from '../../store/catalogue/deployments.ts';
import * as prices from '../../store/catalogue/prices.ts';
import { organizationAccessFrom } from '../../store/configuration/policy-columns.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import { accessCatalogue } from '../access/access-fields.ts';
import { type CreateBody, columnsOf, NEW_DEPLOYMENT, type PatchBody } from '../catalogue/deployment-fields.ts';
import { deploymentEvent, deploymentFacts } from '../catalogue/deployment-view.ts';
import { isUnpriced, patchedPrice } from '../catalogue/price-fields.ts';
import { addPriceVersion, effectiveFrom } from '../catalogue/price-versions.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, isUnchanged } from '../http/change.ts';
import { requireVersion } from '../http/if-match.ts';
import { invalid, notFound } from '../http/problem.ts';

/** Creates, changes and deletes deployments that an organization brought. They never make or remove a name of the catalogue. */

/** Throws 400 unless the body names a model that the organization may call, in its mode. */
export async function requireCallable(
  call: AdminCall<unknown, unknown, CreateBody>,
  organization: OrganizationRow,
): Promise<void> {
  const { model, mode } = call.body;
  const target = (await accessCatalogue(call.deps.db)).targets.get(model);
  const levels = { organization: organizationAccessFrom(organization), team: null, user: null, key: null };
  // One text for a model that does not exist and for one that others may call.
  if (target === undefined || target.kind !== 'model' || !reaches(levels, target))
    throw invalid('/model', 'must be a model of the catalogue that the organization may call');
  if (target.mode !== mode)
    throw invalid('/mode', `must be "${target.mode}", as in the other deployments of the model "${model}"`);
}

export async function insertOwn(
  call: AdminCall<unknown, unknown, CreateBody>,
  made: Change,
  owner: string,
): Promise<DeploymentRow> {
  const { tx, now, record } = made;
  const { body } = call;
  await requireOwnCredential(made, owner, body.provider, body.credential_id ?? null);
  const price = priceOf(call, { provider: body.provider, upstreamModel: body.upstream_model, stored: NO_PRICE });
  const row = await deployments.insert(tx, {
    id: newId('dep', now.getTime()),
    owner,
    model: body.model,
    provider: body.provider,
    upstreamModel: body.upstream_model,
    mode: body.mode,
    ...columnsOf(body, NEW_DEPLOYMENT),
    createdAt: now,
    updatedAt: now,
  });
  if (!isUnpriced(price.given))
    await addPriceVersion(made, row.id, now, price.given, { createdBy: call.actor.id, listEdition: price.edition });
  await record({ ...deploymentEvent(row), action: 'deployment.create', before: null, after: deploymentFacts(row, price.given) });
  return row;
}

export async function patchOwn(
  call: AdminCall<unknown, unknown, PatchBody>,
  made: Change,
  id: string,
  owner: string,
): Promise<DeploymentRow> {
  const { tx, now, record } = made;
  const { body } = call;
  const row = await lockOwn(tx, id, owner);
  requireVersion(call, row.version);
  if (body.effective_from !== undefined && body.prices === undefined)
    throw invalid('/effective_from', 'is only for a change of `prices`, which this body does not have');
  const provider = row.provider as ProviderName;
  if (body.credential_id !== undefined) await requireOwnCredential(made, owner, provider, body.credential_id);
  const from = effectiveFrom(body.effective_from, now);
  const stored = givenPrice((await prices.inForce(tx, [id], from)).get(id) ?? NO_PRICE);
  const columns = { upstreamModel: body.upstream_model ?? row.upstreamModel, ...columnsOf(body, row) };
  const isOther = columns.upstreamModel !== row.upstreamModel;
  const price =
    isOther || body.prices !== undefined
      ? priceOf(call, { provider, upstreamModel: columns.upstreamModel, stored: isOther ? NO_PRICE : stored })
      : { given: stored, edition: null };
  const before = deploymentFacts(row, stored);
  const after = deploymentFacts({ ...row, ...columns }, price.given);
  if (isUnchanged(before, after)) return row;
  if (!isUnchanged(stored, price.given))
    await addPriceVersion(made, id, from, price.given, { createdBy: call.actor.id, listEdition: price.edition });
  const updated = await deployments.update(tx, id, columns, now, owner);
  await record({ ...deploymentEvent(updated), action: 'deployment.update', before, after });
  return updated;
}

export async function removeOwn(call: AdminCall, { tx, now, record }: Change, id: string, owner: string): Promise<void> {
  const row = await lockOwn(tx, id, owner);
  requireVersion(call, row.version);
  const price = (await prices.inForce(tx, [id], now)).get(id);
  await deployments.remove(tx, id, now, owner);
  await record({ ...deploymentEvent(row), action: 'deployment.delete', before: deploymentFacts(row, price), after: null });
}

async function lockOwn(tx: Change['tx'], id: string, owner: string): Promise<DeploymentRow> {
  const row = await deployments.lock(tx, id, owner);
  if (row === null) throw notFound('object');
  return row;
}

/** Throws 400 unless the id is that of a credential of the same owner and provider. Another owner's reads as one that is not there. */
async function requireOwnCredential(
  { tx }: Change,
  owner: string,
  provider: ProviderName,
  credentialId: string | null,
): Promise<void> {
  const pointer = '/credential_id';
  if (credentialId === null) throw invalid(pointer, 'must be an own credential of this provider');
  const credential = await credentials.lock(tx, credentialId, owner);
  if (credential === null) throw invalid(pointer, 'there is no own credential with this id');
  if (credential.provider !== provider) throw invalid(pointer, `is a credential for ${credential.provider}, not for ${provider}`);
}

/**
 * Returns the price of an upstream model: that of the published list, the same as for everybody. The organization gives one only
 * if the list has none. Throws 400 if it gives another.
 */
function priceOf(
  call: AdminCall<unknown, unknown, Pick<PatchBody, 'prices'>>,
  { provider, upstreamModel, stored }: { provider: ProviderName; upstreamModel: string; stored: GivenPrice },
): { readonly given: GivenPrice; readonly edition: string | null } {
  const { prices: asked } = call.body;
  const { priceFor, priceListEdition } = call.deps.upstream;
  const listed = priceFor(provider, upstreamModel);
  if (listed === null) return { given: patchedPrice(stored, asked), edition: null };
  if (asked !== undefined) throw invalid('/prices', 'must be absent: the published price list has this model');
  return { given: givenPrice(listed), edition: priceListEdition };
}
