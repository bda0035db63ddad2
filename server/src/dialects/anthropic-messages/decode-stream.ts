import type { SseEvent } from '../../lib/sse.ts';
import type { JsonObject } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { isObject, numberOr, objectOr, parseJson, stringOr } from '../json.ts';
import type { AnswerEvent, StreamDecoder } from '../neutral.ts';
import { anthropicUsage, mergeReports } from '../usage.ts';
import { restarts } from './restarts.ts';
import { stopOfStopReason } from './stop-words.ts';

/** Reads Anthropic message events into neutral ones. Blocks of the provider's own tools are left out. */
export function messagesStreamDecoder(): StreamDecoder {
  let reported: JsonObject | null = null;
  const restart = restarts();

  function read({ data }: SseEvent): AnswerEvent[] {
    if (data === null) return [];
    const json = parseJson(data);
    if (!isObject(json)) return [{ is: 'error', message: 'the provider sent an event that is not JSON' }];
    switch (json.type) {
      case 'message_start':
        return start(objectOr(json.message));
      case 'content_block_start':
        return restart.begin(numberOr(json.index, 0), objectOr(json.content_block));
      case 'content_block_delta':
        return restart.delta(numberOr(json.index, 0), objectOr(json.delta));
      case 'content_block_stop':
        return restart.finish(numberOr(json.index, 0));
      case 'message_delta':
        return messageDelta(json);
      case 'message_stop':
        return [{ is: 'end' }];
      case 'error':
        return [{ is: 'error', message: inBandError(json) ?? 'the provider failed' }];
      default:
        return [];
    }
  }

  function start(message: JsonObject): AnswerEvent[] {
    const again = reported !== null;
    reported = objectOr(message.usage);
    if (again) restart.again();
    return again ? [] : [{ is: 'start', id: stringOr(message.id, ''), usage: anthropicUsage(reported) }];
  }

  function messageDelta({ delta, usage }: JsonObject): AnswerEvent[] {
    const { stop_reason: word, stop_sequence: sequence } = objectOr(delta);
    const events: AnswerEvent[] = [];
    if (typeof word === 'string')
      events.push({ is: 'stop', reason: stopOfStopReason(word), word, stopSequence: stringOr(sequence, null) });
    if (isObject(usage)) reported = mergeReports(reported, usage);
    const known = reported === null ? null : anthropicUsage(reported);
    if (known !== null) events.push({ is: 'usage', usage: known });
    return events;
  }

  return { read };
}
