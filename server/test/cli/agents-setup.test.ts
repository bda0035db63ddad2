/** `headgate agents setup` and `agents status` on the files of a home. The gateway is only asked for the names of models, so none runs here. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { repository } from '../prove/gateway.ts';
import { bytes, type Home, newHome, put } from './login-support.ts';
import { headgateHere, type Ran } from './support.ts';

const URL = 'https://gateway.example.com';

/** The files of each agent, and flags without which it cannot be set up. */
const AGENTS = {
  claude: { files: ['.claude/settings.json'], flags: [] },
  codex: { files: ['.codex/config.toml'], flags: ['--model', 'fast'] },
  opencode: { files: ['.config/opencode/opencode.json'], flags: [] },
  gemini: { files: ['.gemini/settings.json', '.gemini/.env'], flags: [] },
} as const;
type Name = keyof typeof AGENTS;
const NAMES = Object.keys(AGENTS) as Name[];

const setup = (home: Home, name: Name, ...flags: string[]) =>
  headgateHere(home.env, 'agents', 'setup', name, '--url', URL, ...AGENTS[name].flags, ...flags);
const undo = (home: Home, name: Name) => headgateHere(home.env, 'agents', 'setup', name, '--undo', '--yes');

describe.each(NAMES)('%s', (name) => {
  const { files } = AGENTS[name];
  const [file] = files;

  test('is set up from nothing, twice without a difference, and undone to nothing', async () => {
    const home = newHome();
    const first = await setup(home, name, '--yes');
    expect(first).toMatchObject({ code: 0, out: expect.stringContaining(`${path.join(home.folder, file)} (new)`) });
    const written = files.map((one) => bytes(home, one)?.toString());
    expect(written.join()).toContain(URL);
    const second = await setup(home, name, '--yes');
    expect(second).toMatchObject({ code: 0, out: '', err: expect.stringContaining('Nothing has to be changed.') });
    expect(files.map((one) => bytes(home, one)?.toString())).toEqual(written);
    const { code, err } = await undo(home, name);
    expect([code, err]).toEqual([0, expect.stringContaining('was deleted: it did not exist before the set-up.')]);
    expect(files.map((one) => bytes(home, one))).toEqual(files.map(() => null));
    expect(bytes(home, path.dirname(file))).toBeNull();
    expect((await undo(home, name)).err).toContain('No set-up of');
  });

  test('writes nothing with --print, and nothing where nobody can be asked', async () => {
    const home = newHome();
    const printed = await setup(home, name, '--print');
    expect([printed.code, printed.out]).toEqual([0, expect.stringContaining(URL)]);
    expect(await setup(home, name)).toMatchObject({ code: 1, err: expect.stringMatching(/Nothing was written.+--yes/) });
    expect(files.map((one) => bytes(home, one))).toEqual(files.map(() => null));
  });

  test('whatever was in its files: refused with words and left alone, or undone to the same bytes', async () => {
    const home = newHome();
    const any = fc.oneof(
      fc.constantFrom(
        '',
        '\n',
        '{}',
        '{\r\n}\r\n',
        '{"a": 1, // c\n}',
        'a = 1',
        '[x]\ny = "z"\n',
        'A=1\nB="2',
        '\uFEFF{ "env": {} }',
        'null',
      ),
      fc.json({ maxDepth: 3 }),
      fc.json({ maxDepth: 2 }).map((text) => text.replaceAll(',', ',\n  // c\n  ')),
      fc.uint8Array({ maxLength: 40 }),
      fc.string({ unit: 'grapheme', maxLength: 40 }),
    );
    let done = 0;
    await fc.assert(
      fc.asyncProperty(fc.tuple(...files.map(() => any)), async (contents) => {
        for (const [index, content] of contents.entries()) put(home, files[index] ?? '', content);
        const before = files.map((one) => bytes(home, one)?.toString('hex'));
        const { code, err } = await setup(home, name, '--yes');
        if (code === 0) done += 1;
        else expect([code, err]).toEqual([1, expect.stringMatching(/^headgate: .+ was not changed: .+\.\n$/)]);
        if (code === 0) expect(await undo(home, name)).toMatchObject({ code: 0 });
        expect(files.map((one) => bytes(home, one)?.toString('hex'))).toEqual(before);
      }),
      { numRuns: 120 },
    );
    // Few of these contents are settings that can be edited.
    expect(done).toBeGreaterThan(0);
  });

  test('keeps links and modes', async () => {
    const home = newHome();
    const target = put(home, 'dotfiles/settings', '');
    mkdirSync(path.join(home.folder, path.dirname(file)), { recursive: true });
    symlinkSync(target, path.join(home.folder, file));
    const mode = () => statSync(target).mode & 0o777;
    const before = mode();
    expect((await setup(home, name, '--yes')).code).toBe(0);
    expect([readlinkSync(path.join(home.folder, file)), mode(), bytes(home, 'dotfiles/settings')?.length]).toEqual([
      target,
      before,
      expect.any(Number),
    ]);
    expect((await undo(home, name)).code).toBe(0);
    expect(bytes(home, 'dotfiles/settings')?.toString()).toBe('');
    expect(readlinkSync(path.join(home.folder, file))).toBe(target);
  });
});

test('undone after an edit elsewhere, only the set-up is gone, and it is said', async () => {
  const home = newHome();
  put(home, '.claude/settings.json', '{\n  "model": "opus" // mine\n}\n');
  put(home, '.codex/config.toml', '# mine\nmodel_provider = "openai"\n');
  for (const name of ['claude', 'codex'] as const) expect((await setup(home, name, '--yes')).code).toBe(0);
  put(home, '.claude/settings.json', bytes(home, '.claude/settings.json')?.toString().replace('opus', 'sonnet') ?? '');
  put(home, '.codex/config.toml', `${bytes(home, '.codex/config.toml')}\n[mine]\na = 1\n`);
  for (const name of ['claude', 'codex'] as const)
    expect((await undo(home, name)).err).toContain('Only what the set-up wrote was removed.');
  expect(bytes(home, '.claude/settings.json')?.toString()).toBe('{\n  "model": "sonnet" // mine\n}\n');
  expect(bytes(home, '.codex/config.toml')?.toString()).toBe('# mine\nmodel_provider = "openai"\n\n[mine]\na = 1\n');
});

test('what was changed by hand since stays, and is named', async () => {
  const home = newHome();
  await setup(home, 'claude', '--yes');
  put(
    home,
    '.claude/settings.json',
    bytes(home, '.claude/settings.json')?.toString().replace(`"${URL}"`, '"https://mine.example.com"') ?? '',
  );
  expect((await undo(home, 'claude')).err).toContain('You changed these since, so they stay: env.ANTHROPIC_BASE_URL.');
  expect(JSON.parse(bytes(home, '.claude/settings.json')?.toString() ?? '')).toEqual({
    env: { ANTHROPIC_BASE_URL: 'https://mine.example.com' },
  });
});

test('a set-up for another gateway takes the place of the first, and is undone to what was before both', async () => {
  const home = newHome();
  const before = '{\n  "theme": "dark"\n}\n';
  put(home, '.claude/settings.json', before);
  await setup(home, 'claude', '--yes');
  expect((await headgateHere(home.env, 'agents', 'setup', 'claude', '--url', 'https://second.example.com', '--yes')).code).toBe(
    0,
  );
  expect(bytes(home, '.claude/settings.json')?.toString()).not.toContain(URL);
  await undo(home, 'claude');
  expect(bytes(home, '.claude/settings.json')?.toString()).toBe(before);
});

const SECRET = `sk-hg-${'A1b2C3d4'.repeat(4)}`;

test('status names agents with keys that do not end, and a set-up replaces these keys; no output has one', async () => {
  const home = newHome();
  const files: Readonly<Record<string, string>> = {
    '.claude/settings.json': JSON.stringify({ env: { ANTHROPIC_AUTH_TOKEN: SECRET, ANTHROPIC_BASE_URL: URL } }, null, 2),
    '.codex/config.toml': `model = "fast"\n[model_providers.headgate]\nname = "H"\nexperimental_bearer_token = "${SECRET}"\n`,
    '.config/opencode/opencode.json': JSON.stringify({ provider: { hg: { options: { baseURL: `${URL}/v1`, apiKey: SECRET } } } }),
    '.gemini/.env': `GEMINI_API_KEY=${SECRET}\n`,
    '.codex/auth.json': JSON.stringify({ OPENAI_API_KEY: SECRET }),
  };
  for (const [file, text] of Object.entries(files)) put(home, file, text);
  const said: string[] = [];
  const keep = async (ran: ReturnType<typeof headgateHere>) => {
    const { code, out, err } = await ran;
    said.push(out, err);
    return { code, out, err };
  };
  const status = async () =>
    JSON.parse((await keep(headgateHere(home.env, 'agents', 'status', '--url', URL, '--json'))).out).data;
  const places = (rows: { long_lived_keys: { place: string }[] }[]) =>
    rows.map((row) => row.long_lived_keys.map(({ place }) => place));
  expect(places(await status())).toEqual([
    ['env.ANTHROPIC_AUTH_TOKEN'],
    ['model_providers.headgate.experimental_bearer_token', 'OPENAI_API_KEY'],
    ['provider.hg.options.apiKey'],
    ['GEMINI_API_KEY'],
  ]);
  const table = await keep(headgateHere(home.env, 'agents', 'status', '--url', URL));
  expect(table.err).toContain(`headgate agents setup claude --url ${URL}`);
  for (const name of NAMES)
    expect(await keep(setup(home, name, '--yes'))).toMatchObject({ code: 0, err: expect.stringContaining('has a key at') });
  for (const file of Object.keys(files).filter((one) => one !== '.codex/auth.json'))
    expect(bytes(home, file)?.toString()).not.toContain(SECRET);
  const rows = await status();
  expect(places(rows)).toEqual([[], ['OPENAI_API_KEY'], [], []]);
  expect(rows.map((row: { by_login: boolean; url: string }) => [row.by_login, row.url])).toEqual(NAMES.map(() => [true, URL]));
  for (const name of NAMES) await keep(undo(home, name));
  for (const [file, text] of Object.entries(files)) expect(bytes(home, file)?.toString()).toBe(text);
  expect(said.join('')).not.toContain(SECRET);
});

test('a diff shows no secret that stands near', async () => {
  const home = newHome();
  put(
    home,
    '.claude/settings.json',
    `{\n  "env": {\n    "GITHUB_TOKEN": "ghp_${'x'.repeat(20)}",\n    "ANTHROPIC_API_KEY": "${SECRET}"\n  }\n}\n`,
  );
  const { out } = await setup(home, 'claude', '--print');
  expect(out).toContain('-     "ANTHROPIC_API_KEY": "••••••"');
  expect(out).toContain('headgate token --url');
  expect(out).not.toMatch(/ghp_|sk-hg-/);
});

test('Codex is told of web searches unless they are off, and Claude Code of nothing while its models are not known', async () => {
  const home = newHome();
  const said = async (name: Name) => (await setup(home, name, '--print')).err;
  expect(await said('codex')).toContain('web_search = "disabled"');
  put(home, '.codex/config.toml', 'web_search = "live"\n');
  expect(await said('codex')).toContain('web_search = "disabled"');
  put(home, '.codex/config.toml', 'web_search = "disabled"\n');
  expect(await said('codex')).not.toContain('web_search');
  expect(await said('claude')).not.toContain('model');
});

test('Codex needs a model, and opencode’s settings with comments are preferred', async () => {
  const home = newHome();
  expect(await headgateHere(home.env, 'agents', 'setup', 'codex', '--url', URL, '--yes')).toMatchObject({
    code: 1,
    err: expect.stringContaining('Codex needs a model. Name one with --model.'),
  });
  put(home, '.config/opencode/opencode.jsonc', '{\n  // mine\n}\n');
  await setup(home, 'opencode', '--model', 'fast', '--yes');
  expect(bytes(home, '.config/opencode/opencode.json')).toBeNull();
  expect(bytes(home, '.config/opencode/opencode.jsonc')?.toString()).toContain('"fast": {}');
});

test('a file that is too large, or that changes while somebody decides, is left alone', async () => {
  const home = newHome();
  const file = put(home, '.claude/settings.json', `{"a": "${'x'.repeat(1_100_000)}"}`);
  expect(await setup(home, 'claude', '--yes')).toMatchObject({
    code: 1,
    err: expect.stringContaining('more than 1000000 bytes'),
  });
  writeFileSync(file, '{}');
  expect(
    (
      await headgateHere(
        { ...home.env, CLAUDE_CONFIG_DIR: path.join(home.folder, 'other') },
        'agents',
        'setup',
        'claude',
        '--url',
        URL,
        '--yes',
      )
    ).code,
  ).toBe(0);
  expect(bytes(home, 'other/settings.json')?.toString()).toContain(URL);
  // Set-ups in two places are undone together.
  expect((await setup(home, 'claude', '--yes')).code).toBe(0);
  expect((await undo(home, 'claude')).code).toBe(0);
  expect(bytes(home, 'other/settings.json')).toBeNull();
  expect(bytes(home, '.claude/settings.json')?.toString()).toBe('{}');
});

test('without a login and without an address, nothing is written, and it is said what to do', async () => {
  const home = newHome();
  for (const flags of [['--yes'], ['--print'], []])
    expect(await headgateHere(home.env, 'agents', 'setup', 'claude', ...flags)).toEqual({
      ...{ code: 3, out: '' },
      err: 'headgate: You are not signed in. Run: headgate login --url <address of your gateway>\n',
    });
  expect(bytes(home, '.claude')).toBeNull();
  // Whoever names the gateway may sign in later.
  const named = { ...home.env, HEADGATE_URL: URL };
  expect(await headgateHere(named, 'agents', 'setup', 'claude', '--yes')).toMatchObject({
    code: 0,
    err: expect.stringContaining(`You are not signed in there yet. Run: headgate login --url ${URL}`),
  });
});

test('status offers no set-up for a gateway that nobody named', async () => {
  const home = newHome();
  put(home, '.gemini/.env', `GEMINI_API_KEY=${SECRET}\n`);
  const { code, err } = await headgateHere(home.env, 'agents', 'status');
  expect([code, err]).toEqual([
    0,
    expect.stringContaining('A login can replace it: headgate login --url <address of your gateway>'),
  ]);
  expect(err).not.toContain('127.0.0.1');
});

describe('the helper', () => {
  /** Returns the helper in Claude Code's settings, after a set-up by a program that was started in `cwd`. */
  const helperOf = async (home: Home, command: readonly string[], cwd: string, PATH: string): Promise<string> => {
    const env = { HOME: home.folder, PATH };
    const ran = await inProcess([...command, 'agents', 'setup', 'claude', '--url', URL, '--yes'], { cwd, env });
    expect(ran).toMatchObject({ code: 0 });
    return JSON.parse(bytes(home, '.claude/settings.json')?.toString() ?? '').apiKeyHelper;
  };
  /** Runs a helper as an agent does that was started anywhere. */
  const runHelper = (home: Home, helper: string) =>
    inProcess(['/bin/sh', '-c', helper], { cwd: '/', env: { HOME: home.folder, PATH: '/usr/bin:/bin' } });
  const notSignedIn = { code: 3, out: '', err: expect.stringContaining('not signed in') };

  // Both start the program as `npm run headgate` does: with a path that is right in the clone only.
  test.each([
    ['in two words', ['--import', './server/bin/faster-start.mjs']],
    ['in one word', ['--import=./server/bin/faster-start.mjs']],
  ])('of a clone runs in any folder: flags %s', async (_, flags) => {
    const home = newHome();
    const command = [process.execPath, ...flags, 'server/src/cli/headgate.ts'];
    expect(await runHelper(home, await helperOf(home, command, repository, '/usr/bin:/bin'))).toEqual(notSignedIn);
  });

  test.each(['plain', 'with blanks, a # and 100 % of it’s "signs"'])(
    'of an installation in a folder that is named %j runs in any folder',
    async (name) => {
      const home = newHome();
      const folder = path.join(home.folder, name);
      mkdirSync(folder);
      writeFileSync(path.join(folder, 'before.mjs'), 'globalThis.isBefore = true;\n');
      const entrance = pathToFileURL(path.join(repository, 'server/bin/headgate.mjs')).href;
      writeFileSync(
        path.join(folder, 'headgate.mjs'),
        `if (globalThis.isBefore !== true) throw new Error('not imported');\nawait import(${JSON.stringify(entrance)});\n`,
      );
      // npm puts its folder of commands on the PATH of what it starts, and no agent has it there.
      const ofNpm = path.join(folder, 'node_modules/.bin');
      mkdirSync(ofNpm, { recursive: true });
      writeFileSync(path.join(ofNpm, 'headgate'), '#!/bin/sh\n', { mode: 0o755 });
      const command = [process.execPath, '--import', './before.mjs', 'headgate.mjs'];
      const helper = await helperOf(home, command, folder, `${ofNpm}:node_modules/.bin:/usr/bin:/bin`);
      expect(await runHelper(home, helper)).toEqual(notSignedIn);
    },
  );

  test('is the name alone where the PATH has it', async () => {
    const home = newHome();
    const command = [process.execPath, 'server/bin/headgate.mjs'];
    const PATH = home.env.PATH ?? '';
    expect(await helperOf(home, command, repository, PATH)).toBe(`headgate token --url ${URL}`);
  });
});

/** Runs a program with this environment and no other. */
async function inProcess(
  [file = '', ...argv]: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Ran> {
  const child = spawn(file, argv, { ...options, env: options.env as NodeJS.ProcessEnv });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = await once(child, 'close');
  return { code, out, err };
}
