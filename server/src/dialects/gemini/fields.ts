import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { isObject, objectOr } from '../json.ts';

/**
 * Returns the value of a field in either of its spellings: Google's servers accept `maxOutputTokens` and `max_output_tokens`.
 * Throws Untranslatable if both are there, because servers differ in which of them counts.
 */
export function field(object: JsonObject, name: string): unknown {
  const other = snakeOf(name);
  const value = object[name];
  if (other === name || object[other] === undefined) return value;
  if (value !== undefined) throw new Untranslatable(other, `${name} and ${other} are the same field: send it once`);
  return object[other];
}

/** Returns an object in either spelling of its name; an empty one if there is none. */
export function fieldObject(object: JsonObject, name: string): JsonObject {
  return objectOr(field(object, name));
}

/** Returns the spelling in which the object has the field; its usual one if it has neither. */
export function spellingOf(object: JsonObject, name: string): string {
  const other = snakeOf(name);
  return object[name] === undefined && object[other] !== undefined ? other : name;
}

/** Returns a copy whose own fields have their usual spelling. The values stay as they are. */
export function inCamelCase(object: JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const key in object) out[camelOf(key)] = object[key];
  return out;
}

/** Returns the spelling with underscores: `maxOutputTokens` → `max_output_tokens`. */
export function snakeOf(name: string): string {
  let known = SNAKES.get(name);
  if (known === undefined) {
    known = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    // Names come from this program alone, so their number is bounded.
    SNAKES.set(name, known);
  }
  return known;
}

const SNAKES = new Map<string, string>();

/** Returns the usual spelling: `max_output_tokens` → `maxOutputTokens`. */
export function camelOf(name: string): string {
  return name.includes('_') ? name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) : name;
}

/** Returns the members of a list. Google's servers accept one member in place of a list; undefined: the value is neither. */
export function listOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  return isObject(value) ? [value] : undefined;
}

/** The turns of a request. A count may be asked of a whole request, which is an object of its own. */
export function contentsOf(body: JsonObject): unknown {
  return field(requestIn(body), 'contents');
}

/** Returns the request that is counted, if it stands in a field of its own, else the body itself. */
export function requestIn(body: JsonObject): JsonObject {
  const inner = field(body, 'generateContentRequest');
  return isObject(inner) ? inner : body;
}
