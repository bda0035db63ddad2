import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { claimsOf, testsOf } from './promise-claims.ts';
import { addTests, problemsOf } from './promise-judge.ts';
import { type Later, readLater, readPapers } from './promise-papers.ts';
import { idOf, sentencesClaimed, sentencesOf } from './promise-sentences.ts';

const repository = path.dirname(import.meta.dirname);

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
    expect(testsOf('a.test.ts', source)).toEqual([
      'doors › the {door} door',
      'doors › … at once',
      'stands alone',
      'a window › is bright',
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
      texts.map((text) => ({ id: idOf(text), text })),
      words,
    ).map(({ text }) => texts.indexOf(text as string));

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

describe('a page', () => {
  test('is read by its sentences, rows and points, each with its section', () => {
    const page =
      '# Doors\nEach is a test.\n\n## Front\n- **Lock.** It shuts. It goes\n  on here.\n| a | b |\n|---|---|\n## Back\nNone.';
    expect(sentencesOf(page).map(({ section, text }) => `${section}: ${text}`)).toEqual([
      'Front: **Lock.** It shuts.',
      'Front: It goes on here.',
      'Front: a · b',
      'Back: None.',
    ]);
    expect(sentencesOf(page, 'Back').map(({ text }) => text)).toEqual(['None.']);
  });

  test('of which only ids are kept is claimed by the first six words, whatever their marks', () => {
    const kept = { id: idOf('Doors **open** outwards, and never inwards, by day.'), text: null };
    expect(sentencesClaimed([kept], 'doors open outwards, and never inwards, whenever')).toEqual([kept]);
    expect(sentencesClaimed([kept], 'Doors open outwards, and')).toEqual([]);
    expect(idOf('Doors open.')).toMatch(/^[0-9a-f]{8}$/);
  });
});

describe('the pages of a checkout', () => {
  const FILES = ['README.md', 'docs/semantics.md', 'scripts/promise-ids.json', 'scripts/promise-later.json'];
  const made: string[] = [];
  afterEach(() => {
    for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
  });

  /** Creates a folder with the pages alone. */
  function checkout(): string {
    const folder = mkdtempSync(path.join(tmpdir(), 'headgate-promises-'));
    made.push(folder);
    for (const name of ['docs', 'scripts']) mkdirSync(path.join(folder, name));
    for (const file of FILES) cpSync(path.join(repository, file), path.join(folder, file));
    return folder;
  }

  test('are read without anything beside it', () => {
    expect(readPapers(checkout())).toEqual(readPapers(repository));
    expect(readLater(checkout())).toEqual(readLater(repository));
  });

  test.each(FILES)('without %s are an error that names it', (file) => {
    const folder = checkout();
    rmSync(path.join(folder, file));
    expect(() => [readPapers(folder), readLater(folder)]).toThrow(`${file} is missing`);
  });

  test('of which one says nothing are an error', () => {
    const folder = checkout();
    writeFileSync(path.join(folder, 'README.md'), '# Headgate\n');
    expect(() => readPapers(folder)).toThrow('“The readme” promises nothing');
  });
});

describe('what is wrong', () => {
  const judged = (claims: string[], later: Later[] = [], max = later.length) => {
    const papers = [{ title: 'Doors', sentences: [...sentencesOf('Doors open wide. Doors shut tight.'), kept()] }];
    const known = claims.map((words) => ({ words, test: 'a.test.ts: doors' }));
    return [...addTests(papers, known), ...problemsOf(papers, { max, later })];
  };
  const kept = () => ({ section: '', id: idOf('They never creak.'), text: null, tests: [] });
  const ALL = ['Doors open wide', 'Doors shut tight', 'They never creak.'];

  test('is nothing where each sentence has a test', () => {
    expect(judged(ALL)).toEqual([]);
  });

  test('is a claim that no page knows, with the id it would have', () => {
    const [problem, ...rest] = judged([...ALL, 'Doors fly away']);
    expect(problem).toContain('a.test.ts: doors claims: “Doors fly away”');
    expect(problem).toContain(idOf('Doors fly away'));
    expect(rest).toEqual([]);
  });

  test('is a sentence without a test, by its id where no more is kept', () => {
    expect(judged(['Doors open wide'])).toEqual([
      'no test states “Doors shut tight.”',
      `no test states “\`${idOf('They never creak.')}\`”`,
    ]);
  });

  test('is not one that waits, nor one whose rest does', () => {
    const later = [
      { sentence: 'Doors open', restWaits: 'wider doors' },
      { sentence: 'Doors shut', waits: 'locks' },
      { sentence: idOf('They never creak.'), waits: 'oil' },
    ];
    expect(judged(['Doors open wide'], later)).toEqual([]);
  });

  test.each([
    ['waits although a test states it', { sentence: 'Doors open', waits: 'doors' }, 'waits no more, a.test.ts: doors states it'],
    ['begins two sentences', { sentence: 'Doors', waits: 'doors' }, 'begins 2 sentences'],
    ['begins none', { sentence: 'Windows', waits: 'glass' }, 'begins 0 sentences'],
    ['says nothing', { sentence: 'Doors open' }, 'says either waits or restWaits'],
  ])('is an entry that %s', (_what, entry, said) => {
    expect(judged(ALL, [entry])).toEqual([expect.stringContaining(said)]);
  });

  test('is a rest that waits where no test states the other part', () => {
    const entry = { sentence: 'Doors open', restWaits: 'wider doors' };
    expect(judged(ALL.slice(1), [entry])).toEqual([expect.stringContaining('no test states the other part')]);
  });

  test('is a list that grew, and one that shrank without saying so', () => {
    const entry = { sentence: 'Doors open', restWaits: 'wider doors' };
    expect(judged(ALL, [entry], 0)).toEqual([expect.stringContaining('may only shrink: it has 1 entries, and had 0')]);
    expect(judged(ALL, [entry], 2)).toEqual([expect.stringContaining('set its max from 2 to 1')]);
  });
});
