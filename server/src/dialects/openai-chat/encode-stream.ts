import type { Usage } from '../../domain/usage.ts';
import type { JsonObject } from '../dialect.ts';
import { errorEvent } from '../error-event.ts';
import type { AnswerEvent, AnswerOptions, Citation, StopReason, StreamEncoder } from '../neutral.ts';
import { annotationOf } from './citations.ts';
import { finishReasonOf } from './stop-words.ts';
import { chatUsage } from './usage.ts';

interface Block {
  readonly is: 'text' | 'thinking' | 'call';
  /** Where its text begins in the whole content, or its place among the tool calls. */
  readonly at: number;
  /** What was written so far: text, thinking, arguments. */
  written: string;
  signature: string | null;
  readonly citations: Citation[];
}

/** Writes neutral events as OpenAI chat chunks; `[DONE]` only at the answer's own end. */
export function chatStreamEncoder(options: AnswerOptions): StreamEncoder {
  const blocks = new Map<number, Block>();
  let head = '';
  let calls = 0;
  let contentLength = 0;
  let usage: Usage | null = null;
  let stop: StopReason | null = null;

  function chunk(delta: JsonObject, finishReason: string | null = null): string {
    return `data: ${head}"choices":[{"index":0,"delta":${JSON.stringify(delta)},"finish_reason":${JSON.stringify(finishReason)}}]${tail(null)}\n\n`;
  }

  function tail(reported: Usage | null): string {
    return options.wantsUsage ? `,"usage":${reported === null ? 'null' : JSON.stringify(chatUsage(reported))}}` : '}';
  }

  function blockOf(block: number, is: Block['is'], at = 0): Block {
    let found = blocks.get(block);
    if (found === undefined) {
      found = { is, at, written: '', signature: null, citations: [] };
      blocks.set(block, found);
    }
    return found;
  }

  function start(id: string): string {
    const created = Math.floor(options.createdAtMs / 1000);
    const fields = { id, object: 'chat.completion.chunk', created, model: options.model };
    head = `${JSON.stringify(fields).slice(0, -1)},`;
    return chunk({ role: 'assistant', content: '' });
  }

  function textDelta(block: Block, text: string): string {
    block.written += text;
    contentLength += text.length;
    return chunk({ content: text });
  }

  function thinkingDelta(block: Block, text: string): string {
    block.written += text;
    return chunk({ reasoning_content: text });
  }

  function callDelta(block: Block, id: string, name: string): string {
    return chunk({ tool_calls: [{ index: block.at, id, type: 'function', function: { name, arguments: '' } }] });
  }

  function argumentsDelta(block: Block, json: string): string {
    block.written += json;
    return chunk({ tool_calls: [{ index: block.at, function: { arguments: json } }] });
  }

  function blockEnd(number: number): string {
    const block = blocks.get(number);
    if (block === undefined) return '';
    // Clients parse the arguments: a call without any has an empty object.
    if (block.is === 'call') return block.written === '' ? argumentsDelta(block, '{}') : '';
    if (block.citations.length > 0) {
      const end = block.at + block.written.length;
      return chunk({ annotations: block.citations.map((citation) => annotationOf(citation, block.at, end)) });
    }
    // A signed block is told whole at its end, so that a client can send it back as it is.
    if (block.signature === null) return '';
    return chunk({ thinking_blocks: [{ type: 'thinking', thinking: block.written, signature: block.signature }] });
  }

  function end(): string {
    const last = chunk({}, finishReasonOf(stop ?? 'end'));
    const report = options.wantsUsage && usage !== null ? `data: ${head}"choices":[]${tail(usage)}\n\n` : '';
    return `${last}${report}data: [DONE]\n\n`;
  }

  function write(event: AnswerEvent): string {
    switch (event.is) {
      case 'start':
        return start(event.id);
      case 'text':
        return textDelta(blockOf(event.block, 'text', contentLength), event.text);
      case 'citation':
        blockOf(event.block, 'text', contentLength).citations.push(event.citation);
        return '';
      case 'thinking':
        return thinkingDelta(blockOf(event.block, 'thinking'), event.text);
      case 'signature':
        blockOf(event.block, 'thinking').signature = event.signature;
        return '';
      case 'redacted_thinking':
        return chunk({ thinking_blocks: [{ type: 'redacted_thinking', data: event.data }] });
      case 'tool_call':
        return callDelta(blockOf(event.block, 'call', calls++), event.id, event.name);
      case 'arguments':
        return argumentsDelta(blockOf(event.block, 'call'), event.json);
      case 'block_end':
        return blockEnd(event.block);
      case 'stop':
        stop = event.reason;
        return '';
      case 'usage':
        usage = event.usage;
        return '';
      case 'error':
        return errorEvent('openai-chat', event.message).toString();
      case 'end':
        return end();
    }
  }

  return { write };
}
