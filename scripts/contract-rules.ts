// The rules that the contract of the admin API keeps beside Spectral's own for OpenAPI. Most stand for a generator of clients that stops, or
// writes a type that does not compile.

import type { IFunction, IFunctionResult, RulesetDefinition } from '@stoplight/spectral-core';
import rulesets from '@stoplight/spectral-rulesets';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

type Json = Readonly<Record<string, unknown>>;

/** Returns everything that breaks one rule. A rule gets the whole document, so that it can skip what only looks like a schema. */
type Finder = (document: Json) => IFunctionResult[];

const RULES: Readonly<Record<string, { readonly description: string; readonly find: Finder }>> = {
  'no-type-list': {
    description: 'A schema has one type: `anyOf` says that there are several. oapi-codegen and ogen do not read a list.',
    find: (document) => schemasWhere(document, ({ type }) => Array.isArray(type), 'type is a list: write anyOf'),
  },
  'no-scheme-name': {
    description: 'No schema has the name of a security scheme. ogen makes a type of each, with the same name.',
    find: schemasNamedAsSchemes,
  },
  'no-null-property': {
    description: 'No property can only be null. The generators for Java have no type for it.',
    find: nullProperties,
  },
  'public-or-secured': {
    description: 'An operation that needs no caller says `security: []`, and has no 401 unless it checks a proof.',
    find: (document) =>
      operationsWhere(document, ({ security, responses }) => {
        const isPublic = Array.isArray(security) && security.length === 0;
        return isPublic || '401' in (responses as Json) ? null : 'has neither `security: []` nor a 401';
      }),
  },
  'whole-word-tag': {
    description: 'An operation has one tag, a whole word that the document describes.',
    find: (document) =>
      operationsWhere(document, ({ tags }) =>
        Array.isArray(tags) && tags.length === 1 && /^[A-Z][a-z]+( [a-z]+)*$/.test(String(tags[0]))
          ? null
          : 'must have one tag of whole words',
      ),
  },
  'described-operation': {
    description: 'An operation has a description of at least one sentence.',
    find: (document) =>
      operationsWhere(document, ({ description }) =>
        /\S.*[.`]$/s.test(String(description ?? '')) ? null : 'must have a description that ends with a full stop',
      ),
  },
  'operation-example': {
    description: 'An operation has an example: of its body, of an answer or of a parameter.',
    find: (document) => operationsWhere(document, (operation) => (hasExample(operation) ? null : 'must have an example')),
  },
  'answer-headers': {
    description:
      'Every answer declares `x-request-id`, 429 and 503 declare `retry-after`, and an object with a version an `etag`.',
    find: (document) => operationsWhere(document, (operation) => missingHeader(operation, document)),
  },
  'header-where-it-means-something': {
    description: '`if-match` stands where there is a 412, and `idempotency-key` only at a POST.',
    find: (document) =>
      operationsWhere(document, ({ parameters, responses }, method) => {
        const headers = new Set(((parameters ?? []) as Json[]).filter((one) => one.in === 'header').map(({ name }) => name));
        if (headers.has('if-match') !== '412' in (responses as Json)) return '`if-match` and 412 come together';
        return headers.has('idempotency-key') && method !== 'post' ? '`idempotency-key` is only for a POST' : null;
      }),
  },
  'valid-example': {
    description: 'An example fits its schema.',
    find: wrongExamples,
  },
  'bounded-input': {
    description: 'Every text that the server reads has a greatest length, a pattern, a format or a list of values.',
    find: unboundedTexts,
  },
};

/** Spectral's rules for OpenAPI, and ours. An installation has no contact, so the rule about one is off. */
export const contractRules: RulesetDefinition = {
  extends: [[rulesets.oas as RulesetDefinition, 'recommended']],
  rules: {
    'info-contact': 'off',
    // Ours judges all examples with one validator. These two make one for each, which takes ten seconds.
    'oas3-valid-media-example': 'off',
    'oas3-valid-schema-example': 'off',
    ...Object.fromEntries(
      Object.entries(RULES).map(([name, { description, find }]) => {
        const check: IFunction = (document) => find(document as Json);
        // With references: followed, the document is ten times as large.
        const about = { description, message: '{{error}}', severity: 'error' as const, given: '$', resolved: false };
        // biome-ignore lint/suspicious/noThenProperty: Spectral's name for what a rule does.
        return [name, { ...about, then: { function: check } }];
      }),
    ),
  },
};

type At = readonly (string | number)[];

/** Visits every value of the document that is not an example, with its path. */
function visit(value: unknown, at: At, see: (value: Json, at: At) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const [index, part] of value.entries()) visit(part, [...at, index], see);
    return;
  }
  see(value as Json, at);
  for (const [name, part] of Object.entries(value)) {
    const isExample =
      (name === 'example' || name === 'examples' || name === 'default' || name === 'const' || name === 'enum') &&
      at.at(-1) !== 'properties';
    if (!isExample) visit(part, [...at, name], see);
  }
}

function schemasWhere(document: Json, isBad: (schema: Json) => boolean, message: string): IFunctionResult[] {
  const found: IFunctionResult[] = [];
  visit(document, [], (value, at) => {
    if (at.at(-1) !== 'properties' && isBad(value)) found.push({ message, path: [...at] });
  });
  return found;
}

function schemasNamedAsSchemes({ components = {} }: { components?: Json }): IFunctionResult[] {
  const plain = (name: string) => name.replaceAll(/[^A-Za-z0-9]/g, '').toLowerCase();
  const schemes = new Set(Object.keys((components.securitySchemes ?? {}) as Json).map(plain));
  return Object.keys((components.schemas ?? {}) as Json)
    .filter((name) => schemes.has(plain(name)))
    .map((name) => ({ message: `${name} is also a security scheme`, path: ['components', 'schemas', name] }));
}

function nullProperties(document: Json): IFunctionResult[] {
  const found: IFunctionResult[] = [];
  visit(document, [], ({ properties }, at) => {
    // Below `not` a schema tells what must not be: no generator makes a type of it.
    if (typeof properties !== 'object' || properties === null || at.includes('not')) return;
    for (const [name, schema] of Object.entries(properties)) {
      if (isOnlyNull(schema as Json)) found.push({ message: `${name} can only be null`, path: [...at, 'properties', name] });
    }
  });
  return found;
}

function isOnlyNull({ type, enum: values, anyOf, oneOf, ...rest }: Json): boolean {
  const branches = (anyOf ?? oneOf) as readonly Json[] | undefined;
  if (branches !== undefined) return branches.every(isOnlyNull);
  return (
    type === 'null' || ('const' in rest && rest.const === null) || (Array.isArray(values) && values.every((one) => one === null))
  );
}

function operationsWhere(document: Json, problemOf: (operation: Json, method: string) => string | null): IFunctionResult[] {
  return Object.entries((document.paths ?? {}) as Record<string, Record<string, Json>>).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      const message = problemOf(operation, method);
      return message === null ? [] : [{ message: `${method.toUpperCase()} ${path}: ${message}`, path: ['paths', path, method] }];
    }),
  );
}

function hasExample({ parameters = [], requestBody = {}, responses = {} }: Json): boolean {
  const contents = [requestBody, ...Object.values(responses as Json)] as { content?: Record<string, Json> }[];
  const medias = contents.flatMap(({ content = {} }) => Object.values(content));
  return [...(parameters as Json[]), ...medias].some((one) => 'example' in one || 'examples' in one);
}

interface Answer {
  readonly $ref?: string;
  readonly headers?: Json;
  readonly content?: Readonly<Record<string, { readonly schema?: Json }>>;
}

function missingHeader({ responses = {} }: Json, document: Json): string | null {
  for (const [status, given] of Object.entries(responses as Record<string, Answer>)) {
    const answer = resolved(given, document) as Answer;
    const headers = new Set(Object.keys(answer.headers ?? {}).map((name) => name.toLowerCase()));
    if (!headers.has('x-request-id')) return `${status} declares no x-request-id`;
    if ((status === '429' || status === '503') && !headers.has('retry-after')) return `${status} declares no retry-after`;
    const schemas = Object.values(answer.content ?? {}).map(({ schema = {} }) => resolved(schema, document));
    const hasVersion = schemas.some(({ properties }) => ((properties ?? {}) as Record<string, Json>).version?.type === 'integer');
    if (hasVersion && !headers.has('etag')) return `${status} declares no etag`;
  }
  return null;
}

function resolved(value: { readonly $ref?: string }, document: Json): Json {
  if (value.$ref === undefined) return value as Json;
  return value.$ref
    .split('/')
    .slice(1)
    .reduce<Json>((part, name) => (part[name] ?? {}) as Json, document);
}

/** Texts in bodies and parameters, through references, that have no bound. */
function unboundedTexts(document: Json): IFunctionResult[] {
  const found: IFunctionResult[] = [];
  const seen = new Set<string>();
  const look = (schema: unknown, at: At) =>
    visit(schema, at, (value, place) => {
      if (typeof value.$ref === 'string' && !seen.has(value.$ref)) {
        seen.add(value.$ref);
        look(resolved(value as { $ref: string }, document), value.$ref.split('/').slice(1));
      }
      const isBounded = ['maxLength', 'pattern', 'format', 'enum', 'const'].some((keyword) => keyword in value);
      if (value.type === 'string' && !isBounded && !place.includes('not'))
        found.push({ message: 'the text has no bound', path: [...place] });
    });
  for (const [path, methods] of Object.entries((document.paths ?? {}) as Record<string, Record<string, Json>>)) {
    for (const [method, { parameters, requestBody }] of Object.entries(methods)) {
      look(parameters, ['paths', path, method, 'parameters']);
      look(requestBody, ['paths', path, method, 'requestBody']);
    }
  }
  return found;
}

/** Examples of bodies, answers and parameters that do not fit their schema. */
function wrongExamples(document: Json): IFunctionResult[] {
  const validator = new Ajv2020({
    strict: false,
    validateSchema: false,
    validateFormats: true,
    inlineRefs: false,
    code: { optimize: false },
  });
  addFormats.default(validator);
  validator.addSchema(document, 'contract');
  const found: IFunctionResult[] = [];
  visit(document, [], (value, at) => {
    if (!('example' in value) || !('schema' in value)) return;
    const pointer = [...at, 'schema']
      .map((part) => encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    const validate = validator.getSchema(`contract#/${pointer}`);
    if (validate === undefined || validate(value.example) === true) return;
    found.push({ message: `the example does not fit: ${validator.errorsText(validate.errors)}`, path: [...at, 'example'] });
  });
  return found;
}
