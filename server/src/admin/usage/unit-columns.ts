import { USAGE_BUCKETS, USAGE_UNITS } from '../../domain/usage/usage.ts';
import type { UnitSum } from '../../store/usage/unit-sums.ts';
import type { Cell } from '../exports/csv.ts';

/** Units as columns of a spreadsheet. The columns are the same in every file, whatever was used. */

/** Buckets for which the sums of usage have a column. */
const SUMMED: ReadonlySet<string> = new Set(['input', 'cached_input', 'cache_write', 'output', 'reasoning']);

/** The units with a column of their own: the rarer buckets of tokens, then the pieces. */
export const REPORTED_UNITS: readonly string[] = [...USAGE_BUCKETS.filter((bucket) => !SUMMED.has(bucket)), ...USAGE_UNITS];

export const unitHead: readonly string[] = [...REPORTED_UNITS.map((unit) => `${unit}_quantity`), 'unpriced_units'];

/** Returns the cells for the columns of unitHead. */
export function unitCells(units: readonly UnitSum[]): readonly Cell[] {
  const quantities = new Map(units.map(({ unit, quantity }) => [unit, quantity]));
  return [...REPORTED_UNITS.map((unit) => quantities.get(unit) ?? 0), unpricedText(units)];
}

/** Returns the quantities without a price, as `search=3 image=1`. Empty if every unit had one. */
export function unpricedText(units: readonly UnitSum[]): string {
  const unpriced = units.filter(({ unpricedQuantity }) => unpricedQuantity !== 0);
  return unpriced.map(({ unit, unpricedQuantity }) => `${unit}=${unpricedQuantity}`).join(' ');
}
