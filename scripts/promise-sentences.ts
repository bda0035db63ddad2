// Finds the promised sentences of a page, and those that a claim's words belong to.
import { createHash } from 'node:crypto';

export interface Sentence {
  readonly section: string;
  readonly id: string;
  /** Null if only the id is kept, because the page is not part of the project. */
  readonly text: string | null;
  readonly tests: Set<string>;
}

/** Matches remarks about the page itself, and table headings. */
const NO_PROMISE = /^(Decisions where two|Each is a test|Change one by ADR|what · served)/;

/** Returns a page's sentences in order, from lines of lists, rows of tables, and paragraphs. `only` names the section to read. */
export function sentencesOf(page: string, only?: string): Sentence[] {
  let section = '';
  // An indented line belongs to the line before it.
  return page
    .replace(/\n {2}(?=\S)/g, ' ')
    .split('\n')
    .flatMap((line) => {
      const title = /^#+\s*(.*)$/.exec(line)?.[1];
      section = title ?? section;
      if (title !== undefined || (only !== undefined && section !== only) || /^(```|[-| ]*$)/.test(line)) return [];
      const texts = piecesOf(line.replace(/^\s*(- |\* |\d+\. )/, '').trim()).filter((text) => !NO_PROMISE.test(text));
      return texts.map((text) => ({ section, id: idOf(text), text, tests: new Set<string>() }));
    });
}

function piecesOf(text: string): string[] {
  if (text.startsWith('|'))
    return [
      text
        .slice(1, text.endsWith('|') ? -1 : undefined)
        .trim()
        .replaceAll('|', '·'),
    ];
  // A label at the start (`**Window.**`) is part of its sentence.
  return text.split(/(?<=[.!?]\)?(?:\*\*)?)(?<!^\*\*\w+\.\*\*)\s+(?=[A-Z`*"]|\([A-Z])/);
}

/** Returns text for comparisons: lower case, without marks, extra spaces, different kinds of apostrophes and a last `…`. */
export function plain(text: string): string {
  const marked = text.toLowerCase().replaceAll('’', "'").replaceAll('|', '·').replace(/[*`_]/g, '');
  return marked.replace(/\s+/g, ' ').trim().replace(/ ?…$/, '');
}

/** Returns the id of a sentence or claim: eight hex digits of the SHA-256 of its first six words, or of fewer if it is short. */
export function idOf(text: string): string {
  const words = plain(text).split(' ').slice(0, 6).join(' ');
  return createHash('sha256').update(words).digest('hex').slice(0, 8);
}

/** The least number of characters of a longer sentence that a claim must contain. */
const CLAIMED_MIN = 10;

/** Returns the sentences that a claim covers: those with its id, and those with its words, which may span several. */
export function sentencesClaimed<S extends Pick<Sentence, 'id' | 'text'>>(sentences: readonly S[], claim: string): S[] {
  const words = plain(claim);
  const texts = sentences.map(({ text }) => plain(text ?? ''));
  const page = texts.join(' ');
  const starts = [0];
  for (const [i, { length }] of texts.entries()) starts.push((starts[i] as number) + length + 1);
  const from = starts.find((start) => page.startsWith(words, start)) ?? page.indexOf(words);
  return sentences.filter(({ id, text }, i) => {
    if (text === null) return id === idOf(claim);
    const [start, length] = [starts[i] as number, (texts[i] as string).length];
    const said = Math.min(start + length, from + words.length) - Math.max(start, from);
    return from !== -1 && words.length >= CLAIMED_MIN && said >= Math.min(CLAIMED_MIN, length);
  });
}
