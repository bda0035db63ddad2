/** Realistic text that depends only on the prompt: the same question always gets the same answer. */

/** The sentences of which answers consist. */
export const SENTENCES: readonly string[] = [
  'A headgate stands where the canal leaves the river and decides how much water enters.',
  'Each holder of a right draws a share, and the gate keeper writes down what was taken.',
  'When the river runs low, the oldest rights are served first and the others wait their turn.',
  'Measuring at the gate is easier than arguing at the field.',
  'A good weir needs no attention on most days and tells the truth on all of them.',
  'The question has a short answer and a longer one; this is the short one.',
  'Start with the part that can be undone, and keep the part that cannot for last.',
  'Three numbers usually suffice: what was asked for, what was given, and what is left.',
  'If two of them disagree, the ledger is right and the gauge needs cleaning.',
  'In practice the simplest arrangement lasts longest, because someone can still explain it.',
  'That said, there are cases where a second gate pays for itself within a season.',
  'Water that is promised twice is delivered once.',
  'It helps to name the limit before anyone reaches it.',
  'A list of exceptions is a sign that the rule wants to be another rule.',
  'Ask who will read the record, and write it for them.',
  'None of this is new; most of it was carved above the sluice a long time ago.',
];

/** Returns a hash of 32 bits (FNV-1a). */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Returns a small generator of numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns an answer of `sentences` sentences, as the tokens by which it is counted and streamed; joined they are the text. */
export function answerTokens(seed: number, sentences: number): string[] {
  const random = randomFrom(seed);
  let at = Math.floor(random() * SENTENCES.length);
  const text: string[] = [];
  for (let i = 0; i < sentences; i++) {
    text.push(SENTENCES[at % SENTENCES.length] as string);
    at += 1 + Math.floor(random() * 5);
  }
  return tokensOf(text.join(' '));
}

/** Returns a text in the pieces by which it is counted and streamed; joined they are the text, if it ends in no space. */
export function tokensOf(text: string): string[] {
  return text.match(/\s*[^\s]{1,9}/g) ?? [];
}

/** Returns the number of tokens that a prompt of this many characters counts as. */
export function promptTokensOf(characters: number): number {
  return Math.ceil(characters / 4);
}
