/** Detection of answers that carry an error although their status is a success. */
import { parseEvents } from '../lib/sse.ts';
import { failureOf } from './cohere-chat/failures.ts';
import type { JsonObject, Wire } from './dialect.ts';
import { inBandError } from './error-event.ts';
import { isObject, parseJson } from './json.ts';
import { isSpace } from './native/scan.ts';
import { errorObject } from './openai-responses/read-error.ts';
import { RefusalReader } from './refusals.ts';

const ERROR = Buffer.from('"error"');
const FAILED = Buffer.from('"failed"');
const COLON = 0x3a;
const LETTER_N = 0x6e;
const LETTER_F = 0x66;

/**
 * Returns the parsed error of a whole answer that carries an error instead of an answer, else null. For most answers one search
 * of the bytes decides.
 */
export function errorInstead(wire: Wire, bytes: Buffer): JsonObject | null {
  if (wire === 'cohere-chat') return cohereErrorInstead(bytes);
  if (!mayCarryError(bytes) && !(wire === 'openai-responses' && bytes.includes(FAILED))) return null;
  const json = parseJson(bytes.toString('utf8'));
  return isObject(json) && isErrorInstead(wire, json) ? json : null;
}

/** Cohere's finish reason says that an answer failed. Nothing of it has reached the client yet. */
function cohereErrorInstead(bytes: Buffer): JsonObject | null {
  if (!COHERE_FAILED.test(bytes.toString('latin1')) && !mayCarryError(bytes)) return null;
  const json = parseJson(bytes.toString('utf8'));
  if (!isObject(json)) return null;
  return failureOf(json) ?? (isErrorInstead('cohere-chat', json) ? json : null);
}

const COHERE_FAILED = /"finish_reason"\s*:\s*"(?:ERROR|TIMEOUT)"/;

/** The meaning of a stream's first events: undecided, an answer, a refusal, or the error that it carries instead. */
export type Opening = 'unsaid' | 'answer' | 'refused' | JsonObject;

/**
 * Reads a stream's first events until one decides: comments, pings, the start of a message and the beginning of a
 * response do not. Each event is read
 * once, however many there are and however they are split.
 */
export class OpeningReader {
  /** Tells a refusal from other answers; null: no one asks. */
  readonly #refusals: RefusalReader | null;
  #isAnswer = false;
  /** The offset up to which whole events decided nothing. */
  #from = 0;

  /** `watched`: the wire of a stream in which a refusal before output is looked for; null: it counts as an answer. */
  constructor(watched: Wire | null = null) {
    this.#refusals = watched === null ? null : new RefusalReader(watched);
  }

  /**
   * Reads on. `bytes`: everything received so far. `isAll`: nothing more will arrive, so a last event may lack its blank line.
   */
  read(bytes: Buffer, isAll = false): Opening {
    const opening = this.#isAnswer ? 'answer' : this.#readOpening(bytes, isAll);
    if (opening !== 'answer' || this.#refusals === null) return opening;
    this.#isAnswer = true;
    const said = this.#refusals.read(bytes, isAll);
    return said === 'output' ? 'answer' : said;
  }

  #readOpening(bytes: Buffer, isAll: boolean): Opening {
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
  if (!event.includes('"error"') && !event.includes('event: error') && !event.includes('"message-end"')) return 'answer';
  const [parsed] = parseEvents(bytes.toString('utf8', end - event.length, end));
  const json = parseJson(parsed?.data ?? '');
  if (!isObject(json)) return parsed?.name === 'error' ? { error: parsed.data } : 'answer';
  if (json.type === 'response.failed') return errorObject(json);
  if (json.type === 'message-end') return failureOf(json) ?? 'answer';
  const isError = parsed?.name === 'error' || isErrorInstead('openai-chat', json);
  if (!isError) return 'answer';
  return json.type === 'error' && json.error === undefined ? errorObject(json) : json;
}

const DATA = /^data:/m;
const SAYS_NOTHING =
  /^event: ?(?:ping|message[_-]start|messageStart|response\.(?:created|queued|in_progress))\r?$|^data: ?\{"type": ?"(?:ping|message_start|response\.(?:created|queued|in_progress))"|^data: ?\{"id": ?"[^"]{0,100}", ?"type": ?"message-start"/m;

/**
 * Returns the offset after the blank line that ends the event at `from`; -1 if it has not arrived. Reads no further than that.
 */
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

/** Reports whether the bytes hold a key `"error"` with a value other than null or false, or the string `"error"` as a value. */
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

/** Reports whether the answer carries an error and no content. */
function isErrorInstead(wire: Wire, json: JsonObject): boolean {
  if (json.type === 'error') return true;
  // Whatever it says before it failed is not the answer. Nothing of it has reached the client yet.
  if (wire === 'openai-responses' && json.status === 'failed') return true;
  if (inBandError(json) === null) return false;
  switch (wire) {
    case 'openai-chat':
    case 'openai-completions':
      return !hasMembers(json.choices);
    case 'anthropic-messages':
      return !hasMembers(json.content);
    case 'openai-responses':
    case 'cursor-responses':
    case 'openai-compact':
      return !hasMembers(json.output);
    case 'openai-embeddings':
    case 'voyage-embed':
      return !hasMembers(json.data);
    case 'cohere-chat':
      return !isObject(json.message);
    case 'cohere-embed':
      return !isObject(json.embeddings);
    case 'gemini-embed':
      return !hasMembers(json.embeddings);
    case 'bedrock-converse':
      return !isObject(json.output);
    case 'gemini':
      return !hasMembers(json.candidates);
    case 'gemini-count-tokens':
      return typeof json.totalTokens !== 'number';
    case 'cohere-rerank':
    case 'bedrock-rerank':
    case 'openai-moderations':
      return !hasMembers(json.results);
    case 'voyage-rerank':
    case 'openai-images':
    case 'openai-image-edits':
    case 'openai-image-variations':
      return !hasMembers(json.data);
    case 'openai-speech':
      return true;
    case 'openai-transcriptions':
    case 'openai-translations':
      return typeof json.text !== 'string';
    case 'anthropic-count-tokens':
    case 'openai-input-tokens':
      return typeof json.input_tokens !== 'number';
  }
}

function hasMembers(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}
