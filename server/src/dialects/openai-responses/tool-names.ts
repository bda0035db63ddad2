import { hash } from 'node:crypto';
import type { JsonObject } from '../dialect.ts';
import { arrayOr, isObject, objectsIn, stringOr } from '../json.ts';

/** A tool of a Responses request, with the path of its definition. */
export interface NamedTool {
  readonly tool: JsonObject;
  /** The name of the group it is in; null: none. */
  readonly namespace: string | null;
  readonly param: string;
}

/** The kind of item that calls a tool, and the name it has there. */
export interface CalledTool {
  readonly is: 'function' | 'custom' | 'search';
  readonly name: string;
  readonly namespace: string | null;
}

/** The tool that a client searches its other tools with, as a function of other dialects. */
export const SEARCH_TOOL = 'tool_search';

/** The longest name of a tool that all dialects accept. */
const NAME_CHARS_MAX = 64;
const HASH_CHARS = 12;

/**
 * Returns the name of a tool for dialects without namespaces. The same tool always gets the same name. OpenAI gives a tool that
 * its own search found a namespace of the tool's name.
 */
export function flatName(name: string, namespace: string | null): string {
  const flat = namespace === null || namespace === '' || namespace === name ? name : `${namespace}__${name}`;
  if (flat.length <= NAME_CHARS_MAX) return flat;
  return `${flat.slice(0, NAME_CHARS_MAX - HASH_CHARS - 1)}_${hash('sha256', flat, 'hex').slice(0, HASH_CHARS)}`;
}

/**
 * Returns all tools of a request: those of `tools`, of namespaces, and those that items of the conversation add. Of tools with
 * the same name, the last one counts.
 */
export function toolsIn(body: JsonObject): NamedTool[] {
  const found: NamedTool[] = [];
  collect(arrayOr(body.tools), null, 'tools', found);
  arrayOr(body.input).forEach((item, at) => {
    if (!isObject(item)) return;
    const adds = item.type === 'additional_tools' || (item.type === 'tool_search_output' && item.execution === 'client');
    if (adds) collect(arrayOr(item.tools), null, `input[${at}].tools`, found);
  });
  return found;
}

function collect(tools: readonly unknown[], namespace: string | null, where: string, found: NamedTool[]): void {
  tools.forEach((tool, at) => {
    const param = `${where}[${at}]`;
    if (!isObject(tool)) found.push({ tool: {}, namespace, param });
    else if (tool.type === 'namespace' && namespace === null)
      collect(objectsIn(tool.tools), stringOr(tool.name, ''), `${param}.tools`, found);
    else found.push({ tool, namespace, param });
  });
}

/** Returns how each tool is called in this dialect, by its name in others. */
export function calledTools(body: JsonObject): ReadonlyMap<string, CalledTool> {
  const called = new Map<string, CalledTool>();
  for (const { tool, namespace } of toolsIn(body)) {
    if (tool.type === 'tool_search') {
      if (tool.execution === 'client') called.set(SEARCH_TOOL, { is: 'search', name: SEARCH_TOOL, namespace: null });
      continue;
    }
    if (typeof tool.name !== 'string') continue;
    const is = tool.type === 'custom' ? 'custom' : 'function';
    if (is === 'custom' || namespace !== null) called.set(flatName(tool.name, namespace), { is, name: tool.name, namespace });
  }
  return called;
}
