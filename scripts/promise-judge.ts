// Matches claims with sentences. Reports claims without a sentence, sentences without a test, and a waiting list that grew.
import type { Claim } from './promise-claims.ts';
import type { Later, LaterList, Paper } from './promise-papers.ts';
import { idOf, plain, type Sentence, sentencesClaimed } from './promise-sentences.ts';

/** Adds to every sentence the tests that claim it. Returns a problem for each claim that matches no sentence. */
export function addTests(papers: readonly Paper[], claims: readonly Claim[]): string[] {
  const problems: string[] = [];
  for (const { words, test } of claims) {
    const claimed = papers.flatMap(({ sentences }) => sentencesClaimed(sentences, words));
    if (claimed.length === 0)
      problems.push(`no sentence begins with the words that ${test} claims: “${words}” (as an id it would be ${idOf(words)})`);
    for (const { tests } of claimed) if (!tests.includes(test)) tests.push(test);
  }
  return problems;
}

/** Returns the sentences that have no test and do not wait, and the problems of the waiting list. Call it after `addTests`. */
export function problemsOf(papers: readonly Paper[], { max, later }: LaterList): string[] {
  const sentences = papers.flatMap((paper) => paper.sentences);
  const silent = sentences.filter((sentence) => sentence.tests.length === 0 && laterOf(later, sentence) === null);
  return [
    ...silent.map((sentence) => `no test states “${nameOf(sentence)}”`),
    ...later.flatMap((entry) => problemsOfEntry(sentences, entry)),
    ...(later.length > max ? [`promise-later.json may only shrink: it has ${later.length} entries, and had ${max}`] : []),
    ...(later.length < max ? [`promise-later.json has shrunk: set its max from ${max} to ${later.length}`] : []),
  ];
}

function problemsOfEntry(sentences: readonly Sentence[], entry: Later): string[] {
  const meant = sentences.filter((sentence) => isMeant(entry, sentence));
  const of = `promise-later.json: “${entry.sentence}”`;
  if (meant.length !== 1) return [`${of} begins ${meant.length} sentences, and must begin one`];
  if ((entry.waits === undefined) === (entry.restWaits === undefined)) return [`${of} says either waits or restWaits`];
  const stated = (meant[0] as Sentence).tests.length > 0;
  if (stated && entry.waits !== undefined) return [`${of} waits no more, ${meant[0]?.tests[0]} states it: take it out`];
  if (!stated && entry.restWaits !== undefined) return [`${of} lets only a rest wait, and no test states the other part`];
  return [];
}

/** Returns the list's entry for a sentence that waits, fully or in part; null if there is none. */
export function laterOf(later: readonly Later[], sentence: Sentence): Later | null {
  return later.find((entry) => isMeant(entry, sentence)) ?? null;
}

function isMeant(entry: Later, { id, text }: Sentence): boolean {
  return text === null ? id === entry.sentence : plain(text).startsWith(plain(entry.sentence));
}

/** Returns the sentence, or its id if its text is not kept. */
export function nameOf({ id, text }: Sentence): string {
  return text ?? `\`${id}\``;
}
