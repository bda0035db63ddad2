/** The paths of OpenAI's Conversations API: conversations, which the gateway keeps itself, and their items. */

import type { JsonObject } from '../../dialects/dialect.ts';
import { foreignIdIn } from '../../dialects/exchange.ts';
import { isObject } from '../../dialects/json.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import { invalidRequest } from '../refusal.ts';
import type { ConversationsState } from '../responses/conversations-state.ts';
import { itemNotFound } from '../responses/refusals.ts';
import type { FoundConversation, Metadata } from '../responses/sealed-conversations.ts';
import { listItems, pageOf } from './list-page.ts';

/** A request about conversations. */
export interface ConversationQuestion {
  readonly is: 'conversation';
  /** As it stands in the path; null for the path of all conversations. */
  readonly id: string | null;
  readonly part: 'conversation' | 'items' | 'item';
  readonly itemId: string | null;
  /** The methods that the path supports. */
  readonly methods: readonly string[];
}

const PATH = '/v1/conversations';
/** The most items of one request that adds some, as at OpenAI. */
const ADDED_MAX = 20;
const METHODS = { conversation: ['GET', 'POST', 'DELETE'], items: ['GET', 'POST'], item: ['GET', 'DELETE'] } as const;

/** Returns the question at a path of conversations; null for any other path. */
export function conversationQuestionOf(path: string): ConversationQuestion | null {
  if (path === PATH) return { is: 'conversation', id: null, part: 'conversation', itemId: null, methods: ['POST'] };
  if (!path.startsWith(`${PATH}/`)) return null;
  const [id = '', items = null, itemId = null, ...more] = path.slice(PATH.length + 1).split('/');
  if (id === '' || itemId === '' || more.length > 0 || (items !== null && items !== 'items')) return null;
  const part = items === null ? 'conversation' : itemId === null ? 'items' : 'item';
  return { is: 'conversation', id, part, itemId, methods: METHODS[part] };
}

/** The parts of a request that these paths read. */
export interface ConversationRequest {
  readonly method: string;
  readonly query: string;
  /** The body of a POST; null for the other methods. */
  readonly body: JsonObject | null;
}

/** Answers a question about conversations. For an id that the caller does not find it is 404, in the same words. */
export async function answerConversation(
  { id, part, itemId }: ConversationQuestion,
  caller: Caller,
  request: ConversationRequest,
  conversations: ConversationsState,
): Promise<object> {
  const { method, body } = request;
  if (id === null) return viewOf(await conversations.create(caller, metadataOf(body), itemsOf(body, 'may be empty')));
  if (part === 'conversation') {
    if (method === 'GET') return viewOf(await conversations.find(caller, id));
    if (method === 'POST') return viewOf(await conversations.update(caller, id, metadataOf(body)));
    await conversations.remove(caller, id);
    return { id, object: 'conversation.deleted', deleted: true };
  }
  if (part === 'items') {
    const page = pageOf(new URLSearchParams(request.query));
    if (method === 'GET') return listItems(await conversations.items(caller, id), page, 'conversation');
    const added = await conversations.addItems(caller, id, itemsOf(body, 'must have some'));
    return listItems(added, { limit: ADDED_MAX, order: 'asc', after: null }, 'conversation');
  }
  if (method === 'DELETE') return viewOf(await conversations.removeItem(caller, id, itemId ?? ''));
  const item = (await conversations.items(caller, id)).find((one) => one.id === itemId);
  if (item === undefined) throw itemNotFound(itemId ?? '');
  return item;
}

function viewOf({ id, createdAtMs, metadata }: FoundConversation): object {
  return { id, object: 'conversation', created_at: Math.floor(createdAtMs / 1_000), metadata };
}

const METADATA_MAX = { pairs: 16, nameChars: 64, valueChars: 512 } as const;

function metadataOf(body: JsonObject | null): Metadata {
  const metadata = body?.metadata ?? {};
  if (!isObject(metadata)) throw invalidRequest('metadata must be an object', 'metadata');
  const { pairs, nameChars, valueChars } = METADATA_MAX;
  const entries = Object.entries(metadata);
  const fits = entries.every(
    ([name, value]) => name.length <= nameChars && typeof value === 'string' && value.length <= valueChars,
  );
  if (entries.length > pairs || !fits)
    throw invalidRequest(
      `metadata takes ${pairs} texts, with names of ${nameChars} characters and values of ${valueChars}`,
      'metadata',
    );
  return metadata as Metadata;
}

function itemsOf(body: JsonObject | null, empty: 'may be empty' | 'must have some'): readonly unknown[] {
  const items = body?.items ?? [];
  if (!Array.isArray(items)) throw invalidRequest('items must be an array', 'items');
  if (items.length > ADDED_MAX || (items.length === 0 && empty === 'must have some'))
    throw invalidRequest(`items takes ${empty === 'must have some' ? 1 : 0} to ${ADDED_MAX} items`, 'items');
  items.forEach((item, at) => {
    if (!isObject(item)) throw invalidRequest(`items[${at}] must be an object`, `items[${at}]`);
  });
  const foreign = foreignIdIn({ input: items });
  if (foreign !== null) throw invalidRequest(foreign.message, foreign.param?.replace(/^input/, 'items') ?? null);
  return items;
}
