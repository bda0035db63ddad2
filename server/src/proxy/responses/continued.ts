/** The conversation before a request that continues a stored response, and what of the request will be kept. */
import type { JsonObject, Wire } from '../../dialects/dialect.ts';
import { isStored } from '../../domain/tenancy/stored-responses.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import { newId } from '../../lib/id.ts';
import { callerOf } from '../authenticate.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { Gateway } from '../gateway.ts';
import { invalidRequest } from '../refusal.ts';
import type { CachedKey } from '../snapshot/cached-key.ts';

/** The stored side of one request to the Responses API. */
export interface StoredSide {
  /** The id of the response, ours; null if it is not kept. */
  readonly id: string | null;
  /** The response that the request continues; null for none. */
  readonly previousId: string | null;
  /** The items that the request itself adds. */
  readonly input: readonly unknown[];
  /** The bytes of the conversation before, which the request does not have and the provider gets. */
  readonly historyBytes: number;
  /** The final response as the client got it, noted from its answer. Null: there was none, and nothing is kept. */
  response: JsonObject | null;
}

/** A request with the conversation before it, and without what only concerns the stored state. */
export interface Continued {
  readonly body: JsonObject;
  readonly side: StoredSide;
}

/**
 * Returns the request as its provider gets it, if its organization stores responses; else null, and the request stays as it is. Throws
 * 400 for a previous response that the caller does not find.
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
  const { previous_response_id: previous = null, ...rest } = body;
  const { store = null } = body;
  if (previous !== null && typeof previous !== 'string')
    throw invalidRequest('previous_response_id must be a string', 'previous_response_id');
  if (store !== null && typeof store !== 'boolean') throw invalidRequest('store must be a boolean', 'store');
  const isResponse = wire === 'openai-responses';
  // A compaction and a count may have no input of their own.
  const input = inputItems(isResponse ? body.input : (body.input ?? []));
  const id = isResponse && isStored(caller.organization, store) && input !== null ? newId('resp') : null;
  const side = { id, previousId: previous, input: input ?? [], historyBytes: 0, response: null };
  if (previous === null) return { body, side };
  const history = await gateway.responses.history(caller, previous);
  // What is wrong with an input that is none is said by whoever reads the request.
  const joined = input === null ? body.input : [...history.items, ...input];
  return { body: { ...rest, input: joined }, side: { ...side, historyBytes: history.bytes } };
}

/** Returns the items of an input; null if it is neither a text nor a list. */
function inputItems(input: unknown): readonly unknown[] | null {
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: input }];
  return Array.isArray(input) ? input : null;
}
