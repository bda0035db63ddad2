/** The conversation before a request that continues stored state, and what of the request will be kept. */
import type { JsonObject, Wire } from '../../dialects/dialect.ts';
import { isStored } from '../../domain/tenancy/stored-responses.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import { newId } from '../../lib/id.ts';
import { callerOf } from '../authenticate.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { Gateway } from '../gateway.ts';
import { invalidRequest } from '../refusal.ts';
import type { CachedKey } from '../snapshot/cached-key.ts';
import type { Run } from './background-runs.ts';

/** The stored side of one request to the Responses API. */
export interface StoredSide {
  /** The id of the response, ours; null if it is not kept. */
  readonly id: string | null;
  /** The response that the request continues; null for none. */
  readonly previousId: string | null;
  /** The conversation that the request continues and adds to; null for none. */
  readonly conversationId: string | null;
  readonly isBackground: boolean;
  /** True if another reply takes the place of the client's: see detach.ts. */
  readonly isDetached: boolean;
  /** The items that the request itself adds. */
  readonly input: readonly unknown[];
  /** The bytes of the conversation before, which the request does not have and the provider gets. */
  readonly historyBytes: number;
  /** The final response as the client got it, noted from its answer. Null: there was none, and nothing is kept. */
  response: JsonObject | null;
  /** The response in the background, once it runs. */
  run: Run | null;
  /** Settled once the conversation has what the request adds, or it was given up; null before there is something to add. */
  kept: Promise<void> | null;
}

/** A request with the conversation before it, and without what only concerns the stored state. */
export interface Continued {
  readonly body: JsonObject;
  readonly side: StoredSide;
}

/**
 * Returns the request as its provider gets it, if its organization stores responses; else null, and the request stays as it is. Throws
 * 400 for a previous response that the caller does not find, and 404 for such a conversation.
 */
export function continuedRequest(
  { wire }: Endpoint,
  key: CachedKey,
  body: JsonObject,
  gateway: Gateway,
): Promise<Continued> | null {
  const caller = callerOf(key);
  if ((caller.organization.responses ?? null) === null) return null;
  return continued(wire, caller, body, gateway);
}

async function continued(wire: Wire, caller: Caller, body: JsonObject, gateway: Gateway): Promise<Continued> {
  const named = readState(body);
  const isResponse = wire === 'openai-responses';
  const isBackground = isResponse && named.isBackground;
  if (isBackground && named.store === false)
    throw invalidRequest('A response in the background is stored, so store must not be false', 'store');
  // A compaction and a count may have no input of their own.
  const input = inputItems(isResponse ? body.input : (body.input ?? []));
  const { previousId, conversationId } = named;
  const history = await historyOf(named, input ?? [], caller, gateway);
  const side: StoredSide = {
    id: isResponse && isStored(caller.organization, named.store) && input !== null ? newId('resp') : null,
    previousId,
    conversationId,
    isBackground,
    isDetached: isBackground || (isResponse && conversationId !== null),
    input: input ?? [],
    historyBytes: history?.bytes ?? 0,
    response: null,
    run: null,
    kept: null,
  };
  if (history === null && !isBackground) return { body, side };
  const { previous_response_id: _previous, conversation: _conversation, ...rest } = body;
  if (isResponse) delete rest.background;
  // What is wrong with an input that is none is said by whoever reads the request.
  const joined = input === null ? body.input : [...(history?.items ?? []), ...input];
  return { body: { ...rest, input: joined }, side };
}

/** The fields of a request that are about stored state. */
interface State {
  readonly previousId: string | null;
  readonly conversationId: string | null;
  readonly store: boolean | null;
  readonly isBackground: boolean;
}

function readState(body: JsonObject): State {
  const { previous_response_id: previous = null, conversation = null, store = null, background = null } = body;
  if (previous !== null && typeof previous !== 'string')
    throw invalidRequest('previous_response_id must be a string', 'previous_response_id');
  if (store !== null && typeof store !== 'boolean') throw invalidRequest('store must be a boolean', 'store');
  if (background !== null && typeof background !== 'boolean') throw invalidRequest('background must be a boolean', 'background');
  const conversationId = conversationIdOf(conversation);
  if (previous !== null && conversationId !== null)
    throw invalidRequest('previous_response_id and conversation cannot be used together', 'previous_response_id');
  return { previousId: previous, conversationId, store, isBackground: background === true };
}

/** Returns the id of a conversation, which is named by itself or as an object. */
function conversationIdOf(conversation: unknown): string | null {
  if (conversation === null) return null;
  const id = typeof conversation === 'object' ? (conversation as JsonObject).id : conversation;
  if (typeof id !== 'string') throw invalidRequest('conversation must be an id, or an object with an id', 'conversation');
  return id;
}

/** Returns what comes before the request; null if it continues nothing. */
async function historyOf(
  { previousId, conversationId }: State,
  input: readonly unknown[],
  caller: Caller,
  gateway: Gateway,
): Promise<{ readonly items: readonly unknown[]; readonly bytes: number } | null> {
  if (conversationId !== null) return gateway.conversations.history(caller, conversationId, input.length);
  return previousId === null ? null : gateway.responses.history(caller, previousId);
}

/** Returns the items of an input; null if it is neither a text nor a list. */
function inputItems(input: unknown): readonly unknown[] | null {
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: input }];
  return Array.isArray(input) ? input : null;
}
