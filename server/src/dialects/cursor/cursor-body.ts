/**
 * Bodies of Cursor's requests. It sends chat completions, and to the same path requests of the Responses API. To both it wants a
 * chat completion as the answer.
 */
import type { JsonObject } from '../dialect.ts';
import { isObject } from '../json.ts';

/** Reports whether a body is a request of the Responses API. A body with messages is a chat, whatever else it has. */
export function hasInput({ messages, input }: JsonObject): boolean {
  return (messages ?? null) === null && (input ?? null) !== null;
}

/**
 * Returns a chat request with its tools as chat completions write them. Cursor writes some as the Responses API does, beside others.
 * Returns the same value if nothing changes.
 */
export function withChatTools(body: JsonObject): JsonObject {
  const { tools } = body;
  if (!Array.isArray(tools) || !tools.some(isFlat)) return body;
  return { ...body, tools: tools.map((tool) => (isFlat(tool) ? chatTool(tool) : tool)) };
}

function isFlat(tool: unknown): tool is JsonObject {
  if (!isObject(tool) || typeof tool.name !== 'string') return false;
  return (tool.type === 'function' || tool.type === 'custom') && tool[tool.type] === undefined;
}

function chatTool({ type, ...tool }: JsonObject): JsonObject {
  const kind = type === 'custom' ? 'custom' : 'function';
  if (kind === 'function' || !isObject(tool.format)) return { type, [kind]: tool };
  const { type: form, ...grammar } = tool.format;
  const format = form === 'grammar' ? { type: form, grammar } : tool.format;
  return { type, [kind]: { ...tool, format } };
}

/** Returns a request of the Responses API without what only a chat completion knows. */
export function responsesBody(body: JsonObject): JsonObject {
  const { stream_options: options, ...rest } = body;
  if (!isObject(options)) return rest;
  const { include_usage: _usage, ...others } = options;
  return Object.keys(others).length === 0 ? rest : { ...rest, stream_options: others };
}
