import type { JsonObject } from '../dialect.ts';
import { isObject } from '../json.ts';
import { inCamelCase } from './fields.ts';

/** The keys whose values are schemas by name, a list of schemas, or a schema. */
const BY_NAME: ReadonlySet<string> = new Set(['properties', '$defs', 'defs']);
const LISTS: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);
const SINGLE: ReadonlySet<string> = new Set(['items', 'additionalProperties']);
/** Numbers that Google's format writes as strings. */
const NUMBERS: ReadonlySet<string> = new Set([
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'minProperties',
  'maxProperties',
]);
/** Keys that JSON schemas do not have. */
const OWN: ReadonlySet<string> = new Set(['propertyOrdering', 'nullable', 'example']);

/** Returns a schema in Google's own format, in which types are in capitals and null is a flag, as a JSON schema. */
export function jsonSchemaOf(schema: JsonObject): JsonObject {
  const own = inCamelCase(schema);
  const out: JsonObject = {};
  for (const key in own) {
    const value = own[key];
    if (OWN.has(key) || value === undefined || value === null) continue;
    if (key === 'type') out.type = typeOf(value, own.nullable === true);
    else if (BY_NAME.has(key) && isObject(value)) out[key === 'defs' ? '$defs' : key] = eachOf(value);
    else if (LISTS.has(key) && Array.isArray(value)) out[key] = value.map(schemaOr);
    else if (SINGLE.has(key)) out[key] = schemaOr(value);
    else if (NUMBERS.has(key) && typeof value === 'string') out[key] = Number(value);
    else if (!(key === 'format' && value === 'enum')) out[key] = value;
  }
  if (own.nullable === true && Array.isArray(out.enum)) out.enum = [...out.enum, null];
  return out;
}

function typeOf(type: unknown, isNullable: boolean): unknown {
  if (typeof type !== 'string') return type;
  const lower = type.toLowerCase();
  return isNullable && lower !== 'null' ? [lower, 'null'] : lower;
}

function eachOf(schemas: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, schemaOr(schema)]));
}

function schemaOr(value: unknown): unknown {
  return isObject(value) ? jsonSchemaOf(value) : value;
}
