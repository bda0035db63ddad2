import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Unfit } from './edits.ts';
import { readEnv, setEnv } from './env-edits.ts';
import { unsetLines } from './line-edits.ts';
import { readToml, setToml, valueAt, type WantedToml } from './toml-edits.ts';

const WANTED: WantedToml = {
  top: { model: '"fast"', model_provider: '"headgate"' },
  under: ['model_providers', 'headgate'],
  tables: {
    '': { name: '"Headgate"', base_url: '"https://gateway.example.com/v1"' },
    auth: { command: '"headgate"', args: '["token"]' },
  },
  dropped: ['env_key', 'experimental_bearer_token'],
};
const set = (text: string) => setToml(text, 'codex', WANTED);

/** Statements that a person may have, in any order that TOML allows. */
const TOPS = [
  'model = "gpt-5" # mine\n',
  "model_provider = 'openai'\n",
  '# a comment with [brackets] and "quotes\n',
  '\n',
  'notify = [\n  "a", # ]\n  "b",\n]\n',
  'prompt = """\n[not.a.table]\nmodel = "x"\n"""\n',
  "raw = '''\n'quoted' \"\"\" [t]\n'''\n",
  '"quoted key" = { a = 1, b = ["]"] }\n',
  'when = 1979-05-27T07:32:00Z\n',
  'web_search = "disabled"\r\n',
];
const TABLES = [
  '[mcp_servers.files]\ncommand = "x"\n',
  '[model_providers.other]\nbase_url = "http://x" # not ours\n\n',
  '[model_providers.headgate]\nname = "Mine"\nenv_key = "HEADGATE_KEY"\nenv_http_headers = { "x" = "Y" }\nwire_api = "chat"\n',
  '[model_providers.headgate.auth]\ncommand = "old"\n',
  '[model_providers.headgate.query_params]\na = "1"\n',
  '[[hooks]]\nname = "a"\n[[hooks]]\nname = "b"\n',
  '[projects.\'/home/me\']\ntrust_level = "trusted"\n# the end',
];
const files = fc.tuple(fc.shuffledSubarray(TOPS), fc.shuffledSubarray(TABLES), fc.boolean()).map(([tops, tables, isCut]) =>
  [...tops, ...tables]
    .join('')
    .replace(/\n# the end(?=\[)/, '\n')
    .replace(isCut ? /\r?\n$/ : /$^/, ''),
);

test('whatever stands in config.toml, what is wanted is there once, and everything else as it was', () => {
  fc.assert(
    fc.property(files, (file) => {
      const { text } = set(file);
      const [before, after] = [readToml(file), readToml(text)];
      expect(valueAt(after, ['model'])).toBe('"fast"');
      expect(valueAt(after, ['model_provider'])).toBe('"headgate"');
      expect(valueAt(after, ['model_providers', 'headgate', 'base_url'])).toBe('"https://gateway.example.com/v1"');
      expect(valueAt(after, ['model_providers', 'headgate', 'auth', 'command'])).toBe('"headgate"');
      expect(valueAt(after, ['model_providers', 'headgate', 'env_key'])).toBeNull();
      const ours = /^(?:model|model_provider|model_providers,headgate,(?:name|base_url|env_key|auth,command|auth,args))$/;
      const others = (all: typeof before) =>
        all.filter(({ is, path }) => is === 'key' && !ours.test(String(path))).map(({ path, value }) => [path, value]);
      expect(others(after)).toEqual(others(before));
      const keys = after.filter(({ is }) => is === 'key').map(({ path }) => path.join('.'));
      expect(new Set(keys.filter((key) => ours.test(key.replaceAll('.', ',')))).size).toBe(
        keys.filter((key) => ours.test(key.replaceAll('.', ','))).length,
      );
      expect(set(text)).toEqual({ text, changes: [] });
    }),
    { numRuns: 300 },
  );
});

test('taken back, every byte is as it was, also with an edit elsewhere', () => {
  fc.assert(
    fc.property(files, fc.constantFrom('', '# mine\n', 'added = 1\n'), (file, mine) => {
      const { text, changes } = set(file);
      expect(unsetLines(mine + text, changes)).toEqual({ text: mine + file, kept: [] });
    }),
    { numRuns: 300 },
  );
});

test('what was changed inside of our lines stays, and is named', () => {
  const { text, changes } = set('a = 1\n');
  const edited = text.replace('command = "headgate"', 'command = "mine"');
  const { text: left, kept } = unsetLines(edited, changes);
  expect(kept).toEqual(['[model_providers.headgate]']);
  expect(left).toContain('command = "mine"');
  expect(left).not.toContain('model_provider =');
});

test.each([
  ['model_providers = { headgate = { name = "x" } }\n', 'in a form that cannot be changed line by line'],
  ['[model_providers]\nheadgate = { name = "x" }\n', 'in a form that cannot be changed line by line'],
  ['model_providers.headgate.name = "x"\n', 'in a form that cannot be changed line by line'],
  ['[model_providers.headgate]\nauth.command = "x"\n', 'in a form that cannot be changed line by line'],
  ['[[model_providers.headgate]]\n', 'in a form that cannot be changed line by line'],
  ['[model_providers.headgate]\n[a]\n[model_providers.headgate]\n', 'more than once'],
  ['model = "a"\nmodel = "b"\n', 'it has model more than once'],
  ['a = "open\n', 'it is not TOML (line 1)'],
  ['a = 1\nb = [1,\n', 'it is not TOML (line 2)'],
  ['a = 1\nnonsense\n', 'it is not TOML (line 2)'],
  ['a = 1 b = 2\n', 'it is not TOML (line 1)'],
  ['a = 1\nc = "x" d\n', 'it is not TOML (line 2)'],
  ['x = """never closed\n', 'it is not TOML (line 1)'],
])('%j is left alone, with words', (text, words) => {
  expect(() => set(text)).toThrow(words);
  expect(() => set(text)).toThrow(Unfit);
});

const LINES = [
  'A=1\n',
  '# c\n',
  '\n',
  'export GOOGLE_GEMINI_BASE_URL="http://old"\n',
  'GEMINI_API_KEY=AIzaSecret # mine\n',
  'B="two\nGEMINI_MODEL=x\nlines"\n',
  "C='q'\r\n",
];

test('variables are set once, secrets are gone, and taken back every byte is as it was', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(LINES), fc.boolean(), (lines, isCut) => {
      const file = isCut ? lines.join('').replace(/\r?\n$/, '') : lines.join('');
      const { text, changes } = setEnv(file, 'gemini', { GOOGLE_GEMINI_BASE_URL: 'https://gw' }, ['GEMINI_API_KEY']);
      const variables = readEnv(text);
      expect(variables.filter(({ name }) => name === 'GOOGLE_GEMINI_BASE_URL').map(({ value }) => value)).toEqual(['https://gw']);
      expect(variables.some(({ name }) => name === 'GEMINI_API_KEY')).toBe(false);
      expect(text).not.toContain('AIzaSecret');
      const others = (of: string) =>
        readEnv(of)
          .filter(({ name }) => /^[ABC]$/.test(name))
          .map(({ name, value }) => [name, value]);
      expect(others(text)).toEqual(others(file));
      expect(setEnv(text, 'gemini', { GOOGLE_GEMINI_BASE_URL: 'https://gw' }, ['GEMINI_API_KEY']).changes).toEqual([]);
      expect(unsetLines(`MINE=1\n${text}`, changes)).toEqual({ text: `MINE=1\n${file}`, kept: [] });
    }),
    { numRuns: 300 },
  );
});
