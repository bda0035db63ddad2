import { type MediaType, mapOperations, type OpenapiDocument, type Operation, type Parameter, type Schema } from './schema.ts';
import { textExample } from './text-examples.ts';

/**
 * Writes an example into each operation: for each parameter that is required, for its body and for its answer. A schema’s own example
 * comes first; else one is made of its type, its bounds and the name of its field.
 */
export function withExamples(document: OpenapiDocument): OpenapiDocument {
  const schemas = document.components?.schemas ?? {};
  const done = mapOperations(document, (operation, path) => exampled(operation, new ExampleMaker(schemas, resourceOf(path))));
  return JSON.parse(JSON.stringify(done), (name, value) => (name === OWN ? undefined : value)) as OpenapiDocument;
}

/** The keyword of a schema’s own example where the library drops `examples`: in bodies that are read with a change of form. */
const OWN = 'x-example';

/** `/api/v1/keys/{id}/rotate` → `keys`. */
function resourceOf(path: string): string {
  return path.split('/')[3] ?? '';
}

function exampled(operation: Operation, maker: ExampleMaker): Operation {
  const { parameters, requestBody, responses } = operation;
  return {
    ...operation,
    ...(parameters === undefined ? {} : { parameters: parameters.map((one) => exampledParameter(one, maker)) }),
    ...(requestBody === undefined
      ? {}
      : { requestBody: { ...requestBody, content: exampledContent(requestBody.content, maker, 'request') } }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, response]) => {
        if (!('content' in response) || response.content === undefined) return [status, response];
        return [status, { ...response, content: exampledContent(response.content, maker, 'answer') }];
      }),
    ),
  };
}

function exampledParameter(parameter: Parameter, maker: ExampleMaker): Parameter {
  if (parameter.in === 'query' && !('examples' in parameter.schema)) return parameter;
  return { ...parameter, example: maker.of(parameter.schema, parameter.name, 'request') };
}

function exampledContent(content: Readonly<Record<string, MediaType>>, maker: ExampleMaker, use: Use) {
  return Object.fromEntries(
    Object.entries(content).map(([type, media]) => [type, { ...media, example: TEXTS[type] ?? maker.of(media.schema, '', use) }]),
  );
}

/** Examples of answers that are no JSON. */
const TEXTS: Readonly<Record<string, string>> = {
  'text/csv': 'id,name\r\nkey_0198c6f2a1b27c3d8e9f0a1b2c3d4e5f,app\r\n',
  'application/x-ndjson': '{"id":"evt_0198c6f2a1b27c3d8e9f0a1b2c3d4e5f","action":"key.create"}\n',
  'text/event-stream': 'data: {"at":"2026-03-10T12:00:00.000Z"}\n\n',
};

/** A request shows what it needs, an answer everything that it has. */
type Use = 'request' | 'answer';

/** A schema that refers to itself is followed this deep. */
const DEPTH_MAX = 12;

class ExampleMaker {
  readonly #schemas: Readonly<Record<string, Schema>>;
  readonly #resource: string;

  constructor(schemas: Readonly<Record<string, Schema>>, resource: string) {
    this.#schemas = schemas;
    this.#resource = resource;
  }

  /** Returns an example of a schema at the field `name`, which is empty at the root. */
  of(schema: Schema, name: string, use: Use, depth = 0): unknown {
    const { examples, [OWN]: own, default: standard, const: constant, enum: values, $ref } = schema;
    if (own !== undefined) return own;
    if (Array.isArray(examples)) return examples[0];
    if (standard !== undefined) return standard;
    if (constant !== undefined) return constant;
    if (Array.isArray(values)) return values[0];
    if ($ref !== undefined) return this.of(this.#schemas[$ref.split('/').at(-1) ?? ''] ?? {}, name, use, depth);
    const branches = schema.anyOf ?? schema.oneOf;
    if (branches !== undefined) return this.of(this.#firstOf(branches, depth), name, use, depth);
    switch (schema.type) {
      case 'object':
        return this.#objectOf(schema, use, depth);
      case 'array':
        return depth > DEPTH_MAX ? [] : [this.of(schema.items ?? {}, singular(name), use, depth + 1)];
      case 'string':
        return textExample(schema, name, this.#resource);
      case 'integer':
      case 'number':
        return Math.max(Number(schema.minimum ?? 1), 1) > Number(schema.maximum ?? Infinity)
          ? schema.maximum
          : Math.max(Number(schema.minimum ?? 1), 1);
      case 'boolean':
        return true;
      default:
        return schema.type === 'null' ? null : {};
    }
  }

  /** Returns the first branch that is not null; null where a value would never end. */
  #firstOf(branches: readonly Schema[], depth: number): Schema {
    const empty = branches.find(({ type }) => type === 'null');
    if (depth > DEPTH_MAX && empty !== undefined) return empty;
    return branches.find((branch) => branch !== empty) ?? {};
  }

  #objectOf({ properties = {}, required = [], additionalProperties }: Schema, use: Use, depth: number): Record<string, unknown> {
    const names = Object.keys(properties);
    const shown = use === 'answer' ? names : required.length > 0 ? required : names.slice(0, 1);
    const fields = shown.map((name) => [name, this.of(properties[name] ?? {}, name, use, depth + 1)] as const);
    if (fields.length > 0 || typeof additionalProperties !== 'object') return Object.fromEntries(fields);
    return {};
  }
}

function singular(name: string): string {
  return name.replace(/s$/, '');
}
