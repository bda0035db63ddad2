/**
 * Service tiers and speeds by their providers' words. One word says at which of them an answer was billed. Several that apply
 * together are joined by `+` (`fast+us`). The ordinary tier has no word: an answer at it has null.
 */

/** Tiers that providers use only if the request asks for them. */
const ONLY_WHEN_ASKED: ReadonlySet<string> = new Set(['fast', 'batch', 'flex']);
/** Tiers that providers also use on their own, if the account is set so and the request does not forbid it (`auto`). */
const BY_THEMSELVES: ReadonlySet<string> = new Set(['priority', 'scale']);

/** The known words. Others are regions, or mean nothing. */
export const TIER_WORDS: readonly string[] = [...ONLY_WHEN_ASKED, ...BY_THEMSELVES];

/**
 * Reports whether an answer may be billed at the tier `word` if the request asked for `asked`. Null left it to the provider; the
 * empty text insists on the ordinary tier. A region (any other word) may be an account's setting, whatever the request says.
 */
export function mayAnswer(word: string, asked: string | null): boolean {
  const wanted = asked === null || asked === '' ? [] : asked.split('+');
  return word.split('+').every((part) => {
    if (wanted.includes(part)) return true;
    if (ONLY_WHEN_ASKED.has(part)) return false;
    return asked === null || !BY_THEMSELVES.has(part);
  });
}
