import { bytesText } from '../../../numbers/numbers.ts';
import { words } from '../words.ts';
import { isObject, type Json, textIn, writtenText } from './json.ts';
import type { Message, Part } from './message.ts';

/** Reads messages of both dialects, from requests and from whole answers. */

/** A message whose texts are not bounded yet. */
export type Draft = Pick<Message, 'role' | 'parts' | 'stop'>;

interface WholeAnswer {
  readonly is: 'whole' | 'unreadable';
  readonly messages: readonly Draft[];
  readonly error: string | null;
}

/** Returns the system prompt of an Anthropic request, which is not one of its messages. */
export function readSystem({ system }: Json): readonly Draft[] {
  const parts = system === undefined || system === null ? [] : partsOfContent(system);
  return parts.length === 0 ? [] : [{ role: 'system', parts, stop: null }];
}

export function readMessages(messages: readonly unknown[]): readonly Draft[] {
  return messages.map((message) =>
    isObject(message) ? readMessage(message, null) : { role: '', parts: [other(message)], stop: null },
  );
}

/** Reads an answer that is one JSON object: a chat completion, a message, or an error. */
export function readWholeAnswer(answer: Json): WholeAnswer {
  const error = errorOf(answer);
  if (Array.isArray(answer.choices)) {
    const messages = answer.choices.filter(isObject).map((choice) => {
      const message = isObject(choice.message) ? choice.message : {};
      return readMessage({ role: 'assistant', ...message }, textIn(choice, 'finish_reason') || null);
    });
    return { is: 'whole', messages, error };
  }
  if (Array.isArray(answer.content))
    return {
      is: 'whole',
      messages: [readMessage({ role: 'assistant', ...answer }, textIn(answer, 'stop_reason') || null)],
      error,
    };
  return { is: error === null ? 'unreadable' : 'whole', messages: [], error };
}

/** Returns the message of an error in either dialect. Null if there is none. */
export function errorOf({ error }: Json): string | null {
  if (error === undefined || error === null || error === false) return null;
  if (isObject(error) && typeof error.message === 'string') return error.message;
  return writtenText(error);
}

function readMessage(message: Json, stop: string | null): Draft {
  const role = textIn(message, 'role');
  if (typeof message.bytes === 'number' && message.content === undefined)
    return { role, parts: [{ is: 'size', bytes: message.bytes }], stop };
  const content = partsOfContent(message.content);
  const thought = textIn(message, 'reasoning_content') || textIn(message, 'reasoning');
  const thinking: Part[] = thought === '' ? [] : [{ is: 'thinking', text: thought }];
  const refusal: Part[] = textIn(message, 'refusal') === '' ? [] : [{ is: 'refusal', text: textIn(message, 'refusal') }];
  const said = role === 'tool' || role === 'function' ? [resultOf(message, textIn(message, 'tool_call_id'))] : content;
  return { role, parts: [...thinking, ...said, ...refusal, ...callsOf(message)], stop };
}

/** Returns the calls of tools in a chat message, with the older `function_call`. */
function callsOf({ tool_calls, function_call }: Json): readonly Part[] {
  const calls = Array.isArray(tool_calls) ? tool_calls : [];
  const older = isObject(function_call) ? [{ function: function_call }] : [];
  return [...calls, ...older].map((call: unknown) => {
    if (!isObject(call)) return other(call);
    const named = isObject(call.function) ? call.function : isObject(call.custom) ? call.custom : {};
    const input = named.arguments ?? named.input ?? '';
    return { is: 'call', id: textIn(call, 'id'), name: textIn(named, 'name'), input: writtenText(input) };
  });
}

/** Returns the parts of a message's content: text, or a list of blocks of either dialect. */
export function partsOfContent(content: unknown): readonly Part[] {
  if (content === undefined || content === null || content === '') return [];
  if (typeof content === 'string') return [{ is: 'text', text: content }];
  return Array.isArray(content) ? content.map(partOf) : [other(content)];
}

function partOf(block: unknown): Part {
  if (typeof block === 'string') return { is: 'text', text: block };
  if (!isObject(block)) return other(block);
  const type = textIn(block, 'type');
  switch (type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return { is: 'text', text: textIn(block, 'text') };
    case 'thinking':
    case 'reasoning':
      return { is: 'thinking', text: textIn(block, 'thinking') || textIn(block, 'text') };
    case 'redacted_thinking':
      return { is: 'thinking', text: words.hiddenByTheProvider };
    case 'refusal':
      return { is: 'refusal', text: textIn(block, 'refusal') };
    case 'tool_use':
    case 'server_tool_use':
    case 'mcp_tool_use':
      return { is: 'call', id: textIn(block, 'id'), name: textIn(block, 'name'), input: writtenText(block.input ?? {}) };
    default:
      if (type.endsWith('tool_result')) return resultOf(block, textIn(block, 'tool_use_id'));
      return mediaOf(type, block) ?? other(block, type);
  }
}

function resultOf(block: Json, id: string): Part {
  return { is: 'result', id, text: resultText(block.content), isError: block.is_error === true };
}

function resultText(content: unknown): string {
  if (!Array.isArray(content)) return content === undefined || content === null ? '' : writtenText(content);
  return content.map(blockText).join('\n');
}

function blockText(block: unknown): string {
  if (!isObject(block)) return writtenText(block);
  const type = textIn(block, 'type');
  if (type === 'text') return textIn(block, 'text');
  const media = mediaOf(type, block);
  return media?.is === 'media' ? `[${media.kind}${media.about === '' ? '' : `, ${media.about}`}]` : writtenText(block);
}

const MEDIA: Readonly<Record<string, string>> = words.media;

/** Returns a placeholder for an image, audio or file. Its data is never loaded, and an address in it is shown as text. */
function mediaOf(type: string, block: Json): Part | null {
  const kind = Object.hasOwn(MEDIA, type) ? MEDIA[type] : undefined;
  if (kind === undefined) return null;
  const inner = block.source ?? block.image_url ?? block.input_audio ?? block.file ?? block;
  const source = typeof inner === 'string' ? { url: inner } : isObject(inner) ? inner : {};
  const name = textIn(source, 'filename') || textIn(block, 'title');
  const format = textIn(source, 'media_type') || textIn(source, 'format');
  const data = textIn(source, 'data') || textIn(source, 'file_data');
  const about = [name, format, data === '' ? '' : sizeText(data), addressText(textIn(source, 'url'))];
  return { is: 'media', kind, about: about.filter((word) => word !== '').join(', ') };
}

function addressText(url: string): string {
  const inline = /^data:([\w.+/-]{0,80})[;,]/.exec(url);
  return inline === null ? url.slice(0, 500) : [inline[1], sizeText(url)].filter((word) => word !== '').join(', ');
}

/** Returns the size of base64 data: three bytes in four characters. */
function sizeText(data: string): string {
  return bytesText(Math.floor((data.length * 3) / 4));
}

function other(value: unknown, kind = ''): Part {
  return { is: 'other', kind: kind || (value === null ? 'null' : typeof value), text: writtenText(value) };
}
