/** Lists of prices that people imported, and the models that they state. */
import { and, asc, desc, eq, isNotNull, sql } from 'drizzle-orm';
import { type GivenPrice, givenPrice } from '../../domain/money/price-units.ts';
import { plainModelName } from '../../domain/routing/known-model.ts';
import type { Database } from '../database.ts';
import { priceListModels, priceLists } from '../schema.ts';
import type { NamedModel } from './known-models.ts';

export type PriceListRow = typeof priceLists.$inferSelect;
export type ListedPriceRow = Omit<typeof priceListModels.$inferSelect, 'list'>;
/** A model of an imported list, with the list. */
export interface ImportedModel {
  readonly list: PriceListRow;
  readonly model: ListedPriceRow;
}

const ROWS_AT_ONCE = 500;

/** Returns the name and version of a list as price versions name it. */
export function editionOf({ name, listVersion }: Pick<PriceListRow, 'name' | 'listVersion'>): string {
  return `${name} ${listVersion}`;
}

/** Returns every list, the newest import first. */
export async function all(db: Database): Promise<readonly PriceListRow[]> {
  return db.select().from(priceLists).orderBy(desc(priceLists.importedAt), asc(priceLists.name));
}

export async function find(db: Database, name: string): Promise<PriceListRow | null> {
  const [row] = await db.select().from(priceLists).where(eq(priceLists.name, name));
  return row ?? null;
}

/** Returns the models of a list. */
export async function modelsOf(db: Database, name: string): Promise<readonly ListedPriceRow[]> {
  return db.select().from(priceListModels).where(eq(priceListModels.list, name));
}

/** Replaces a list and its models. */
export async function replace(tx: Database, row: PriceListRow, models: readonly ListedPriceRow[]): Promise<void> {
  await tx.delete(priceLists).where(eq(priceLists.name, row.name));
  await tx.insert(priceLists).values(row);
  for (let at = 0; at < models.length; at += ROWS_AT_ONCE)
    await tx.insert(priceListModels).values(models.slice(at, at + ROWS_AT_ONCE).map((model) => ({ ...model, list: row.name })));
}

export async function remove(tx: Database, name: string): Promise<void> {
  await tx.delete(priceLists).where(eq(priceLists.name, name));
}

/** The price of a model in an imported list. */
export interface ImportedPrice {
  readonly list: PriceListRow;
  readonly price: GivenPrice;
}

/** Returns the price of a model in the newest import that has one. Null: there is none. */
export async function priceOf(db: Database, name: NamedModel): Promise<ImportedPrice | null> {
  const plain = { provider: name.provider, upstreamModel: plainModelName(name.upstreamModel) };
  for (const { list, model } of await imported(db, [plain])) {
    const { perMillion, units } = model;
    if (perMillion !== null) return { list, price: givenPrice({ perMillion, units }) };
  }
  return null;
}

/** Returns the names at a provider of which an imported list has a price. */
export async function pricedAt(db: Database, provider: string): Promise<ReadonlySet<string>> {
  const rows = await db
    .select({ name: priceListModels.upstreamModel })
    .from(priceListModels)
    .where(and(eq(priceListModels.provider, provider), isNotNull(priceListModels.perMillion)));
  return new Set(rows.map(({ name }) => name));
}

/** Returns what the imported lists state, the newest import first: about every model, or about these. */
export async function imported(db: Database, among?: readonly NamedModel[]): Promise<readonly ImportedModel[]> {
  if (among?.length === 0) return [];
  const wanted =
    among === undefined
      ? undefined
      : sql`(${priceListModels.provider}, ${priceListModels.upstreamModel}) in (select * from unnest(
          ${sql.param(among.map(({ provider }) => provider))}::text[], ${sql.param(among.map((one) => one.upstreamModel))}::text[]))`;
  return db
    .select({ list: priceLists, model: priceListModels })
    .from(priceListModels)
    .innerJoin(priceLists, eq(priceLists.name, priceListModels.list))
    .where(wanted)
    .orderBy(desc(priceLists.importedAt), asc(priceLists.name));
}
