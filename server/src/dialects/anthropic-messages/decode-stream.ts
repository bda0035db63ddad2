import type { SseEvent } from '../../lib/sse.ts';
import type { JsonObject } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { isObject, numberOr, objectOr, parseJson, stringOr } from '../json.ts';
import { saidModel } from '../model-names.ts';
import type { AnswerEvent, StreamDecoder } from '../neutral.ts';
import { anthropicUsage, mergeReports, tierOf } from '../usage.ts';
import { stopOfStopReason } from './stop-words.ts';
import { StreamedBlocks } from './streamed-blocks.ts';

/** Reads Anthropic message events into neutral ones. Blocks of the provider's own tools are left out. */
export class MessagesStreamDecoder implements StreamDecoder {
  readonly #blocks = new StreamedBlocks();
  #reported: JsonObject | null = null;

  read({ data }: SseEvent): AnswerEvent[] {
    if (data === null) return [];
    const json = parseJson(data);
    if (!isObject(json)) return [{ is: 'error', message: 'the provider sent an event that is not JSON' }];
    switch (json.type) {
      case 'message_start':
        return this.#start(objectOr(json.message));
      case 'content_block_start':
        return this.#blocks.begin(numberOr(json.index, 0), objectOr(json.content_block));
      case 'content_block_delta':
        return this.#blocks.delta(numberOr(json.index, 0), objectOr(json.delta));
      case 'content_block_stop':
        return this.#blocks.finish(numberOr(json.index, 0));
      case 'message_delta':
        return this.#delta(json);
      case 'message_stop':
        return [{ is: 'end' }];
      case 'error':
        return [{ is: 'error', message: inBandError(json) ?? 'the provider failed' }];
      default:
        return [];
    }
  }

  #start(message: JsonObject): AnswerEvent[] {
    const again = this.#reported !== null;
    this.#reported = objectOr(message.usage);
    if (again) {
      this.#blocks.restart();
      return [];
    }
    const usage = anthropicUsage(this.#reported);
    const start = { is: 'start', id: stringOr(message.id, ''), model: saidModel(message.model) } as const;
    return usage === 'implausible'
      ? [
          { ...start, usage: null },
          { is: 'usage', usage, billedTier: null },
        ]
      : [{ ...start, usage }];
  }

  #delta({ delta, usage }: JsonObject): AnswerEvent[] {
    const { stop_reason: word, stop_sequence: sequence } = objectOr(delta);
    const events: AnswerEvent[] = [];
    if (typeof word === 'string') {
      events.push({ is: 'stop', reason: stopOfStopReason(word), word, stopSequence: stringOr(sequence, null) });
    }
    if (isObject(usage)) this.#reported = mergeReports(this.#reported, usage);
    const known = this.#reported === null ? null : anthropicUsage(this.#reported);
    const billedTier = tierOf('anthropic-messages', { usage: this.#reported });
    if (known !== null) events.push({ is: 'usage', usage: known, billedTier });
    return events;
  }
}
