import type { JsonObject } from './dialect.ts';
import { isObject, stringOr } from './json.ts';
import type { CacheMark } from './neutral.ts';

/** Returns the mark at the end of a cached prefix: Anthropic's field, which many OpenAI-compatible clients use, or OpenAI's. */
export function cacheMarkOf(holder: JsonObject): CacheMark | null {
  if (isObject(holder.cache_control)) return { ttl: stringOr(holder.cache_control.ttl, null) };
  return isObject(holder.prompt_cache_breakpoint) ? { ttl: null } : null;
}
