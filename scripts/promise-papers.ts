// Reads the pages with promises and the waiting list: docs/semantics.md and README.md by sentence, other pages by id.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Sentence, sentencesOf } from './promise-sentences.ts';

/** A page with promises. */
export interface Paper {
  readonly title: string;
  readonly sentences: readonly Sentence[];
}

/** A sentence that later work will fulfil, given by its first words, or by its id if only that is kept. */
export interface Later {
  readonly sentence: string;
  /** The work that it waits for, in words. No test covers the sentence. */
  readonly waits?: string;
  /** The work that the rest waits for. Tests cover a part of the sentence. */
  readonly restWaits?: string;
}

/** The waiting list. It only shrinks: `max` is its number of entries, and is never raised. */
export interface LaterList {
  readonly max: number;
  readonly later: readonly Later[];
}

/** Ids of sentences by page and section. */
type Ids = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Reads the pages below `root`. Throws an error that names the file or page if one is missing or has no sentences. */
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
