import { cacheMarkOf } from '../cache-marks.ts';
import { argumentsOfText } from '../custom-tools.ts';
import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { RESPONSES_ITEM, RESPONSES_PART } from '../inner-fields.ts';
import { isObject, objectsIn, stringOr } from '../json.ts';
import type { Losses } from '../losses.ts';
import { documentOf, urlSource } from '../media-parts.ts';
import type { NeutralMessage, Opaque, Part } from '../neutral.ts';
import { text } from '../neutral.ts';
import { isSealedHere, openedThinking } from './sealed-thinking.ts';
import { flatName, SEARCH_TOOL } from './tool-names.ts';

interface Turn {
  readonly role: NeutralMessage['role'];
  readonly parts: Part[];
  /** True if it holds only results of tools, so that a further result joins it. */
  readonly isResults: boolean;
}

/**
 * Decodes the input of a request into messages. Items of the model that follow one another become one message, and so do results
 * of tools. Throws Untranslatable.
 */
export function readItems(input: unknown, losses: Losses): NeutralMessage[] {
  if (typeof input === 'string') return [{ role: 'user', parts: [text(input)] }];
  if (!Array.isArray(input)) throw new Untranslatable('input', 'input must be a string or an array');
  const turns: Turn[] = [];
  input.forEach((item, at) => {
    if (!isObject(item)) throw new Untranslatable(`input[${at}]`, `input[${at}] must be an object`);
    readItem(item, `input[${at}]`, turns, losses);
  });
  return turns.map(({ role, parts }) => ({ role, parts }));
}

function readItem(item: JsonObject, where: string, turns: Turn[], losses: Losses): void {
  if (!LEFT_OUT.has(item.type)) losses.dropOthers(item, RESPONSES_ITEM, 'input');
  switch (item.type) {
    case undefined:
    case null:
    case 'message':
      readMessage(item, where, turns, losses);
      return;
    case 'reasoning':
      addModels(thinkingOf(item), turns);
      return;
    case 'function_call':
      addModels([callOf(item, stringOr(item.arguments, ''))], turns);
      return;
    case 'custom_tool_call':
      addModels([callOf(item, argumentsOfText(item.input))], turns);
      return;
    case 'tool_search_call':
      if (item.execution === 'client')
        addModels([callOf({ ...item, name: SEARCH_TOOL }, JSON.stringify(item.arguments ?? {}))], turns);
      return;
    case 'function_call_output':
    case 'custom_tool_call_output':
      addResult(item, contentParts(item.output, `${where}.output`, losses), turns);
      return;
    case 'tool_search_output':
      // The tools themselves join the tools of the request.
      if (item.execution === 'client') addResult(item, [text(foundNames(item))], turns);
      return;
    default:
      if (item.type === 'additional_tools') return;
      if (LEFT_OUT.has(item.type)) {
        losses.dropField(`input.${String(item.type)}`);
        return;
      }
      throw new Untranslatable(`${where}.type`, `this model does not support ${JSON.stringify(item.type)} items`);
  }
}

/**
 * Items without a meaning of their own for another provider: steps of tools that the provider ran, whose outcome is in the text
 * after them.
 */
const LEFT_OUT: ReadonlySet<unknown> = new Set([
  ...['web_search_call', 'file_search_call', 'code_interpreter_call', 'mcp_list_tools', 'mcp_call'],
]);

function readMessage(item: JsonObject, where: string, turns: Turn[], losses: Losses): void {
  const parts = contentParts(item.content, `${where}.content`, losses);
  switch (item.role) {
    case 'assistant':
      addModels(parts, turns);
      return;
    case 'user':
      turns.push({ role: 'user', parts, isResults: false });
      return;
    case 'system':
    case 'developer':
      turns.push({ role: 'system', parts, isResults: false });
      return;
    default:
      throw new Untranslatable(`${where}.role`, `${where}.role must be user, assistant, system or developer`);
  }
}

function addModels(parts: readonly Part[], turns: Turn[]): void {
  if (parts.length === 0) return;
  const last = turns.at(-1);
  if (last?.role === 'assistant') last.parts.push(...parts);
  else turns.push({ role: 'assistant', parts: [...parts], isResults: false });
}

function addResult(item: JsonObject, parts: readonly Part[], turns: Turn[]): void {
  const result: Part = { is: 'tool_result', callId: stringOr(item.call_id, ''), parts, failed: false, cache: null };
  const last = turns.at(-1);
  if (last?.isResults === true) last.parts.push(result);
  else turns.push({ role: 'user', parts: [result], isResults: true });
}

function callOf(item: JsonObject, args: string): Part {
  const name = flatName(stringOr(item.name, ''), stringOr(item.namespace, null));
  return { is: 'tool_call', id: stringOr(item.call_id, ''), name, arguments: args, signature: null, cache: null };
}

function foundNames(item: JsonObject): string {
  return JSON.stringify({ tools: objectsIn(item.tools).map(({ name }) => name) });
}

/** Decodes reasoning: what another provider signed is returned to it unchanged, and a summary is plain text. */
function thinkingOf(item: JsonObject): Part[] {
  const opened = openedThinking(item.encrypted_content);
  if (opened !== null) return [opened];
  const said = reasoningText(item);
  const sealed = stringOr(item.encrypted_content, '');
  const own: Opaque | null = sealed === '' || isSealedHere(sealed) ? null : { issuer: 'openai', data: sealed };
  if (said !== '') return [{ is: 'thinking', text: said, signature: own }];
  return own === null ? [] : [{ is: 'redacted_thinking', data: own }];
}

/** Returns the readable text of a reasoning item: its own, or else its summary. */
export function reasoningText(item: JsonObject): string {
  const own = objectsIn(item.content).map((part) => stringOr(part.text, ''));
  const parts = own.length > 0 ? own : objectsIn(item.summary).map((part) => stringOr(part.text, ''));
  return parts.filter((part) => part !== '').join('\n\n');
}

function contentParts(content: unknown, where: string, losses: Losses): Part[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return content === '' ? [] : [text(content)];
  if (!Array.isArray(content)) throw new Untranslatable(where, `${where} must be a string or an array`);
  return content.map((part, at) => partOf(part, `${where}[${at}]`, losses));
}

function partOf(part: unknown, where: string, losses: Losses): Part {
  if (!isObject(part)) throw new Untranslatable(where, `${where} must be an object`);
  losses.dropOthers(part, RESPONSES_PART, 'input');
  const cache = cacheMarkOf(part);
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return text(stringOr(part.text, ''), cache);
    case 'refusal':
      return { is: 'refusal', text: stringOr(part.refusal, '') };
    case 'input_image':
      if (typeof part.image_url !== 'string')
        throw new Untranslatable(`${where}.image_url`, `${where}.image_url must be a string`);
      loseDetail(part, losses);
      return { is: 'image', source: urlSource(part.image_url), title: null, cache, at: where };
    case 'input_file':
      loseDetail(part, losses);
      if (typeof part.file_url !== 'string') return documentOf(part, where, cache);
      return { is: 'document', source: urlSource(part.file_url), title: stringOr(part.filename, null), cache, at: where };
    default:
      throw new Untranslatable(`${where}.type`, `this model does not support ${JSON.stringify(part.type)} parts`);
  }
}

/** Notes how closely media were to be looked at, which no other dialect can say. */
function loseDetail({ detail }: JsonObject, losses: Losses): void {
  if (typeof detail === 'string' && detail !== 'auto') losses.dropField('input.detail');
}
