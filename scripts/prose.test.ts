import { expect, test } from 'vitest';
import { headlessComments, longSentences, missingPaths } from './prose.ts';

test('a doc comment that begins with a clause is found, on a function, a field and a class, with its line', () => {
  const source = `
/** What a key may call. */
export function callable() {}
/** Returns what a key may call. */
export function other() {}
export interface Key {
  /** Whether it may call. */
  readonly isActive: boolean;
  /** True if it may call. */
  readonly mayCall: boolean;
}
/** How it is told? */
export const question = 1;
`;
  expect(headlessComments('a.ts', source)).toEqual([
    { at: 'a.ts:2', text: 'What a key may call.' },
    { at: 'a.ts:7', text: 'Whether it may call.' },
  ]);
});

test('a sentence of more than forty words is found, and neither tables nor code are sentences', () => {
  const long = `${'word '.repeat(41)}.`;
  const text = ['Short. Another one.', long, `| ${long} |`, '```', long, '```', `# ${long}`].join('\n');
  expect(longSentences('a.md', text).map(({ at }) => at)).toEqual(['a.md:2']);
  expect(longSentences('a.md', `${'word '.repeat(40)}.`)).toEqual([]);
});

test('a path that is named and not there is found, others are not looked at', () => {
  const text = 'See `server/src/there.ts`, `server/src/gone.ts` and `npm run check`.';
  expect(missingPaths('a.md', text, (name) => name.endsWith('there.ts'))).toEqual([{ at: 'a.md:1', text: 'server/src/gone.ts' }]);
});
