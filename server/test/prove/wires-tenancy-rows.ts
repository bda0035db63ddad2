/** Each path and each field of a request that takes an id, and what it answers to one that is not found. Written by hand. */

/** One of everything that has an id. */
export interface IdsOf {
  readonly response: string;
  /** A response that was made in the background. */
  readonly background: string;
  readonly conversation: string;
  readonly item: string;
  readonly file: string;
}

export interface TenancyRow {
  readonly name: string;
  readonly is: 'path' | 'field';
  /** The kind of id that it takes. */
  readonly of: keyof IdsOf;
  /** The refusal: status, code and param. */
  readonly refusal: readonly [status: number, code: string, param: string | null];
  /** Makes the request with an id. `own`: what the caller made itself. */
  ask(id: string, own: IdsOf): { readonly method: string; readonly path: string; readonly body?: unknown };
}

const NOT_FOUND = [404, 'not_found', null] as const;
const item = [{ role: 'user', content: 'added' }];

function path(method: string, of: keyof IdsOf, at: string, body?: unknown): TenancyRow {
  return {
    ...{ name: `${method} ${at}`, is: 'path', of, refusal: NOT_FOUND },
    ask: (id, own) => ({
      method,
      path: at.replace('{own}', own.conversation).replace('{id}', id),
      ...(body === undefined ? {} : { body }),
    }),
  };
}

/** A path of files, whose refusal names the id as OpenAI's does. */
function file(method: string, at: string): TenancyRow {
  return { ...path(method, 'file', at), refusal: [404, 'not_found', 'id'] };
}

const RESPONSES = [
  ...['/v1/responses', '/v1/responses/compact', '/v1/responses/input_tokens', '/cursor/v1/chat/completions'],
] as const;

function field(of: keyof IdsOf, name: string, refusal: TenancyRow['refusal'], make: (id: string) => object): TenancyRow[] {
  return RESPONSES.flatMap((at) =>
    (['native', 'fake'] as const).map((model) => ({
      ...{ name: `${at} ${name} ${model}`, is: 'field' as const, of, refusal },
      ask: (id: string) => ({ method: 'POST', path: at, body: { model, input: 'hello', ...make(id) } }),
    })),
  );
}

/** A field that names something stored at a provider, which no id may do. */
function stored(param: string, make: (id: string) => object): TenancyRow[] {
  return field('response', param, [400, 'invalid_request', param], make);
}

export const ROWS: readonly TenancyRow[] = [
  path('GET', 'response', '/v1/responses/{id}'),
  path('GET', 'response', '/v1/responses/{id}/input_items'),
  path('POST', 'response', '/v1/responses/{id}/cancel'),
  path('DELETE', 'response', '/v1/responses/{id}'),
  path('GET', 'background', '/v1/responses/{id}'),
  path('POST', 'background', '/v1/responses/{id}/cancel'),
  path('DELETE', 'background', '/v1/responses/{id}'),
  path('GET', 'conversation', '/v1/conversations/{id}'),
  path('POST', 'conversation', '/v1/conversations/{id}', { metadata: { taken: 'over' } }),
  path('DELETE', 'conversation', '/v1/conversations/{id}'),
  path('GET', 'conversation', '/v1/conversations/{id}/items'),
  path('POST', 'conversation', '/v1/conversations/{id}/items', { items: item }),
  path('GET', 'conversation', '/v1/conversations/{id}/items/msg_1'),
  path('DELETE', 'conversation', '/v1/conversations/{id}/items/msg_1'),
  path('GET', 'item', '/v1/conversations/{own}/items/{id}'),
  path('DELETE', 'item', '/v1/conversations/{own}/items/{id}'),
  ...['/v1/files/{id}', '/v1/files/{id}/content'].map((at) => file('GET', at)),
  file('DELETE', '/v1/files/{id}'),
  ...field('response', 'previous_response_id', [400, 'previous_response_not_found', 'previous_response_id'], (id) => ({
    previous_response_id: id,
  })),
  ...field('background', 'previous_response_id', [400, 'previous_response_not_found', 'previous_response_id'], (id) => ({
    previous_response_id: id,
  })),
  ...field('conversation', 'conversation', [404, 'not_found', 'conversation'], (id) => ({ conversation: id })),
  ...field('conversation', 'conversation.id', [404, 'not_found', 'conversation'], (id) => ({ conversation: { id } })),
  ...stored('input[0].id', (id) => ({ input: [{ type: 'item_reference', id }] })),
  ...stored('input[0].id', (id) => ({ input: [{ id }] })),
  ...stored('input[0].id', (id) => ({ input: [{ type: 'image_generation_call', id }] })),
  ...stored('input[0].content[0].file_id', (id) => ({
    input: [{ role: 'user', content: [{ type: 'input_file', file_id: id }] }],
  })),
  ...stored('prompt.id', (id) => ({ prompt: { id } })),
  ...stored('tools[0].vector_store_ids', (id) => ({ tools: [{ type: 'file_search', vector_store_ids: [id] }] })),
  ...stored('tools[0].container', (id) => ({ tools: [{ type: 'code_interpreter', container: id }] })),
  ...stored('tools[0].connector_id', (id) => ({ tools: [{ type: 'mcp', connector_id: id }] })),
];

/** A refusal, with the id replaced wherever it is repeated. */
export interface Refused {
  readonly status: number;
  readonly code: unknown;
  readonly param: unknown;
}

export function refusalOf(status: number, text: string): Refused {
  const { error = {} } = parsed(text) as { readonly error?: Readonly<Record<string, unknown>> };
  return { status, code: error.code, param: error.param };
}

/** Reports whether a refusal is the one that the row names. */
export function isAsWritten({ refusal: [status, code, param] }: TenancyRow, said: Refused): boolean {
  return said.status === status && said.code === code && said.param === param;
}

function parsed(text: string): object {
  try {
    return JSON.parse(text) as object;
  } catch {
    return {};
  }
}
