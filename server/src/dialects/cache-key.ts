/** The name under which OpenAI's formats carry a prompt cache key: requests that have the same one are more likely to share a cache. */
import type { JsonObject, LeftFields } from './dialect.ts';

export const CACHE_KEY_FIELD = 'prompt_cache_key';

/** Returns the key that a client names; null if it names none, or something else than text, which a provider refuses. */
export function clientCacheKey(body: JsonObject, left: LeftFields | null): string | null {
  const value = left?.get(CACHE_KEY_FIELD)?.toString() ?? body[CACHE_KEY_FIELD];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Returns the request with a key, and as it is for none. */
export function withCacheKey(request: JsonObject, key: string | null): JsonObject {
  return key === null ? request : { ...request, [CACHE_KEY_FIELD]: key };
}

/** Returns a client's request without the key that it names, if another is sent. */
export function withoutCacheKey(request: JsonObject, key: string | null): JsonObject {
  if (key === null || !Object.hasOwn(request, CACHE_KEY_FIELD)) return request;
  const { [CACHE_KEY_FIELD]: _, ...rest } = request;
  return rest;
}
