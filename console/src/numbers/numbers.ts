/**
 * Every number that the console shows is formatted here, in the reader's locale. Counts and money are exact; a rounded form stands
 * only where the exact one is on hover. Parts of a whole are rounded so that they add up to 100.
 */

const whole = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const oneDecimal = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const threeDigits = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });

/** Formats a count: `1,234,567`. A text stays as it is, such as `more than 1,000`. */
export function countText(count: number | string): string {
  return typeof count === 'number' ? whole.format(count) : count;
}

/** Formats a count with its noun: `1 key`, `1,234 keys`. */
export function plural(count: number, one: string, many: string): string {
  return `${whole.format(count)} ${count === 1 ? one : many}`;
}

/** Formats a count in few characters: `12.3K`. For places that show the exact number beside it or on hover. */
export function shortCountText(count: number): string {
  return count < 10_000 ? whole.format(count) : compact.format(count);
}

/** Formats a duration with three digits: `0.42 ms`, `312 ms`, `1.84 s`, `2.5 min`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${threeDigits.format(ms)} ms`;
  return ms < 120_000 ? `${threeDigits.format(ms / 1_000)} s` : `${threeDigits.format(ms / 60_000)} min`;
}

/** Formats a number without a unit with three digits: `0.5`, `12.3`. */
export function scoreText(score: number): string {
  return threeDigits.format(score);
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB'] as const;

/** Formats a size in memory or in a file: `12.5 MB`. */
export function bytesText(bytes: number): string {
  const power = bytes === 0 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${oneDecimal.format(bytes / 1_000 ** power)} ${BYTE_UNITS[power]}`;
}

/**
 * Formats an amount of the server, a decimal string in USD: `$1,234.50`. Below one cent it keeps three significant digits:
 * `$0.000123`.
 */
export function moneyText(usd: string): string {
  const isSmall = Math.abs(Number(usd)) < 0.01 && Number(usd) !== 0;
  return (isSmall ? smallMoney : centMoney).format(usd as `${number}`);
}

/** Formats an amount of a forecast in USD with three significant digits: `$12.30`, `$1,230.00`. */
export function roughMoneyText(usd: number): string {
  return moneyText(String(Number(usd.toPrecision(3))));
}

/** Formats every digit of an amount, with at least two decimals: `$1.25`, `$0.125`, `$99.993549`. */
export function exactMoneyText(usd: string): string {
  return exactMoney.format(usd as `${number}`);
}

/** Formats a difference of amounts with its sign: `+$0.50`, `-$1,234.00`. */
export function moneyChangeText(usd: string): string {
  return `${Number(usd) > 0 ? '+' : ''}${moneyText(usd)}`;
}

/** Formats a change in percent, as the server's decimal string, with its sign: `+25.0%`. */
export function percentChangeText(percents: string): string {
  return percentChange.format(Number(percents) / 100);
}

const percentChange = new Intl.NumberFormat(undefined, {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
  signDisplay: 'exceptZero',
});

// These format the text itself: a number would lose digits of the decimal string.
const smallMoney = moneyFormat({ maximumSignificantDigits: 3 });
const centMoney = moneyFormat({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
const exactMoney = moneyFormat({ minimumFractionDigits: 2, maximumFractionDigits: 15 });

function moneyFormat(digits: Intl.NumberFormatOptions): Intl.NumberFormat {
  return new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD', ...digits });
}

const DECIMALS = 9;

/** Returns the exact sum of two of the server's amounts, which have at most nine decimals. A float would lose digits. */
export function addUsd(a: string, b: string): string {
  const sum = nanosOf(a) + nanosOf(b);
  const text = String(sum < 0n ? -sum : sum).padStart(DECIMALS + 1, '0');
  return `${sum < 0n ? '-' : ''}${text.slice(0, -DECIMALS)}.${text.slice(-DECIMALS)}`;
}

function nanosOf(amount: string | number): bigint {
  const text = typeof amount === 'string' ? amount : amount.toFixed(DECIMALS);
  const [units = '0', decimals = ''] = text.replace('-', '').split('.');
  const nanos = BigInt(units) * 10n ** BigInt(DECIMALS) + BigInt(decimals.padEnd(DECIMALS, '0').slice(0, DECIMALS));
  return text.startsWith('-') ? -nanos : nanos;
}

/** Returns the used part of a limit, from the exact sum of its parts. A limit of 0 counts as used up. */
export function usedRatio(limit: string | number, ...used: readonly (string | number)[]): number {
  const of = nanosOf(limit);
  return of === 0n ? 1 : Number(used.reduce((sum, part) => sum + nanosOf(part), 0n)) / Number(of);
}

/** Formats the used part of a limit. It rounds down: `80%` is shown only where the status for 80 % applies. */
export function usedText(ratio: number): string {
  const nearest = Math.round(ratio * 100);
  const shown = nearest / 100 <= ratio ? nearest : Math.floor(ratio * 100);
  return shown > 999 ? '>999%' : `${shown}%`;
}

/** Returns the length of a bar for the used part of a limit, from 0 to 100. It has one decimal, because screen readers read it out. */
export function barOf(ratio: number): number {
  return Math.min(100, Math.round(ratio * 1_000) / 10);
}

/** Formats one part of a whole by itself: `3.7%`. Null without a whole. */
export function shareText(part: number, of: number): string | null {
  return of === 0 ? null : percent.format(part / of);
}

/** Formats a share, 0 to 1: `2.5%`. It is never shown as none if it is not: below 0.1% it is `<0.1%`. */
export function rateText(share: number): string {
  return share > 0 && share < 0.001 ? `<${percent.format(0.001)}` : percent.format(share);
}

/** Returns parts as percentages of their sum that add up to 100: those that lose most by rounding are rounded up. */
export function sharesOf(parts: readonly (string | number)[], decimals = 0): readonly string[] {
  const nanos = parts.map(nanosOf);
  const sum = nanos.reduce((all, part) => all + part, 0n);
  const units = 100n * 10n ** BigInt(decimals);
  if (sum === 0n) return parts.map(() => `${(0).toFixed(decimals)}%`);
  const floors = nanos.map((part) => (part * units) / sum);
  const missing = Number(units - floors.reduce((all, part) => all + part, 0n));
  const byLoss = nanos.map((part, index) => ({ index, loss: (part * units) % sum })).sort((a, b) => Number(b.loss - a.loss));
  const raised = new Set(byLoss.slice(0, missing).map(({ index }) => index));
  return floors.map((part, index) => `${((Number(part) + Number(raised.has(index))) / 10 ** decimals).toFixed(decimals)}%`);
}
