import { z } from 'zod';
import { type ListedEntry, readLiteLlmEntry } from '../../domain/money/litellm-prices.ts';
import { givenPrice } from '../../domain/money/price-units.ts';
import * as deployments from '../../store/catalogue/deployments.ts';
import * as known from '../../store/catalogue/known-models.ts';
import type { ListedPriceRow } from '../../store/catalogue/price-lists.ts';
import * as prices from '../../store/catalogue/prices.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, isUnchanged } from '../http/change.ts';
import { conflict } from '../http/problem.ts';
import { deploymentEvent } from './deployment-view.ts';
import { idOf } from './known-model-view.ts';
import { pricesOut, renderPrices } from './price-fields.ts';
import { addPriceVersion } from './price-versions.ts';

/** The steps of an import: reading the entries, comparing them with the list before, and setting prices of deployments. */

const OUTCOMES = ['added', 'changed', 'same', 'removed', 'refused', 'skipped'] as const;
type Outcome = (typeof OUTCOMES)[number];

/** The most rows of a report. What needs a look comes first. */
const ROWS_MAX = 500;
const PRICED_MAX = 1_000;
const ORDER: readonly Outcome[] = ['refused', 'changed', 'removed', 'added', 'skipped'];

const rowOut = z.object({
  name: z.string().meta({ description: 'The name of the entry in the list, at most 200 characters.' }),
  provider: z.string().nullable(),
  upstream_model: z.string().nullable(),
  outcome: z.enum(OUTCOMES),
  reason: z.string().nullable().meta({ description: 'The reason for which the entry is refused or skipped.' }),
  prices: pricesOut.nullable(),
  ignored: z.array(z.string()).meta({ description: 'Costs of the entry that a price here has no place for, at most 20.' }),
});
type Row = z.output<typeof rowOut>;

export const importOut = z
  .object({
    counts: z
      .object(Object.fromEntries(OUTCOMES.map((name) => [name, z.int()])) as Record<Outcome, z.ZodInt>)
      .meta({ description: 'The number of entries by outcome. `removed`: models of the list before that this one lacks.' }),
    rows: z.array(rowOut).meta({
      description: `The entries that are not the same as before, refused ones first, at most ${ROWS_MAX}.`,
    }),
    deployments: z
      .array(
        z.object({ deployment_id: z.string(), model: z.string(), before: pricesOut.nullable(), after: pricesOut.nullable() }),
      )
      .meta({ description: `The deployments whose price changes, at most ${PRICED_MAX}.` }),
    is_dry_run: z.boolean(),
  })
  .meta({ id: 'PriceListImport' });

/** A list as it was read. Of two entries for one model, the later counts. */
export interface ReadList {
  readonly entries: ReadonlyMap<string, { readonly name: string; readonly entry: ListedEntry }>;
  readonly models: readonly ListedPriceRow[];
  /** The entries that were not read. */
  readonly others: readonly Row[];
}

/** Reads a list. `added`: the ids of presets that people added. */
export function readList(list: Readonly<Record<string, unknown>>, now: Date, added: ReadonlySet<string>): ReadList {
  const entries = new Map<string, { readonly name: string; readonly entry: ListedEntry }>();
  const others: Row[] = [];
  const today = now.toISOString().slice(0, 10);
  for (const [name, value] of Object.entries(list)) {
    const read = readLiteLlmEntry(name, value, today, added);
    if (read.is === 'read') entries.set(idOf(read.entry), { name, entry: read.entry });
    else others.push({ ...NOTHING, name: shown(name), outcome: read.is, reason: read.reason });
  }
  return { entries, models: [...entries.values()].map(({ entry }) => rowOf(entry)), others };
}

const NOTHING = { provider: null, upstream_model: null, reason: null, prices: null, ignored: [] } as const satisfies Partial<Row>;

/** Returns the report without the deployments: what the list changes against the one before. */
export function comparedWith({ entries, models, others }: ReadList, before: readonly ListedPriceRow[]) {
  const known = new Map(before.map((row) => [idOf(row), row]));
  const rows: Row[] = [...others];
  for (const model of models) {
    const earlier = known.get(idOf(model));
    known.delete(idOf(model));
    const outcome = earlier === undefined ? 'added' : isUnchanged(factsOf(earlier), factsOf(model)) ? 'same' : 'changed';
    const { name, entry } = entries.get(idOf(model)) as { name: string; entry: ListedEntry };
    rows.push({ ...rendered(model), name: shown(name), outcome, ignored: entry.ignored.slice(0, 20).map(shown) });
  }
  for (const gone of known.values()) rows.push({ ...rendered(gone), name: gone.upstreamModel, outcome: 'removed', ignored: [] });
  const counts = Object.fromEntries(OUTCOMES.map((name) => [name, 0])) as Record<Outcome, number>;
  for (const { outcome } of rows) counts[outcome] += 1;
  const told = rows
    .filter(({ outcome }) => outcome !== 'same')
    .sort((one, other) => ORDER.indexOf(one.outcome) - ORDER.indexOf(other.outcome));
  return { counts, rows: told.slice(0, ROWS_MAX) };
}

interface Applied {
  readonly read: ReadList;
  /** The name and version of the list. */
  readonly source: string;
  readonly which: 'keep' | 'unpriced' | 'all';
}

/** Adds price versions to the deployments of the list's models, with an audit event each. Returns them with both prices. */
export async function applyPrices(call: AdminCall, made: Change, { read, source, which }: Applied) {
  if (which === 'keep') return [];
  const priced = read.models.filter(({ perMillion }) => perMillion !== null);
  const used = await known.deployed(
    made.tx,
    priced.map(({ provider, upstreamModel }) => ({ provider, upstreamModel })),
  );
  const inForce = await prices.inForce(
    made.tx,
    used.flatMap((one) => one.deploymentIds),
    made.now,
  );
  const done: z.output<typeof importOut>['deployments'] = [];
  for (const { deploymentIds, ...name } of used) {
    const entry = read.entries.get(idOf(name))?.entry;
    if (entry?.price == null) continue;
    for (const id of deploymentIds) {
      const stored = inForce.get(id);
      const before = renderPrices(stored);
      const isWanted = which === 'all' || before === null;
      if (!isWanted || (stored !== undefined && isUnchanged(givenPrice(stored), entry.price))) continue;
      if (done.length >= PRICED_MAX) throw conflict(`An import sets the prices of at most ${PRICED_MAX} deployments.`);
      const deployment = await deployments.lock(made.tx, id);
      if (deployment === null) continue;
      const provenance = { createdBy: call.actor.id, listEdition: null, imported: source };
      const row = await addPriceVersion(made, id, made.now, entry.price, provenance);
      await deployments.update(made.tx, id, {}, made.now);
      const after = renderPrices(entry.price);
      await made.record({
        ...deploymentEvent(deployment),
        action: 'price.import',
        before: { prices: before, price_id: stored?.id ?? null },
        after: { prices: after, price_id: row.id, list: source },
      });
      done.push({ deployment_id: id, model: deployment.model, before, after });
    }
  }
  return done;
}

function rowOf({
  provider,
  upstreamModel,
  price,
  contextWindow,
  maxOutputTokens,
  features,
  isDeprecated,
}: ListedEntry): ListedPriceRow {
  const { perMillion = null, units = null } = price ?? {};
  return { provider, upstreamModel, perMillion, units, contextWindow, maxOutputTokens, features: [...features], isDeprecated };
}

/** Returns the facts of a model in a canonical form, so that two equal ones are deeply equal. */
function factsOf({ perMillion, units, contextWindow, maxOutputTokens, features, isDeprecated }: ListedPriceRow) {
  return {
    price: perMillion === null ? null : givenPrice({ perMillion, units }),
    contextWindow,
    maxOutputTokens,
    features,
    isDeprecated,
  };
}

function rendered({ provider, upstreamModel: upstream_model, perMillion, units }: ListedPriceRow) {
  const price = perMillion === null ? null : renderPrices({ perMillion, units });
  return { provider, upstream_model, reason: null, prices: price };
}

/** Returns a text of the file as far as it is shown. */
function shown(text: string): string {
  return [...text.slice(0, 400).replaceAll(/\p{C}/gu, '\uFFFD')].slice(0, 200).join('');
}
