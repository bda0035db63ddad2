import type { JsonObject } from '../dialect.ts';
import { isObject, objectOr } from '../json.ts';

/** Reports whether OpenAI accepts the schema with `strict: true`: every object is closed, and all its properties are required. */
export function isStrictSchema(schema: JsonObject): boolean {
  if (schema.type === 'object' && !isClosed(schema)) return false;
  return Object.values(schema).every((value) => {
    if (Array.isArray(value)) return value.every((item) => !isObject(item) || isStrictSchema(item));
    return !isObject(value) || isStrictSchema(value);
  });
}

function isClosed(schema: JsonObject): boolean {
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  return schema.additionalProperties === false && Object.keys(objectOr(schema.properties)).every((name) => required.has(name));
}
