/** The words of a provider's error without the content of the request and of the answer. */

/** The most characters of a provider's words that are searched. */
const SEARCHED_CHARS_MAX = 2_000;
/** The shortest word that is looked for in a request. */
const WORD_CHARS_MIN = 4;
/** The length from which a word with digits is an id, a number or a secret, and no explanation. */
const ID_CHARS_MIN = 12;
/** The longest request in characters that is searched. Of an error about a longer one no words are kept. */
const CONTENT_CHARS_MAX = 200_000;
/** A quoted passage. A quote within a word, such as an apostrophe, neither opens nor closes one. */
const QUOTED = /(?<![\p{L}\p{N}])(?:(["'`])(?:(?!\1(?![\p{L}\p{N}])).)+\1|“[^”]+”|‘[^’]+’|«[^»]+»)/gsu;
/** A quoted passage of this many words is a sentence, and no name of a field or a value. */
const SENTENCE_WORDS_MIN = 3;

/**
 * Returns a provider's words without content, because providers quote prompts and answers, and content is stored only as its
 * organization says. Left out are quoted sentences, words that the request contains, and long words with digits. An answer that a
 * provider repeats in its error without quotes cannot be told from its own words. Reads at most SEARCHED_CHARS_MAX characters, and
 * no half word. `content`: the request as text, or null if it is too large. Then nothing is left, and the result is empty.
 */
export function withoutContent(words: string, content: string | null): string {
  if (content === null || content.length > CONTENT_CHARS_MAX) return '';
  const whole = words.length <= SEARCHED_CHARS_MAX ? words : words.slice(0, SEARCHED_CHARS_MAX).replace(/\S*$/, '');
  const isSentence = (quoted: string) => quoted.trim().split(/\s+/).length >= SENTENCE_WORDS_MIN;
  const isId = (word: string) => word.length >= ID_CHARS_MIN && /\d/.test(word);
  const isQuoted = (word: string) => word.length >= WORD_CHARS_MIN && content.includes(word);
  return whole
    .replace(QUOTED, (quoted) => (isSentence(quoted) ? '…' : quoted))
    .replace(/[\p{L}\p{N}_-]+/gu, (word) => (isId(word) || isQuoted(word) ? '…' : word));
}
