// The pages that promise, and the list of what waits: docs/semantics.md and README.md by their sentences, other pages by ids alone.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Sentence, sentencesOf } from './promise-sentences.ts';

/** A page that promises. */
export interface Paper {
  readonly title: string;
  readonly sentences: readonly Sentence[];
}

/** A sentence that other work makes true: by its first words, or by its id where only that is kept. */
export interface Later {
  readonly sentence: string;
  /** What it waits for, in words. No test states it. */
  readonly waits?: string;
  /** Tests state a part of it; the rest waits for this. */
  readonly restWaits?: string;
}

/** The list of what waits. It only shrinks: `max` is how many there are, and is never raised. */
export interface LaterList {
  readonly max: number;
  readonly later: readonly Later[];
}

/** Ids by page and section. */
type Ids = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Reads the pages below `root`. Throws, naming the file, where one is missing or promises nothing. */
export function readPapers(root: string): Paper[] {
  const ids = JSON.parse(read(root, 'scripts/promise-ids.json')) as Ids;
  const papers = [
    { title: 'The readme', sentences: sentencesOf(read(root, 'README.md'), 'What it promises') },
    { title: 'The fine print', sentences: sentencesOf(read(root, 'docs/semantics.md')) },
    ...Object.entries(ids).map(([title, sections]) => ({ title, sentences: keptById(sections) })),
  ];
  const empty = papers.find(({ sentences }) => sentences.length === 0);
  if (empty !== undefined) throw new Error(`“${empty.title}” promises nothing: its page has no sentences`);
  return papers;
}

export function readLater(root: string): LaterList {
  return JSON.parse(read(root, 'scripts/promise-later.json')) as LaterList;
}

function read(root: string, file: string): string {
  if (!existsSync(path.join(root, file))) throw new Error(`${file} is missing`);
  return readFileSync(path.join(root, file), 'utf8');
}

function keptById(sections: Ids[string]): Sentence[] {
  return Object.entries(sections).flatMap(([section, ids]) => ids.map((id) => ({ section, id, text: null, tests: [] })));
}
