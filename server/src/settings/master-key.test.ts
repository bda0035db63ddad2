import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newDataKey } from '../lib/secrets.ts';
import { BadSetting } from './bad-setting.ts';
import { masterKeySource, readMasterKey } from './master-key.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'headgate-key-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const NAME = 'HEADGATE_MASTER_KEY';
const key = newDataKey();
const text = key.toString('base64');

async function read(env: Readonly<Record<string, string>>): Promise<Buffer> {
  return readMasterKey(
    masterKeySource(NAME, (name) => env[name] ?? ''),
    home,
  );
}

/** Returns the one line that refuses the settings. */
async function refused(env: Readonly<Record<string, string>>): Promise<string> {
  const error = await read(env).then(
    () => new Error('it was accepted'),
    (error: Error) => error,
  );
  expect(error).toBeInstanceOf(BadSetting);
  expect(error.message).toMatch(/^HEADGATE_MASTER_KEY[^\n]*\.$/);
  return error.message;
}

// promise: The master key comes from a setting, a file
describe('the master key', () => {
  test('comes from a setting, a file or the output of a command, and is written nowhere', async () => {
    const path = join(home, 'key');
    writeFileSync(path, `${text}\n`);
    for (const env of [{ [NAME]: text }, { [`${NAME}_FILE`]: path }, { [`${NAME}_COMMAND`]: `printf '%s\\n' '${text}'` }])
      expect((await read(env)).equals(key)).toBe(true);
    expect(readdirSync(home)).toEqual(['key']);
  });

  test('comes from the data directory where none is set', async () => {
    expect(await read({})).toHaveLength(32);
    expect(readdirSync(home)).toEqual(['master.key']);
  });

  test('comes from one place', async () => {
    expect(await refused({ [NAME]: text, [`${NAME}_FILE`]: '/x' })).toContain(`${NAME} and ${NAME}_FILE`);
    expect(await refused({ [`${NAME}_COMMAND`]: 'true', [`${NAME}_FILE`]: '/x' })).toContain('set one of them');
  });

  test('in a file: what cannot be read, is none, is too long or holds something else is refused by name alone', async () => {
    const at = (name: string, content: string | Buffer) => {
      writeFileSync(join(home, name), content);
      return { [`${NAME}_FILE`]: join(home, name) };
    };
    mkdirSync(join(home, 'directory'));
    expect(await refused({ [`${NAME}_FILE`]: join(home, 'missing') })).toContain('cannot be read (ENOENT)');
    expect(await refused({ [`${NAME}_FILE`]: join(home, 'directory') })).toContain('is not a file');
    expect(await refused(at('long', `${text}${' '.repeat(2_000)}`))).toContain('longer than a key');
    for (const [name, content] of [
      ['empty', ''],
      ['canary', `canary${text}`],
      ['raw', key],
    ] as const) {
      const message = await refused(at(name, content));
      expect(message).toContain('does not hold 32 bytes in base64');
      expect(message).not.toContain(text);
    }
  });

  test('of a command: what fails, prints something else or too much is refused, and nothing that it said is repeated', async () => {
    const by = (command: string) => refused({ [`${NAME}_COMMAND`]: command });
    expect(await by('exit 3')).toBe(`${NAME}_COMMAND: the command ended with exit code 3.`);
    expect(await by(`echo canary >&2; echo canary; exit 1`)).not.toContain('canary');
    expect(await by('no-such-program-anywhere')).toContain('exit code 127');
    expect(await by('echo canary')).toBe(`${NAME}_COMMAND: the command did not print 32 bytes in base64.`);
    expect(await by('kill -TERM $$')).toContain('was ended by SIGTERM');
    // This command would never end by itself.
    expect(await by('yes canary')).toBe(`${NAME}_COMMAND: the command printed more than a key.`);
  });
});
