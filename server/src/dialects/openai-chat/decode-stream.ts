import type { SseEvent } from '../../lib/sse.ts';
import type { JsonObject } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { isObject, objectOr, objectsIn, parseJson, stringOr } from '../json.ts';
import type { AnswerEvent, StreamDecoder } from '../neutral.ts';
import { usageOf } from '../usage.ts';
import { readAnnotations } from './citations.ts';
import { callId, contentText } from './decode-answer.ts';
import { mistralThinking } from './decode-parts.ts';
import { stopOfFinishReason } from './stop-words.ts';

const THINKING_BLOCK = 0;
const TEXT_BLOCK = 1;
const FIRST_CALL_BLOCK = 2;

/** Reads OpenAI chat chunks (the first choice) into neutral events. A call's block is named by its own index, so calls may interleave. */
export function chatStreamDecoder(): StreamDecoder {
  let started = false;
  let answerId = '';
  let said = '';
  const begun = new Set<number>();

  function read({ data }: SseEvent): AnswerEvent[] {
    if (data === null) return [];
    if (data.trim() === '[DONE]') return [{ is: 'end' }];
    const json = parseJson(data);
    if (!isObject(json)) return [{ is: 'error', message: 'the provider sent an event that is not JSON' }];
    const events = readChunk(json);
    const error = inBandError(json);
    if (error !== null) events.push({ is: 'error', message: error });
    return events;
  }

  function readChunk(json: JsonObject): AnswerEvent[] {
    const events: AnswerEvent[] = [];
    if (!started && Array.isArray(json.choices)) {
      started = true;
      answerId = stringOr(json.id, '');
      events.push({ is: 'start', id: answerId, usage: null });
    }
    const choice = objectsIn(json.choices).find(({ index }) => index === undefined || index === 0);
    if (choice !== undefined) events.push(...readDelta(objectOr(choice.delta)), ...readFinish(choice));
    const usage = usageOf('openai-chat', json);
    if (usage !== null) events.push({ is: 'usage', usage });
    return events;
  }

  function readDelta(delta: JsonObject): AnswerEvent[] {
    const events: AnswerEvent[] = [];
    const thinking = thinkingOf(delta);
    if (thinking !== '') events.push({ is: 'thinking', block: THINKING_BLOCK, text: thinking });
    for (const detail of objectsIn(delta.reasoning_details)) {
      if (typeof detail.signature === 'string')
        events.push({ is: 'signature', block: THINKING_BLOCK, signature: detail.signature });
    }
    const words = contentText(delta.content) + stringOr(delta.refusal, '');
    if (words !== '') events.push({ is: 'text', block: TEXT_BLOCK, text: words });
    said += words;
    for (const citation of readAnnotations(delta.annotations, said)) events.push({ is: 'citation', block: TEXT_BLOCK, citation });
    for (const [position, call] of callsOf(delta).entries()) events.push(...readCall(call, position));
    return events;
  }

  function readCall(call: JsonObject, position: number): AnswerEvent[] {
    const index = typeof call.index === 'number' ? call.index : position;
    const block = FIRST_CALL_BLOCK + index;
    const fn = objectOr(call.function);
    const events: AnswerEvent[] = [];
    if (!begun.has(block)) {
      begun.add(block);
      events.push({ is: 'tool_call', block, id: callId(call.id, answerId, index), name: stringOr(fn.name, '') });
    }
    const args = isObject(fn.arguments) ? JSON.stringify(fn.arguments) : stringOr(fn.arguments, '');
    if (args !== '') events.push({ is: 'arguments', block, json: args });
    return events;
  }

  function readFinish(choice: JsonObject): AnswerEvent[] {
    const word = choice.finish_reason;
    if (typeof word !== 'string') return [];
    const reason = stopOfFinishReason(word);
    return [{ is: 'stop', reason: reason === 'end' && begun.size > 0 ? 'tool_call' : reason, word, stopSequence: null }];
  }

  return { read };
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
