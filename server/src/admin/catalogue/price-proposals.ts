import { z } from 'zod';
import { givenPrice } from '../../domain/money/price-units.ts';
import type { ProviderName } from '../../domain/routing/catalogue.ts';
import * as deployments from '../../store/catalogue/deployments.ts';
import * as proposals from '../../store/catalogue/price-proposals.ts';
import * as prices from '../../store/catalogue/prices.ts';
import { change, isUnchanged } from '../http/change.ts';
import { idParams, instantOut, isoOf } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { conflict, notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { changeCatalogue } from './catalogue-change.ts';
import { deploymentEvent } from './deployment-view.ts';
import { loadDeployment } from './deployments.ts';
import { pricesOut, renderPrices } from './price-fields.ts';
import { addPriceVersion } from './price-versions.ts';

/**
 * Published list prices that differ from those that deployments took from the list. No price changes until somebody adopts one.
 */

const proposalOut = z
  .object({
    deployment_id: z.string(),
    model: z.string(),
    provider: z.string(),
    upstream_model: z.string(),
    prices: pricesOut.nullable().meta({ description: 'The price in force now. Null if the deployment is unpriced.' }),
    proposed: pricesOut.nullable(),
    found_at: instantOut,
  })
  .meta({ id: 'PriceProposal' });

export const list = route({
  summary: 'List prices that differ from the published list',
  description: 'Includes only deployments whose price was taken from the list.',
  permission: 'platform.read',
  response: z.object({ data: z.array(proposalOut), next_cursor: z.string().nullable() }),
  load: load.platform,
  handle: async (call) => {
    const { db, clock } = call.deps;
    const rows = await proposals.open(db);
    const ids = rows.map((row) => row.deploymentId);
    const inForce = await prices.inForce(db, ids, new Date(clock.nowMs()));
    return {
      data: rows.map((row) => ({
        deployment_id: row.deploymentId,
        model: row.model,
        provider: row.provider,
        upstream_model: row.upstreamModel,
        prices: renderPrices(inForce.get(row.deploymentId)),
        proposed: renderPrices(row.price),
        found_at: isoOf(row.foundAt),
      })),
      next_cursor: null,
    };
  },
});

export const adopt = route({
  summary: 'Adopt the proposed list price of a deployment',
  description: 'Creates a price version, in force now, that follows later changes of the list. Earlier charges do not change.',
  permission: 'catalogue.manage',
  params: idParams,
  status: 204,
  response: z.void(),
  load: loadDeployment,
  handle: async (call, { id, provider, upstreamModel }) => {
    const { priceFor, priceListEdition } = call.deps.upstream;
    const found = priceFor(provider as ProviderName, upstreamModel);
    if (found === null)
      throw conflict(`The published price list has no price for ${upstreamModel} of ${provider}. Set a price by hand.`);
    const listed = givenPrice(found);
    await changeCatalogue(call, async (made) => {
      const deployment = await deployments.lock(made.tx, id);
      if (deployment === null) throw notFound('deployment');
      await proposals.withdraw(made.tx, id);
      const stored = (await prices.inForce(made.tx, [id], made.now)).get(id);
      if (stored?.source === 'list' && isUnchanged(givenPrice(stored), listed)) return;
      const row = await addPriceVersion(made, id, made.now, listed, {
        createdBy: call.actor.id,
        listEdition: priceListEdition,
      });
      await deployments.update(made.tx, id, {}, made.now);
      await made.record({
        ...deploymentEvent(deployment),
        action: 'price.adopt',
        before: { prices: renderPrices(stored), price_id: stored?.id ?? null },
        after: { prices: renderPrices(listed), price_id: row.id },
      });
      made.touch({ catalogue: true });
    });
    return undefined;
  },
});

export const dismiss = route({
  summary: 'Dismiss the proposed price of a deployment',
  description: 'The price is not proposed again until the list changes once more. Does nothing if there is no proposal.',
  permission: 'catalogue.manage',
  params: idParams,
  status: 204,
  response: z.void(),
  load: loadDeployment,
  handle: async (call, deployment) => {
    const [proposal] = await proposals.open(call.deps.db, deployment.id);
    if (proposal === undefined) return undefined;
    await change(call, async ({ tx, now, record }) => {
      await proposals.dismiss(tx, deployment.id, now);
      const dismissed = renderPrices(proposal.price);
      await record({ ...deploymentEvent(deployment), action: 'price.dismiss', before: null, after: { dismissed } });
    });
    return undefined;
  },
});
