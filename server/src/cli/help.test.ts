import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SETTINGS } from '../settings/settings.ts';
import { COMMANDS, COMMON_FLAGS, LOGIN_COMMANDS, SERVER_COMMANDS, serverCommandOf } from './commands.ts';
import { runCommand } from './run-command.ts';

async function said(...argv: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCommand(argv, { env: {}, out: (text) => void out.push(text), err: (text) => void err.push(text) });
  return { code, out: out.join(''), err: err.join('') };
}

test('whoever asks is told every command and exit code', async () => {
  const { code, out, err } = await said('help');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  for (const { words } of [...SERVER_COMMANDS, ...COMMANDS, ...LOGIN_COMMANDS]) {
    expect(out).toMatch(new RegExp(`^  ${words[0]}\\b.*${words[1] ?? ''}`, 'm'));
  }
  expect(out).toContain('completion');
  expect(out).toContain('Exit codes: 0 done');
  for (const argv of [['--help'], ['-h']]) expect(await said(...argv)).toEqual({ code, out, err });
});

test('every setting is a flag of serve, seed and what works on the database, with its default', async () => {
  for (const argv of [
    ['serve', '--help'],
    ['seed', '--keys', '1', '--help'],
    ['help', 'admin-tokens', 'adopt'],
  ]) {
    expect(serverCommandOf(argv)).toBeNull();
    const { code, out, err } = await said(...argv);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    // The help is wrapped for the terminal.
    const words = out.replaceAll(/\s+/g, ' ');
    for (const { name, default: standard, about } of SETTINGS) {
      const flag = name.replace('HEADGATE_', '').toLowerCase().replaceAll('_', '-');
      expect(words).toContain(` --${flag} <value> ${name}: ${about}${standard === '' ? '' : ` [${standard}]`} `);
    }
  }
});

test('the help of rotate-master-key names the settings of the new key', async () => {
  const { out } = await said('rotate-master-key', '--help');
  for (const end of ['', '_FILE', '_COMMAND']) expect(out).toMatch(new RegExp(`^ *HEADGATE_NEW_MASTER_KEY${end} `, 'm'));
});

test('nothing typed is serve, and only serve and seed start the server', () => {
  expect(serverCommandOf([])).toBe('serve');
  expect(serverCommandOf(['serve', '--port', '4100'])).toBe('serve');
  expect(serverCommandOf(['seed', '--keys', '1'])).toBe('seed');
  for (const argv of [['keys', 'list'], ['helpless'], ['admin-token']]) expect(serverCommandOf(argv)).toBeNull();
});

test('each command’s help lists its operands and flags, and a group’s help its commands', async () => {
  for (const { words, operands = [], flags = [], notes = [] } of COMMANDS) {
    const { code, out, err } = await said(...words, '--help');
    expect({ words, code, err }).toEqual({ words, code: 0, err: '' });
    expect(out).toContain(`headgate ${[...words, '[options]', ...operands.map((operand) => `<${operand}>`)].join(' ')}\n`);
    for (const { name, value } of [...flags, ...COMMON_FLAGS])
      expect(out).toMatch(new RegExp(`^  --${name}${value === null ? '' : ` <${value}>`} `, 'm'));
    for (const line of notes) expect(out).toContain(`${line}\n`);
    expect(await said('help', ...words)).toEqual({ code, out, err });
  }
  for (const { words, operands = [], rest, flags = [], notes = [] } of LOGIN_COMMANDS) {
    const { code, out } = await said(...words, '--help');
    const after = [...operands.map((operand) => `<${operand}>`), ...(rest === undefined ? [] : [`[${rest}...]`])];
    expect([words, code, out]).toEqual([
      words,
      0,
      expect.stringContaining(`headgate ${[...words, '[options]', ...after].join(' ')}\n`),
    ]);
    for (const { name } of flags) expect(out).toMatch(new RegExp(`^  --${name} `, 'm'));
    for (const line of notes) expect(out).toContain(`${line}\n`);
  }
  const group = await said('help', 'organizations');
  expect(group.out).toMatch(/^ {2}suspend \[options\] <organization> /m);
  expect(group.out).not.toContain('rotate');
});

test('the version is the package’s', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string };
  for (const flag of ['--version', '-V']) expect(await said(flag)).toEqual({ code: 0, out: `${version}\n`, err: '' });
});

test('a command line that cannot be read is exit code 2 and says why, whatever the environment', async () => {
  const table: readonly (readonly [readonly string[], string])[] = [
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['frobnicate', '--help'], "unknown command 'frobnicate'"],
    [['help', 'frobnicate'], "unknown command 'frobnicate'"],
    [['key', 'list'], 'Did you mean keys?'],
    [['keys', 'lits'], 'Did you mean list?'],
    [['keys'], 'rotate [options] <key>'],
    [['keys', 'list', '--nonsense'], '--nonsense'],
    [['keys', 'list', '--serach', 'x'], 'Did you mean --search?'],
    [['keys', 'list', '--json=yes'], '--json'],
    [['keys', 'list', '--limit'], '--limit'],
    [['keys', 'list', '--limit', 'many'], '--limit'],
    [['keys', 'create', '--name', 'no team'], '--team is needed.'],
    [['keys', 'read'], "'key'"],
    [['keys', 'read', ''], "'key'"],
    [['keys', 'read', 'key_1', 'key_2'], 'key_2'],
    [['organizations', 'list'], 'HEADGATE_ADMIN_TOKEN'],
    [['organizations', 'list', '--token-file', '/nowhere/token'], '--token-file'],
    [['agents', 'setup', 'cursor'], "unknown command 'cursor'"],
    [['run'], "'program'"],
    [['login', '--url', 'gateway'], 'is not an address'],
    [['completion', 'tcsh'], 'bash, fish'],
    [['completion'], "'shell'"],
    [['move', '--database', 'x'], '--database'],
    [['move', '--prot', '1'], 'Did you mean --port?'],
  ];
  for (const [argv, words] of table) {
    const { code, out, err } = await said(...argv);
    expect({ argv, code, out }).toEqual({ argv, code: 2, out: '' });
    expect(err).toContain(words);
    expect(err).not.toMatch(/^ +at /m); // No stack.
    if (argv.length > 1 || argv[0] !== 'keys') expect(err).toMatch(/^headgate: .*\nSee: headgate help\n$/s);
  }
});
