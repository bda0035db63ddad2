import type { SseEvent } from '../../lib/sse.ts';
import type { JsonObject } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { isObject, numberOr, objectOr, parseJson, stringOr } from '../json.ts';
import type { AnswerEvent, StreamDecoder } from '../neutral.ts';
import { tierOf, usageOf } from '../usage.ts';
import { stopSequenceIn } from './decode-answer.ts';
import { citationsOf, sealed } from './decode-parts.ts';
import { JSON_TOOL, withoutJsonTool } from './json-tool.ts';
import { stopOfConverse } from './stop-words.ts';

/** The kind of a block in the making. `json`: the call that is shown as text. `other`: a step of a tool that runs at Amazon. */
type Block = 'plain' | 'call' | 'json' | 'other';

/**
 * Reads the events of ConverseStream into neutral ones. The provider writes each frame as an event with the frame's type as its
 * name. The report of usage comes last, after the reason for the end; some servers send them the other way round.
 */
export class ConverseStreamDecoder implements StreamDecoder {
  readonly #blocks = new Map<number, Block>();
  readonly #called = { json: false, others: false };
  #hasStarted = false;
  #hasStopped = false;
  #report: AnswerEvent[] | null = null;

  read({ name, data }: SseEvent): AnswerEvent[] {
    if (data === null) return [];
    const json = parseJson(data);
    if (!isObject(json)) return [{ is: 'error', message: 'the provider sent an event that is not JSON' }];
    if (name === 'error') return [{ is: 'error', message: inBandError(json) ?? 'the provider failed' }];
    if (this.#hasStarted) return this.#eventsOf(name, json);
    this.#hasStarted = true;
    const start = { is: 'start', id: stringOr(json.requestId, ''), model: null, usage: null } as const;
    return [start, ...this.#eventsOf(name, json)];
  }

  /** A stream that ended after the reason for its end is whole, also without a report of usage. */
  ended(): AnswerEvent[] {
    return this.#hasStopped ? [{ is: 'end' }] : [];
  }

  #eventsOf(name: string | null, json: JsonObject): AnswerEvent[] {
    const block = numberOr(json.contentBlockIndex, 0);
    switch (name) {
      case 'contentBlockStart':
        return this.#begin(block, objectOr(json.start));
      case 'contentBlockDelta':
        return this.#delta(block, objectOr(json.delta));
      case 'contentBlockStop':
        return this.#finish(block);
      case 'messageStop':
        return this.#stop(json);
      case 'metadata':
        return this.#reported(json);
      default:
        return [];
    }
  }

  #begin(block: number, { toolUse, toolResult }: JsonObject): AnswerEvent[] {
    if (isObject(toolResult) || objectOr(toolUse).type === 'server_tool_use') {
      this.#blocks.set(block, 'other');
      return [];
    }
    if (!isObject(toolUse)) return [];
    const isJson = toolUse.name === JSON_TOOL;
    this.#blocks.set(block, isJson ? 'json' : 'call');
    this.#called[isJson ? 'json' : 'others'] = true;
    if (isJson) return [];
    return [{ is: 'tool_call', block, id: stringOr(toolUse.toolUseId, ''), name: stringOr(toolUse.name, '') }];
  }

  #delta(block: number, delta: JsonObject): AnswerEvent[] {
    const kind = this.#blocks.get(block) ?? 'plain';
    if (kind === 'other') return [];
    if (kind !== 'plain') {
      const json = stringOr(objectOr(delta.toolUse).input, '');
      if (json === '') return [];
      return [kind === 'json' ? { is: 'text', block, text: json } : { is: 'arguments', block, json }];
    }
    this.#blocks.set(block, 'plain');
    if (typeof delta.text === 'string') return delta.text === '' ? [] : [{ is: 'text', block, text: delta.text }];
    if (isObject(delta.reasoningContent)) return thinkingDelta(block, delta.reasoningContent);
    if (!isObject(delta.citation)) return [];
    return citationsOf(delta.citation).map((citation) => ({ is: 'citation', block, citation }));
  }

  #finish(block: number): AnswerEvent[] {
    const kind = this.#blocks.get(block);
    return kind === undefined || kind === 'other' ? [] : [{ is: 'block_end', block }];
  }

  #stop(json: JsonObject): AnswerEvent[] {
    const said = stringOr(json.stopReason, 'end_turn');
    const reason = withoutJsonTool(stopOfConverse(said), this.#called);
    const word = reason === 'end' && said === 'tool_use' ? 'end_turn' : said;
    this.#hasStopped = true;
    const stop = { is: 'stop', reason, word, stopSequence: stopSequenceIn(json) } as const;
    return this.#report === null ? [stop] : [stop, ...this.#report, { is: 'end' }];
  }

  #reported(json: JsonObject): AnswerEvent[] {
    const usage = usageOf('bedrock-converse', json);
    this.#report = usage === null ? [] : [{ is: 'usage', usage, billedTier: tierOf('bedrock-converse', json) }];
    return this.#hasStopped ? [...this.#report, { is: 'end' }] : [];
  }
}

function thinkingDelta(block: number, { text, signature, redactedContent }: JsonObject): AnswerEvent[] {
  if (typeof text === 'string') return text === '' ? [] : [{ is: 'thinking', block, text }];
  const signed = sealed(signature);
  if (signed !== null) return [{ is: 'signature', block, signature: signed }];
  const data = sealed(redactedContent);
  return data === null ? [] : [{ is: 'redacted_thinking', block, data }];
}
