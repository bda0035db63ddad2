import { z } from 'zod';
import { lockCatalogue } from '../../store/catalogue/callable-targets.ts';
import * as presets from '../../store/catalogue/presets.ts';
import * as priceLists from '../../store/catalogue/price-lists.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, changeOrRehearse } from '../http/change.ts';
import { flag, instantOut, isoOf, shortName } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { applyPrices, comparedWith, importOut, type ReadList, readList } from './price-list-import.ts';

/** Lists of prices in LiteLLM's JSON form that people import. The gateway contains none of them. */

const LISTS_MAX = 10;
const MODELS_MAX = 10_000;

const priceListOut = z
  .object({
    name: z.string(),
    version: z.string(),
    published_on: z.string().nullable().meta({ format: 'date' }),
    author: z
      .string()
      .meta({ description: 'The author of the published list; of an imported list, the account or token that imported it.' }),
    is_imported: z.boolean().meta({ description: 'False for the published list, which is a part of this version.' }),
    imported_at: instantOut.nullable(),
    models: z.int().meta({ description: 'The number of models that this gateway has a provider for.' }),
  })
  .meta({ id: 'PriceList' });

export const list = route({
  summary: 'List price lists',
  description: 'Returns the published list of this version, and the lists that people imported, the newest import first.',
  permission: 'platform.read',
  response: z.object({ data: z.array(priceListOut), next_cursor: z.string().nullable() }),
  load: load.platform,
  handle: async ({ deps }) => {
    const { name, version, publishedOn: published_on, author, models } = deps.upstream.publishedList;
    const published = { name, version, published_on, author, is_imported: false, imported_at: null, models: models().length };
    return { data: [published, ...(await priceLists.all(deps.db)).map(render)], next_cursor: null };
  },
});

const day = z.iso.date().meta({ examples: ['2026-03-10'] });

const importBody = z
  .strictObject({
    name: shortName(60).meta({ description: 'The name of the list. A list with this name is replaced.' }),
    version: text(60, 1).meta({ description: 'The version of the list, such as a commit or a day.' }),
    published_on: day.nullish(),
    deployments: z.enum(['keep', 'unpriced', 'all']).default('keep').meta({
      description:
        'Which deployments of these models get the price of the list as a new price version, in force now. `keep`: none. `unpriced`: those without a price in force. `all`: every deployment whose price differs.',
    }),
    prices: z.record(text(2_000), z.unknown()).meta({
      description: `The list in LiteLLM’s JSON form (\`model_prices_and_context_window.json\`), at most ${MODELS_MAX} entries. Costs are numbers in USD for one token or one piece.`,
      maxProperties: MODELS_MAX,
    }),
  })
  .meta({
    'x-example': {
      ...{ name: 'LiteLLM', version: '2026-03-10', deployments: 'unpriced' },
      prices: { 'gpt-x': { litellm_provider: 'openai', input_cost_per_token: 0.000001, output_cost_per_token: 0.000002 } },
    },
  });

export const create = route({
  summary: 'Import a price list',
  description:
    'Reads a list of prices, and keeps it in place of the one with the same name. Each entry is added, changed, refused with the reason, or skipped because this gateway has no such provider. A wrong number refuses its entry and no other. Models that neither the published list nor a deployment names become known, with these prices. With `deployments`, also sets prices of deployments. With `dry_run=true` stores nothing and returns the same report. The body may have 4 MB.',
  permission: 'catalogue.manage',
  takesFile: true,
  query: z.strictObject({ dry_run: flag.meta({ description: 'If true, stores nothing and returns what would change.' }) }),
  body: importBody,
  response: importOut,
  load: load.platform,
  handle: async (call) => {
    const { body } = call;
    if (Object.keys(body.prices).length > MODELS_MAX) throw invalid('/prices', `must have at most ${MODELS_MAX} entries`);
    const isDryRun = call.query.dry_run === true;
    const added = new Set((await presets.all(call.deps.db)).map(({ id }) => id));
    const read = readList(body.prices, new Date(call.deps.clock.nowMs()), added);
    return changeOrRehearse(call, { isDryRun }, async (made) => {
      await lockCatalogue(made.tx);
      await requireRoom(made, body.name);
      const before = await priceLists.find(made.tx, body.name);
      const compared = comparedWith(read, await priceLists.modelsOf(made.tx, body.name));
      await priceLists.replace(made.tx, rowOf(call, body, read, made.now), read.models);
      const source = priceLists.editionOf({ name: body.name, listVersion: body.version });
      const priced = await applyPrices(call, made, { read, source, which: body.deployments });
      await made.record({
        ...eventOf(body.name),
        action: 'price_list.import',
        before: before === null ? null : facts(before),
        after: { ...facts(rowOf(call, body, read, made.now)), ...compared.counts, price_versions: priced.length },
      });
      if (priced.length > 0) made.touch({ catalogue: true });
      return { ...compared, deployments: priced, is_dry_run: isDryRun };
    });
  },
});

export const remove = route({
  summary: 'Delete an imported price list',
  description:
    'Its models are no longer known, unless another source names them. Prices that deployments took from it stay. The published list cannot be deleted.',
  permission: 'catalogue.manage',
  params: z.object({ name: text(240, 1) }),
  status: 204,
  response: z.undefined(),
  load: loadList,
  handle: async (call, row) => {
    await change(call, async ({ tx, record }) => {
      await priceLists.remove(tx, row.name);
      await record({ ...eventOf(row.name), action: 'price_list.delete', before: facts(row), after: null });
    });
    return undefined;
  },
});

type ImportBody = z.output<typeof importBody>;

async function requireRoom({ tx }: Change, name: string): Promise<void> {
  const others = (await priceLists.all(tx)).filter((row) => row.name !== name);
  if (others.length >= LISTS_MAX)
    throw invalid('/name', `would be more than ${LISTS_MAX} imported lists. Delete one of them first`);
}

function rowOf(call: AdminCall, body: ImportBody, { models }: ReadList, now: Date): priceLists.PriceListRow {
  const { name, version: listVersion, published_on: publishedOn = null } = body;
  return { name, listVersion, publishedOn, importedAt: now, importedBy: call.actor.id, models: models.length };
}

async function loadList(call: AdminCall<{ readonly name: string }, unknown, unknown>): Promise<Loaded<priceLists.PriceListRow>> {
  const row = await priceLists.find(call.deps.db, call.params.name);
  if (row === null) throw notFound('price list');
  return { place: { organizationId: null }, object: row };
}

function render(row: priceLists.PriceListRow): z.output<typeof priceListOut> {
  const { name, listVersion: version, publishedOn: published_on, importedBy: author, importedAt, models } = row;
  return { name, version, published_on, author, is_imported: true, imported_at: isoOf(importedAt), models };
}

function facts({ listVersion: version, publishedOn: published_on, models }: priceLists.PriceListRow) {
  return { version, published_on, models };
}

function eventOf(name: string) {
  return { organizationId: null, objectType: 'price_list', objectId: name, objectName: name };
}
