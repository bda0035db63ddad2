import { z } from 'zod';
import { type GivenPrice, givenPrice } from '../../domain/money/price-units.ts';
import type { ProviderName } from '../../domain/routing/catalogue.ts';
import { featuresOfPrice, MODEL_FEATURES, type ModelFacts, type ModelFeature } from '../../domain/routing/known-model.ts';
import * as known from '../../store/catalogue/known-models.ts';
import * as modelLists from '../../store/catalogue/model-lists.ts';
import * as priceLists from '../../store/catalogue/price-lists.ts';
import type { PriceRow } from '../../store/catalogue/prices.ts';
import * as prices from '../../store/catalogue/prices.ts';
import type { AdminCall } from '../http/call.ts';
import { instantOut, isoOf } from '../http/fields.ts';
import { pricesOut, renderPrices } from './price-fields.ts';

/** Known models as the API shows them: what each source states, and whether deployments use them. */

export const feature = z.enum(MODEL_FEATURES);

const sourceOut = z.object({
  kind: z.enum(['published', 'imported', 'given']).meta({
    description:
      'The kind of source. `published`: the published price list. `imported`: a list that somebody imported. `given`: a price that somebody gave to a deployment.',
  }),
  list: z.string().nullable().meta({ description: 'The name of the list. Null for `given`.' }),
  version: z.string().nullable(),
  published_on: z.string().nullable().meta({ format: 'date', description: 'The day of this version of the list.' }),
  author: z.string().nullable().meta({ description: 'The author of the list, or the account or token that gave the price.' }),
  checked_at: instantOut.nullable().meta({
    description:
      'The time at which the source stated this: the day of the published list, the import of a list, or the start of the given price.',
  }),
  prices: pricesOut.nullable().meta({ description: 'Null if the source states no price that this gateway can charge.' }),
  deployment_id: z.string().nullable().meta({ description: 'The deployment of a given price.' }),
});
type Source = z.output<typeof sourceOut>;

export const knownModelOut = z
  .object({
    id: z.string().meta({ description: 'The provider and the upstream model, joined by `/`.' }),
    provider: z.string(),
    upstream_model: z.string().meta({ description: 'The provider’s name for the model.' }),
    context_window: z
      .int()
      .nullable()
      .meta({ description: 'The most tokens of a request and its answer. Null: no source has it.' }),
    max_output_tokens: z.int().nullable().meta({ description: 'The most tokens of an answer. Null: no source has it.' }),
    features: z
      .array(feature)
      .meta({ description: 'What the sources state. A feature that is absent may exist: a list need not mention it.' }),
    is_deprecated: z.boolean().meta({ description: 'True if a list says that the vendor withdraws the model.' }),
    prices: pricesOut
      .nullable()
      .meta({ description: 'The prices of the first source that has some. Null: no source has a price.' }),
    sources: z.array(sourceOut).meta({ description: 'What is known and from where, lists first.' }),
    vendor_lists: z
      .int()
      .meta({ description: 'The number of credentials whose vendor’s own list has the model, as far as such lists were read.' }),
    last_checked_at: instantOut.nullable().meta({
      description: 'The newest `checked_at` of the sources, or the last reading of a vendor’s list that has the model.',
    }),
    deployment_count: z.int(),
    unpriced_deployment_count: z.int().meta({ description: 'How many of the deployments have no price in force.' }),
    deployment_id: z.string().nullable().meta({ description: 'The oldest deployment. Null: there is none.' }),
  })
  .meta({ id: 'KnownModel' });

type KnownModel = z.output<typeof knownModelOut>;

/** Returns the models with these names as the API shows them, in the same order. */
export async function viewKnownModels(call: AdminCall, names: readonly known.NamedModel[]): Promise<KnownModel[]> {
  const { db, clock } = call.deps;
  const used = new Map((await known.deployed(db, names)).map((one) => [idOf(one), one.deploymentIds]));
  const inForce = await prices.inForce(db, [...used.values()].flat(), new Date(clock.nowMs()));
  const imported = Map.groupBy(await priceLists.imported(db, names), ({ model }) => idOf(model));
  const listed = new Map((await modelLists.lastListed(db, names)).map((one) => [idOf(one), one]));
  return names.map((name) => {
    const id = idOf(name);
    const from = { deploymentIds: used.get(id) ?? [], inForce, imported: imported.get(id) ?? [], listed: listed.get(id) ?? null };
    return view(call, name, from);
  });
}

/** The stored facts about one model. */
interface Stored {
  readonly deploymentIds: readonly string[];
  readonly inForce: ReadonlyMap<string, PriceRow>;
  readonly imported: readonly priceLists.ImportedModel[];
  /** The time at which it was last found in a vendor's list, and the number of lists that have it. */
  readonly listed: { readonly at: Date; readonly lists: number } | null;
}

function view({ deps }: AdminCall, { provider, upstreamModel }: known.NamedModel, stored: Stored): KnownModel {
  const { deploymentIds, inForce, imported, listed } = stored;
  const facts = publishedFacts(deps.upstream, { provider, upstreamModel });
  const given = newestGiven(deploymentIds, inForce);
  const sources = [
    ...(facts === null ? [] : [publishedSource(deps.upstream, facts)]),
    ...imported.map(importedSource),
    ...(given === null ? [] : [given]),
  ];
  const stated = imported.map(({ model }) => model);
  const features = new Set<string>([...(facts?.features ?? []), ...stated.flatMap((one) => one.features)]);
  const checked = sources.map(({ checked_at }) => checked_at);
  return {
    id: idOf({ provider, upstreamModel }),
    provider,
    upstream_model: upstreamModel,
    context_window: facts?.contextWindow ?? firstOf(stated, (one) => one.contextWindow),
    max_output_tokens: facts?.maxOutputTokens ?? firstOf(stated, (one) => one.maxOutputTokens),
    features: MODEL_FEATURES.filter((name) => features.has(name)),
    is_deprecated: facts?.isDeprecated === true || stated.some((one) => one.isDeprecated),
    prices: sources.find((source) => source.prices !== null)?.prices ?? null,
    sources,
    vendor_lists: listed?.lists ?? 0,
    last_checked_at: [...checked, listed === null ? null : isoOf(listed.at)].reduce(later, null),
    deployment_count: deploymentIds.length,
    unpriced_deployment_count: deploymentIds.filter((id) => renderPrices(inForce.get(id)) === null).length,
    deployment_id: deploymentIds[0] ?? null,
  };
}

function firstOf<Row, Value>(rows: readonly Row[], of: (row: Row) => Value | null): Value | null {
  for (const row of rows) if (of(row) !== null) return of(row);
  return null;
}

export function idOf({ provider, upstreamModel }: known.NamedModel): string {
  return `${provider}/${upstreamModel}`;
}

type Knowledge = AdminCall['deps']['upstream'];

/**
 * Returns what the published list states about a model: by its entry, or by the entry whose price the name has, such as a dated
 * name. Null if the list does not know it.
 */
export function publishedFacts(upstream: Knowledge, { provider, upstreamModel }: known.NamedModel): ModelFacts | null {
  const entry = entriesOf(upstream).get(idOf({ provider, upstreamModel }));
  if (entry !== undefined) return entry;
  const price = upstream.priceFor(provider as ProviderName, upstreamModel);
  if (price === null) return null;
  const contextWindow = upstream.contextWindowOf(provider as ProviderName, upstreamModel);
  return { price, contextWindow, maxOutputTokens: null, features: featuresOfPrice(price), isDeprecated: false };
}

/** The entries of each list by their id. A list does not change while the process runs. */
const ENTRIES = new WeakMap<Knowledge['publishedList'], ReadonlyMap<string, ModelFacts>>();

function entriesOf({ publishedList }: Knowledge): ReadonlyMap<string, ModelFacts> {
  const entries = ENTRIES.get(publishedList) ?? new Map(publishedList.models().map((model) => [idOf(model), model]));
  ENTRIES.set(publishedList, entries);
  return entries;
}

function publishedSource({ publishedList }: Knowledge, { price }: ModelFacts): Source {
  const { name: list, version, publishedOn: published_on, author } = publishedList;
  const origin = { kind: 'published' as const, list, version, published_on, author, deployment_id: null };
  return {
    ...origin,
    checked_at: isoOf(new Date(published_on)),
    prices: price === null ? null : renderPrices(givenPrice(price)),
  };
}

function importedSource({ list, model }: priceLists.ImportedModel): Source {
  const { name, listVersion: version, publishedOn: published_on, importedBy: author, importedAt } = list;
  const prices = model.perMillion === null ? null : renderPrices({ perMillion: model.perMillion, units: model.units });
  const origin = { kind: 'imported' as const, list: name, version, published_on, author, deployment_id: null };
  return { ...origin, checked_at: isoOf(importedAt), prices };
}

/** Returns the newest price in force that somebody gave to one of these deployments. Null: there is none. */
function newestGiven(deploymentIds: readonly string[], inForce: ReadonlyMap<string, PriceRow>): Source | null {
  const given = deploymentIds
    .flatMap((id) => inForce.get(id) ?? [])
    .filter((row) => row.source === null && row.sourceVersion === null && renderPrices(row) !== null)
    .sort((one, other) => other.effectiveFrom.getTime() - one.effectiveFrom.getTime());
  const [row] = given;
  if (row === undefined) return null;
  const origin = { kind: 'given' as const, list: null, version: null, published_on: null, author: row.createdBy };
  return { ...origin, checked_at: isoOf(row.effectiveFrom), prices: renderPrices(row), deployment_id: row.deploymentId };
}

function later(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return one > other ? one : other;
}

/** Returns what lists are filtered and sorted by. */
export function statedOf(
  name: known.NamedModel,
  facts: ModelFacts | null,
  isDeployed: boolean,
  given: GivenPrice | null,
): known.StatedModel {
  const price = facts?.price ?? given;
  const features: readonly ModelFeature[] = facts?.features ?? [];
  return {
    provider: name.provider,
    upstreamModel: name.upstreamModel,
    contextWindow: facts?.contextWindow ?? null,
    isPriced: price !== null && Object.keys(price.perMillion).length > 0,
    input: price?.perMillion.input ?? null,
    output: price?.perMillion.output ?? null,
    features,
    isDeployed,
  };
}
