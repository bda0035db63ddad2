/** Alert rules whose waits are shorter, so that a prove can wait for all of them. */

/** How many times faster time runs in the shortened rules: a minute becomes a second. */
export const TIMES_FASTER = 60;

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
/** The places of a rule file in which a duration stands. Numbers that an expression compares with have no unit. */
const DURATION = /(^ +for: |\[|:|\boffset )(\d+)([smhd])(?=$|\]|:|[\s)])/gm;

export interface ShortenedRules {
  readonly text: string;
  /** Each duration that was found, as it was and as it is, without repetitions. */
  readonly changed: readonly string[];
}

/**
 * Divides every `for:`, every range `[…]`, every step `[…:…]` and every `offset` by TIMES_FASTER, and leaves the rest as it is. Throws if one of them is no whole
 * number of seconds afterwards.
 */
export function shortenRules(rules: string): ShortenedRules {
  const changed = new Set<string>();
  const text = rules.replace(DURATION, (_, before: string, count: string, unit: keyof typeof SECONDS) => {
    const seconds = (Number(count) * SECONDS[unit]) / TIMES_FASTER;
    if (!Number.isInteger(seconds)) throw new Error(`${count}${unit} cannot be divided by ${TIMES_FASTER}`);
    changed.add(`${count}${unit} → ${seconds}s`);
    return `${before}${seconds}s`;
  });
  return { text, changed: [...changed] };
}

/** Returns the names of the alerts in a rule file, in its order. */
export function alertsIn(rules: string): readonly string[] {
  return [...rules.matchAll(/^ +- alert: (\S+)$/gm)].map(([, name]) => name as string);
}
