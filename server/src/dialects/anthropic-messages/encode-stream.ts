import type { Usage } from '../../domain/usage.ts';
import type { JsonObject } from '../dialect.ts';
import { errorEvent } from '../error-event.ts';
import { parseJson } from '../json.ts';
import type { AnswerEvent, AnswerOptions, StreamEncoder } from '../neutral.ts';
import { citationOf } from './encode-answer.ts';
import { toolId } from './encode-blocks.ts';
import { stopReasonOf } from './stop-words.ts';
import { messageUsage } from './usage.ts';

interface Block {
  readonly begin: JsonObject;
  /** Deltas that wait until the block's turn comes. */
  readonly waiting: JsonObject[];
  arguments: string;
}

/**
 * Writes neutral events as Anthropic message events. Here blocks follow one another and each ends before the next begins, while the source may
 * interleave them: the first unfinished block is told as it comes, and later ones wait their turn.
 */
export function messagesStreamEncoder(options: AnswerOptions): StreamEncoder {
  const queue: { readonly number: number; readonly block: Block }[] = [];
  let index = -1;
  let usage: Usage = {};
  let stop: { readonly reason: string; readonly sequence: string | null } | null = null;

  function start(id: string, known: Usage | null): string {
    if (known !== null) usage = known;
    const message = {
      id,
      type: 'message',
      role: 'assistant',
      model: options.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
    };
    return event('message_start', { message: { ...message, usage: { ...messageUsage(usage), service_tier: 'standard' } } });
  }

  /** A block's delta: told at once when it is the block's turn. A block that ended and goes on (text after a tool call) begins anew. */
  function delta(number: number, begin: () => JsonObject, delta: JsonObject | null): string {
    let entry = queue.find((waiting) => waiting.number === number);
    let out = '';
    if (entry === undefined) {
      entry = { number, block: { begin: begin(), waiting: [], arguments: '' } };
      queue.push(entry);
      if (queue.length === 1) out = open(entry.block);
    }
    if (delta !== null) {
      if (entry === queue[0]) out += event('content_block_delta', { index, delta });
      else entry.block.waiting.push(delta);
    }
    return out + advance();
  }

  /** What follows whole arguments is white space, and their block has ended. */
  function argumentsDelta(number: number, json: string): string {
    const entry = queue.find((waiting) => waiting.number === number);
    if (entry === undefined) return '';
    entry.block.arguments += json;
    return delta(number, textBlock, { type: 'input_json_delta', partial_json: json });
  }

  /** Ends the block whose turn it is once another waits and it can be seen to be whole. */
  function advance(): string {
    let out = '';
    while (queue.length > 1 && isWhole((queue[0] as (typeof queue)[0]).block)) out += next();
    return out;
  }

  function next(): string {
    queue.shift();
    const closed = event('content_block_stop', { index });
    const following = queue[0];
    return following === undefined ? closed : closed + open(following.block);
  }

  function open(block: Block): string {
    index++;
    const begun = event('content_block_start', { index, content_block: block.begin });
    return begun + block.waiting.map((waiting) => event('content_block_delta', { index, delta: waiting })).join('');
  }

  function end(): string {
    let out = '';
    while (queue.length > 0) out += next();
    const delta = { stop_reason: stop?.reason ?? stopReasonOf('end'), stop_sequence: stop?.sequence ?? null };
    return out + event('message_delta', { delta, usage: messageUsage(usage) }) + event('message_stop', {});
  }

  function write(said: AnswerEvent): string {
    switch (said.is) {
      case 'start':
        return start(said.id, said.usage);
      case 'text':
        return delta(said.block, textBlock, { type: 'text_delta', text: said.text });
      case 'citation':
        return delta(said.block, textBlock, { type: 'citations_delta', citation: citationOf(said.citation) });
      case 'thinking':
        return delta(said.block, thinkingBlock, { type: 'thinking_delta', thinking: said.text });
      case 'signature':
        return delta(said.block, thinkingBlock, { type: 'signature_delta', signature: said.signature });
      case 'redacted_thinking':
        return delta(said.block, () => ({ type: 'redacted_thinking', data: said.data }), null);
      case 'tool_call':
        return delta(said.block, () => ({ type: 'tool_use', id: toolId(said.id), name: said.name, input: {} }), null);
      case 'arguments':
        return argumentsDelta(said.block, said.json);
      case 'block_end':
        return '';
      case 'stop':
        stop = { reason: stopReasonOf(said.reason), sequence: said.stopSequence };
        return '';
      case 'usage':
        usage = said.usage;
        return '';
      case 'error':
        return errorEvent('anthropic-messages', said.message).toString();
      case 'end':
        return end();
    }
  }

  return { write };
}

/** A tool call is whole when its arguments are; anything else ends where another block begins. */
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
