// Finds the promised sentences and those that a claim's words belong to. Sentences whose text we must not keep have only an id.
import { createHash } from 'node:crypto';

export interface Sentence {
  readonly section: string;
  readonly id: string;
  /** Null if only the id is kept. */
  readonly text: string | null;
  readonly tests: string[];
}

/** Matches remarks about the page itself, and table headings. */
const NO_PROMISE = /^(Decisions where two|Each is a test|Change one by ADR|what · served)/;

/** Returns a page's sentences in order, from lines of lists, rows of tables, and paragraphs. `only` names the section to read. */
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

/** Joins an indented line with the line before it. */
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
  // A label at the start (`**Window.**`) is part of its sentence.
  return text.split(/(?<=[.!?]\)?(?:\*\*)?)(?<!^\*\*\w+\.\*\*)\s+(?=[A-Z`*"]|\([A-Z])/);
}

/** Returns text for comparisons: lower case, without marks, extra spaces and different kinds of apostrophes. */
export function plain(text: string): string {
  return text.toLowerCase().replaceAll('’', "'").replaceAll('|', '·').replace(/[*`_]/g, '').replace(/\s+/g, ' ').trim();
}

const ID_WORDS = 6;

/** Returns the id of a sentence or claim: eight hex digits of the SHA-256 of its first six words, or of fewer if it is short. */
export function idOf(text: string): string {
  const words = plain(text).replace(/ ?…$/, '').split(' ').slice(0, ID_WORDS).join(' ');
  return createHash('sha256').update(words).digest('hex').slice(0, 8);
}

/** The least number of characters of a longer sentence that a claim must contain. */
const CLAIMED_MIN = 10;

/** Returns the sentences that a claim covers: those with its id, and those with its words, which may span several. */
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

/** Returns the position of the words in all sentences joined, preferring the start of a sentence; -1 if they are missing. */
function startOf(texts: readonly string[], words: string): number {
  let at = 0;
  for (let i = 0; i < texts.length; i += 1) {
    if (texts.slice(i).join(' ').startsWith(words)) return at;
    at += (texts[i] as string).length + 1;
  }
  return texts.join(' ').indexOf(words);
}
