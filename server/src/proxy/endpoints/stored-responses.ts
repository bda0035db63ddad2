/** The paths of OpenAI's Responses API that read, list, cancel and delete a stored response. */
import { objectOr } from '../../dialects/json.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import type { GatewayRequest } from '../../http/request-reply.ts';
import { invalidRequest } from '../refusal.ts';
import { responseNotFound } from '../responses/refusals.ts';
import type { ResponsesState } from '../responses/responses-state.ts';
import { listItems, pageOf } from './list-page.ts';

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
  const found = part === 'cancel' ? await responses.cancel(caller, id) : await responses.find(caller, id);
  if (found === null) throw responseNotFound(caller, id);
  if (part === 'cancel' && found.response.background !== true)
    throw invalidRequest('Only a response that was made with `background: true` can be cancelled.');
  if (page === null) return found.response;
  const items = found.input.map((item, index) => withId(item, found.id, index));
  return listItems(items, page, 'response');
}

/** Returns an item with an id: its own, or one that is always the same for its place in this response. */
function withId(item: unknown, responseId: string, index: number): { readonly id: string } {
  const fields = objectOr(item);
  const prefix = fields.type === undefined || fields.type === 'message' ? 'msg' : 'item';
  const id =
    typeof fields.id === 'string' ? fields.id : `${prefix}_${responseId.slice('resp_'.length)}${String(index).padStart(4, '0')}`;
  return { ...fields, id };
}
