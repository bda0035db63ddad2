// The sentences that were promised, which of them a claim's words are part of, and the ids of those whose text is not ours to keep.
import { createHash } from 'node:crypto';

export interface Sentence {
  readonly section: string;
  readonly id: string;
  /** Null where only the id is kept. */
  readonly text: string | null;
  readonly tests: string[];
}

/** Remarks about the page itself, and heads of tables. */
const NO_PROMISE = /^(Decisions where two|Each is a test|Change one by ADR|what · served)/;

/** The sentences of a page, in order: each line of a list, row of a table, and sentence of a paragraph is one. `only` names one section. */
export function sentencesOf(page: string, only?: string): Sentence[] {
  const found: Sentence[] = [];
  let section = '';
  for (const line of wholeLines(page)) {
    const title = /^#+\s*(.*)$/.exec(line)?.[1];
    section = title ?? section;
    if (title !== undefined || (only !== undefined && section !== only) || /^(```|[-| ]*$)/.test(line)) continue;
    const texts = piecesOf(line).filter((text) => !NO_PROMISE.test(text));
    found.push(...texts.map((text) => ({ section, id: idOf(text), text, tests: [] })));
  }
  return found;
}

/** Lines as they were meant: an indented line goes on with the one before it. */
function wholeLines(text: string): string[] {
  return text.replace(/\n {2}(?=\S)/g, ' ').split('\n');
}

function piecesOf(line: string): string[] {
  const text = line.replace(/^\s*(- |\* |\d+\. )/, '').trim();
  if (text.startsWith('|'))
    return [
      text
        .replace(/^\||\|$/g, '')
        .trim()
        .replaceAll('|', '·'),
    ];
  // A label in front (`**Window.**`) is a part of its sentence.
  return text.split(/(?<=[.!?]\)?(?:\*\*)?)(?<!^\*\*\w+\.\*\*)\s+(?=[A-Z`*"]|\([A-Z])/);
}

/** Text as it is compared: without marks, spaces and kinds of apostrophes that say nothing. */
export function plain(text: string): string {
  return text.toLowerCase().replaceAll('’', "'").replaceAll('|', '·').replace(/[*`_]/g, '').replace(/\s+/g, ' ').trim();
}

const ID_WORDS = 6;

/** The id of a sentence: eight hex digits of the SHA-256 of its first six words, or of all where it has fewer. A claim has the same. */
export function idOf(text: string): string {
  const words = plain(text).replace(/ ?…$/, '').split(' ').slice(0, ID_WORDS).join(' ');
  return createHash('sha256').update(words).digest('hex').slice(0, 8);
}

/** How much of a longer sentence must be said to claim it, in characters. */
const CLAIMED_MIN = 10;

/** The sentences that a claim states: those with its id, and those with its words: one they are a part of, or several in a row. */
export function sentencesClaimed<S extends Pick<Sentence, 'id' | 'text'>>(sentences: readonly S[], claim: string): S[] {
  const id = idOf(claim);
  const inWords = claimedInWords(sentences, claim);
  return sentences.filter((sentence, i) => (sentence.text === null ? sentence.id === id : inWords[i]));
}

function claimedInWords(sentences: readonly Pick<Sentence, 'text'>[], claim: string): boolean[] {
  const words = plain(claim).replace(/ ?…$/, '');
  const texts = sentences.map(({ text }) => plain(text ?? ''));
  const from = startOf(texts, words);
  if (from === -1 || words.length < CLAIMED_MIN) return [];
  let at = 0;
  return texts.map((text) => {
    const [start, end] = [at, at + text.length];
    at = end + 1;
    const said = Math.min(end, from + words.length) - Math.max(start, from);
    return said >= Math.min(CLAIMED_MIN, end - start);
  });
}

/** Where in all sentences put together the words stand; where a sentence begins with them, there. */
function startOf(texts: readonly string[], words: string): number {
  let at = 0;
  for (let i = 0; i < texts.length; i += 1) {
    if (texts.slice(i).join(' ').startsWith(words)) return at;
    at += (texts[i] as string).length + 1;
  }
  return texts.join(' ').indexOf(words);
}
