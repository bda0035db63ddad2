/**
 * Service tiers and speeds by their providers' words. One word says which of them an answer was billed at; several that hold together are
 * joined by `+` (`fast+us`). The ordinary one has no word: null where it is what was answered.
 */

/** Providers go this way only when they are asked to. */
const ONLY_WHEN_ASKED: ReadonlySet<string> = new Set(['fast', 'batch', 'flex']);
/** Providers take these by themselves where the account says so and the request does not forbid it (`auto`). */
const BY_THEMSELVES: ReadonlySet<string> = new Set(['priority', 'scale']);

/** The words that are known. Others are regions, or mean nothing. */
export const TIER_WORDS: readonly string[] = [...ONLY_WHEN_ASKED, ...BY_THEMSELVES];

/**
 * Returns whether an answer may be billed at the tier `word` of a request that asked for `asked`: null left it to the provider, the empty
 * text insists on the ordinary one. A region (any other word) may be an account's own setting, whatever the request says.
 */
export function mayAnswer(word: string, asked: string | null): boolean {
  const wanted = asked === null || asked === '' ? [] : asked.split('+');
  return word.split('+').every((part) => {
    if (wanted.includes(part)) return true;
    if (ONLY_WHEN_ASKED.has(part)) return false;
    return asked === null || !BY_THEMSELVES.has(part);
  });
}
