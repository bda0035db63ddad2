import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { givenPrice } from '../../domain/money/price-units.ts';
import { type Comparison, compareModelList, LISTED_STATES, listedNameOf } from '../../domain/routing/model-list.ts';
import type { CredentialRow } from '../../store/catalogue/credentials.ts';
import * as credentials from '../../store/catalogue/credentials.ts';
import type { NamedModel } from '../../store/catalogue/known-models.ts';
import * as modelLists from '../../store/catalogue/model-lists.ts';
import * as priceLists from '../../store/catalogue/price-lists.ts';
import * as prices from '../../store/catalogue/prices.ts';
import { pageOfSorted } from '../../store/paging.ts';
import type { AdminCall } from '../http/call.ts';
import { idParams, instantOut, isoOrNull } from '../http/fields.ts';
import { listQuery, pageOut, searchOf } from '../http/lists.ts';
import { conflict } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { loadCredential } from './credentials.ts';
import { publishedFacts } from './known-model-view.ts';
import { openCredential } from './open-credential.ts';
import { pricesOut, renderPrices } from './price-fields.ts';

/** Vendors' own lists of models, kept for each credential and compared with its deployments and the known prices. */

const state = z.enum(LISTED_STATES).meta({
  description:
    '`gone`: a deployment with this credential uses the model, and the vendor does not list it. `unpriced`: the vendor lists it, and no price is known. `in_use`: a deployment uses it. `not_deployed`: the vendor lists it, a price is known, and no deployment uses it.',
});

const readingOut = z
  .object({
    read_at: instantOut.nullable().meta({ description: 'The time of the last reading that succeeded. Null: there is none.' }),
    read_by: z.string().nullable().meta({ description: 'The account or token that asked for it.' }),
    listed: z.int().meta({ description: 'The number of different names in the vendor’s list.' }),
    unusable: z
      .int()
      .meta({ description: 'The number of entries that were left out, because no deployment can have such a name.' }),
    is_cut: z.boolean().meta({
      description: `True if the list is longer than what is kept: the models that deployments use, and ${modelLists.KEPT_MAX} others.`,
    }),
    failed_at: instantOut
      .nullable()
      .meta({ description: 'The time of the last attempt, if it failed. The list before it is kept.' }),
    failure: z.string().nullable().meta({ description: 'The reason, in the provider’s words or the gateway’s.' }),
    counts: z
      .object(
        Object.fromEntries(LISTED_STATES.map((name) => [name, z.int()])) as Record<(typeof LISTED_STATES)[number], z.ZodInt>,
      )
      .meta({ description: 'The number of models in each state.' }),
    not_compared: z.array(z.string()).meta({
      description:
        'Deployments with this credential whose model the list would not have in any case: names that people gave at Azure, ARNs of AWS, other vendors’ models at Vertex AI, and what was changed after a list that was cut. At most 200.',
    }),
    not_compared_count: z.int(),
  })
  .meta({ id: 'ModelListReading' });

const listedOut = z
  .object({
    id: z.string(),
    upstream_model: z.string(),
    state,
    prices: pricesOut.nullable().meta({ description: 'The price that a new deployment would get. Null: none is known.' }),
    deployment_ids: z.array(z.string()).meta({ description: 'The deployments with this credential, oldest first. At most 20.' }),
    deployment_count: z.int(),
  })
  .meta({ id: 'ListedModel' });

export const read = route({
  summary: 'Compare the kept list of models of a credential',
  description:
    'Returns the vendor’s own list as it was last read with this credential, compared with the deployments that use it and with the known prices. Calls no provider. Sorted by name. Without a reading the list is empty, and `reading.read_at` is null.',
  permission: 'platform.read',
  params: idParams,
  query: z.strictObject({
    limit: listQuery.limit,
    cursor: listQuery.cursor,
    search: listQuery.search.meta({ description: 'Matches a part of the name.' }),
    state: state.optional(),
  }),
  response: pageOut(listedOut).extend({ reading: readingOut }),
  load: loadCredential,
  handle: async (call, credential) => {
    const { search: _, state: wanted, ...page } = call.query;
    const search = searchOf({ search: call.query.search })?.toLowerCase();
    const row = await modelLists.find(call.deps.db, credential);
    const comparison = await compare(call, credential, row);
    const matching = comparison.models.filter(
      ({ upstreamModel, state: is }) =>
        (wanted === undefined || is === wanted) && (search === undefined || upstreamModel.toLowerCase().includes(search)),
    );
    const found = pageOfSorted('model-list', matching, page, ({ upstreamModel }) => upstreamModel);
    const { provider } = credential;
    const known = await knownPrices(
      call,
      found.rows.map(({ upstreamModel }) => ({ provider, upstreamModel })),
    );
    return {
      data: found.rows.map(({ upstreamModel, state: is, deploymentIds }, at) => ({
        ...{ id: upstreamModel, upstream_model: upstreamModel, state: is },
        prices: known[at] ?? null,
        deployment_ids: deploymentIds.slice(0, 20),
        deployment_count: deploymentIds.length,
      })),
      next_cursor: found.nextCursor,
      total: matching.length,
      reading: renderReading(row, comparison),
    };
  },
});

export const refresh = route({
  summary: 'Read the list of models of a credential',
  callsProvider: true,
  description:
    'Reads the vendor’s own list with this credential, over all of its pages, at most 16 MB in 10 seconds, and keeps it in place of the one before. If the vendor does not answer with a list, the answer says why in `failure`, and the list before is kept.',
  permission: 'catalogue.manage',
  params: idParams,
  response: readingOut,
  load: loadCredential,
  handle: async (call, row) => {
    const answer = await call.deps.upstream.readModels(openCredential(call.deps, row));
    const { db } = call.deps;
    await db.transaction(async (tx) => {
      const credential = await credentials.lock(tx, row.id);
      if (credential === null) throw conflict('The credential was deleted while its list was read.');
      const reading = { at: new Date(call.deps.clock.nowMs()), by: call.actor.id };
      if (!answer.ok) return modelLists.noteFailure(tx, row, { ...reading, failure: answer.message });
      const using = await modelLists.deploymentsWith(tx, row.id);
      const used = new Set(using.flatMap((one) => listedNameOf(row.provider, one.upstreamModel) ?? []));
      return modelLists.replace(tx, row, { ...answer, names: answer.models }, { ...reading, used });
    });
    const stored = await modelLists.find(db, row);
    return renderReading(stored, await compare(call, row, stored));
  },
});

/** Returns the prices that new deployments of these models would get, in the same order. */
async function knownPrices({ deps }: AdminCall, names: readonly NamedModel[]) {
  const imported = await priceLists.imported(deps.db, names);
  return names.map((name) => {
    const published = publishedFacts(deps.upstream, name)?.price ?? null;
    if (published !== null) return renderPrices(givenPrice(published));
    const own = imported.find(({ model }) => model.upstreamModel === name.upstreamModel && model.perMillion !== null)?.model;
    return own?.perMillion == null ? null : renderPrices({ perMillion: own.perMillion, units: own.units });
  });
}

type Reading = z.output<typeof readingOut>;

function renderReading(row: modelLists.ModelListRow | null, { models, notCompared }: Comparison): Reading {
  const counts = Object.fromEntries(LISTED_STATES.map((name) => [name, 0])) as Reading['counts'];
  for (const { state: is } of models) counts[is] += 1;
  const hasRead = row !== null && row.readAt !== null;
  return {
    read_at: isoOrNull(row?.readAt ?? null),
    read_by: hasRead ? row.readBy : null,
    ...{ listed: row?.listed ?? 0, unusable: row?.unusable ?? 0, is_cut: row?.isCut ?? false },
    ...{ failed_at: isoOrNull(row?.failedAt ?? null), failure: row?.failure ?? null },
    ...{ counts, not_compared: notCompared.slice(0, 200), not_compared_count: notCompared.length },
  };
}

const NOTHING: Comparison = { models: [], notCompared: [] };

async function compare(call: AdminCall, credential: CredentialRow, row: modelLists.ModelListRow | null): Promise<Comparison> {
  if (row === null || row.readAt === null) return NOTHING;
  const { db, clock } = call.deps;
  const { id, provider } = credential;
  const listed = await modelLists.namesOf(db, id);
  const using = await modelLists.deploymentsWith(db, id);
  const ids = using.map((one) => one.id);
  const inForce = await prices.inForce(db, ids, new Date(clock.nowMs()));
  const deployments = using.map((one) => ({ ...one, isPriced: renderPrices(inForce.get(one.id)) !== null }));
  const imported = await priceLists.pricedAt(db, provider);
  const published = await pricedAmong(call, provider, listed);
  const priced = imported.size === 0 ? published : published.union(imported);
  return compareModelList({ provider, listed, isCut: row.isCut, readAt: row.readAt, deployments, priced });
}

/** The time for which prices are looked up before the event loop gets a turn. */
const TURN_MS = 5;
/** The most answers that are kept for each price list. */
const LOOKED_UP_MAX = 50_000;
const LOOKED_UP = new WeakMap<object, Map<string, boolean>>();

/** Returns the names of which the published list has a price. A name takes a tenth of a millisecond, so answers are kept. */
async function pricedAmong({ deps }: AdminCall, provider: string, names: readonly string[]): Promise<ReadonlySet<string>> {
  const { upstream, clock } = deps;
  const known = LOOKED_UP.get(upstream.publishedList) ?? new Map<string, boolean>();
  if (known.size > LOOKED_UP_MAX) known.clear();
  LOOKED_UP.set(upstream.publishedList, known);
  const priced = new Set<string>();
  let turnEndMs = clock.monotonicMs() + TURN_MS;
  for (const upstreamModel of names) {
    const key = `${provider} ${upstreamModel}`;
    const isPriced = known.get(key) ?? (publishedFacts(upstream, { provider, upstreamModel })?.price ?? null) !== null;
    known.set(key, isPriced);
    if (isPriced) priced.add(upstreamModel);
    if (clock.monotonicMs() <= turnEndMs) continue;
    await nextTurn();
    turnEndMs = clock.monotonicMs() + TURN_MS;
  }
  return priced;
}
