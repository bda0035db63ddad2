import type { JsonObject } from '../dialect.ts';
import { isObject, stringOr } from '../json.ts';
import { isSealedHere } from './sealed-thinking.ts';

/** The items whose content is all in the request. Without an id, a provider can only use that content. */
const SELF_CONTAINED: ReadonlySet<unknown> = new Set([
  ...['message', 'reasoning', 'function_call', 'function_call_output', 'custom_tool_call', 'custom_tool_call_output'],
  ...['additional_tools', 'tool_search_call', 'tool_search_output', 'compaction'],
]);

/**
 * Returns the input items to send to a provider's own Responses API. Ids of items are left out: they may be another account's.
 * Reasoning is left out if this provider cannot read it: thinking of another provider, or a mere reference to stored reasoning.
 * Returns the same value if nothing changes.
 */
export function ownItems(input: unknown): unknown {
  if (!Array.isArray(input)) return input;
  let isSame = true;
  const items: unknown[] = [];
  for (const item of input) {
    const own = isObject(item) ? ownItem(item) : item;
    isSame &&= own === item;
    if (own !== null) items.push(own);
  }
  return isSame ? input : items;
}

/** Returns the input items without reasoning of earlier answers. */
export function withoutReasoning(input: unknown): unknown {
  return Array.isArray(input) ? input.filter((item) => !isObject(item) || item.type !== 'reasoning') : input;
}

function ownItem(item: JsonObject): JsonObject | null {
  if (item.type === 'reasoning' && !isReadable(item)) return null;
  const isSelfContained = SELF_CONTAINED.has(item.type) || ((item.type ?? null) === null && typeof item.role === 'string');
  if (!isSelfContained || item.id === undefined) return item;
  const { id: _id, ...content } = item;
  return content;
}

function isReadable({ encrypted_content: sealed, content }: JsonObject): boolean {
  if (isSealedHere(sealed)) return false;
  return stringOr(sealed, '') !== '' || (Array.isArray(content) && content.length > 0);
}
