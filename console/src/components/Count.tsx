const whole = new Intl.NumberFormat();
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });

/** Formats a count in the reader's locale. */
export function countText(count: number | string): string {
  return typeof count === 'number' ? whole.format(count) : count;
}

/** `12.3K`: for places that show the exact number beside it or on hover. */
export function shortCountText(count: number): string {
  return count < 10_000 ? whole.format(count) : short.format(count);
}
