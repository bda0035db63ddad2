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

/** The data directory cannot be used. Its message is the one line an operator needs. */
export class UnusableDataDirectory extends Error {}

/** The first thing that is made in the directory. */
const MARK = '.writable';

/** Whether no start has come so far that it made anything in the directory. */
export function isUnused(directory: string): boolean {
  return !existsSync(join(directory, MARK));
}

/** Makes the directory where it is missing, and says at once when it cannot be written. */
export function prepareDataDirectory(directory: string): void {
  try {
    makeDirectory(resolve(directory));
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    if (!statSync(directory).isDirectory()) throw new Error('it is not a directory');
    // Root passes every permission check, and a read-only mount passes none: only a write tells.
    writeFileSync(join(directory, MARK), '');
  } catch (error) {
    throw new UnusableDataDirectory(
      `HEADGATE_DATA_DIR: ${directory} cannot be written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}).`,
    );
  }
}

/** One level after the other: asked for all at once, Node tries for ever where nothing can be made, as in /proc. */
function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  makeDirectory(dirname(directory));
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    // Another start made it meanwhile; which of them may have it is settled later.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** The file of the master key in a data directory, where no setting names another place. */
export function masterKeyFile(directory: string): string {
  return join(directory, 'master.key');
}

/** The master key of a data directory, where the first start put it (mode 600). */
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
 * The master key that follows the one of a data directory, in a file beside it: made when it is first asked for, and the same one after a
 * rotation that was cut short.
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

/** Puts the next master key in the place of the present one, where there is one. Both must open the installation. */
export function adoptNextMasterKey(directory: string): void {
  if (existsSync(nextFile(directory))) renameDurably(nextFile(directory), masterKeyFile(directory));
}

/** Takes the next master key away, where there is one. */
export function dropNextMasterKey(directory: string): void {
  rmSync(nextFile(directory), { force: true });
}

function nextFile(directory: string): string {
  return `${masterKeyFile(directory)}.next`;
}

/** The new name is on the disk before anything goes by it. */
function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  if (process.platform === 'win32') return; // It syncs no directories.
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

/** Keeps something for people to look up later, readable by this user only. */
export function keepNote(directory: string, name: string, text: string): string {
  const file = join(directory, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

export function readNote(directory: string, name: string): { readonly file: string; readonly text: string } | null {
  const file = join(directory, name);
  return existsSync(file) ? { file, text: readFileSync(file, 'utf8') } : null;
}
