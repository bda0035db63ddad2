import type { SseEvent } from '../../lib/sse.ts';
import type { JsonObject } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { isObject, objectOr, objectsIn, parseJson, stringOr } from '../json.ts';
import { saidModel } from '../model-names.ts';
import type { AnswerEvent, StreamDecoder } from '../neutral.ts';
import { tierOf, USAGE_AT, type UsageAt, usageOf } from '../usage.ts';
import { readAnnotations } from './citations.ts';
import { callId, contentText } from './decode-answer.ts';
import { blockOpaque, mistralThinking } from './decode-parts.ts';
import { stopOfFinishReason } from './stop-words.ts';

const THINKING_BLOCK = 0;
const TEXT_BLOCK = 1;
const FIRST_CALL_BLOCK = 2;

/**
 * Reads OpenAI chat chunks (the first choice) into neutral events. A call's block number comes from its index, so calls may
 * interleave. The blocks of redacted thinking have negative numbers.
 */
export class ChatStreamDecoder implements StreamDecoder {
  #started = false;
  #answerId = '';
  #said = '';
  readonly #begun = new Set<number>();
  /** The blocks of custom calls that have not ended. Their input is free text, which becomes one JSON string. */
  readonly #custom = new Set<number>();
  #redacted = 0;
  readonly #usageAt: UsageAt;

  /** `usageAt`: the places of the usage in a chunk. */
  constructor(usageAt: UsageAt = USAGE_AT) {
    this.#usageAt = usageAt;
  }

  read({ data }: SseEvent): AnswerEvent[] {
    if (data === null) return [];
    if (data.trim() === '[DONE]') return [...this.#begin({}), ...this.#endCustom(), { is: 'end' }];
    const json = parseJson(data);
    if (!isObject(json)) return [{ is: 'error', message: 'the provider sent an event that is not JSON' }];
    const events = this.#chunk(json);
    const error = inBandError(json);
    if (error !== null) events.push({ is: 'error', message: error });
    return events;
  }

  #chunk(json: JsonObject): AnswerEvent[] {
    const events: AnswerEvent[] = [];
    // Azure first sends its filter results, in a chunk without a name, a model or a choice.
    if (objectsIn(json.choices).length > 0 || saidModel(json.model) !== null) events.push(...this.#begin(json));
    const choice = objectsIn(json.choices).find(({ index }) => index === undefined || index === 0);
    if (choice !== undefined) events.push(...this.#delta(objectOr(choice.delta)), ...this.#finish(choice.finish_reason));
    const usage = usageOf('openai-chat', json, this.#usageAt);
    if (usage !== null) events.push({ is: 'usage', usage, billedTier: tierOf('openai-chat', json) });
    return events;
  }

  #begin(json: JsonObject): AnswerEvent[] {
    if (this.#started) return [];
    this.#started = true;
    this.#answerId = stringOr(json.id, '');
    return [{ is: 'start', id: this.#answerId, model: saidModel(json.model), usage: null }];
  }

  #delta(delta: JsonObject): AnswerEvent[] {
    const events = thinkingEvents(delta);
    for (const { data } of objectsIn(delta.reasoning_details)) {
      const opaque = blockOpaque(data);
      if (opaque !== null) events.push({ is: 'redacted_thinking', block: --this.#redacted, data: opaque });
    }
    const words = contentText(delta.content) + stringOr(delta.refusal, '');
    if (words !== '') events.push({ is: 'text', block: TEXT_BLOCK, text: words });
    this.#said += words;
    for (const citation of readAnnotations(delta.annotations, this.#said))
      events.push({ is: 'citation', block: TEXT_BLOCK, citation });
    for (const [position, call] of callsOf(delta).entries()) events.push(...this.#call(call, position));
    return events;
  }

  #call(call: JsonObject, position: number): AnswerEvent[] {
    const index = typeof call.index === 'number' ? call.index : position;
    const block = FIRST_CALL_BLOCK + index;
    const fn = objectOr(call.function);
    const custom = objectOr(call.custom);
    const events: AnswerEvent[] = [];
    if (!this.#begun.has(block)) {
      this.#begun.add(block);
      const name = stringOr(custom.name, stringOr(fn.name, ''));
      events.push({ is: 'tool_call', block, id: callId(call.id, this.#answerId, index), name });
      if (typeof custom.name === 'string') {
        this.#custom.add(block);
        events.push({ is: 'arguments', block, json: '{"input":"' });
      }
    }
    if (this.#custom.has(block)) {
      const input = stringOr(custom.input, '');
      if (input !== '') events.push({ is: 'arguments', block, json: JSON.stringify(input).slice(1, -1) });
      return events;
    }
    const args = isObject(fn.arguments) ? JSON.stringify(fn.arguments) : stringOr(fn.arguments, '');
    if (args !== '') events.push({ is: 'arguments', block, json: args });
    return events;
  }

  #finish(word: unknown): AnswerEvent[] {
    if (typeof word !== 'string') return [];
    const said = stopOfFinishReason(word);
    // Some compatible servers say `stop` after a tool call.
    const reason = said === 'end' && this.#begun.size > 0 ? 'tool_call' : said;
    return [...this.#endCustom(), { is: 'stop', reason, word, stopSequence: null }];
  }

  /** Ends the JSON strings of custom calls. */
  #endCustom(): AnswerEvent[] {
    const events = [...this.#custom].map((block): AnswerEvent => ({ is: 'arguments', block, json: '"}' }));
    this.#custom.clear();
    return events;
  }
}

function thinkingEvents(delta: JsonObject): AnswerEvent[] {
  const events: AnswerEvent[] = [];
  const thinking = thinkingOf(delta);
  if (thinking !== '') events.push({ is: 'thinking', block: THINKING_BLOCK, text: thinking });
  for (const { signature } of objectsIn(delta.reasoning_details)) {
    const opaque = blockOpaque(signature);
    if (opaque !== null) events.push({ is: 'signature', block: THINKING_BLOCK, signature: opaque });
  }
  return events;
}

function thinkingOf(delta: JsonObject): string {
  const plain = stringOr(delta.reasoning_content, stringOr(delta.reasoning, ''));
  if (plain !== '') return plain;
  return objectsIn(delta.content)
    .map((part) => (part.type === 'thinking' ? mistralThinking(part.thinking) : ''))
    .join('');
}

function callsOf(delta: JsonObject): JsonObject[] {
  const calls = objectsIn(delta.tool_calls);
  return calls.length === 0 && isObject(delta.function_call) ? [{ index: 0, function: delta.function_call }] : calls;
}
