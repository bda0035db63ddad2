// The sentences that were promised, from the design papers beside the project, and which of them a claim's words are part of.
import { readFileSync } from 'node:fs';

export interface Sentence {
  readonly section: string;
  readonly text: string;
  readonly tests: string[];
}

/** What stands alone on a line of the first page and promises nothing itself: the line after it begins a section. */
const TITLES =
  /^(Organizations|What this page manages|Typical workflow|Rate limit fields|Why it matters|Asset Access and Access Groups)$/;

/** Remarks about the papers themselves, heads of tables, and introductions to lists. */
const NO_PROMISE =
  /^(The user asked|Every sentence of it|\(Its text|Decisions where two|Each is a test|Change one by ADR|Field ·|what · served|Use organization grants deliberately:)/;

/** The sentences of a paper, in order: each line of a list, row of a table, and sentence of a paragraph is one. */
export function sentencesOf(file: string): Sentence[] {
  const found: Sentence[] = [];
  let section = '';
  for (const line of wholeLines(readFileSync(file, 'utf8'))) {
    const title = /^#+\s*(.*)$/.exec(line)?.[1] ?? TITLES.exec(line)?.[1];
    if (title !== undefined) section = title;
    if (title !== undefined || /^(```|[-| ]*$)/.test(line)) continue;
    for (const text of piecesOf(line)) if (!NO_PROMISE.test(text)) found.push({ section, text, tests: [] });
  }
  return found;
}

/** The points of some sections of a paper: its sentences, and what dots separate in them. */
export function pointsOf(file: string, sections: RegExp): Sentence[] {
  const text = readFileSync(file, 'utf8').replace(/(?<!^#.*)(?<=\S)\n(?=[^\n#|-])/gm, ' ');
  const found: Sentence[] = [];
  let section = '';
  for (const line of text.split('\n')) {
    const title = /^#+\s*(.*)$/.exec(line)?.[1];
    section = title ?? section;
    if (title !== undefined || line.trim() === '' || !sections.test(section)) continue;
    const points = piecesOf(line).flatMap(dotted);
    found.push(...points.map((point) => ({ section, text: point, tests: [] })));
  }
  return found;
}

const POINT_CHARS_MIN = 20;

/** Where dots separate; what is too short to be told apart stays with its neighbour. */
function dotted(sentence: string): string[] {
  const points: string[] = [];
  let short = '';
  for (const piece of sentence.split(' · ')) {
    const point = short + piece;
    short = point.length < POINT_CHARS_MIN ? `${point} · ` : '';
    if (short === '') points.push(point);
  }
  if (short === '') return points;
  const last = points.pop();
  return [...points, [...(last === undefined ? [] : [last]), short.slice(0, -3)].join(' · ')];
}

/** Lines as they were meant: an indented line goes on with the one before it. */
function wholeLines(text: string): string[] {
  return text.replace(/\n {2}(?=\S)/g, ' ').split('\n');
}

function piecesOf(line: string): string[] {
  const text = line
    .replace(/^\s*(- |\* |\d+\. )/, '')
    .replace(/ ?\(part \d\)/g, '')
    .trim();
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

/** How much of a longer sentence must be said to claim it, in characters. */
const CLAIMED_MIN = 10;

/** The sentences whose words are in the claim: one it is a part of, or several in a row that it spans. */
export function sentencesClaimed<S extends Pick<Sentence, 'text'>>(sentences: readonly S[], claim: string): S[] {
  const words = plain(claim).replace(/ ?…$/, '');
  const texts = sentences.map(({ text }) => plain(text));
  const from = startOf(texts, words);
  if (from === -1 || words.length < CLAIMED_MIN) return [];
  let at = 0;
  return sentences.filter((_, i) => {
    const [start, end] = [at, at + (texts[i] as string).length];
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
