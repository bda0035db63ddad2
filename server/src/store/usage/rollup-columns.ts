/**
 * The columns of the rollups, and SQL that makes their rows from ledger rows. The ledger writer and the proof of its sums share
 * them.
 */
import { HAS_UNITS, UNITS_OF_ROW, USES } from './units-of-row.ts';

export const DIMENSIONS = ['team_id', 'key_id', 'member_id', 'service_account_id', 'called_name'] as const;
export const TOKENS = [
  'input_tokens',
  'cached_input_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'total_tokens',
] as const;
export const COUNTS = ['requests', 'estimated_requests', 'refused_requests', 'admitted', 'unpriced_requests'] as const;
/** The key columns of the rollups. */
export const ROLLUP_KEY = [
  'organization_id',
  'bucket_start',
  'team_id',
  'key_id',
  'member_id',
  'service_account_id',
  'called_name',
  'deployment_id',
  'provider',
] as const;
export const ROLLUP_SUMS = [...COUNTS, ...TOKENS, 'spend_nano_usd'] as const;
/** The key columns of the rollups of units without a column there. */
export const UNIT_ROLLUP_KEY = [...ROLLUP_KEY, 'unit'] as const;
export const UNIT_ROLLUP_SUMS = ['uses', 'quantity', 'unpriced_quantity'] as const;
export const UNIT_ROLLUP_COLUMNS = [...UNIT_ROLLUP_KEY, ...UNIT_ROLLUP_SUMS] as const;
/**
 * The key columns of the rollups of requests with tags. There is a row per tag, one without a tag that counts each request once,
 * and rows per unit.
 */
export const TAG_ROLLUP_KEY = [...ROLLUP_KEY, 'tag', 'unit'] as const;
/** The sums of the rollups by labels. Only rows with a unit have sums of units, and only rows without one the others. */
export const LABEL_SUMS = [...ROLLUP_SUMS, ...UNIT_ROLLUP_SUMS] as const;
/**
 * The key columns of the rollups by the origin of requests. `kind` and `name`: the end user or the session; a row of the kind `client`
 * has no name.
 */
export const ATTRIBUTION_ROLLUP_KEY = [...ROLLUP_KEY, 'kind', 'name', 'client', 'unit'] as const;

/** SQL for the start of the quarter of an hour in which a row was admitted. */
export const bucketStart = `date_bin('15 minutes', admitted_at, timestamptz '2000-01-01 00:00:00+00')`;
/** The columns of ROLLUP_KEY up to the called name, from a row of the log or the ledger. */
export const rollupDimensions = `organization_id, ${bucketStart}, team_id, key_id, coalesce(member_id, ''), coalesce(service_account_id, ''), called_name`;

/**
 * Returns SQL for the usage of ledger rows in units without a column: one row per entry and unit. It first filters out entries
 * without such units. Its columns are UNIT_ROLLUP_COLUMNS, in order, without names.
 */
export const unitsOf = (ledger: string) => `
  select ${rollupDimensions}, deployment_id, provider, unit, ${USES}, amount, unpriced
  from (select * from ${ledger} where ${HAS_UNITS}) as one, ${UNITS_OF_ROW}`;
