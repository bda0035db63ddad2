import { USAGE_BUCKETS, USAGE_UNITS } from '../../domain/usage/usage.ts';
import type { UnitSum } from '../../store/usage/unit-sums.ts';
import type { Cell } from '../exports/csv.ts';

/** Units as columns of a spreadsheet: the same ones in every file, whatever was used. */

/** Buckets that the sums of usage have a column for. */
const SUMMED: ReadonlySet<string> = new Set(['input', 'cached_input', 'cache_write', 'output', 'reasoning']);

/** Rarer buckets of tokens, then the pieces. */
export const REPORTED_UNITS: readonly string[] = [...USAGE_BUCKETS.filter((bucket) => !SUMMED.has(bucket)), ...USAGE_UNITS];

export const unitHead: readonly string[] = [...REPORTED_UNITS.map((unit) => `${unit}_quantity`), 'unpriced_units'];

/** Under unitHead. */
export function unitCells(units: readonly UnitSum[]): readonly Cell[] {
  const quantities = new Map(units.map(({ unit, quantity }) => [unit, quantity]));
  return [...REPORTED_UNITS.map((unit) => quantities.get(unit) ?? 0), unpricedText(units)];
}

/** What of them had no price, `search=3 image=1`; empty: nothing. */
export function unpricedText(units: readonly UnitSum[]): string {
  const unpriced = units.filter(({ unpricedQuantity }) => unpricedQuantity !== 0);
  return unpriced.map(({ unit, unpricedQuantity }) => `${unit}=${unpricedQuantity}`).join(' ');
}
