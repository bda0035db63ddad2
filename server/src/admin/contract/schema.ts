/** The parts of an OpenAPI 3.1 document that this folder reads and changes. */

/** A JSON Schema of the draft 2020-12. */
export interface Schema {
  readonly [keyword: string]: unknown;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly $ref?: string;
}

export interface MediaType {
  readonly schema: Schema;
  readonly example?: unknown;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema: Schema;
  readonly example?: unknown;
}

interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, object>>;
  readonly content?: Readonly<Record<string, MediaType>>;
}

export interface Operation {
  readonly [keyword: string]: unknown;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, MediaType>> };
  readonly responses: Readonly<Record<string, Response | { readonly $ref: string }>>;
}

export interface OpenapiDocument {
  readonly [part: string]: unknown;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly [kind: string]: unknown; readonly schemas?: Readonly<Record<string, Schema>> };
}

/** Returns the document with each operation changed. */
export function mapOperations(
  document: OpenapiDocument,
  change: (operation: Operation, path: string) => Operation,
): OpenapiDocument {
  const paths = Object.entries(document.paths).map(([path, methods]) => {
    const changed = Object.entries(methods).map(([method, operation]) => [method, change(operation, path)] as const);
    return [path, Object.fromEntries(changed)] as const;
  });
  return { ...document, paths: Object.fromEntries(paths) };
}
