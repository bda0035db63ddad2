import { z } from 'zod';
import { formatUsd, parsePriceUsd, parseUnitPriceUsd } from '../../domain/money/money.ts';
import type { PerMillion } from '../../domain/money/price.ts';
import type { Parsed } from '../../domain/parsed.ts';
import { USAGE_BUCKETS, USAGE_UNITS, type UsageBucket, type UsageUnit } from '../../domain/usage/usage.ts';
import { USD_PATTERN } from '../limits/budget-fields.ts';

/** The parts of prices: decimal USD per million tokens by bucket, and decimal USD per unit. */

/** Returns the schema of a price that `read` can parse. Null removes the price. */
const usd = (read: (text: string) => Parsed<number>) =>
  z
    .string()
    .max(32)
    .superRefine((text, context) => {
      const parsed = read(text);
      if (parsed.is === 'invalid') context.addIssue({ code: 'custom', message: parsed.problem });
    })
    .meta({ pattern: USD_PATTERN, examples: ['0.40'] })
    .nullable()
    .optional();

type RateField = `${UsageBucket}_per_million`;

const byBucket = <T extends z.ZodType>(value: T) =>
  Object.fromEntries(USAGE_BUCKETS.map((bucket) => [`${bucket}_per_million`, value])) as Record<RateField, T>;
const byUnit = <T extends z.ZodType>(value: T) =>
  Object.fromEntries(USAGE_UNITS.map((unit) => [unit, value])) as Record<UsageUnit, T>;

export const rateFields = byBucket(usd(parsePriceUsd));
export const pieceFields = byUnit(usd(parseUnitPriceUsd));
export const ratesOut = z.object(byBucket(z.string().optional()));
export const piecesOut = z.object(byUnit(z.string().optional()));

type Texts<Name extends string> = Readonly<Partial<Record<Name, string | null | undefined>>>;
type Pieces = Readonly<Partial<Record<UsageUnit, number>>>;

/** Applies a PATCH to the rates of buckets: absent keeps, null removes. */
export function patchedRates(stored: PerMillion, patch: Texts<RateField>): PerMillion {
  return patched(USAGE_BUCKETS, stored, (bucket) => patch[`${bucket}_per_million`], parsePriceUsd);
}

/** Applies a PATCH to the prices of units: absent keeps, null removes. */
export function patchedPieces(stored: Pieces, patch: Texts<UsageUnit>): Pieces {
  return patched(USAGE_UNITS, stored, (unit) => patch[unit], parseUnitPriceUsd);
}

export function renderRates(perMillion: PerMillion): z.output<typeof ratesOut> {
  return rendered(USAGE_BUCKETS, perMillion, (bucket) => `${bucket}_per_million`);
}

export function renderPieces(perUnit: Pieces): z.output<typeof piecesOut> {
  return rendered(USAGE_UNITS, perUnit, (unit) => unit);
}

function patched<Name extends string>(
  names: readonly Name[],
  stored: Readonly<Partial<Record<Name, number>>>,
  textOf: (name: Name) => string | null | undefined,
  read: (text: string) => Parsed<number>,
): Partial<Record<Name, number>> {
  const merged: Partial<Record<Name, number>> = {};
  for (const name of names) {
    const text = textOf(name);
    const value = text === undefined ? stored[name] : text === null ? undefined : validated(read(text));
    if (value !== undefined) merged[name] = value;
  }
  return merged;
}

function rendered<Name extends string>(
  names: readonly Name[],
  prices: Readonly<Partial<Record<Name, number>>>,
  field: (name: Name) => string,
): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const price = prices[name];
      return price === undefined ? [] : [[field(name), formatUsd(price)]];
    }),
  );
}

/** Returns a parsed price. The schema has refused invalid texts before, so an invalid one here is a bug. */
function validated(parsed: Parsed<number>): number {
  if (parsed.is === 'invalid') throw new Error(`the schema let an invalid price pass: ${parsed.problem}`);
  return parsed.value;
}
