import { closeSync, openSync, readSync } from 'node:fs';
import type { Given } from './command.ts';
import { BadUsage } from './outcome.ts';

/** Files that flags name, and standard input as `-`. Secrets come this way: other users of a machine can read its command lines. */

const STANDARD_INPUT = 0;
const CHUNK_BYTES = 65_536;
const FILE_BYTES_MAX = 1_048_576;
const SECRET_CHARS_MAX = 16_384;

/** Returns the text of the file that a flag names; undefined if the flag was not given. Throws BadUsage if it cannot be read or is too large. */
export function textIn(given: Given, flag: string): string | undefined {
  const file = given.flag(flag);
  if (file === undefined) return undefined;
  const text = readOr(file, flag);
  if (text === null)
    throw new BadUsage(`--${flag}: ${nameOf(file)} has more than ${FILE_BYTES_MAX} bytes, the most that is read.`);
  return text;
}

/**
 * Returns the secret in the file that a flag names, without the spaces and line ends around it; undefined if the flag was not given.
 * Throws BadUsage if it is empty, or if a person would have to type it where it shows. No message has a part of the secret.
 */
export function secretIn(given: Given, flag: string): string | undefined {
  if (given.flag(flag) === '-' && process.stdin.isTTY === true)
    throw new BadUsage(`--${flag} -: standard input is a terminal, which would show the secret. Pipe it in, or name a file.`);
  const secret = textIn(given, flag)?.trim();
  if (secret === '') throw new BadUsage(`--${flag}: ${nameOf(given.flag(flag) ?? '')} is empty.`);
  if (secret !== undefined && secret.length > SECRET_CHARS_MAX)
    throw new BadUsage(
      `--${flag}: ${nameOf(given.flag(flag) ?? '')} has more than ${SECRET_CHARS_MAX} characters, so it is no secret.`,
    );
  return secret;
}

/** Returns the JSON object in the file that a flag names. Throws BadUsage if the flag is missing or the file holds none. */
export function jsonObjectIn(given: Given, flag: string): object {
  given.required(flag);
  try {
    const fields: unknown = JSON.parse(textIn(given, flag) ?? '');
    if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return fields;
  } catch (error) {
    if (error instanceof BadUsage) throw error;
    // The library's message quotes the text, which may be a secret if the wrong file was named.
    const place = / at position \d+(?: \(line \d+ column \d+\))?/.exec((error as Error).message)?.[0] ?? '';
    throw new BadUsage(`--${flag} cannot be read as JSON: it is wrong${place || ' from its beginning or at its end'}.`);
  }
  throw new BadUsage(`--${flag} must hold one JSON object.`);
}

function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}

function readOr(file: string, flag: string): string | null {
  try {
    return readBounded(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new BadUsage(`--${flag}: ${nameOf(file)} cannot be read (${code}). Check its path and permissions.`);
  }
}

/** Returns the text of a file, which may be a pipe; null if it is larger than what is read. */
function readBounded(file: string): string | null {
  const opened = file === '-' ? STANDARD_INPUT : openSync(file, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let bytes = 0; bytes <= FILE_BYTES_MAX; ) {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const read = readSync(opened, chunk);
      if (read === 0) return Buffer.concat(chunks).toString('utf8');
      chunks.push(chunk.subarray(0, read));
      bytes += read;
    }
    return null;
  } finally {
    if (opened !== STANDARD_INPUT) closeSync(opened);
  }
}
