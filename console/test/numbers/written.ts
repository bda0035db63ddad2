/**
 * How a number must be written, worked out from its digits alone: nothing of the console's own number module and no Intl, so that
 * a mistake there is not repeated here. For readers of English.
 */

const NANOS = 1_000_000_000n;

export function countOf(count: number | bigint): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function shortCountOf(count: number): string {
  if (count < 10_000) return countOf(count);
  const [size, letter] = count < 999_950 ? [1_000, 'K'] : [1_000_000, 'M'];
  const tenths = Math.floor((count * 10) / size + 0.5);
  return `${countOf(Math.floor(tenths / 10))}${tenths % 10 === 0 ? '' : `.${tenths % 10}`}${letter}`;
}

/** Two decimals from one cent on, below it three significant digits; halves are rounded up. */
export function moneyOf(nanos: bigint): string {
  if (nanos === 0n || nanos >= NANOS / 100n) {
    const cents = (nanos + 5_000_000n) / 10_000_000n;
    return `$${countOf(cents / 100n)}.${String(cents % 100n).padStart(2, '0')}`;
  }
  const step = 10n ** BigInt(Math.max(0, String(nanos).length - 3));
  const rounded = ((nanos + step / 2n) / step) * step;
  return `$0.${String(rounded).padStart(9, '0').replace(/0+$/, '')}`;
}

/** Three significant digits: `0.42 ms`, `312 ms`, `1.84 s`, `2.5 min`. */
export function durationOf(ms: number): string {
  if (ms < 1_000) return `${threeDigitsOf(ms)} ms`;
  return ms < 120_000 ? `${threeDigitsOf(ms / 1_000)} s` : `${threeDigitsOf(ms / 60_000)} min`;
}

function threeDigitsOf(value: number): string {
  return countOf(Math.floor(Number(value.toPrecision(3)))) + (/\.\d+/.exec(String(Number(value.toPrecision(3))))?.[0] ?? '');
}

/** Percentages that add up to 100, by the largest remainder. */
export function sharesOf(parts: readonly bigint[]): readonly string[] {
  const sum = parts.reduce((all, part) => all + part, 0n);
  if (sum === 0n) return parts.map(() => '0%');
  const whole = parts.map((part) => Number((part * 100n) / sum));
  const order = parts
    .map((_, at) => at)
    .sort((a, b) => compare(((parts[b] as bigint) * 100n) % sum, ((parts[a] as bigint) * 100n) % sum) || a - b);
  for (const at of order.slice(0, 100 - whole.reduce((all, part) => all + part, 0))) whole[at] = (whole[at] as number) + 1;
  return whole.map((part) => `${part}%`);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The label of an interval's start. */
export function labelOf(atMs: number, interval: 'hour' | 'day', timeZone: string): string {
  const at = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
  const day = `${MONTHS[at.month - 1]} ${at.day}`;
  if (interval === 'day') return day;
  const two = (value: number) => String(value).padStart(2, '0');
  return `${day}, ${two(at.hour % 12 === 0 ? 12 : at.hour % 12)}:${two(at.minute)} ${at.hour < 12 ? 'AM' : 'PM'}`;
}

/** A time to the second; the year only if it is not the present one. */
export function secondsOf(atMs: number, timeZone: string): string {
  const at = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
  const year = at.year === Temporal.Now.zonedDateTimeISO(timeZone).year ? '' : ` ${at.year},`;
  const two = (value: number) => String(value).padStart(2, '0');
  const hour = at.hour % 12 === 0 ? 12 : at.hour % 12;
  return `${MONTHS[at.month - 1]} ${at.day},${year} ${hour}:${two(at.minute)}:${two(at.second)} ${at.hour < 12 ? 'AM' : 'PM'}`;
}
