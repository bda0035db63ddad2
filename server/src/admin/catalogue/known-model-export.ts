import { z } from 'zod';
import { USAGE_BUCKETS, USAGE_UNITS } from '../../domain/usage/usage.ts';
import * as known from '../../store/catalogue/known-models.ts';
import type { Cell } from '../exports/csv.ts';
import { exportPages } from '../exports/paged-export.ts';
import { csvFile, textOut } from '../http/answer.ts';
import type { AdminCall } from '../http/call.ts';
import { listQuery, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';
import { viewKnownModels } from './known-model-view.ts';
import { knownModelFilters, statedModels } from './known-models.ts';

/** Exports the known models of a list as a spreadsheet. */

const PAGE = 200;

export const csv = route({
  summary: 'Export known models as CSV, sorted by name',
  description:
    'Takes the filters of the list. At most 100,000 rows; if there are more, the last line says so. Prices are USD: per million tokens by bucket, and for one piece by unit. Those of tiers are not in the file; `context_tiers` and `service_tiers` count them. A cell that begins like a formula gets a leading apostrophe.',
  permission: 'platform.read',
  query: z.strictObject({ search: listQuery.search, ...knownModelFilters }),
  response: textOut,
  form: 'text',
  load: load.platform,
  handle: async (call) => {
    const { search, ...filter } = call.query;
    const wanted = { ...filter, search: searchOf({ search }) };
    const stated = await statedModels(call);
    return csvFile(
      'headgate-known-models.csv',
      exportPages(HEAD, (cursor) => pageOf(call, stated, wanted, cursor)),
    );
  },
});

const HEAD = [
  ...['provider', 'upstream_model', 'context_window', 'max_output_tokens', 'features', 'is_deprecated'],
  ...USAGE_BUCKETS.map((bucket) => `${bucket}_per_million`),
  ...USAGE_UNITS.map((unit) => `per_${unit}`),
  ...['context_tiers', 'service_tiers', 'source_kind', 'source_list', 'source_version', 'sources', 'vendor_lists'],
  ...['last_checked_at', 'deployments', 'unpriced_deployments'],
];

async function pageOf(
  call: AdminCall,
  stated: readonly known.StatedModel[],
  filter: known.KnownModelFilter,
  cursor: string | undefined,
) {
  const page = await known.list(call.deps.db, stated, filter, { sort: 'upstream_model', limit: PAGE, cursor });
  const views = await viewKnownModels(call, page.rows);
  return { lines: views.map(cellsOf), nextCursor: page.nextCursor };
}

function cellsOf(view: Awaited<ReturnType<typeof viewKnownModels>>[number]): readonly Cell[] {
  const { prices } = view;
  // The prices of a row are those of the first source that has some.
  const source = view.sources.find((one) => one.prices !== null) ?? view.sources[0];
  return [
    ...[view.provider, view.upstream_model, view.context_window, view.max_output_tokens],
    ...[view.features.join(' '), view.is_deprecated],
    ...USAGE_BUCKETS.map((bucket) => prices?.[`${bucket}_per_million`] ?? null),
    ...USAGE_UNITS.map((unit) => prices?.per_unit?.[unit] ?? null),
    ...[prices?.context_tiers?.length ?? 0, Object.keys(prices?.service_tiers ?? {}).length],
    ...[source?.kind ?? null, source?.list ?? null, source?.version ?? null, view.sources.length, view.vendor_lists],
    ...[view.last_checked_at, view.deployment_count, view.unpriced_deployment_count],
  ];
}
