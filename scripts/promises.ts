// Writes docs/promises.md: each promised sentence with the tests that cover it. `--check` only checks that the page is current.
// A test claims a sentence by a line above it: `// promise: <first words of the sentence>`. The sentences are those of
// docs/semantics.md and of README.md's section "What it promises". For other pages promise-ids.json keeps ids, made of the
// first six words of each sentence.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Claim, claimsOf } from './promise-claims.ts';
import { idOf, plain, type Sentence, sentencesClaimed, sentencesOf } from './promise-sentences.ts';

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

const repository = path.resolve(import.meta.dirname, '..');
const PAGE = path.join(repository, 'docs/promises.md');
const TESTS = ['server/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.test.ts', 'console/test/*.spec.ts'];

/** Reads the pages below `root`. Throws if one is missing or has no sentences. */
export function readPapers(root: string): Paper[] {
  const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
  const kept = Object.entries<Record<string, string>>(JSON.parse(read('scripts/promise-ids.json')));
  const papers = [
    { title: 'The readme', sentences: sentencesOf(read('README.md'), 'What it promises') },
    { title: 'The fine print', sentences: sentencesOf(read('docs/semantics.md')) },
    ...kept.map(([title, sections]) => ({ title, sentences: Object.entries(sections).flatMap(keptById) })),
  ];
  const empty = papers.find(({ sentences }) => sentences.length === 0);
  if (empty !== undefined) throw new Error(`“${empty.title}” promises nothing: its page has no sentences`);
  return papers;
}

function keptById([section, ids]: readonly [string, string]): Sentence[] {
  return ids.split(' ').map((id) => ({ section, id, text: null, tests: new Set() }));
}

/**
 * Adds to every sentence the tests that claim it. Returns a problem for each claim without a sentence, each sentence without a
 * test that does not wait, and each fault of the waiting list.
 */
export function problemsOf(papers: readonly Paper[], claims: readonly Claim[], { max, later }: LaterList): string[] {
  const unknown = claims.filter(({ words, test }) => {
    const claimed = papers.flatMap(({ sentences }) => sentencesClaimed(sentences, words));
    for (const { tests } of claimed) tests.add(test);
    return claimed.length === 0;
  });
  const all = papers.flatMap(({ sentences }) => sentences);
  const silent = all.filter((sentence) => sentence.tests.size === 0 && laterOf(later, sentence) === undefined);
  const has = `promise-later.json has ${later.length} entries`;
  return [
    ...unknown.map(({ words, test }) => `${test} claims “${words}”, and no sentence begins so (its id would be ${idOf(words)})`),
    ...silent.map((sentence) => `no test states “${nameOf(sentence)}”`),
    ...later.flatMap((entry) => faultOf(entry, all) ?? []).map((fault) => `promise-later.json: ${fault}`),
    ...(later.length > max ? [`${has}, and may only shrink: it had ${max}`] : []),
    ...(later.length < max ? [`${has}: lower its max from ${max}`] : []),
  ];
}

function faultOf(entry: Later, all: readonly Sentence[]): string | null {
  const meant = all.filter((sentence) => isMeant(entry, sentence));
  const [test] = meant[0]?.tests ?? [];
  const of = `“${entry.sentence}”`;
  if (meant.length !== 1) return `${of} begins ${meant.length} sentences, and must begin one`;
  if ((entry.waits === undefined) === (entry.restWaits === undefined)) return `${of} says either waits or restWaits`;
  if (test !== undefined && entry.waits !== undefined) return `${of} waits no more, ${test} states it: take it out`;
  if (test === undefined && entry.restWaits !== undefined)
    return `${of} lets only a rest wait, and no test states the other part`;
  return null;
}

function laterOf(later: readonly Later[], sentence: Sentence): Later | undefined {
  return later.find((entry) => isMeant(entry, sentence));
}

function isMeant(entry: Later, { id, text }: Sentence): boolean {
  return text === null ? id === entry.sentence : plain(text).startsWith(plain(entry.sentence));
}

function nameOf({ id, text }: Sentence): string {
  return text ?? `\`${id}\``;
}

function render(papers: readonly Paper[], later: readonly Later[]): string {
  const lines = [`Generated by \`npm run generate\`. ${countsOf(papers, later)}.`];
  lines.push('', 'A short code stands for a sentence of a page that is not part of the project.');
  for (const { title, sentences } of papers) {
    lines.push('', `## ${title}`);
    for (const [section, ours] of Map.groupBy(sentences, (sentence) => sentence.section)) {
      lines.push('', `### ${section}`, '', '| promise | stated by |', '|---|---|');
      lines.push(...ours.map((sentence) => `| ${nameOf(sentence)} | ${statedBy(sentence, later)} |`));
    }
  }
  return ['# Promises and the tests that state them', '', ...lines, ''].join('\n');
}

function countsOf(papers: readonly Paper[], later: readonly Later[]): string {
  const all = papers.flatMap(({ sentences }) => sentences);
  const stated = all.filter(({ tests }) => tests.size > 0).length;
  const waiting = all.filter((sentence) => laterOf(later, sentence)?.waits !== undefined).length;
  return `${stated} of ${all.length} sentences are stated by tests; ${waiting} wait, and say for what`;
}

function statedBy(sentence: Sentence, later: readonly Later[]): string {
  const stated = [...sentence.tests].map((test) => test.replaceAll('|', '\\|'));
  const { waits, restWaits } = laterOf(later, sentence) ?? {};
  if (waits !== undefined) stated.push(`waits for: ${waits}`);
  if (restWaits !== undefined) stated.push(`the rest waits for: ${restWaits}`);
  return stated.length === 0 ? '**no test yet**' : stated.join('<br>');
}

function main(mode: 'check' | 'write'): void {
  const papers = readPapers(repository);
  const list: LaterList = JSON.parse(readFileSync(path.join(repository, 'scripts/promise-later.json'), 'utf8'));
  const files = globSync(TESTS, { cwd: repository, exclude: ['**/node_modules/**'] }).toSorted();
  const claims = files.flatMap((file) => claimsOf(file, readFileSync(path.join(repository, file), 'utf8')));
  const problems = problemsOf(papers, claims, list);
  const text = render(papers, list.later);
  if (mode === 'write') writeFileSync(PAGE, text);
  else if (readFileSync(PAGE, 'utf8') !== text) problems.push('docs/promises.md is not up to date: run `npm run generate`');
  for (const problem of problems) console.error(`promises: ${problem}`);
  console.log(`promises: ${countsOf(papers, list.later)}`);
  if (mode === 'check' && problems.length > 0) process.exitCode = 1;
}

if (import.meta.main) main(process.argv.includes('--check') ? 'check' : 'write');
