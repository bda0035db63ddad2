import type { JsonObject } from '../dialect.ts';
import { isObject } from '../json.ts';
import { field } from './fields.ts';

/** The bounds of a path, so that a provider cannot make an argument of unbounded size from a few bytes. */
const STEPS_MAX = 64;
const INDEX_MAX = 10_000;

/**
 * Adds a piece of arguments that arrive in pieces: the value at a path such as `$.operations[0].action`. A text continues the text
 * that is there. A path that cannot be followed is ignored.
 */
export function addPartial(args: JsonObject, piece: JsonObject): void {
  const steps = stepsOf(field(piece, 'jsonPath'));
  const last = steps?.pop();
  if (steps === undefined || steps === null || last === undefined) return;
  let at: JsonObject | unknown[] = args;
  for (const [index, step] of steps.entries()) {
    const next = steps[index + 1] ?? last;
    const found: unknown = childOf(at, step) ?? (typeof next === 'number' ? [] : {});
    if (!setChild(at, step, found)) return;
    if (!isObject(found) && !Array.isArray(found)) return;
    at = found;
  }
  const value = pieceValue(piece);
  const before = childOf(at, last);
  if (value !== undefined) setChild(at, last, typeof before === 'string' && typeof value === 'string' ? before + value : value);
}

function pieceValue(piece: JsonObject): unknown {
  if ('nullValue' in piece || 'null_value' in piece) return null;
  return field(piece, 'stringValue') ?? field(piece, 'numberValue') ?? field(piece, 'boolValue');
}

function stepsOf(path: unknown): (string | number)[] | null {
  if (typeof path !== 'string' || !path.startsWith('$')) return null;
  const steps = [...path.slice(1).matchAll(/\.([^.[\]]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\['((?:[^'\\]|\\.)*)'\]/g)];
  if (steps.length === 0 || steps.length > STEPS_MAX || steps.map(([all]) => all).join('') !== path.slice(1)) return null;
  return steps.map(([, name, index, double, single]) => (index === undefined ? (name ?? double ?? single ?? '') : Number(index)));
}

function childOf(holder: JsonObject | unknown[], step: string | number): unknown {
  if (Array.isArray(holder)) return typeof step === 'number' ? holder[step] : undefined;
  return Object.hasOwn(holder, step) ? holder[step] : undefined;
}

function setChild(holder: JsonObject | unknown[], step: string | number, value: unknown): boolean {
  if (Array.isArray(holder)) {
    if (typeof step !== 'number' || step > INDEX_MAX) return false;
    // A gap would become null. Members arrive in their order.
    if (step > holder.length) return false;
    holder[step] = value;
    return true;
  }
  Object.defineProperty(holder, step, { value, enumerable: true, writable: true, configurable: true });
  return true;
}
