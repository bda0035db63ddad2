import type { SseEvent } from '../../lib/sse.ts';
import type { JsonObject } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { isObject, objectOr, parseJson, stringOr } from '../json.ts';
import type { AnswerEvent, StreamDecoder } from '../neutral.ts';
import { usageOf } from '../usage.ts';
import { citationsOf } from './citations.ts';
import { argumentsOf, callIdOf } from './decode-answer.ts';
import { failureOf } from './failures.ts';
import { stopOf } from './stop-words.ts';

type Kind = 'plan' | 'text' | 'thinking' | 'call';

/** Reads the typed events of Cohere's streams into neutral events. */
export class CohereStreamDecoder implements StreamDecoder {
  #isStarted = false;
  #id = '';
  /** The numbers of the blocks, by kind and index: contents and calls are counted apart. */
  readonly #blocks = new Map<string, number>();
  #textBlock = -1;
  #calls = 0;
  /** The blocks of the calls that have arguments. */
  readonly #argued = new Set<number>();

  read({ data }: SseEvent): AnswerEvent[] {
    if (data === null || data.trim() === '[DONE]') return [];
    const json = parseJson(data);
    if (!isObject(json)) return [{ is: 'error', message: 'the provider sent an event that is not JSON' }];
    const error = inBandError(json) ?? (typeof json.message === 'string' ? json.message : null);
    if (error !== null) return [{ is: 'error', message: error }];
    return typeof json.type === 'string' ? [...this.#begin(json), ...this.#event(json)] : [];
  }

  #begin(json: JsonObject): AnswerEvent[] {
    if (this.#isStarted) return [];
    this.#isStarted = true;
    this.#id = stringOr(json.id, '');
    return [{ is: 'start', id: this.#id, model: null, usage: null }];
  }

  #event(json: JsonObject): AnswerEvent[] {
    const message = objectOr(objectOr(json.delta).message);
    const index = typeof json.index === 'number' ? json.index : 0;
    switch (json.type) {
      case 'tool-plan-delta':
        return this.#words('plan', 0, message.tool_plan);
      case 'content-start':
      case 'content-delta': {
        const { thinking, text } = objectOr(message.content);
        return [...this.#words('thinking', index, thinking), ...this.#words('text', index, text)];
      }
      case 'tool-call-start':
      case 'tool-call-delta':
        return this.#call(objectOr(message.tool_calls), index);
      case 'citation-start':
        return this.#citations(message.citations);
      case 'message-end':
        return this.#end(json);
      default:
        return [];
    }
  }

  /** Returns the block of a content or a call. A new one ends the block before it: none of them interleave. */
  #blockOf(kind: Kind, index: number): { readonly block: number; readonly ended: AnswerEvent[] } {
    const key = `${kind} ${index}`;
    const known = this.#blocks.get(key);
    if (known !== undefined) return { block: known, ended: [] };
    const block = this.#blocks.size;
    this.#blocks.set(key, block);
    return { block, ended: this.#ended(block - 1) };
  }

  #ended(block: number): AnswerEvent[] {
    return block === -1 ? [] : [{ is: 'block_end', block }];
  }

  #words(kind: 'plan' | 'text' | 'thinking', index: number, said: unknown): AnswerEvent[] {
    if (typeof said !== 'string' || said === '') return [];
    const { block, ended } = this.#blockOf(kind, index);
    if (kind !== 'text') return [...ended, { is: 'thinking', block, text: said }];
    this.#textBlock = block;
    return [...ended, { is: 'text', block, text: said }];
  }

  #call(call: JsonObject, index: number): AnswerEvent[] {
    const isNew = !this.#blocks.has(`call ${index}`);
    const { block, ended: events } = this.#blockOf('call', index);
    const { name, arguments: args } = objectOr(call.function);
    if (isNew) events.push({ is: 'tool_call', block, id: callIdOf(call.id, this.#id, this.#calls++), name: stringOr(name, '') });
    // Only a whole text of arguments can be the word `null` for none. Later it is a part of them.
    const json = this.#argued.has(block) ? stringOr(args, '') : argumentsOf(args);
    if (json === '') return events;
    this.#argued.add(block);
    return [...events, { is: 'arguments', block, json }];
  }

  /** A citation follows the words that it supports. Before any words it supports none. */
  #citations(citations: unknown): AnswerEvent[] {
    if (this.#textBlock === -1) return [];
    const list = Array.isArray(citations) ? citations : [citations];
    return citationsOf(list).map((citation) => ({ is: 'citation', block: this.#textBlock, citation }));
  }

  #end(json: JsonObject): AnswerEvent[] {
    const delta = objectOr(json.delta);
    const usage = usageOf('cohere-chat', delta);
    const reported: AnswerEvent[] = usage === null ? [] : [{ is: 'usage', usage, billedTier: null }];
    const failure = failureOf(json);
    if (failure !== null) return [...reported, { is: 'error', message: inBandError(failure) ?? '' }];
    const word = stringOr(delta.finish_reason, 'COMPLETE');
    const stop: AnswerEvent = { is: 'stop', reason: stopOf(word, this.#calls > 0), word, stopSequence: null };
    return [...this.#ended(this.#blocks.size - 1), stop, ...reported, { is: 'end' }];
  }
}
