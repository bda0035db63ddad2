const number = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });

/** Formats a duration with three digits: `0.42 ms`, `312 ms`, `1.84 s`, `2.5 min`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${number.format(ms)} ms`;
  return ms < 120_000 ? `${number.format(ms / 1_000)} s` : `${number.format(ms / 60_000)} min`;
}
