/** Reads the master key from a setting, a file, the output of a command, or the data directory. No error repeats any of it. */
import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { parseMasterKey } from '../lib/secrets.ts';
import { BadSetting } from './bad-setting.ts';
import { masterKeyFor } from './data-directory.ts';

/** The source of a master key. `setting`: the setting that gives it. */
export type MasterKeySource =
  | { readonly from: 'setting'; readonly setting: string; readonly text: string }
  | { readonly from: 'file'; readonly setting: string; readonly path: string }
  | { readonly from: 'command'; readonly setting: string; readonly command: string }
  | { readonly from: 'data directory' };

const SETTING_CHARS_MAX = 4_096;
/** A key has 44 characters and a line end. Anything longer is another file or an error message. */
const KEY_BYTES_MAX = 1_024;
const COMMAND_MS_MAX = 30_000;

/**
 * Determines which of `<name>`, `<name>_FILE` and `<name>_COMMAND` is set; none means the data directory. It reads no file and
 * runs no command. Throws BadSetting if more than one is set, or if a value cannot be a key.
 */
export function masterKeySource(name: string, text: (name: string) => string): MasterKeySource {
  const set = [name, `${name}_FILE`, `${name}_COMMAND`].filter((one) => text(one) !== '');
  const [setting] = set;
  if (setting === undefined) return { from: 'data directory' };
  if (set.length > 1) throw new BadSetting(`${set.join(' and ')}: set one of them.`);
  const value = text(setting);
  if (value.length > SETTING_CHARS_MAX || value.includes('\0'))
    throw new BadSetting(`${setting}: must be ${SETTING_CHARS_MAX} characters at most, without NUL.`);
  if (setting === `${name}_FILE`) return { from: 'file', setting, path: value };
  if (setting === `${name}_COMMAND`) return { from: 'command', setting, command: value };
  if (parseMasterKey(value) === null) throw new BadSetting(`${name}: must be 32 bytes in base64.`);
  return { from: 'setting', setting, text: value };
}

/** Returns the name of a master key for messages: its setting, or its file. */
export function nameOfMasterKey(source: MasterKeySource): string {
  return source.from === 'data directory' ? 'master.key in HEADGATE_DATA_DIR' : source.setting;
}

/** Reads the master key. Throws BadSetting or UnusableDataDirectory, with one line that names the setting or file. */
export async function readMasterKey(source: MasterKeySource, dataDir: string): Promise<Buffer> {
  switch (source.from) {
    case 'data directory':
      return masterKeyFor(dataDir);
    case 'setting':
      return keyIn(source.text, source.setting, 'must be 32 bytes in base64');
    case 'file':
      return keyIn(await contentOf(source.setting, source.path), source.setting, 'the file does not hold 32 bytes in base64');
    case 'command':
      return keyIn(
        await outputOf(source.setting, source.command),
        source.setting,
        'the command did not print 32 bytes in base64',
      );
  }
}

function keyIn(text: string, setting: string, otherwise: string): Buffer {
  const key = parseMasterKey(text.trim());
  if (key === null) throw new BadSetting(`${setting}: ${otherwise}.`);
  return key;
}

/** Reads only a regular file, because a pipe or device may never end. */
async function contentOf(setting: string, path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    if (!(await file.stat()).isFile()) throw new BadSetting(`${setting}: ${path} is not a file.`);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(KEY_BYTES_MAX + 1), 0, KEY_BYTES_MAX + 1, 0);
    if (bytesRead > KEY_BYTES_MAX) throw new BadSetting(`${setting}: ${path} is longer than a key.`);
    return buffer.toString('latin1', 0, bytesRead);
  } catch (error) {
    if (error instanceof BadSetting) throw error;
    throw new BadSetting(`${setting}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`);
  }
}

/**
 * Runs a command in the shell without input. It discards standard error, which may repeat a secret. If the command takes too long
 * or prints too much, it is killed with all its child processes.
 */
function outputOf(setting: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const isPosix = process.platform !== 'win32';
    const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'ignore'], detached: isPosix });
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (outcome: () => void) => {
      clearTimeout(timer);
      child.stdout.destroy();
      outcome();
    };
    const fail = (why: string) => settle(() => reject(new BadSetting(`${setting}: the command ${why}.`)));
    const end = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(isPosix ? -child.pid : child.pid, 'SIGKILL');
      } catch {
        // It has already ended.
      }
    };
    const timer = setTimeout(() => {
      end();
      fail(`did not end within ${COMMAND_MS_MAX / 1_000} s`);
    }, COMMAND_MS_MAX);
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes <= KEY_BYTES_MAX) return;
      end();
      fail('printed more than a key');
    });
    child.once('error', () => fail('could not be started'));
    child.once('close', (code, signal) => {
      if (code !== 0) fail(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`);
      else settle(() => resolve(Buffer.concat(chunks).toString('latin1')));
    });
  });
}
