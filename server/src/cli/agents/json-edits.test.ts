import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Unfit } from './edits.ts';
import { setJson, unsetJson, type Wanted } from './json-edits.ts';
import { parseJsonc, plainValue } from './jsonc.ts';

const read = (text: string) => {
  const node = parseJsonc(text);
  return node === null ? null : plainValue(node);
};

/** Plain JSON, written with spaces, line breaks, comments and trailing commas anywhere that they may be. */
const written = fc
  .tuple(
    fc.dictionary(
      fc.constantFrom('env', 'apiKeyHelper', 'a', 'b "quoted"', '__proto__', 'model'),
      fc.jsonValue({ maxDepth: 3 }),
      { maxKeys: 5 },
    ),
    fc.array(fc.constantFrom('', ' ', '\n', '\r\n', '\t', '\n    ', '/* c */', '// c, "x": {\n', '\n  // }\n  '), {
      minLength: 1,
      maxLength: 12,
    }),
    fc.boolean(),
  )
  .map(([value, gaps, hasTrailing]) => {
    let next = 0;
    const gap = () => gaps[next++ % gaps.length] ?? '';
    const text = (one: unknown): string => {
      const [open, close] = Array.isArray(one) ? '[]' : '{}';
      if (typeof one !== 'object' || one === null) return JSON.stringify(one);
      const parts = Array.isArray(one)
        ? one.map((item) => gap() + text(item) + gap())
        : Object.entries(one).map(([key, item]) => `${gap()}${JSON.stringify(key)}${gap()}:${gap()}${text(item)}${gap()}`);
      const trailing = hasTrailing && parts.length > 0 ? `,${gap()}` : '';
      return `${open}${parts.length === 0 ? gap() : parts.join(',')}${trailing}${close}`;
    };
    // JSON has no -0.
    return { value: JSON.parse(JSON.stringify(value)), text: gap() + text(value) + gap() };
  });

const WANTED: readonly Wanted[] = [
  { path: ['apiKeyHelper'], value: 'headgate token --url https://gateway.example.com' },
  { path: ['env', 'ANTHROPIC_BASE_URL'], value: 'https://gateway.example.com' },
  { path: ['env', 'TTL'], value: '240000' },
  { path: ['provider', 'headgate', 'models', 'fast'], value: {} },
  { path: ['model'], value: undefined },
];

/** Sets, or returns null if the text has something in the way. */
function tried(text: string) {
  try {
    return setJson(text, WANTED);
  } catch (error) {
    expect(error).toBeInstanceOf(Unfit);
    return null;
  }
}

test('every JSON with comments is read as what it says', () => {
  fc.assert(
    fc.property(written, ({ value, text }) => {
      expect(read(text)).toEqual(value);
    }),
    { numRuns: 500 },
  );
});

test('what is written is there, everything else stays, and a second time changes nothing', () => {
  fc.assert(
    fc.property(written, ({ value, text }) => {
      const set = tried(text);
      const isInTheWay =
        Object.hasOwn(value, 'env') && (typeof value.env !== 'object' || value.env === null || Array.isArray(value.env));
      expect(set === null).toBe(isInTheWay);
      if (set === null) return;
      const now = read(set.text) as Record<string, Record<string, unknown>>;
      expect(now.apiKeyHelper).toBe(WANTED[0]?.value);
      expect(now.env).toEqual({ ...(value.env as object), ANTHROPIC_BASE_URL: WANTED[1]?.value, TTL: '240000' });
      expect(Object.hasOwn(now, 'model')).toBe(false);
      for (const key of Object.keys(value).filter((name) => !['env', 'apiKeyHelper', 'model'].includes(name)))
        expect(now[key]).toEqual(value[key]);
      expect(tried(set.text)).toEqual({ text: set.text, changes: [] });
    }),
    { numRuns: 500 },
  );
});

test('taken back after another edit, the text says what it would say without the set-up', () => {
  fc.assert(
    fc.property(written, fc.jsonValue({ maxDepth: 1 }), ({ value, text }, mine) => {
      const set = tried(text);
      if (set === null) return;
      const edited = setJson(set.text, [{ path: ['mine'], value: mine as string }]).text;
      const { text: left, kept } = unsetJson(edited, set.changes);
      expect(kept).toEqual([]);
      expect(read(left)).toEqual({ ...JSON.parse(JSON.stringify(value)), mine: JSON.parse(JSON.stringify(mine)) });
    }),
    { numRuns: 500 },
  );
});

test('usual settings get back every byte, also after an edit elsewhere', () => {
  const files = [
    '{}',
    '{}\n',
    '{\n}\n',
    '',
    '\n',
    '{\n  "theme": "dark" // mine\n}\n',
    '{ // all of it\n  "theme": "dark",\n  "env": {\n    "A": "1",\n  },\n}\n',
    '{\r\n\t"env": { "A": "1" },\r\n\t"list": [1, 2]\r\n}\r\n',
    '{"theme":"dark","env":{"A":"1"}}',
    '\uFEFF{\n    "theme": "dark"\n}',
  ];
  for (const file of files) {
    const { text, changes } = setJson(file, WANTED);
    if (file.trim() === '') {
      expect(read(unsetJson(text, changes).text)).toEqual({});
      continue;
    }
    expect(unsetJson(text, changes)).toEqual({ text: file, kept: [] });
    const edit = (one: string) => one.replace('"dark"', '"light"').replace('[1, 2]', '[1, 2, 3]');
    expect(unsetJson(edit(text), changes)).toEqual({ text: edit(file), kept: [] });
  }
});

test('a value that was changed since stays, and is named', () => {
  const { text, changes } = setJson('{"env": {"A": "1"}}', WANTED);
  const { text: left, kept } = unsetJson(text.replace('240000', '1'), changes);
  expect(kept).toEqual(['env.TTL']);
  expect(read(left)).toEqual({ env: { A: '1', TTL: '1' } });
});

test('a removed value comes back as it was written', () => {
  const file = '{\n  "model": "opus" , // why\n  "a": 1\n}\n';
  const { text, changes } = setJson(file, WANTED);
  expect(read(unsetJson(`${text} `, changes).text)).toEqual({ model: 'opus', a: 1 });
});

test.each([
  ['[1]', 'it is not a JSON object'],
  ['{"env": 1}', 'env in it is no object'],
  ['{"a": 1, "env": {}, "env": {}}', 'it has env more than once'],
  ['{"a": 1,, }', 'it is not JSON (line 1, column 9: expected a text in double quotes)'],
  ['{\n  "a": \'x\'\n}', 'it is not JSON (line 2, column 8: expected a value)'],
  ['{"a": 1 /* open }', 'it is not JSON'],
])('%s is left alone, with words', (text, words) => {
  expect(() => setJson(text, WANTED)).toThrow(words);
});

test('a text that is too deep is left alone', () => {
  expect(() => setJson(`${'{"a":'.repeat(300)}1${'}'.repeat(300)}`, WANTED)).toThrow('expected at most 200 levels');
});
