/** The contract of the admin API as a judge: which values and answers fit it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { repository } from '../prove/gateway.ts';

export interface Schema {
  readonly [keyword: string]: unknown;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly $ref?: string;
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}

export interface Answered {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

/** How a body is written. */
export type BodyType = 'application/json' | 'application/x-www-form-urlencoded';

export interface Operation {
  readonly method: string;
  /** `/keys/{id}`, below `/api/v1`. */
  readonly path: string;
  readonly isPublic: boolean;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | null;
  readonly bodyType: BodyType;
  readonly isBodyRequired: boolean;
  readonly responses: Readonly<Record<string, Answered>>;
  /** Where it stands in the document, for `fits`. */
  readonly pointer: string;
}

export interface Contract {
  readonly operations: readonly Operation[];
  resolve(schema: Schema): Schema;
  /** Returns null if a value fits the schema at the pointer, else what does not. */
  misfit(pointer: string, value: unknown): string | null;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly responses: Readonly<Record<string, Answered>>;
  };
}

interface Described {
  readonly security?: readonly unknown[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, Answered & { readonly $ref?: string }>>;
}

export function readContract(): Contract {
  const document = JSON.parse(readFileSync(path.join(repository, 'server/openapi.json'), 'utf8')) as Document;
  const validator = new Ajv2020({
    ...{ strict: false, validateSchema: false, inlineRefs: false, code: { optimize: false } },
    // 0.3 is a multiple of 0.1, although 0.3 / 0.1 is not quite 3.
    multipleOfPrecision: 6,
  });
  addFormats.default(validator);
  validator.addSchema(document, 'contract');
  const compiled = new Map<string, ValidateFunction>();
  const validatorAt = (pointer: string) => {
    const known = compiled.get(pointer) ?? (validator.getSchema(`contract#${pointer}`) as ValidateFunction);
    compiled.set(pointer, known);
    return known;
  };
  return {
    operations: Object.entries(document.paths).flatMap(([at, methods]) =>
      Object.entries(methods).map(([method, described]) => operationOf(document, at, method, described)),
    ),
    resolve: (schema) => (schema.$ref === undefined ? schema : (document.components.schemas[nameIn(schema.$ref)] ?? {})),
    misfit: (pointer, value) => {
      const validate = validatorAt(pointer);
      return validate(value) === true ? null : validator.errorsText(validate.errors, { dataVar: '' });
    },
  };
}

function operationOf(document: Document, at: string, method: string, described: Described): Operation {
  const { parameters = [], requestBody, responses, security } = described;
  const isForm = requestBody !== undefined && !('application/json' in requestBody.content);
  const bodyType = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
  return {
    method: method.toUpperCase(),
    path: at.replace('/api/v1', ''),
    isPublic: security?.length === 0,
    parameters,
    body: requestBody?.content[bodyType]?.schema ?? null,
    bodyType,
    isBodyRequired: requestBody?.required === true,
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, { $ref, ...answered }]) => [
        status,
        $ref === undefined ? answered : (document.components.responses[nameIn($ref)] ?? {}),
      ]),
    ),
    pointer: `/paths/${escaped(at)}/${method}`,
  };
}

function nameIn(reference: string): string {
  return reference.split('/').at(-1) ?? '';
}

/** A part of a pointer in a URI’s fragment. */
export function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
