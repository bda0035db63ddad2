/** The logins of a person on this machine, one for each gateway: `login.json`. */
import { readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailed } from '../outcome.ts';
import { writeWhole } from './private-file.ts';

/** A login at one gateway. Times are of this machine's clock. */
export interface Login {
  readonly accessToken: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly refreshToken: string;
  readonly email: string;
  readonly organization: string;
  readonly team: string;
  readonly keyId: string;
  readonly device: string;
  /** The time of the last refresh that did not reach the gateway; 0: the last one did. */
  readonly missedAtMs: number;
}

export interface Logins {
  /** The gateway of the last login, for commands that name none. */
  readonly current: string | null;
  readonly byUrl: ReadonlyMap<string, Login>;
}

const VERSION = 1;
const BYTES_MAX = 1_000_000;
const CHARS_MAX = 4_096;
const NONE: Logins = { current: null, byUrl: new Map() };

function loginFile(directory: string): string {
  return join(directory, 'login.json');
}

/**
 * Returns the logins in the folder. A file that is none is renamed, and `note` is called with a sentence about it. Throws CommandFailed if
 * the file cannot be read, or is of a later version.
 */
export function readLogins(directory: string, note: (text: string) => void): Logins {
  const file = loginFile(directory);
  const text = textOf(file);
  if (text === null) return NONE;
  const logins = loginsIn(text, file);
  if (logins !== null) return logins;
  const aside = `${file}.unreadable-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
  try {
    renameSync(file, aside);
  } catch {
    return NONE; // Another command was faster.
  }
  note(`${file} is not readable as logins. It was renamed to ${aside}. Run headgate login to sign in again.`);
  return NONE;
}

/** Replaces the logins. The caller holds the lock. */
export function writeLogins(directory: string, { current, byUrl }: Logins): void {
  const text = JSON.stringify({ version: VERSION, current, logins: Object.fromEntries(byUrl) }, null, 2);
  writeWhole(loginFile(directory), Buffer.from(`${text}\n`));
}

function textOf(file: string): string | null {
  try {
    if (statSync(file).size > BYTES_MAX) return '';
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new CommandFailed(`${file} cannot be read (${code}). Check its permissions.`);
  }
}

/** Returns the logins of a text; null if it is none. */
function loginsIn(text: string, file: string): Logins | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  if (typeof value.version === 'number' && value.version > VERSION)
    throw new CommandFailed(`${file} was written by a later version of headgate. Update headgate.`);
  if (value.version !== VERSION || !isRecord(value.logins)) return null;
  const logins = Object.entries(value.logins);
  if (!logins.every((entry): entry is [string, Login] => isLogin(entry[1]))) return null;
  const current = typeof value.current === 'string' ? value.current : null;
  return { current, byUrl: new Map(logins) };
}

const TEXTS = ['accessToken', 'refreshToken', 'email', 'organization', 'team', 'keyId', 'device'] as const;
const TIMES = ['issuedAtMs', 'expiresAtMs', 'missedAtMs'] as const;

function isLogin(value: unknown): value is Login {
  if (!isRecord(value)) return false;
  const isText = (field: unknown) => typeof field === 'string' && field.length <= CHARS_MAX;
  return TEXTS.every((name) => isText(value[name])) && TIMES.every((name) => Number.isSafeInteger(value[name]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
