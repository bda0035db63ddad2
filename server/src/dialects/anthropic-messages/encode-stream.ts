import type { Usage } from '../../domain/usage/usage.ts';
import type { JsonObject } from '../dialect.ts';
import { errorEvent } from '../error-event.ts';
import { parseJson } from '../json.ts';
import type { AnswerEvent, AnswerOptions, StreamEncoder } from '../neutral.ts';
import { opaqueText } from '../opaque.ts';
import { citationOf } from './encode-answer.ts';
import { toolId } from './encode-blocks.ts';
import { stopReasonOf } from './stop-words.ts';
import { messageUsage } from './usage.ts';

interface Block {
  readonly number: number;
  readonly begin: JsonObject;
  /** Deltas that are queued until the block is open. */
  readonly waiting: JsonObject[];
  arguments: string;
}

/**
 * Writes neutral events as Anthropic message events. In this dialect each block ends before the next begins, but the source may
 * interleave blocks. The first unfinished block is forwarded as it arrives, and later ones are queued.
 */
export class MessagesStreamEncoder implements StreamEncoder {
  readonly #model: string;
  /** The open block, then the queued ones. */
  readonly #queue: Block[] = [];
  #index = -1;
  #usage: Usage = {};
  #stop: { readonly reason: string; readonly sequence: string | null } = { reason: stopReasonOf('end'), sequence: null };

  constructor(options: AnswerOptions) {
    this.#model = options.model;
  }

  write(said: AnswerEvent): string {
    switch (said.is) {
      case 'start':
        return this.#start(said);
      case 'text':
      case 'refusal':
        return this.#delta(said.block, textBlock, { type: 'text_delta', text: said.text });
      case 'citation':
        return this.#delta(said.block, textBlock, { type: 'citations_delta', citation: citationOf(said.citation) });
      case 'thinking':
        return this.#delta(said.block, thinkingBlock, { type: 'thinking_delta', thinking: said.text });
      case 'signature':
        // A call has no place for a signature here.
        if (this.#waiting(said.block)?.begin.type === 'tool_use') return '';
        return this.#delta(said.block, thinkingBlock, {
          type: 'signature_delta',
          signature: opaqueText(said.signature, 'anthropic'),
        });
      case 'redacted_thinking':
        return this.#delta(said.block, () => ({ type: 'redacted_thinking', data: opaqueText(said.data, 'anthropic') }), null);
      case 'tool_call':
        return this.#delta(said.block, () => ({ type: 'tool_use', id: toolId(said.id), name: said.name, input: {} }), null);
      case 'arguments':
        return this.#arguments(said.block, said.json);
      case 'raw':
      case 'block_end':
        return '';
      case 'stop':
        this.#stop = { reason: stopReasonOf(said.reason), sequence: said.stopSequence };
        return '';
      case 'usage':
        this.#usage = said.usage === 'implausible' ? {} : said.usage;
        return '';
      case 'error':
        return errorEvent('anthropic-messages', said.message).toString();
      case 'end':
        return this.#end();
    }
  }

  #start({ id, model, usage }: Extract<AnswerEvent, { is: 'start' }>): string {
    if (usage !== null) this.#usage = usage;
    const message = {
      id,
      type: 'message',
      role: 'assistant',
      model: model ?? this.#model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
    };
    return event('message_start', { message: { ...message, usage: { ...messageUsage(this.#usage), service_tier: 'standard' } } });
  }

  /**
   * Writes a block's delta at once if the block is open, else queues it. A block that has ended and continues (text after a tool
   * call) begins again.
   */
  #delta(number: number, begin: () => JsonObject, delta: JsonObject | null): string {
    let block = this.#waiting(number);
    let out = '';
    if (block === undefined) {
      block = { number, begin: begin(), waiting: [], arguments: '' };
      this.#queue.push(block);
      if (this.#queue.length === 1) out = this.#open(block);
    }
    if (delta !== null && block === this.#queue[0]) out += event('content_block_delta', { index: this.#index, delta });
    else if (delta !== null) block.waiting.push(delta);
    return out + this.#advance();
  }

  /**
   * Writes a delta of a tool call's arguments. If the block has ended, its arguments are already whole, and only white space can
   * follow: it is dropped.
   */
  #arguments(number: number, json: string): string {
    const block = this.#waiting(number);
    if (block === undefined) return '';
    block.arguments += json;
    return this.#delta(number, textBlock, { type: 'input_json_delta', partial_json: json });
  }

  #waiting(number: number): Block | undefined {
    return this.#queue.find((block) => block.number === number);
  }

  /** Ends the open block if another one is queued and the open one is whole. */
  #advance(): string {
    let out = '';
    while (this.#queue.length > 1 && isWhole(this.#queue[0] as Block)) out += this.#next();
    return out;
  }

  #next(): string {
    this.#queue.shift();
    const closed = event('content_block_stop', { index: this.#index });
    const following = this.#queue[0];
    return following === undefined ? closed : closed + this.#open(following);
  }

  #open(block: Block): string {
    this.#index++;
    const begun = event('content_block_start', { index: this.#index, content_block: block.begin });
    return begun + block.waiting.map((delta) => event('content_block_delta', { index: this.#index, delta })).join('');
  }

  #end(): string {
    let out = '';
    while (this.#queue.length > 0) out += this.#next();
    const delta = { stop_reason: this.#stop.reason, stop_sequence: this.#stop.sequence };
    return out + event('message_delta', { delta, usage: messageUsage(this.#usage) }) + event('message_stop', {});
  }
}

/**
 * Reports whether a block is whole: a tool call is once its arguments are valid JSON, and any other block is once another begins.
 */
function isWhole(block: Block): boolean {
  return block.begin.type !== 'tool_use' || parseJson(block.arguments) !== undefined;
}

function textBlock(): JsonObject {
  return { type: 'text', text: '' };
}

function thinkingBlock(): JsonObject {
  return { type: 'thinking', thinking: '', signature: '' };
}

function event(type: string, fields: JsonObject): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}
