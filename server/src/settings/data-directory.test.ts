import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newDataKey } from '../lib/secrets.ts';
import {
  adoptNextMasterKey,
  keepNote,
  masterKeyFor,
  nextMasterKeyFor,
  prepareDataDirectory,
  readNote,
  UnusableDataDirectory,
} from './data-directory.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'headgate-data-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const modeOf = (file: string) => statSync(file).mode & 0o777;
const refusal = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(UnusableDataDirectory);
    expect((error as Error).message).not.toContain('\n');
    return (error as Error).message;
  }
  throw new Error('it was accepted');
};

describe('a data directory', () => {
  test('is made where it is missing, for this user only', () => {
    const directory = join(home, 'a', 'b');
    prepareDataDirectory(directory);
    expect(modeOf(directory)).toBe(0o700);
    prepareDataDirectory(directory);
  });

  test('that is a file, or below one, is refused by name', () => {
    const file = join(home, 'file');
    writeFileSync(file, '');
    for (const wrong of [file, join(file, 'below')]) {
      expect(refusal(() => prepareDataDirectory(wrong))).toMatch(/^HEADGATE_DATA_DIR: .*file.* cannot be written/);
    }
  });

  test('that this user may not write is refused, also where root passes every check of permissions', () => {
    const directory = process.getuid?.() === 0 ? '/proc' : join(home, 'read-only');
    if (directory !== '/proc') mkdirSync(directory, { mode: 0o500 });
    expect(refusal(() => prepareDataDirectory(directory))).toMatch(/cannot be written \((EACCES|ENOENT|EROFS)\)\.$/);
  });
});

describe('the master key', () => {
  test('is made with the first start, for this user only, and is the same ever after', () => {
    const key = masterKeyFor(home);
    const file = join(home, 'master.key');
    expect(key).toHaveLength(32);
    expect(modeOf(file)).toBe(0o600);
    expect(masterKeyFor(home).equals(key)).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe(`${key.toString('base64')}\n`);
  });

  test('that follows is made once beside it, and takes its place when both open', () => {
    const key = masterKeyFor(home);
    const next = nextMasterKeyFor(home);
    expect(next.equals(key)).toBe(false);
    expect(nextMasterKeyFor(home).equals(next)).toBe(true);
    expect(masterKeyFor(home).equals(key)).toBe(true);
    expect(modeOf(join(home, 'master.key.next'))).toBe(0o600);
    adoptNextMasterKey(home);
    expect(masterKeyFor(home).equals(next)).toBe(true);
    adoptNextMasterKey(home); // Again, after a crash.
    expect(readdirSync(home)).toEqual(['master.key']);
  });

  test('that is missing beside a database is not made anew: nothing sealed with the old one could be read', () => {
    mkdirSync(join(home, 'database'));
    expect(refusal(() => masterKeyFor(home))).toMatch(/master\.key is missing/);
    expect(existsSync(join(home, 'master.key'))).toBe(false);
  });

  test('of a wrong form is refused without being repeated', () => {
    for (const wrong of ['', 'short', newDataKey().subarray(1).toString('base64'), `${newDataKey().toString('base64')}AAAA`]) {
      writeFileSync(join(home, 'master.key'), wrong);
      const message = refusal(() => masterKeyFor(home));
      expect(message).toContain('master.key');
      if (wrong !== '') expect(message).not.toContain(wrong);
    }
  });
});

test('a note is readable by this user only, and absent until it is kept', () => {
  expect(readNote(home, 'note.txt')).toBeNull();
  const file = keepNote(home, 'note.txt', 'a secret\n');
  expect(modeOf(file)).toBe(0o600);
  expect(readNote(home, 'note.txt')).toEqual({ file, text: 'a secret\n' });
});
