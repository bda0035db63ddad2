import type { SseEvent } from '../../lib/sse.ts';
import type { JsonObject } from '../dialect.ts';
import { isObject, numberOr, objectOr, parseJson, stringOr } from '../json.ts';
import { saidModel } from '../model-names.ts';
import type { AnswerEvent, StreamDecoder } from '../neutral.ts';
import { tierOf, usageOf } from '../usage.ts';
import { isCall, namedCall, readCitation, sealedIn, stopOf } from './decode-answer.ts';
import { errorMessage } from './read-error.ts';

interface Item {
  readonly block: number;
  readonly is: 'message' | 'reasoning' | 'function' | 'custom';
  /** The text or arguments so far. */
  said: string;
  /** The part of a summary that was written last. */
  summary: number;
  isDone: boolean;
}

/** Reads the events of a response into neutral events. Steps of the provider's own tools are left out. */
export class ResponsesStreamDecoder implements StreamDecoder {
  readonly #items = new Map<number, Item>();
  #started = false;
  #calls = false;

  read({ data }: SseEvent): AnswerEvent[] {
    if (data === null || data.trim() === '[DONE]') return [];
    const json = parseJson(data);
    if (!isObject(json)) return [{ is: 'error', message: 'the provider sent an event that is not JSON' }];
    const type = stringOr(json.type, '');
    switch (type) {
      case 'response.created':
      case 'response.in_progress':
        return this.#start(objectOr(json.response));
      case 'response.output_item.added':
        return this.#begin(json, objectOr(json.item));
      case 'response.output_item.done':
        return this.#finish(json, objectOr(json.item));
      case 'response.completed':
      case 'response.incomplete':
        return this.#end(objectOr(json.response));
      case 'response.failed':
        return [...this.#usage(objectOr(json.response)), { is: 'error', message: errorMessage(json) }];
      case 'error':
        return [{ is: 'error', message: errorMessage(json) }];
      default:
        return this.#within(type, json);
    }
  }

  #start(response: JsonObject): AnswerEvent[] {
    if (this.#started) return [];
    this.#started = true;
    return [{ is: 'start', id: stringOr(response.id, ''), model: saidModel(response.model), usage: null }];
  }

  #begin({ output_index: index }: JsonObject, json: JsonObject): AnswerEvent[] {
    const block = numberOr(index, 0);
    if (this.#items.has(block)) return [];
    const is = KINDS.get(json.type);
    if (is === undefined) return [];
    this.#items.set(block, { block, is, said: '', summary: 0, isDone: false });
    if (!isCall(json)) return [];
    this.#calls = true;
    const call: AnswerEvent = { is: 'tool_call', block, ...namedCall(json) };
    return is === 'custom' ? [call, { is: 'arguments', block, json: '{"input":"' }] : [call];
  }

  #within(type: string, json: JsonObject): AnswerEvent[] {
    const item = this.#items.get(numberOr(json.output_index, 0));
    if (item === undefined || item.isDone) return [];
    const { block } = item;
    switch (type) {
      case 'response.refusal.delta':
        return [{ is: 'refusal', block, text: stringOr(json.delta, '') }];
      case 'response.output_text.delta':
        return this.#say(item, stringOr(json.delta, ''));
      case 'response.output_text.annotation.added':
        return readCitation(objectOr(json.annotation), item.said).map((citation) => ({ is: 'citation', block, citation }));
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return this.#say(item, this.#gap(item, numberOr(json.summary_index, 0)) + stringOr(json.delta, ''));
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        return this.#say(item, stringOr(json.delta, ''));
      default:
        return [];
    }
  }

  #gap(item: Item, summary: number): string {
    if (item.summary === summary || item.said === '') return '';
    item.summary = summary;
    return '\n\n';
  }

  #say(item: Item, said: string): AnswerEvent[] {
    if (said === '') return [];
    const { block, is } = item;
    item.said += said;
    switch (is) {
      case 'message':
        return [{ is: 'text', block, text: said }];
      case 'reasoning':
        return [{ is: 'thinking', block, text: said }];
      case 'function':
        return [{ is: 'arguments', block, json: said }];
      case 'custom':
        return [{ is: 'arguments', block, json: JSON.stringify(said).slice(1, -1) }];
    }
  }

  /** Ends an item. Some servers write its arguments only here. */
  #finish(json: JsonObject, item: JsonObject): AnswerEvent[] {
    const begun = this.#begin(json, item);
    const open = this.#items.get(numberOr(json.output_index, 0));
    if (open === undefined || open.isDone) return begun;
    open.isDone = true;
    const whole = open.is === 'function' ? item.arguments : open.is === 'custom' ? item.input : null;
    const late = open.said === '' ? this.#say(open, stringOr(whole, '')) : [];
    return [...begun, ...late, ...sealed(open, item), ...closed(open), { is: 'block_end', block: open.block }];
  }

  #end(response: JsonObject): AnswerEvent[] {
    const { reason, word } = stopOf(response, this.#calls);
    const open = [...this.#items.values()].filter(({ isDone }) => !isDone);
    return [
      ...this.#start(response),
      ...open.flatMap(closed),
      { is: 'stop', reason, word, stopSequence: null },
      ...this.#usage(response),
      { is: 'end' },
    ];
  }

  #usage(response: JsonObject): AnswerEvent[] {
    const usage = usageOf('openai-responses', response);
    return usage === null ? [] : [{ is: 'usage', usage, billedTier: tierOf('openai-responses', response) }];
  }
}

/** Returns the encrypted reasoning that an item ends with. */
function sealed({ is, block, said }: Item, json: JsonObject): AnswerEvent[] {
  const opaque = is === 'reasoning' ? sealedIn(json) : null;
  if (opaque === null) return [];
  return [said === '' ? { is: 'redacted_thinking', block, data: opaque } : { is: 'signature', block, signature: opaque }];
}

/** Returns the end of the JSON that a tool's free text became. */
function closed({ is, block }: Item): AnswerEvent[] {
  return is === 'custom' ? [{ is: 'arguments', block, json: '"}' }] : [];
}

/** A map, because a provider may send any word. */
const KINDS: ReadonlyMap<unknown, Item['is']> = new Map<unknown, Item['is']>([
  ['message', 'message'],
  ['reasoning', 'reasoning'],
  ['function_call', 'function'],
  ['custom_tool_call', 'custom'],
]);
