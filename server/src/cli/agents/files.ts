/** Reads and writes settings files of a person: bounded, whole, through links, and with the mode they had. */
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { writeWhole } from '../login/private-file.ts';
import { CommandFailed } from '../outcome.ts';

const BYTES_MAX = 1_000_000;
/** New files are for their owner alone: what is written into them later may be a secret. */
const NEW_FILE = 0o600;

/** Returns the bytes of a file; null if there is none. Throws CommandFailed if it cannot be read or is too large. */
export function bytesOf(path: string): Buffer | null {
  try {
    const { size } = statSync(path);
    if (size > BYTES_MAX) throw new CommandFailed(`${path} was not changed: it has more than ${BYTES_MAX} bytes.`);
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw code === undefined ? error : new CommandFailed(`${path} cannot be read (${code}). Check its permissions.`);
  }
}

/** Returns bytes as text; null if they are no UTF-8. */
export function textIn(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Returns the text of a file for a report; null if there is none that can be read. */
export function readText(path: string): string | null {
  try {
    const bytes = bytesOf(path);
    return bytes === null ? null : textIn(bytes);
  } catch {
    return null;
  }
}

/** Replaces a file in one step. A link stays a link: the file behind it is replaced. Throws CommandFailed. */
export function replaceFile(path: string, bytes: Uint8Array): void {
  try {
    const real = behindLinks(path);
    writeWhole(real, bytes, existsSync(real) ? statSync(real).mode & 0o777 : NEW_FILE);
  } catch (error) {
    throw new CommandFailed(
      `${path} cannot be written (${(error as NodeJS.ErrnoException).code}). Check the permissions of its folder.`,
    );
  }
}

/** Creates the folder of a file. Returns the folders that were missing, the outermost first. */
export function makeFolderOf(path: string): readonly string[] {
  const missing: string[] = [];
  for (let folder = dirname(path); !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return missing;
}

function behindLinks(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return isLink ? resolve(dirname(path), readlinkSync(path)) : path;
}
