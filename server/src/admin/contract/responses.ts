// Registers the schema `Problem`, which every document then has.
import './problem-schema.ts';
import { mapOperations, type OpenapiDocument, type Operation, type Schema } from './schema.ts';

/** The headers and the errors that answers share, each declared once under `components`. */

const HEADERS = {
  RequestId: {
    description: 'The id of the request, which the gateway’s log names too.',
    schema: { type: 'string' },
    example: 'req_0198c6f2a1b27c3d8e9f0a1b2c3d4e5f',
  },
  ETag: {
    description: 'The version of the object. Send it as `If-Match` with a change.',
    schema: { type: 'string' },
    example: '"3"',
  },
  RetryAfter: {
    description: 'After this many seconds the request can be repeated.',
    schema: { type: 'string', pattern: '^[0-9]+$' },
    example: '1',
  },
  Location: {
    description: 'The address to open: a page of the console, or one of the identity provider.',
    schema: { type: 'string' },
    example: '/organizations',
  },
  WWWAuthenticate: {
    description: 'The form in which a token is to be sent.',
    schema: { type: 'string' },
    example: 'Bearer realm="headgate"',
  },
} as const;
type HeaderName = keyof typeof HEADERS;

const PROBLEMS: Readonly<
  Record<string, { readonly name: string; readonly description: string; readonly headers?: Record<string, HeaderName> }>
> = {
  400: { name: 'BadRequest', description: 'The request is not valid. `errors` names the fields.' },
  401: {
    name: 'Unauthorized',
    description: 'The caller is not known, or a proof is wrong.',
    headers: { 'www-authenticate': 'WWWAuthenticate' },
  },
  403: { name: 'Forbidden', description: 'The caller may not do this.' },
  404: { name: 'NotFound', description: 'There is no such object, or the caller may not see it.' },
  409: { name: 'Conflict', description: 'The request conflicts with the present state.' },
  412: { name: 'PreconditionFailed', description: 'The object was changed since the version in `If-Match`.' },
  413: { name: 'ContentTooLarge', description: 'The body is too large.' },
  415: { name: 'UnsupportedMediaType', description: 'The body is not JSON.' },
  429: { name: 'TooManyRequests', description: 'Too many attempts.', headers: { 'retry-after': 'RetryAfter' } },
  431: { name: 'HeadersTooLarge', description: 'The request line and headers are too large.' },
  500: { name: 'InternalError', description: 'A defect of the gateway.' },
  503: {
    name: 'Unavailable',
    description: 'The gateway cannot answer now, most often because its database cannot be reached.',
    headers: { 'retry-after': 'RetryAfter' },
  },
};

/** Writes the shared errors and headers into the document, and refers to them from each operation. */
export function withProblems(document: OpenapiDocument): OpenapiDocument {
  const schemas = document.components?.schemas ?? {};
  const described = mapOperations(document, (operation) => describedOperation(operation, schemas));
  return {
    ...described,
    components: {
      ...described.components,
      headers: HEADERS,
      responses: Object.fromEntries(Object.values(PROBLEMS).map((given) => [given.name, problemResponse(given)])),
    },
  };
}

function problemResponse({ description, headers }: (typeof PROBLEMS)[string]) {
  return {
    description,
    headers: { 'x-request-id': reference('RequestId'), ...referencesOf(headers) },
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

function reference(name: HeaderName) {
  return { $ref: `#/components/headers/${name}` };
}

function referencesOf(headers: Readonly<Record<string, HeaderName>> = {}) {
  return Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, reference(header)]));
}

/** The statuses of the data plane's errors. */
const PASSED_ON = [400, 401, 403, 404, 409, 413, 415, 429, 500, 502, 503, 504] as const;

/** An error of the data plane, in the dialect of the path that was called, or one of the admin API. */
function passedOnResponse(status: number) {
  const known = PROBLEMS[status];
  const problem = known === undefined ? {} : problemResponse(known).content;
  return {
    description: 'The data plane’s error, in the dialect of the path.',
    headers: { 'x-request-id': reference('RequestId'), 'retry-after': reference('RetryAfter'), ...referencesOf(known?.headers) },
    content: { ...problem, 'application/json': { schema: { type: 'object', additionalProperties: true } } },
  };
}

/** Replaces `x-problems` of `operationOf` by the errors that it names, and declares the headers of the answers. */
function describedOperation(
  { 'x-problems': problems, 'x-passed-on': isPassedOn, ...operation }: Operation,
  schemas: Schemas,
): Operation {
  const answers = Object.entries(operation.responses).map(([status, response]) => {
    const hasVersion =
      'content' in response && Object.values(response.content ?? {}).some(({ schema }) => isVersioned(schema, schemas));
    const headers = { 'x-request-id': reference('RequestId'), ...(hasVersion ? { etag: reference('ETag') } : {}) };
    return [status, withoutBody(status, headers) ?? { ...response, headers }] as const;
  });
  const errors = (problems as readonly number[]).map(
    (status) => [String(status), { $ref: `#/components/responses/${PROBLEMS[status]?.name}` }] as const,
  );
  const passedOn = isPassedOn === true ? PASSED_ON.map((status) => [String(status), passedOnResponse(status)] as const) : [];
  return { ...operation, responses: Object.fromEntries([...answers, ...errors, ...passedOn]) };
}

/** Returns the description of an answer without a body, or null if the status has one. */
function withoutBody(status: string, headers: Readonly<Record<string, object>>) {
  if (status === '204') return { description: 'Done.', headers };
  if (status !== '303') return null;
  return { description: 'Opens the address in `location`.', headers: { ...headers, location: reference('Location') } };
}

type Schemas = Readonly<Record<string, Schema>>;

/** Reports whether a schema takes whole numbers, and perhaps null. */
function isWhole(schema: Schema | undefined): boolean {
  return schema?.type === 'integer' || (schema?.anyOf ?? []).some(({ type }) => type === 'integer');
}

/** Reports whether an answer has a version, of which the ETag is made. */
function isVersioned(schema: Schema | undefined, schemas: Schemas): boolean {
  if (schema === undefined) return false;
  if (schema.$ref !== undefined) return isVersioned(schemas[schema.$ref.split('/').at(-1) ?? ''], schemas);
  if (schema.properties !== undefined) return isWhole(schema.properties.version);
  return [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].some((branch) => isVersioned(branch, schemas));
}
