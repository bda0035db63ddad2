import { invalid, type Parsed, valid } from '../parsed.ts';

/** Nano-dollars per USD. Money is whole nano-dollars: a bigint in sums, a number (at most 2^53 − 1) in counters. */
const NANO_PER_USD = 1_000_000_000n;

/** The largest budget, 9,000,000 USD, so that every money counter stays an exact integer. */
export const MAX_BUDGET_NANO_USD = 9_000_000_000_000_000;

/** A plain decimal: no sign, no exponent, no separators, at most nine decimals. */
const DECIMAL = /^(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,9}))?$/;

/** Reads `"100.00"` as nano-dollars. More than nine decimals is an error, never a silent rounding. */
export function parseUsd(text: string): Parsed<bigint> {
  if (text.length > 32) return invalid('must have at most 15 digits and 9 decimals');
  const parts = DECIMAL.exec(text);
  if (parts === null) return invalid(whyNotUsd(text));
  return valid(BigInt(parts[1] as string) * NANO_PER_USD + BigInt((parts[2] ?? '').padEnd(9, '0')));
}

/** Reads a budget's amount: at most 9,000,000 USD; zero is a budget that refuses everything. */
export function parseBudgetUsd(text: string): Parsed<number> {
  const amount = parseUsd(text);
  if (amount.is === 'invalid') return amount;
  if (amount.value > BigInt(MAX_BUDGET_NANO_USD)) return invalid('must be at most 9000000 USD');
  return valid(Number(amount.value));
}

/** Reads a price in USD per million tokens as nano-dollars per million. Never negative; zero is free; at most 9,000,000 USD. */
export function parsePriceUsd(text: string): Parsed<number> {
  const price = parseUsd(text);
  if (price.is === 'invalid') return price;
  if (price.value > BigInt(MAX_BUDGET_NANO_USD)) return invalid('must be at most 9000000 USD per million');
  return valid(Number(price.value));
}

/**
 * Reads the price of one piece (a search, an image, a second) as nano-dollars. Never negative; zero is free. At most 9,000,000
 * USD.
 */
export function parseUnitPriceUsd(text: string): Parsed<number> {
  const price = parseUsd(text);
  if (price.is === 'invalid') return price;
  if (price.value > BigInt(MAX_BUDGET_NANO_USD)) return invalid('must be at most 9000000 USD');
  return valid(Number(price.value));
}

/** Writes nano-dollars as a decimal of USD with two to nine decimals, exact: `1.23456789`, `100.00`, `-0.000123`. */
export function formatUsd(nanoUsd: bigint | number): string {
  const amount = BigInt(nanoUsd);
  const digits = (amount < 0n ? -amount : amount).toString().padStart(10, '0');
  const whole = digits.slice(0, -9);
  const decimals = digits.slice(-9).replace(/0{1,7}$/, '');
  return `${amount < 0n ? '-' : ''}${whole}.${decimals}`;
}

/** Divides and rounds up. Money is rounded nowhere else. Neither argument may be negative, and the divisor must not be 0. */
export function divideRoundingUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}

/** Converts an amount to the counters' number. A larger amount than 2^53 − 1 (nine million dollars) becomes that bound. */
export function toCounterNanoUsd(nanoUsd: bigint): number {
  return nanoUsd > MAX_COUNTER ? Number.MAX_SAFE_INTEGER : Number(nanoUsd);
}

const MAX_COUNTER = BigInt(Number.MAX_SAFE_INTEGER);

function whyNotUsd(text: string): string {
  if (text.startsWith('-')) return 'must not be negative';
  if (/^[0-9.]*e/i.test(text)) return 'must not have an exponent: write a decimal such as "12.50"';
  if (/^[0-9]+\.[0-9]{10,}$/.test(text)) return 'must have at most 9 decimals';
  return 'must be an amount in USD, a decimal such as "12.50"';
}
