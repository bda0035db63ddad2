import { textOfArguments } from '../custom-tools.ts';
import type { JsonObject } from '../dialect.ts';
import { objectOr, parseJson } from '../json.ts';
import type { Citation } from '../neutral.ts';
import type { CalledTool } from './tool-names.ts';

/** The state of an item, in OpenAI's words. */
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

export function messageItem(id: string, status: ItemStatus, content: readonly JsonObject[]): JsonObject {
  return { id: `msg_${id}`, type: 'message', status, role: 'assistant', content };
}

export function textContent(text: string, annotations: readonly JsonObject[]): JsonObject {
  return { type: 'output_text', text, annotations, logprobs: [] };
}

export function reasoningItem(id: string, text: string, sealed: string | null): JsonObject {
  return {
    id: `rs_${id}`,
    type: 'reasoning',
    summary: text === '' ? [] : [{ type: 'summary_text', text }],
    ...(sealed === null ? {} : { encrypted_content: sealed }),
  };
}

/** A call of a tool, as other dialects write it. */
interface Call {
  readonly callId: string;
  readonly name: string;
  readonly arguments: string;
}

/** Returns the item that calls a tool, of the kind that the request gave this tool. */
export function callItem(id: string, status: ItemStatus, call: Call, tool: CalledTool | undefined): JsonObject {
  const { callId: call_id, name } = call;
  if (tool?.is === 'custom')
    return {
      id: `ctc_${id}`,
      type: 'custom_tool_call',
      status,
      call_id,
      ...namesOf(tool),
      input: textOfArguments(call.arguments),
    };
  if (tool?.is === 'search')
    return {
      id: `tsc_${id}`,
      type: 'tool_search_call',
      status,
      call_id,
      execution: 'client',
      arguments: objectOr(parseJson(call.arguments)),
    };
  const args = status === 'in_progress' ? '' : call.arguments || '{}';
  return {
    id: `fc_${id}`,
    type: 'function_call',
    status,
    call_id,
    ...(tool === undefined ? { name } : namesOf(tool)),
    arguments: args,
  };
}

function namesOf({ name, namespace }: CalledTool): JsonObject {
  return namespace === null ? { name } : { name, namespace };
}

/** Encodes a citation of the text between two offsets of its part. */
export function urlCitation({ url, title }: Citation, start: number, end: number): JsonObject {
  return { type: 'url_citation', start_index: start, end_index: end, url, title: title ?? url };
}
