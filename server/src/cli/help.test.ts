import { expect, test } from 'vitest';
import { SETTINGS } from '../settings/settings.ts';
import { serverCommandOf } from './commands.ts';
import { help } from './help.ts';
import { runCommand } from './run-command.ts';

async function said(...argv: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCommand(argv, { env: {}, out: (text) => void out.push(text), err: (text) => void err.push(text) });
  return { code, out: out.join(''), err: err.join('') };
}

test('whoever asks is told the commands and every setting with its default', async () => {
  for (const argv of [['help'], ['--help'], ['-h'], ['serve', '--help'], ['seed', '--keys', '1', '--help']]) {
    expect(serverCommandOf(argv)).toBeNull();
    expect(await said(...argv)).toEqual({ code: 0, out: help(), err: '' });
  }
  const text = help();
  expect(text).toContain('headgate [serve]');
  expect(text).toContain('headgate seed');
  expect(text).toContain('headgate keys rotate <key>');
  for (const { name, default: standard } of SETTINGS) {
    expect(text).toContain(`  ${name} `);
    if (standard !== '') expect(text).toContain(`[${standard}]`);
  }
});

test('nothing typed is serve, and only serve and seed start the server', () => {
  expect(serverCommandOf([])).toBe('serve');
  expect(serverCommandOf(['serve', '--port', '4100'])).toBe('serve');
  expect(serverCommandOf(['seed', '--keys', '1'])).toBe('seed');
  for (const argv of [['keys', 'list'], ['helpless'], ['admin-token']]) expect(serverCommandOf(argv)).toBeNull();
});

test('one command’s help lists its flags, and a group’s help its commands', async () => {
  const one = await said('keys', 'create', '--help');
  expect(one).toMatchObject({ code: 0, err: '' });
  for (const flag of ['--team <id>', '--budget <usd>', '--token-file <file>', '--json']) expect(one.out).toContain(flag);
  const group = await said('help', 'organizations');
  expect(group.out).toContain('organizations suspend <organization>');
  expect(group.out).not.toContain('keys');
});

test('a command line that cannot be read is exit code 2 and one sentence, whatever the environment', async () => {
  const table: readonly (readonly [readonly string[], string])[] = [
    [['frobnicate'], 'frobnicate: there is no such command.'],
    [['keys'], 'say which of list, create'],
    [['keys', 'list', '--nonsense'], '--nonsense'],
    [['keys', 'list', '--limit', 'many'], '--limit'],
    [['keys', 'read'], '<key> is missing.'],
    [['keys', 'read', 'key_1', 'key_2'], 'key_2'],
    [['organizations', 'list'], 'HEADGATE_ADMIN_TOKEN'],
    [['organizations', 'list', '--token-file', '/nowhere/token'], '--token-file'],
    [['completion', 'tcsh'], 'bash, zsh, fish'],
  ];
  for (const [argv, sentence] of table) {
    const { code, out, err } = await said(...argv);
    expect({ argv, code, out }).toEqual({ argv, code: 2, out: '' });
    expect(err).toContain(sentence);
    expect(err).not.toContain(' at '); // No stack.
  }
});
