import { type GivenPrice, givenPrice, NO_PRICE } from '../../domain/money/price-units.ts';
import type { ProviderName } from '../../domain/routing/catalogue.ts';
import { newId } from '../../lib/id.ts';
import * as targets from '../../store/catalogue/callable-targets.ts';
import * as credentials from '../../store/catalogue/credentials.ts';
import type { DeploymentRow } from '../../store/catalogue/deployments.ts';
import * as deployments from '../../store/catalogue/deployments.ts';
import * as models from '../../store/catalogue/models.ts';
import * as priceLists from '../../store/catalogue/price-lists.ts';
import * as prices from '../../store/catalogue/prices.ts';
import { refuseTaken, takeName } from '../access/target-names.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, isUnchanged } from '../http/change.ts';
import { requireVersion } from '../http/if-match.ts';
import { conflict, invalid, notFound } from '../http/problem.ts';
import { type CreateBody, columnsOf, NEW_DEPLOYMENT, type PatchBody } from './deployment-fields.ts';
import { deploymentEvent, deploymentFacts } from './deployment-view.ts';
import { isUnpriced, patchedPrice, priceFrom } from './price-fields.ts';
import { addPriceVersion, effectiveFrom, type Provenance } from './price-versions.ts';

/**
 * Creates, changes and deletes deployments. A model's first deployment creates the model's name; deleting the last one removes
 * it. Call inside a change of the catalogue.
 */

export async function insertDeployment(call: AdminCall<unknown, unknown, CreateBody>, made: Change): Promise<DeploymentRow> {
  const { tx, now, record, touch } = made;
  const { body } = call;
  await requireCredential(made, body.provider, body.credential_id ?? null);
  const regained = await provideModel(made, body);
  const row = await deployments.insert(tx, {
    id: newId('dep', now.getTime()),
    model: body.model,
    provider: body.provider,
    upstreamModel: body.upstream_model,
    mode: body.mode,
    ...columnsOf(body, NEW_DEPLOYMENT),
    createdAt: now,
    updatedAt: now,
  });
  const first = await firstPrice(call, made);
  if (first !== null) await addPriceVersion(made, row.id, now, first.price, first.from);
  const after = {
    ...deploymentFacts(row, first?.price ?? null),
    ...(regained.length === 0 ? {} : { regained_access: regained }),
  };
  await record({ ...deploymentEvent(row), action: 'deployment.create', before: null, after });
  touch({ catalogue: true });
  return row;
}

/** Creates the model's name if this is its first deployment. Returns who regains access to the name. */
async function provideModel(made: Change, body: CreateBody): Promise<readonly string[]> {
  const { tx, now, record } = made;
  const kind = await targets.kindOf(tx, body.model);
  refuseTaken(kind, 'model', '/model');
  const known = await models.find(tx, body.model);
  if (known !== null) {
    if (known.mode !== body.mode)
      throw invalid('/mode', `must be "${known.mode}", as in the other deployments of the model "${body.model}"`);
    return [];
  }
  const regained = await takeName(made, { name: body.model, kind: 'model' }, body.confirm_regained_access === true);
  // Deployments of equal priority are drawn by weight, so `priority` covers both strategies.
  const model = await models.insert(tx, {
    name: body.model,
    mode: body.mode,
    strategy: 'priority',
    createdAt: now,
    updatedAt: now,
  });
  await record({
    organizationId: null,
    action: 'model.create',
    objectType: 'model',
    objectId: model.name,
    objectName: model.name,
    before: null,
    after: { mode: model.mode },
  });
  return regained;
}

export async function patchDeployment(
  call: AdminCall<unknown, unknown, PatchBody>,
  made: Change,
  id: string,
): Promise<DeploymentRow> {
  const { tx, now, record, touch } = made;
  const { body } = call;
  const row = await lockOne(tx, id);
  requireVersion(call, row.version);
  if (body.effective_from !== undefined && body.prices === undefined) {
    throw invalid('/effective_from', 'is only for a change of `prices`, which this body does not have');
  }
  if (body.credential_id !== undefined) await requireCredential(made, row.provider as ProviderName, body.credential_id);
  const from = effectiveFrom(body.effective_from, now);
  const stored = givenPrice((await prices.inForce(tx, [id], from)).get(id) ?? NO_PRICE);
  const price = patchedPrice(stored, body.prices);
  const columns = { upstreamModel: body.upstream_model ?? row.upstreamModel, ...columnsOf(body, row) };
  const before = deploymentFacts(row, stored);
  const after = deploymentFacts({ ...row, ...columns }, price);
  if (isUnchanged(before, after)) return row;
  const createdBy = call.actor.id;
  if (!isUnchanged(stored, price)) await addPriceVersion(made, id, from, price, { createdBy, listEdition: null });
  const updated = await deployments.update(tx, id, columns, now);
  const scheduled = from > now ? { prices_effective_from: from.toISOString() } : {};
  await record({ ...deploymentEvent(updated), action: 'deployment.update', before, after: { ...after, ...scheduled } });
  touch({ catalogue: true });
  return updated;
}

export async function removeDeployment(call: AdminCall, { tx, now, record, touch }: Change, id: string): Promise<void> {
  const row = await lockOne(tx, id);
  requireVersion(call, row.version);
  const groups = await deployments.routeGroupsOf(tx, id);
  if (groups.length > 0)
    throw conflict(
      `This deployment is a member of route groups: ${groups.map((key) => `"${key}"`).join(', ')}. Remove it from them first.`,
    );
  const price = (await prices.inForce(tx, [id], now)).get(id);
  await deployments.remove(tx, id, now);
  await record({
    ...deploymentEvent(row),
    action: 'deployment.delete',
    before: deploymentFacts(row, price),
    after: null,
  });
  touch({ catalogue: true });
  if ((await deployments.idsOfModels(tx, [row.model])).size > 0) return;
  const model = await models.find(tx, row.model);
  await models.remove(tx, row.model);
  await targets.release(tx, row.model);
  await record({
    organizationId: null,
    action: 'model.delete',
    objectType: 'model',
    objectId: row.model,
    objectName: row.model,
    before: { mode: row.mode, fallbacks: model?.fallbacks ?? [] },
    after: null,
  });
}

async function lockOne(tx: Change['tx'], id: string): Promise<DeploymentRow> {
  const row = await deployments.lock(tx, id);
  if (row === null) throw notFound('deployment');
  return row;
}

async function requireCredential({ tx }: Change, provider: ProviderName, credentialId: string | null): Promise<void> {
  const pointer = '/credential_id';
  if (provider === 'fake') {
    if (credentialId !== null) throw invalid(pointer, 'must be null: the fake provider takes no credential');
    return;
  }
  if (credentialId === null)
    throw invalid(pointer, `is required: a deployment at ${provider} needs a credential of that provider`);
  // Locked, so that it cannot be deleted before this is committed.
  const credential = await credentials.lock(tx, credentialId);
  if (credential === null) throw invalid(pointer, 'there is no credential with this id');
  if (credential.provider !== provider) throw invalid(pointer, `is a credential for ${credential.provider}, not for ${provider}`);
}

/**
 * Returns the first price of a deployment with its origin: the given one, else that of the published list, else that of the newest
 * imported list that has one. Null: unpriced.
 */
async function firstPrice(call: AdminCall<unknown, unknown, CreateBody>, { tx }: Change) {
  const { prices: given, provider, upstream_model: upstreamModel } = call.body;
  const { priceFor, priceListEdition } = call.deps.upstream;
  const createdBy = call.actor.id;
  if (given !== undefined) return priced(priceFrom(given), { createdBy, listEdition: null });
  const published = priced(givenPrice(priceFor(provider, upstreamModel) ?? NO_PRICE), {
    createdBy,
    listEdition: priceListEdition,
  });
  if (published !== null) return published;
  const found = await priceLists.priceOf(tx, { provider, upstreamModel });
  if (found === null) return null;
  const imported = priceLists.editionOf(found.list);
  return priced(found.price, { createdBy, listEdition: null, imported });
}

function priced(price: GivenPrice, from: Provenance): { readonly price: GivenPrice; readonly from: Provenance } | null {
  return isUnpriced(price) ? null : { price, from };
}
