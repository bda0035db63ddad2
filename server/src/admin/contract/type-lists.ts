import type { OpenapiDocument, Schema } from './schema.ts';

/** The keywords that say something about values of one type alone. */
const KEYWORDS_OF: Readonly<Record<string, readonly string[]>> = {
  string: ['minLength', 'maxLength', 'pattern', 'format', 'contentEncoding', 'contentMediaType'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
};

/**
 * Writes `type: ["string", "null"]` as `anyOf` with one schema for each type. Both mean the same, but several generators of clients
 * do not read the list.
 */
export function withoutTypeLists(document: OpenapiDocument): OpenapiDocument {
  return withoutLists(document) as OpenapiDocument;
}

function withoutLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutLists);
  if (typeof value !== 'object' || value === null) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withoutLists(part)])) as Schema;
  return Array.isArray(inner.type) ? splitByType(inner, inner.type) : inner;
}

function splitByType(schema: Schema, types: readonly string[]): Schema {
  const { type: _, ...rest } = schema;
  const branches = types.map((type) => {
    const own = (KEYWORDS_OF[type] ?? []).filter((keyword) => keyword in rest);
    return { type, ...Object.fromEntries(own.map((keyword) => [keyword, rest[keyword]])) };
  });
  const moved = new Set(branches.flatMap((branch) => Object.keys(branch)));
  const kept = Object.fromEntries(Object.entries(rest).filter(([keyword]) => !moved.has(keyword)));
  return { ...kept, anyOf: branches };
}
