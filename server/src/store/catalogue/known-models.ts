/** The models that price lists and deployments name, in one list that the database pages, filters and sorts. */
import { type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { afterCursor, type Keyset, literally, orderOf, type Page, pageLimit, pageOf, type Total, totalOf } from '../paging.ts';
import { deployments, priceListModels, priceLists } from '../schema.ts';

export const KNOWN_MODEL_SORTS = [
  'upstream_model',
  '-upstream_model',
  'input_price',
  '-input_price',
  'output_price',
  '-output_price',
  'context_window',
  '-context_window',
] as const;
export type KnownModelSort = (typeof KNOWN_MODEL_SORTS)[number];

/** A model by its provider's name for it. */
export interface NamedModel {
  readonly provider: string;
  readonly upstreamModel: string;
}

/** A model with the facts by which lists are filtered and sorted. Rates are nano-dollars per million tokens. */
export interface StatedModel extends NamedModel {
  readonly contextWindow: number | null;
  readonly isPriced: boolean;
  readonly input: number | null;
  readonly output: number | null;
  readonly features: readonly string[];
  readonly isDeployed: boolean;
}

export interface KnownModelFilter {
  readonly provider?: string | undefined;
  readonly feature?: string | undefined;
  readonly deployed?: boolean | undefined;
  readonly priced?: boolean | undefined;
  /** A part of the name. */
  readonly search?: string | undefined;
}

export interface KnownModelPage {
  readonly sort: KnownModelSort;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** The deployments of an upstream model, oldest first. */
export interface DeployedModel extends NamedModel {
  readonly deploymentIds: readonly string[];
}

/** The name under which a deployment's model is known: without the collection that Google's APIs put before it. */
const PLAIN_NAME = sql<string>`regexp_replace(${deployments.upstreamModel}, '^(publishers/[^/]+/)?models/', '')`;

/** Returns the models of all deployments, or of these names only. */
export async function deployed(db: Database, among?: readonly NamedModel[]): Promise<readonly DeployedModel[]> {
  if (among?.length === 0) return [];
  const wanted =
    among === undefined
      ? sql``
      : sql` and (${deployments.provider}, ${PLAIN_NAME}) in (select * from unnest(
          ${sql.param(among.map(({ provider }) => provider))}::text[], ${sql.param(among.map((one) => one.upstreamModel))}::text[]))`;
  const { rows } = await db.execute<{ provider: string; model: string; ids: string[] }>(sql`
    select ${deployments.provider} as provider, ${PLAIN_NAME} as model, array_agg(${deployments.id} order by ${deployments.id}) as ids
    from ${deployments} where ${deployments.deletedAt} is null${wanted} group by 1, 2`);
  return rows.map(({ provider, model, ids }) => ({ provider, upstreamModel: model, deploymentIds: ids }));
}

/** Lists one page of the names of known models. Throws InvalidCursor. */
export async function list(
  db: Database,
  stated: readonly StatedModel[],
  filter: KnownModelFilter,
  page: KnownModelPage,
): Promise<Page<NamedModel> & { readonly total: Total }> {
  const known = knownModels(stated, filter);
  const keyset = keysetOf(page.sort);
  const limit = pageLimit(page.limit);
  const [sorted] = keyset.columns;
  const after = afterCursor(keyset, page.cursor);
  const { rows } = await db.execute<{ provider: string; model: string; sorted: string }>(sql`
    select provider, model, ${sorted}::text as sorted from (${known}) as known
    ${after === undefined ? sql`` : sql`where ${after}`} order by ${orderOf(keyset)} limit ${limit + 1}`);
  const kept = pageOf(keyset, rows, limit, (row) => [
    isByName(page.sort) ? row.sorted : Number(row.sorted),
    row.model,
    row.provider,
  ]);
  return {
    rows: kept.rows.map(({ provider, model }) => ({ provider, upstreamModel: model })),
    nextCursor: kept.nextCursor,
    total: await totalOf(db, known),
  };
}

/** Returns the subquery of all models: those that the program states, and those of imported lists, the newest import first. */
function knownModels(stated: readonly StatedModel[], filter: KnownModelFilter): SQL {
  const { provider, feature, deployed: isDeployed, priced, search } = filter;
  const conditions = [
    provider === undefined ? undefined : sql`provider = ${provider}`,
    feature === undefined ? undefined : sql`has_feature`,
    isDeployed === undefined ? undefined : sql`deployed = ${isDeployed}`,
    priced === undefined ? undefined : sql`priced = ${priced}`,
    search === undefined ? undefined : sql`lower(model) like ${`%${literally(search.toLowerCase())}%`}`,
  ].filter((condition) => condition !== undefined);
  const wanted = conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `);
  const first = (column: string) =>
    sql.raw(`(array_agg(${column} order by imported_at desc nulls first) filter (where ${column} is not null))[1] as ${column}`);
  return sql`select provider, model, context_window, input, output from (
    select provider, model, bool_or(priced) as priced, bool_or(deployed) as deployed,
      bool_or(${feature ?? ''}::text = any(features)) as has_feature, ${first('context_window')}, ${first('input')}, ${first('output')}
    from (
      select provider, model, context_window, priced, input, output, features, deployed, null::timestamptz as imported_at
      from jsonb_to_recordset(${JSON.stringify(stated.map(asRecord))}::jsonb) as stated(provider text, model text,
        context_window bigint, priced boolean, input bigint, output bigint, features text[], deployed boolean)
      union all
      select m.provider, m.upstream_model, m.context_window, m.per_million is not null, (m.per_million->>'input')::bigint,
        (m.per_million->>'output')::bigint, m.features, false, l.imported_at
      from ${priceListModels} m join ${priceLists} l on l.name = m.list
    ) as each group by provider, model) as known where ${wanted}`;
}

function asRecord({ provider, upstreamModel, contextWindow, isPriced, input, output, features, isDeployed }: StatedModel) {
  return {
    ...{ provider, model: upstreamModel, context_window: contextWindow },
    ...{ priced: isPriced, input, output, features, deployed: isDeployed },
  };
}

const COLUMNS = { input_price: sql`input`, output_price: sql`output`, context_window: sql`context_window` };

function isByName(sort: KnownModelSort): boolean {
  return sort.endsWith('upstream_model');
}

/** Returns the order. Models without the figure come last in both directions. */
function keysetOf(sort: KnownModelSort): Keyset {
  const direction = sort.startsWith('-') ? 'desc' : 'asc';
  const name = sort.replace('-', '');
  const rest = [sql`model collate "C"`, sql`provider collate "C"`];
  if (isByName(sort)) return { name: `known-models.${name}`, direction, columns: [sql`(lower(model) collate "C")`, ...rest] };
  const figure = COLUMNS[name as keyof typeof COLUMNS];
  const none = direction === 'asc' ? Number.MAX_SAFE_INTEGER : -1;
  return { name: `known-models.${name}`, direction, columns: [sql`coalesce(${figure}, ${none}::bigint)`, ...rest] };
}
