/** How answers begin that carry an error although their status says that all is well. */
import { parseEvents } from '../lib/sse.ts';
import type { JsonObject, Wire } from './dialect.ts';
import { inBandError } from './error-event.ts';
import { isObject, parseJson } from './json.ts';
import { isSpace } from './native/scan.ts';

const ERROR = Buffer.from('"error"');
const COLON = 0x3a;
const LETTER_N = 0x6e;
const LETTER_F = 0x66;

/** The error in a whole answer that carries one in place of an answer, parsed; null when it is an answer. Most are told by one search of their bytes. */
export function errorInstead(wire: Wire, bytes: Buffer): JsonObject | null {
  if (!mayCarryError(bytes)) return null;
  const json = parseJson(bytes.toString('utf8'));
  return isObject(json) && isErrorInstead(wire, json) ? json : null;
}

/** What a stream's first events say: nothing yet, that it is an answer, or the error that it is instead. */
export type Opening = 'unsaid' | 'answer' | JsonObject;

/**
 * Reads a stream's first events, as they come, until one says something: comments, pings and Anthropic's `message_start` do not. Each event is
 * read once, however many of them there are and in how many pieces they come.
 */
export class OpeningReader {
  /** Whole events up to here said nothing. */
  #from = 0;

  /** `bytes`: all that came so far. `isAll`: nothing more will come, so that a last event may lack its blank line. */
  read(bytes: Buffer, isAll = false): Opening {
    while (this.#from < bytes.length) {
      const from = this.#from;
      const end = eventEnd(bytes, from);
      if (end === -1 && !isAll) return 'unsaid';
      const next = end === -1 ? bytes.length : end;
      const said = sayingOf(bytes.toString('latin1', from, next), bytes, next);
      if (said !== 'unsaid') return said;
      this.#from = next;
    }
    return 'unsaid';
  }
}

function sayingOf(event: string, bytes: Buffer, end: number): Opening {
  if (!DATA.test(event) || SAYS_NOTHING.test(event)) return 'unsaid';
  if (!event.includes('"error"') && !event.includes('event: error')) return 'answer';
  const [parsed] = parseEvents(bytes.toString('utf8', end - event.length, end));
  const json = parseJson(parsed?.data ?? '');
  if (parsed?.name === 'error') return isObject(json) ? json : { error: parsed.data };
  return isObject(json) && isErrorInstead('openai-chat', json) ? json : 'answer';
}

const DATA = /^data:/m;
const SAYS_NOTHING = /^event: ?(?:ping|message_start)\r?$|^data: ?\{"type": ?"(?:ping|message_start)"/m;

/** Where the blank line ends that closes the event from `from` on; -1 when it is not here. Looks no further than there. */
function eventEnd(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === CR && bytes[at + 1] === CR) return at + 2;
    if (byte !== LF) continue;
    if (bytes[at + 1] === LF) return at + 2;
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
  }
  return -1;
}

const LF = 0x0a;
const CR = 0x0d;

/** Whether a key `"error"` with more than null or false stands somewhere, or a value of that name. */
function mayCarryError(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(ERROR); at !== -1; at = bytes.indexOf(ERROR, at + 1)) {
    const colon = skipSpace(bytes, at + ERROR.length);
    if (bytes[colon] !== COLON) return true;
    const value = bytes[skipSpace(bytes, colon + 1)];
    if (value !== LETTER_N && value !== LETTER_F) return true;
  }
  return false;
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (isSpace(bytes[at])) at++;
  return at;
}

/** Whether nothing of an answer stands beside the error. */
function isErrorInstead(wire: Wire, json: JsonObject): boolean {
  if (json.type === 'error') return true;
  if (inBandError(json) === null) return false;
  switch (wire) {
    case 'openai-chat':
      return !hasMembers(json.choices);
    case 'anthropic-messages':
      return !hasMembers(json.content);
    case 'openai-embeddings':
      return !hasMembers(json.data);
    case 'anthropic-count-tokens':
      return typeof json.input_tokens !== 'number';
  }
}

function hasMembers(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}
