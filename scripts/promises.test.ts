import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { claimsOf, testsOf } from './promise-claims.ts';
import { idOf, sentencesClaimed, sentencesOf } from './promise-sentences.ts';
import { type Later, problemsOf, readPapers } from './promises.ts';

const repository = path.dirname(import.meta.dirname);

test('the words a test claims belong to the test below them or around them, by the names of its suites', () => {
  const tag = '// promise:';
  const source = `
    describe('doors', () => {
      ${tag} They open.
      ${tag} They shut.
      for (const door of doors) {
        test(\`the \${door.name} of \${all[0]}\`, () => {});
      }
      ${tag} Never both
      test.each([[1, 'x']])('%s at once', (n) => {
        expect(n).toBe(1);
        ${tag} They creak
      });
    });
    function helper() {}
    ${tag} Alone.
    it(name, () => {});
    test.describe('a window', () => {
      ${tag} It lets light in.
      test('is bright', () => {});
    });
  `;
  expect(claimsOf('a.test.ts', source)).toEqual([
    { words: 'They open.', test: 'a.test.ts: doors › the {name} of {…}' },
    { words: 'They shut.', test: 'a.test.ts: doors › the {name} of {…}' },
    { words: 'Never both', test: 'a.test.ts: doors › … at once' },
    { words: 'They creak', test: 'a.test.ts: doors › … at once' },
    { words: 'Alone.', test: 'a.test.ts: {name}' },
    { words: 'It lets light in.', test: 'a.test.ts: a window › is bright' },
  ]);
  expect(testsOf('a.test.ts', source)).toEqual([
    'doors › the {name} of {…}',
    'doors › … at once',
    '{name}',
    'a window › is bright',
  ]);
});

describe('the sentences they are words of', () => {
  const texts = [
    '**Doors open.** ',
    'Nothing else opens, and doors shut; they never do `both` at once.',
    'Doors open outwards only.',
  ];
  const sentences = texts.map((text) => ({ id: idOf(text), text }));

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
    expect(sentencesClaimed(sentences, words)).toEqual(expected.map((at) => sentences[at]));
  });

  test('are found by the first six words, whatever their marks, where only ids are kept', () => {
    const kept = { id: idOf('Doors **open** outwards, and never inwards, by day.'), text: null };
    expect(sentencesClaimed([kept], 'doors open outwards, and never inwards, whenever')).toEqual([kept]);
    expect(sentencesClaimed([kept], 'Doors open outwards, and')).toEqual([]);
    expect(idOf('Doors open.')).toMatch(/^[0-9a-f]{8}$/);
  });
});

test('a page is read by its sentences, rows and points, each with its section', () => {
  const page =
    '# Doors\nEach is a test.\n\n## Front\n- **Lock.** It shuts. It goes\n  on here.\n| a | b |\n|---|---|\n## Back\nNone.';
  const read = (only?: string) => sentencesOf(page, only).map(({ section, text }) => `${section}: ${text}`);
  expect(read()).toEqual(['Front: **Lock.** It shuts.', 'Front: It goes on here.', 'Front: a · b', 'Back: None.']);
  expect(read('Back')).toEqual(['Back: None.']);
});

describe('the pages of a checkout', () => {
  const FILES = ['README.md', 'docs/semantics.md', 'scripts/promise-ids.json'];
  const folder = mkdtempSync(path.join(tmpdir(), 'headgate-promises-'));
  for (const name of ['docs', 'scripts']) mkdirSync(path.join(folder, name));
  const copyAll = () => FILES.map((file) => cpSync(path.join(repository, file), path.join(folder, file)));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(FILES)('are read without anything beside them; without %s they are an error that names it', (file) => {
    copyAll();
    expect(readPapers(folder)).toEqual(readPapers(repository));
    rmSync(path.join(folder, file));
    expect(() => readPapers(folder)).toThrow(file);
  });

  test('of which one says nothing are an error', () => {
    copyAll();
    writeFileSync(path.join(folder, 'README.md'), '# Headgate\n');
    expect(() => readPapers(folder)).toThrow('“The readme” promises nothing');
  });
});

describe('what is wrong', () => {
  const CREAK = idOf('They never creak.');
  const ALL = ['Doors open wide', 'Doors shut tight', 'They never creak.'];
  const OPEN = { sentence: 'Doors open', restWaits: 'wider doors' };
  const judged = (claims: string[], later: Later[] = [], max = later.length) => {
    const kept = { section: '', id: CREAK, text: null, tests: new Set<string>() };
    const papers = [{ title: 'Doors', sentences: [...sentencesOf('Doors open wide. Doors shut tight.'), kept] }];
    const known = claims.map((words) => ({ words, test: 'a.test.ts: doors' }));
    return problemsOf(papers, known, { max, later });
  };
  const waiting = [OPEN, { sentence: 'Doors shut', waits: 'locks' }, { sentence: CREAK, waits: 'oil' }];

  test.each<[what: string, problems: string[], said: string[]]>([
    ['nothing where each sentence has a test', judged(ALL), []],
    ['nothing where the others wait, or their rest does', judged(['Doors open wide'], waiting), []],
    [
      'a claim that no page knows',
      judged([...ALL, 'Doors fly away']),
      [`“Doors fly away”, and no sentence begins so (its id would be ${idOf('Doors fly away')})`],
    ],
    [
      'sentences without a test',
      judged(['Doors open wide']),
      ['no test states “Doors shut tight.”', `no test states “\`${CREAK}\`”`],
    ],
    [
      'an entry that a test states',
      judged(ALL, [{ sentence: 'Doors open', waits: 'doors' }]),
      ['waits no more, a.test.ts: doors states it'],
    ],
    ['an entry that begins two sentences', judged(ALL, [{ sentence: 'Doors', waits: 'doors' }]), ['begins 2 sentences']],
    ['an entry that begins none', judged(ALL, [{ sentence: 'Windows', waits: 'glass' }]), ['begins 0 sentences']],
    ['an entry that says nothing', judged(ALL, [{ sentence: 'Doors open' }]), ['says either waits or restWaits']],
    ['a rest without a test of the other part', judged(ALL.slice(1), [OPEN]), ['no test states the other part']],
    ['a list that grew', judged(ALL, [OPEN], 0), ['has 1 entries, and may only shrink: it had 0']],
    ['a list that shrank without saying so', judged(ALL, [OPEN], 2), ['has 1 entries: lower its max from 2']],
  ])('is %s', (_what, problems, said) => {
    expect(problems).toEqual(said.map((text) => expect.stringContaining(text)));
  });
});
