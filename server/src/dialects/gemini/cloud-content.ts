/** Gemini's requests as Google Cloud takes them. It refuses fields that it does not know, where Gemini's own API ignores them. */
import type { JsonObject } from '../dialect.ts';
import { isObject } from '../json.ts';
import { requestIn, spellingOf } from './fields.ts';

/** The fields of a count there: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/count-tokens */
const COUNTED = ['contents', 'systemInstruction', 'tools', 'generationConfig'] as const;

/**
 * Returns the request for Google Cloud, or the request itself if nothing is to change: no ids of calls, which are matched by name
 * and order there, and no `store`.
 */
export function cloudContentRequest(request: JsonObject): JsonObject {
  const contents = withoutIds(request.contents);
  if (contents === request.contents && request.store === undefined) return request;
  const { store: _store, ...edited } = request;
  return { ...edited, contents };
}

/** Returns the count for Google Cloud, which knows no request as a field of its own. */
export function cloudCountRequest(count: JsonObject): JsonObject {
  const request = requestIn(count);
  if (request === count) return cloudContentRequest(count);
  const counted: JsonObject = {};
  for (const name of COUNTED) {
    const spelt = spellingOf(request, name);
    if (request[spelt] !== undefined) counted[spelt] = request[spelt];
  }
  return cloudContentRequest(counted);
}

const CALLS: ReadonlySet<string> = new Set(['functionCall', 'function_call', 'functionResponse', 'function_response']);

/** Returns the value without the ids of calls in its turns and parts; the value itself if it has none. Lists may be single objects. */
function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) {
    const members = value.map(withoutIds);
    return members.some((member, at) => member !== value[at]) ? members : value;
  }
  if (!isObject(value)) return value;
  let edited = value;
  for (const name in value) {
    const inner = value[name];
    const changed = name === 'parts' ? withoutIds(inner) : CALLS.has(name) && isObject(inner) ? withoutId(inner) : inner;
    if (changed !== inner) edited = { ...edited, [name]: changed };
  }
  return edited;
}

function withoutId(call: JsonObject): JsonObject {
  if (call.id === undefined) return call;
  const { id: _id, ...rest } = call;
  return rest;
}
