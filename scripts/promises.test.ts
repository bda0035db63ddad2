import { describe, expect, test } from 'vitest';
import { claimsOf } from './promise-claims.ts';
import { sentencesClaimed } from './promise-sentences.ts';

describe('the words a test claims', () => {
  test('belong to the test below them or around them, by the names of its suites', () => {
    const tag = '// promise:';
    const source = `
      describe('doors', () => {
        ${tag} They open.
        ${tag} They shut.
        for (const door of doors) {
          test(\`the \${door} door\`, () => {});
        }
        ${tag} Never both
        test.each([[1, 'x']])('%s at once', (n) => {
          expect(n).toBe(1);
          ${tag} They creak
        });
      });
      function helper() {}
      ${tag} Alone.
      it('stands alone', () => {});
      test.describe('a window', () => {
        ${tag} It lets light in.
        test('is bright', () => {});
      });
    `;
    expect(claimsOf('a.test.ts', source)).toEqual([
      { words: 'They open.', test: 'a.test.ts: doors › the {door} door' },
      { words: 'They shut.', test: 'a.test.ts: doors › the {door} door' },
      { words: 'Never both', test: 'a.test.ts: doors › … at once' },
      { words: 'They creak', test: 'a.test.ts: doors › … at once' },
      { words: 'Alone.', test: 'a.test.ts: stands alone' },
      { words: 'It lets light in.', test: 'a.test.ts: a window › is bright' },
    ]);
  });
});

describe('the sentences they are words of', () => {
  const texts = [
    '**Doors open.** ',
    'Nothing else opens, and doors shut; they never do `both` at once.',
    'Doors open outwards only.',
  ];
  const claimed = (words: string) =>
    sentencesClaimed(
      texts.map((text) => ({ text })),
      words,
    ).map(({ text }) => texts.indexOf(text));

  test.each([
    ['Doors open.', [0]],
    ['nothing ELSE opens, and', [1]],
    ['they never do both at', [1]],
    ['Doors open outwards', [2]],
    ['Doors open. Nothing else opens', [0, 1]],
    ['Doors open. Not', [0]],
    ['at once. Doors open outwards', [2]],
    ['something else', []],
    ['doors', []],
  ])('%s', (words, expected) => {
    expect(claimed(words)).toEqual(expected);
  });
});
