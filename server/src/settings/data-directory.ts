import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseMasterKey } from '../lib/secrets.ts';

/** The data directory cannot be used. The message is one line for an operator. */
export class UnusableDataDirectory extends Error {}

/** The first file that a start creates in the directory. */
const MARK = '.writable';

/** Returns true if no start has created anything in the directory yet. */
export function isUnused(directory: string): boolean {
  return !existsSync(join(directory, MARK));
}

/** Creates the directory if it is missing. Throws UnusableDataDirectory if it cannot be written. */
export function prepareDataDirectory(directory: string): void {
  try {
    makeDirectory(resolve(directory));
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    if (!statSync(directory).isDirectory()) throw new Error('it is not a directory');
    // Root passes every permission check: only a write proves that the directory is writable.
    writeFileSync(join(directory, MARK), '');
  } catch (error) {
    throw new UnusableDataDirectory(
      `HEADGATE_DATA_DIR: ${directory} cannot be written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}).`,
    );
  }
}

/** Creates the directories one by one. Node's recursive mode can loop forever where it may create nothing, as in /proc. */
function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  makeDirectory(dirname(directory));
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    // Another start created it meanwhile; a lock decides later which of them may use it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Returns the path of the master key in a data directory, used if no setting gives the key. */
export function masterKeyFile(directory: string): string {
  return join(directory, 'master.key');
}

/** Returns the master key of a data directory. The first start creates it, mode 600. Throws if only the database exists. */
export function masterKeyFor(directory: string): Buffer {
  const file = masterKeyFile(directory);
  if (existsSync(file)) return keyFrom(readFileSync(file, 'utf8').trim(), file);
  if (!isFreshDirectory(directory)) {
    throw new UnusableDataDirectory(
      `${file} is missing, but ${directory} holds a database whose secrets need it. Restore it, or set HEADGATE_MASTER_KEY.`,
    );
  }
  const key = randomBytes(32);
  writeMasterKey(file, key);
  return key;
}

/**
 * Returns the next master key of a data directory, from a file beside the current one. It creates the key on the first call, and
 * returns the same one after an interrupted rotation.
 */
export function nextMasterKeyFor(directory: string): Buffer {
  const file = nextFile(directory);
  if (existsSync(file)) return keyFrom(readFileSync(file, 'utf8').trim(), file);
  const key = randomBytes(32);
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  writeMasterKey(draft, key);
  renameDurably(draft, file);
  return key;
}

/** Replaces the current master key by the next one, if there is a next one. Both must open the installation. */
export function adoptNextMasterKey(directory: string): void {
  if (existsSync(nextFile(directory))) renameDurably(nextFile(directory), masterKeyFile(directory));
}

/** Deletes the next master key, if there is one. */
export function dropNextMasterKey(directory: string): void {
  rmSync(nextFile(directory), { force: true });
}

function nextFile(directory: string): string {
  return `${masterKeyFile(directory)}.next`;
}

/** Renames a file and syncs the directory, so that the new name survives a crash before anything relies on it. */
function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  if (process.platform === 'win32') return; // Windows cannot sync directories.
  const directory = openSync(dirname(to), 'r');
  fsyncSync(directory);
  closeSync(directory);
}

function writeMasterKey(file: string, key: Buffer): void {
  writeFileSync(file, `${key.toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
}

function isFreshDirectory(directory: string): boolean {
  return !existsSync(join(directory, 'database'));
}

function keyFrom(text: string, where: string): Buffer {
  const key = parseMasterKey(text);
  if (key === null) throw new UnusableDataDirectory(`${where} does not hold 32 bytes in base64.`);
  return key;
}

/** Writes a note for people to look up later, readable only by this user. Returns its path. */
export function keepNote(directory: string, name: string, text: string): string {
  const file = join(directory, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

export function readNote(directory: string, name: string): { readonly file: string; readonly text: string } | null {
  const file = join(directory, name);
  return existsSync(file) ? { file, text: readFileSync(file, 'utf8') } : null;
}
