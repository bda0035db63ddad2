import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROOT = new URL('..', import.meta.url);
/** Generated from the contract. */
const GENERATED = 'schema.d.ts';

/** Lists the lines of the console's sources and tests that match, as `file:line`. */
function linesWith(pattern: RegExp): readonly string[] {
  return ['console/src', 'console/test'].flatMap((folder) => {
    const files = readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' });
    return files
      .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(GENERATED))
      .flatMap((file) => {
        const lines = readFileSync(new URL(`${folder}/${file}`, ROOT), 'utf8').split('\n');
        return lines.flatMap((line, index) => (pattern.test(line) ? [`${folder}/${file}:${index + 1}`] : []));
      });
  });
}

test('the console casts nothing to never: links are made by links.ts, and queries by queryOf', () => {
  expect(linesWith(/\bas never\b/)).toEqual([]);
});

test('the search finds what it forbids', () => {
  expect(linesWith(/^export const links = /)).toEqual([expect.stringMatching(/^console\/src\/links\.ts:\d+$/)]);
});
