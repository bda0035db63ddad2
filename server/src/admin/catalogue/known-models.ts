import { z } from 'zod';
import { givenPrice } from '../../domain/money/price-units.ts';
import * as known from '../../store/catalogue/known-models.ts';
import * as prices from '../../store/catalogue/prices.ts';
import type { AdminCall } from '../http/call.ts';
import { listQuery, pageOut, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';
import { onOff } from '../http/schemas.ts';
import { providerName } from './deployment-view.ts';
import { feature, idOf, knownModelOut, publishedFacts, statedOf, viewKnownModels } from './known-model-view.ts';

/** The models that the published price list and deployments name, whether they are deployed or not. */

/** The filters of the list and of its export. */
export const knownModelFilters = {
  provider: providerName.optional(),
  feature: feature.optional().meta({ description: 'Returns only models of which a source states this feature.' }),
  deployed: onOff.optional().meta({ description: 'If true, returns only models with a deployment; if false, only others.' }),
  priced: onOff.optional().meta({ description: 'If true, returns only models with a known price; if false, only others.' }),
};

const query = z.strictObject({
  limit: listQuery.limit,
  cursor: listQuery.cursor,
  search: listQuery.search.meta({ description: 'Matches a part of the upstream model’s name.' }),
  sort: z.enum(known.KNOWN_MODEL_SORTS).optional().meta({
    description:
      'The order. `-` means descending. `input_price` and `output_price` are USD per million tokens; models without the figure come last. Default: by name.',
  }),
  ...knownModelFilters,
});

export const list = route({
  summary: 'List known models',
  description:
    'Returns every model that the published price list or a deployment names, by the provider’s name for it: prices by unit, limits and features as far as a source states them, the sources, and whether it is deployed and priced.',
  permission: 'platform.read',
  query,
  response: pageOut(knownModelOut),
  load: load.platform,
  handle: async (call) => {
    const { limit, cursor, sort = 'upstream_model', search, ...filter } = call.query;
    const stated = await statedModels(call);
    const wanted = { ...filter, search: searchOf({ search }) };
    const found = await known.list(call.deps.db, stated, wanted, { sort, limit, cursor });
    return renderPage(found, await viewKnownModels(call, found.rows));
  },
});

/** Returns every model of the published list and of the deployments, with what lists are filtered and sorted by. */
export async function statedModels({ deps }: AdminCall): Promise<readonly known.StatedModel[]> {
  const { db, clock, upstream } = deps;
  const used = await known.deployed(db);
  const inForce = await prices.inForce(
    db,
    used.flatMap(({ deploymentIds }) => deploymentIds),
    new Date(clock.nowMs()),
  );
  const stated = new Map(upstream.publishedList.models().map((model) => [idOf(model), statedOf(model, model, false, null)]));
  for (const one of used) {
    const rows = one.deploymentIds.flatMap((id) => inForce.get(id) ?? []);
    const row = rows.find(({ perMillion }) => Object.keys(perMillion).length > 0);
    const given = row === undefined ? null : givenPrice(row);
    stated.set(idOf(one), statedOf(one, publishedFacts(upstream, one), true, given));
  }
  return [...stated.values()];
}
