import { isUtf8 } from 'node:buffer';
import { type JsonShape, jsonShape } from '../lib/json/json-shape.ts';
import { BYTES_IN_TURN_MAX, type Bytes, Pieces } from '../lib/pieces.ts';
import type { BodyProblem, JsonObject } from './dialect.ts';
import { closingQuote, isObject, parseJson } from './json.ts';
import { knownFieldInAnotherCase } from './known-fields.ts';

const BODY_DEPTH_MAX = 64;
/** The bounds of a body, checked before it is parsed. */
const BODY_BOUNDS = { valuesMax: 400_000, levelsMax: BODY_DEPTH_MAX };
/**
 * The size from which the values of a body are counted before parsing. A shorter body always fits into one turn of the event
 * loop, and the parser finds its depth.
 */
const COUNTED_BYTES_MIN = 131_072;
const VALUES_IN_TURN_MAX = 60_000;

export type BodyReading =
  /** `isOurs`: the bytes equal our own serialization of this body. */
  | { readonly ok: true; readonly body: JsonObject; readonly isOurs: boolean }
  | { readonly ok: false; readonly problem: BodyProblem };

/**
 * Reads a request body as an object that every server reads the same way: UTF-8, one JSON object, at most 64 levels deep. No key
 * occurs twice at any level, and no known field in another case.
 */
export function readBody(raw: Buffer): BodyReading {
  if (raw.length < COUNTED_BYTES_MIN) return parsedBody(raw);
  return beyondBounds(jsonShape(raw, BODY_BOUNDS)) ?? parsedBody(raw);
}

/**
 * Does the same for a body so large that one more copy of it matters. It does not compare the bytes with our own serialization:
 * `isOurs` is false.
 */
export function readBodyOnce(raw: Buffer): BodyReading {
  return beyondBounds(jsonShape(raw, BODY_BOUNDS)) ?? parsedBody(raw, false);
}

/**
 * Does the same as readBody. Null: the body is too much work for one turn of the event loop, and must be read in another thread.
 */
export function readBodyInTurn(raw: Bytes): BodyReading | null {
  if (raw instanceof Pieces) return null;
  if (raw.length < COUNTED_BYTES_MIN) return parsedBody(raw);
  if (raw.length > BYTES_IN_TURN_MAX) return null;
  const shape = jsonShape(raw, BODY_BOUNDS);
  return beyondBounds(shape) ?? (shape.values > VALUES_IN_TURN_MAX ? null : parsedBody(raw));
}

function beyondBounds({ is }: JsonShape): BodyReading | null {
  switch (is) {
    case 'within':
      return null;
    case 'too_deep':
      return problem(TOO_DEEP);
    case 'too_many':
      return problem(`the body has more than ${BODY_BOUNDS.valuesMax} values, the most allowed`);
  }
}

const TOO_DEEP = `the body is nested deeper than ${BODY_DEPTH_MAX} levels, the most allowed`;

function parsedBody(raw: Buffer, isCompared = true): BodyReading {
  if (!isUtf8(raw)) return problem('the body is not valid UTF-8');
  const text = raw.toString('utf8');
  const body = parseJson(text);
  if (!isObject(body)) return problem(body === undefined ? 'the body is not valid JSON' : 'the body must be a JSON object');
  if (isDeeperThan(body, BODY_DEPTH_MAX)) return problem(TOO_DEEP);
  for (const key in body) {
    const known = knownFieldInAnotherCase(key);
    if (known !== null) return problem(`the field "${bounded(key)}" is unknown: write it as "${known}"`, known);
  }
  // Bytes that equal our own serialization cannot hold a key twice. Most clients' bytes do, so the slow scan is skipped.
  if (isCompared && JSON.stringify(body) === text) return { ok: true, body, isOurs: true };
  const duplicate = duplicateKey(text);
  if (duplicate !== null)
    return problem(`the key "${bounded(duplicate)}" appears twice in one object: send it once`, bounded(duplicate));
  return { ok: true, body, isOurs: false };
}

function problem(message: string, param: string | null = null): BodyReading {
  return { ok: false, problem: { message, param } };
}

function bounded(name: string): string {
  return name.length > 100 ? `${name.slice(0, 100)}…` : name;
}

function isDeeperThan(value: object, levels: number): boolean {
  if (levels === 0) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && item !== null && isDeeperThan(item, levels - 1)) return true;
    return false;
  }
  for (const key in value) {
    const item = (value as JsonObject)[key];
    if (typeof item === 'object' && item !== null && isDeeperThan(item, levels - 1)) return true;
  }
  return false;
}

/**
 * Returns the first key that occurs twice in one object of a valid JSON text; null if none does. Escapes are decoded, so
 * `"\u0061"` equals `"a"`.
 */
function duplicateKey(text: string): string | null {
  const open: (Set<string> | null)[] = [];
  let keyIsNext = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === OPEN_BRACE) {
      open.push(new Set());
      keyIsNext = true;
    } else if (code === OPEN_BRACKET) {
      open.push(null);
      keyIsNext = false;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      open.pop();
      keyIsNext = false;
    } else if (code === COMMA) {
      keyIsNext = open.at(-1) instanceof Set;
    } else if (code === QUOTE) {
      const end = closingQuote(text, i);
      const keys = open.at(-1);
      if (keyIsNext && keys) {
        const literal = text.slice(i, end + 1);
        const key = literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
        if (keys.has(key)) return key;
        keys.add(key);
        keyIsNext = false;
      }
      i = end;
    }
  }
  return null;
}

const QUOTE = 34;
const COMMA = 44;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
