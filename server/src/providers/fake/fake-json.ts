/** Values that fit a JSON schema, so that the fake can answer with structured output and call tools. */
import { isObject } from '../../dialects/json.ts';

/** Deeper or larger schemas are cut short with null, which then does not fit them. */
const DEPTH_MAX = 12;
const VALUES_MAX = 1_000;

interface Course {
  readonly root: unknown;
  /** Chooses among what fits. */
  readonly random: () => number;
  left: number;
}

/**
 * Returns a value that fits a schema of the kind that tools and structured output use: types, enums, constants, objects, lists,
 * bounds, formats, alternatives and references within it. Patterns are not obeyed.
 */
export function valueFitting(schema: unknown, random: () => number): unknown {
  return fitting(schema, { root: schema, random, left: VALUES_MAX }, 0);
}

function fitting(schema: unknown, course: Course, depth: number): unknown {
  course.left -= 1;
  if (!isObject(schema) || depth > DEPTH_MAX || course.left < 0) return null;
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return pick(schema.enum, course);
  const referred = typeof schema.$ref === 'string' ? referredBy(schema.$ref, course.root) : undefined;
  if (referred !== undefined) return fitting(referred, course, depth + 1);
  for (const alternatives of [schema.anyOf, schema.oneOf])
    if (Array.isArray(alternatives) && alternatives.length > 0) return fitting(pick(alternatives, course), course, depth + 1);
  if (Array.isArray(schema.allOf))
    return fitting(Object.assign({}, schema, ...schema.allOf, { allOf: undefined }), course, depth + 1);
  switch (typeOf(schema)) {
    case 'object':
      return objectOf(schema, course, depth);
    case 'array':
      return listOf(schema, course, depth);
    case 'string':
      return textOf(schema, course);
    case 'integer':
    case 'number':
      return numberOf(schema, course);
    case 'boolean':
      return course.random() < 0.5;
    default:
      return null;
  }
}

function typeOf(schema: Record<string, unknown>): unknown {
  const { type } = schema;
  if (Array.isArray(type)) return type.find((each) => each !== 'null') ?? 'null';
  return type ?? (isObject(schema.properties) ? 'object' : 'items' in schema ? 'array' : 'string');
}

/** Every named property: what is optional shows what a tool can take. Not at depth, where only what is required ends. */
function objectOf(schema: Record<string, unknown>, course: Course, depth: number): object {
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const wanted = depth > 2 ? properties.filter(([name]) => required.has(name)) : properties;
  // Own properties alone, also one that is named as a method of all objects.
  return Object.fromEntries(wanted.map(([name, property]) => [name, fitting(property, course, depth + 1)]));
}

function listOf(schema: Record<string, unknown>, course: Course, depth: number): unknown[] {
  const least = wholeOr(schema.minItems, 0);
  const count = Math.max(least, Math.min(wholeOr(schema.maxItems, 2), depth > 2 ? least : 2));
  return Array.from({ length: Math.min(count, VALUES_MAX) }, () => fitting(schema.items ?? {}, course, depth + 1));
}

const FORMATS: ReadonlyMap<unknown, string> = new Map([
  ['date', '2026-01-15'],
  ['time', '09:30:00Z'],
  ['date-time', '2026-01-15T09:30:00Z'],
  ['email', 'keeper@example.com'],
  ['uri', 'https://example.com/gate'],
  ['url', 'https://example.com/gate'],
  ['uuid', '3f2b8c1e-5d47-4a6b-9c0d-1e2f3a4b5c6d'],
  ['ipv4', '192.0.2.7'],
]);
const WORDS = ['gate', 'canal', 'river', 'weir', 'sluice', 'share'];

function textOf({ format, minLength, maxLength }: Record<string, unknown>, course: Course): string {
  const text = FORMATS.get(format) ?? String(pick(WORDS, course));
  return text.padEnd(Math.min(wholeOr(minLength, 0), VALUES_MAX), '.').slice(0, wholeOr(maxLength, VALUES_MAX));
}

function numberOf(schema: Record<string, unknown>, course: Course): number {
  const step = typeof schema.multipleOf === 'number' && schema.multipleOf > 0 ? schema.multipleOf : 1;
  const above = typeof schema.exclusiveMinimum === 'number' ? schema.exclusiveMinimum + step : undefined;
  const below = typeof schema.exclusiveMaximum === 'number' ? schema.exclusiveMaximum - step : undefined;
  const highest = numberOr(schema.maximum, below);
  const lowest = numberOr(schema.minimum, above) ?? Math.min(0, highest ?? 0);
  const first = Math.ceil(lowest / step) * step;
  const value = first + Math.floor(course.random() * 10) * step;
  return highest !== undefined && value > highest ? first : value;
}

/** Returns the part of the schema that a reference such as `#/$defs/name` names. Undefined if there is none. */
function referredBy(reference: string, root: unknown): unknown {
  if (!reference.startsWith('#')) return undefined;
  let found: unknown = root;
  for (const part of reference.slice(1).split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (!isObject(found) || !Object.hasOwn(found, name)) return undefined;
    found = found[name];
  }
  return found;
}

function pick(values: readonly unknown[], { random }: Course): unknown {
  return values[Math.floor(random() * values.length)];
}

function wholeOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : otherwise;
}

function numberOr(value: unknown, otherwise: number | undefined): number | undefined {
  return typeof value === 'number' ? value : otherwise;
}
