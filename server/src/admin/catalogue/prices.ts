import { z } from 'zod';
import { givenPrice, NO_PRICE } from '../../domain/money/price-units.ts';
import * as deployments from '../../store/catalogue/deployments.ts';
import * as priceLists from '../../store/catalogue/price-lists.ts';
import type { PriceRow } from '../../store/catalogue/prices.ts';
import * as prices from '../../store/catalogue/prices.ts';
import { dryRunQuery, effectOut } from '../access/effect.ts';
import { id, instant, instantOut, isoOf } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { listQuery, pageOut, renderPage } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { invalid } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { changeCatalogue } from './catalogue-change.ts';
import { deploymentEvent, providerName } from './deployment-view.ts';
import { priceFields, priceFrom, pricesOut, renderPrices } from './price-fields.ts';
import { addPriceVersion, effectiveFrom, provenanceOut, renderProvenance } from './price-versions.ts';

/** Price versions. They are only added, never changed: each ledger row names the one it used. */

const priceOut = z
  .object({
    id: z.string(),
    deployment_id: z.string(),
    model: z.string(),
    prices: pricesOut.nullable().meta({ description: 'The prices. Null if the deployment is unpriced from then on.' }),
    effective_from: instantOut,
    ...provenanceOut,
    created_at: instantOut,
  })
  .meta({ id: 'Price' });

export const list = route({
  summary: 'List price versions',
  description: 'Sorted by `effective_from`, newest first. Includes scheduled versions.',
  permission: 'platform.read',
  query: z.strictObject({
    limit: listQuery.limit,
    cursor: listQuery.cursor,
    deployment_id: id.optional(),
    model: text(200).optional(),
  }),
  response: pageOut(priceOut),
  load: load.platform,
  handle: async (call) => {
    const { deployment_id: deploymentId, model, limit, cursor } = call.query;
    const listed = await prices.list(call.deps.db, { deploymentId, model }, { limit, cursor });
    return renderPage(
      listed,
      listed.rows.map((row) => render(row, row.model)),
    );
  },
});

export const create = route({
  summary: 'Add a price version',
  description:
    'Sets the whole price of a deployment, in force now or from `effective_from`. Null makes it unpriced. `If-Match` names the version of the deployment, which this increases.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  query: dryRunQuery,
  body: z.strictObject({ deployment_id: id, prices: priceFields.nullable(), effective_from: instant.optional() }),
  status: 201,
  response: priceOut,
  rehearsal: effectOut,
  load: load.platform,
  handle: async (call) => {
    const { body } = call;
    const price = priceFrom(body.prices);
    return changeCatalogue(call, async (made) => {
      const deployment = await deployments.lock(made.tx, body.deployment_id);
      if (deployment === null) throw invalid('/deployment_id', 'there is no deployment with this id');
      requireVersion(call, deployment.version);
      const from = effectiveFrom(body.effective_from, made.now);
      const stored = (await prices.inForce(made.tx, [deployment.id], from)).get(deployment.id);
      const row = await addPriceVersion(made, deployment.id, from, price, { createdBy: call.actor.id, listEdition: null });
      await deployments.update(made.tx, deployment.id, {}, made.now);
      await made.record({
        ...deploymentEvent(deployment),
        action: 'price.create',
        before: { prices: renderPrices(stored), price_id: stored?.id ?? null },
        after: { prices: renderPrices(price), price_id: row.id, effective_from: isoOf(from) },
      });
      made.touch({ catalogue: true });
      return render(row, deployment.model);
    });
  },
});

const PRICE_TABLE = 'published list prices';

export const suggest = route({
  summary: 'Get the list price of an upstream model',
  description:
    'The price that a deployment created without `prices` would get: of the published list, else of the newest imported list that has one. Null if none has.',
  permission: 'platform.read',
  query: z.strictObject({ provider: providerName, upstream_model: text(200, 1) }),
  response: z.object({
    prices: pricesOut.nullable(),
    source: z.string().nullable(),
    source_version: z.string().nullable().meta({ description: 'The edition of the list. Null without a price.' }),
  }),
  load: load.platform,
  handle: async (call) => {
    const { provider, upstream_model } = call.query;
    const { priceFor, priceListEdition } = call.deps.upstream;
    const suggested = renderPrices(givenPrice(priceFor(provider, upstream_model) ?? NO_PRICE));
    if (suggested !== null) return { prices: suggested, source: PRICE_TABLE, source_version: priceListEdition };
    const imported = await priceLists.priceOf(call.deps.db, { provider, upstreamModel: upstream_model });
    if (imported === null) return { prices: null, source: null, source_version: null };
    const { name: source, listVersion: source_version } = imported.list;
    return { prices: renderPrices(imported.price), source, source_version };
  },
});

function render(row: PriceRow, model: string): z.output<typeof priceOut> {
  return {
    id: row.id,
    deployment_id: row.deploymentId,
    model,
    prices: renderPrices(row),
    effective_from: isoOf(row.effectiveFrom),
    ...renderProvenance(row),
    created_at: isoOf(row.createdAt),
  };
}
