import type { JsonObject } from '../dialect.ts';
import { objectOr, stringOr } from '../json.ts';
import type { AnswerEvent } from '../neutral.ts';
import { signatureOf } from './decode-blocks.ts';
import { deltaEvents } from './deltas.ts';

interface Block {
  readonly is: 'text' | 'thinking' | 'call' | 'other';
  readonly number: number;
  readonly name: string;
  /** The text or arguments that the client has already received. */
  told: string;
  /** The text repeated so far, while a restarted answer repeats what the client has. Null once it goes beyond that. */
  repeated: string | null;
  /** The arguments that the block's start gave whole. Sent at the block's end if no delta arrived. */
  readonly input: JsonObject;
}

/**
 * The blocks of a streamed message. A provider rarely begins its message again in the middle. The client cannot undo what it
 * received, so repeated text and tool calls are compared with it, and only the rest is forwarded. A different answer is an error:
 * two answers are never joined.
 */
export class StreamedBlocks {
  #blocks = new Map<number, Block>();
  #earlier = new Map<number, Block>();
  #count = 0;

  begin(index: number, json: JsonObject): AnswerEvent[] {
    const block = blockOf(json, this.#count++);
    const told = this.#earlier.get(index);
    if (told !== undefined && told.is === block.is && told.name === block.name && block.is !== 'thinking') {
      this.#blocks.set(index, { ...told, repeated: '', input: block.input });
      return [];
    }
    this.#blocks.set(index, block);
    return [...opening(block, json), ...noted(block, deltaEvents(block.number, openingDelta(json)))];
  }

  delta(index: number, json: JsonObject): AnswerEvent[] {
    const block = this.#blocks.get(index);
    return block === undefined || block.is === 'other' ? [] : noted(block, deltaEvents(block.number, json));
  }

  finish(index: number): AnswerEvent[] {
    const block = this.#blocks.get(index);
    if (block === undefined || block.is === 'other') return [];
    if (block.repeated !== null && block.repeated !== block.told) return [DIFFERENT];
    const late = block.is === 'call' && block.told === '' && Object.keys(block.input).length > 0;
    const whole: AnswerEvent[] = late ? [{ is: 'arguments', block: block.number, json: JSON.stringify(block.input) }] : [];
    return [...whole, { is: 'block_end', block: block.number }];
  }

  /** Handles that the provider began its message again in the same stream. */
  restart(): void {
    this.#earlier = this.#blocks;
    this.#blocks = new Map();
  }
}

const DIFFERENT: AnswerEvent = { is: 'error', message: 'the provider started its answer again and sent a different one' };

/** Records what is forwarded, and drops what only repeats. */
function noted(block: Block, events: AnswerEvent[]): AnswerEvent[] {
  return events.flatMap((event): AnswerEvent[] => {
    if (event.is !== 'text' && event.is !== 'arguments') return [event];
    const piece = event.is === 'text' ? event.text : event.json;
    if (block.repeated === null) {
      block.told += piece;
      return [event];
    }
    return beyond(block, piece, event);
  });
}

function beyond(block: Block, piece: string, event: AnswerEvent): AnswerEvent[] {
  const repeated = (block.repeated ?? '') + piece;
  block.repeated = repeated;
  if (block.told.startsWith(repeated)) return [];
  if (!repeated.startsWith(block.told)) return [DIFFERENT];
  const more = repeated.slice(block.told.length);
  block.told = repeated;
  block.repeated = null;
  if (event.is === 'text') return [{ ...event, text: more }];
  return event.is === 'arguments' ? [{ ...event, json: more }] : [];
}

function blockOf(json: JsonObject, number: number): Block {
  const plain = { number, name: '', told: '', repeated: null, input: {} };
  switch (json.type) {
    case 'text':
      return { ...plain, is: 'text' };
    case 'thinking':
    case 'redacted_thinking':
      return { ...plain, is: 'thinking' };
    case 'tool_use':
      return { ...plain, is: 'call', name: stringOr(json.name, ''), input: objectOr(json.input) };
    default:
      return { ...plain, is: 'other' };
  }
}

function opening(block: Block, json: JsonObject): AnswerEvent[] {
  if (block.is === 'call') return [{ is: 'tool_call', block: block.number, id: stringOr(json.id, ''), name: block.name }];
  const data = json.type === 'redacted_thinking' ? signatureOf(json.data) : null;
  if (data !== null) return [{ is: 'redacted_thinking', block: block.number, data }];
  return [];
}

/** Returns the content that a block's start already holds, as a delta. */
function openingDelta(json: JsonObject): JsonObject {
  if (json.type === 'text') return { type: 'text_delta', text: json.text };
  return json.type === 'thinking' ? { type: 'thinking_delta', thinking: json.thinking } : {};
}
