/** The paths of OpenAI's Responses API that read, list, cancel and delete a stored response. */
import { objectOr } from '../../dialects/json.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import type { GatewayRequest } from '../../http/request-reply.ts';
import { invalidRequest } from '../refusal.ts';
import { responseNotFound } from '../responses/refusals.ts';
import type { FoundResponse, ResponsesState } from '../responses/responses-state.ts';

/** A request about one stored response. */
export interface StoredQuestion {
  readonly is: 'stored response';
  /** As it stands in the path. */
  readonly id: string;
  readonly part: 'response' | 'input_items' | 'cancel';
  /** The methods that the path supports. */
  readonly methods: readonly string[];
}

const PREFIX = '/v1/responses/';
const METHODS = { response: ['GET', 'DELETE'], input_items: ['GET'], cancel: ['POST'] } as const;

/** Returns the question at a path below `/v1/responses/`; null for any other path. */
export function storedQuestionOf(path: string): StoredQuestion | null {
  if (!path.startsWith(PREFIX)) return null;
  const [id = '', part = 'response', ...more] = path.slice(PREFIX.length).split('/');
  if (id === '' || more.length > 0 || (part !== 'response' && part !== 'input_items' && part !== 'cancel')) return null;
  if (part === 'response' && path.endsWith('/response')) return null;
  return { is: 'stored response', id, part, methods: METHODS[part] };
}

/** Answers a question about a stored response that the caller finds. For any other id it is 404, in the same words. */
export async function answerStored(
  { id, part }: StoredQuestion,
  caller: Caller,
  request: GatewayRequest,
  responses: ResponsesState,
): Promise<object> {
  const query = new URLSearchParams(request.query);
  if (part === 'response' && request.method === 'DELETE') {
    if (!(await responses.remove(caller, id))) throw responseNotFound(caller, id);
    return { id, object: 'response', deleted: true };
  }
  if (part === 'response' && query.get('stream') === 'true')
    throw invalidRequest('A stored response cannot be streamed. Read it without `stream`.', 'stream');
  const page = part === 'input_items' ? pageOf(query) : null;
  const found = await responses.find(caller, id);
  if (found === null) throw responseNotFound(caller, id);
  if (part === 'cancel')
    throw invalidRequest(
      'Only a response that was made with `background: true` can be cancelled, and this gateway offers no background responses.',
    );
  return page === null ? found.response : listItems(found, page);
}

interface Page {
  readonly limit: number;
  readonly order: 'asc' | 'desc';
  readonly after: string | null;
}

const LIMIT_MAX = 100;
const LIMIT_DEFAULT = 20;

function pageOf(query: URLSearchParams): Page {
  const limit = query.get('limit') ?? String(LIMIT_DEFAULT);
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > LIMIT_MAX)
    throw invalidRequest(`limit must be a whole number from 1 to ${LIMIT_MAX}.`, 'limit');
  const order = query.get('order') ?? 'desc';
  if (order !== 'asc' && order !== 'desc') throw invalidRequest('order must be "asc" or "desc".', 'order');
  return { limit: Number(limit), order, after: query.get('after') };
}

/** Returns a page of the items that the response's own request added, as OpenAI lists them: newest first unless asked otherwise. */
function listItems(found: FoundResponse, { limit, order, after }: Page): object {
  const items = found.input.map((item, index) => withId(item, found.id, index));
  if (order === 'desc') items.reverse();
  const from = after === null ? 0 : items.findIndex(({ id }) => id === after) + 1;
  if (after !== null && from === 0) throw invalidRequest('after must be the id of an item of this response.', 'after');
  const data = items.slice(from, from + limit);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: from + limit < items.length,
  };
}

/** Returns an item with an id: its own, or one that is always the same for its place in this response. */
function withId(item: unknown, responseId: string, index: number): { readonly id: string } {
  const fields = objectOr(item);
  const prefix = fields.type === undefined || fields.type === 'message' ? 'msg' : 'item';
  const id =
    typeof fields.id === 'string' ? fields.id : `${prefix}_${responseId.slice('resp_'.length)}${String(index).padStart(4, '0')}`;
  return { ...fields, id };
}
