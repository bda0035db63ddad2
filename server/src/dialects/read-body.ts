import { isUtf8 } from 'node:buffer';
import type { BodyProblem, JsonObject } from './dialect.ts';
import { closingQuote, isObject, parseJson } from './json.ts';
import { knownFieldInAnotherCase } from './known-fields.ts';

const BODY_DEPTH_MAX = 64;

export type BodyReading =
  /** `isOurs`: the bytes are exactly what we would write for this body. */
  | { readonly ok: true; readonly body: JsonObject; readonly isOurs: boolean }
  | { readonly ok: false; readonly problem: BodyProblem };

/**
 * A request body as an object that says the same to us as to any server that reads it: UTF-8, one JSON object, at most 64 levels deep,
 * no key twice at any level, no known field in another case.
 */
export function readBody(raw: Buffer): BodyReading {
  if (!isUtf8(raw)) return problem('the body is not valid UTF-8');
  const text = raw.toString('utf8');
  const body = parseJson(text);
  if (!isObject(body)) return problem(body === undefined ? 'the body is not valid JSON' : 'the body must be a JSON object');
  if (isDeeperThan(body, BODY_DEPTH_MAX)) return problem(`the body is nested deeper than ${BODY_DEPTH_MAX} levels`);
  for (const key in body) {
    const known = knownFieldInAnotherCase(key);
    if (known !== null) return problem(`the field "${bounded(key)}" must be written "${known}"`, known);
  }
  // Bytes that equal our own serialisation cannot hold a key twice: most clients' do, and the slow scan is skipped.
  if (JSON.stringify(body) === text) return { ok: true, body, isOurs: true };
  const duplicate = duplicateKey(text);
  if (duplicate !== null) return problem(`the key "${bounded(duplicate)}" appears twice in one object`, bounded(duplicate));
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

/** The first key that appears twice in one object of a valid JSON text; null when none does. Escapes are read, so `"a"` equals `"a"`. */
function duplicateKey(text: string): string | null {
  const open: (Set<string> | null)[] = [];
  let keyIsNext = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '{') {
      open.push(new Set());
      keyIsNext = true;
    } else if (char === '[') {
      open.push(null);
      keyIsNext = false;
    } else if (char === '}' || char === ']') {
      open.pop();
      keyIsNext = false;
    } else if (char === ',') {
      keyIsNext = open.at(-1) instanceof Set;
    } else if (char === '"') {
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
