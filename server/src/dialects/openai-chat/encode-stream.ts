import type { Usage } from '../../domain/usage/usage.ts';
import { textOfArguments } from '../custom-tools.ts';
import type { JsonObject } from '../dialect.ts';
import { errorEvent } from '../error-event.ts';
import type { AnswerEvent, AnswerOptions, Citation, StopReason, StreamEncoder } from '../neutral.ts';
import { opaqueText } from '../opaque.ts';
import { annotationOf } from './citations.ts';
import { customToolsIn } from './encode-answer.ts';
import { finishReasonOf } from './stop-words.ts';
import { chatUsage } from './usage.ts';

interface Block {
  readonly is: 'text' | 'thinking' | 'call' | 'custom';
  /** The offset of its text in the whole content, or its index among the tool calls. */
  readonly at: number;
  /** The text, thinking or arguments written so far. */
  written: string;
  signature: string | null;
  readonly citations: Citation[];
}

/** Writes neutral events as OpenAI chat chunks. Writes `[DONE]` only at the answer's own end. */
export class ChatStreamEncoder implements StreamEncoder {
  readonly #options: AnswerOptions;
  readonly #custom: ReadonlySet<string>;
  readonly #blocks = new Map<number, Block>();
  /** The beginning of every chunk. */
  #head = '';
  #calls = 0;
  #contentLength = 0;
  #usage: Usage | null = null;
  #stop: StopReason = 'end';

  constructor(options: AnswerOptions) {
    this.#options = options;
    this.#custom = customToolsIn(options.asked);
  }

  write(event: AnswerEvent): string {
    switch (event.is) {
      case 'start':
        return this.#start(event.id, event.model ?? this.#options.model);
      case 'text':
        return this.#text(this.#block(event.block, 'text', this.#contentLength), event.text);
      case 'citation':
        this.#block(event.block, 'text', this.#contentLength).citations.push(event.citation);
        return '';
      case 'thinking':
        return this.#thinking(this.#block(event.block, 'thinking'), event.text);
      case 'signature':
        this.#block(event.block, 'thinking').signature = opaqueText(event.signature, 'anthropic');
        return '';
      case 'redacted_thinking':
        return this.#chunk({ thinking_blocks: [{ type: 'redacted_thinking', data: opaqueText(event.data, 'anthropic') }] });
      case 'tool_call': {
        const is = this.#custom.has(event.name) ? 'custom' : 'call';
        return this.#call(this.#block(event.block, is, this.#calls++), event.id, event.name);
      }
      case 'arguments':
        return this.#arguments(this.#block(event.block, 'call'), event.json);
      case 'refusal':
        return this.#chunk({ refusal: event.text });
      case 'raw':
        return '';
      case 'block_end':
        return this.#blockEnd(this.#blocks.get(event.block));
      case 'stop':
        this.#stop = event.reason;
        return '';
      case 'usage':
        this.#usage = event.usage === 'implausible' ? null : event.usage;
        return '';
      case 'error':
        return errorEvent('openai-chat', event.message).toString();
      case 'end':
        return this.#end();
    }
  }

  #start(id: string, model: string): string {
    const created = Math.floor(this.#options.createdAtMs / 1000);
    const fields = { id, object: 'chat.completion.chunk', created, model };
    this.#head = `data: ${JSON.stringify(fields).slice(0, -1)},`;
    return this.#chunk({ role: 'assistant', content: '' });
  }

  #text(block: Block, text: string): string {
    block.written += text;
    this.#contentLength += text.length;
    return this.#chunk({ content: text });
  }

  #thinking(block: Block, text: string): string {
    block.written += text;
    return this.#chunk({ reasoning_content: text });
  }

  #call(block: Block, id: string, name: string): string {
    if (block.is === 'custom')
      return this.#chunk({ tool_calls: [{ index: block.at, id, type: 'custom', custom: { name, input: '' } }] });
    return this.#chunk({ tool_calls: [{ index: block.at, id, type: 'function', function: { name, arguments: '' } }] });
  }

  #arguments(block: Block, json: string): string {
    block.written += json;
    // Free text is written once the JSON around it is whole.
    if (block.is === 'custom') return '';
    return this.#chunk({ tool_calls: [{ index: block.at, function: { arguments: json } }] });
  }

  #blockEnd(block: Block | undefined): string {
    if (block === undefined) return '';
    // Clients parse the arguments, so a call without any gets an empty object.
    if (block.is === 'custom') return this.#customInput(block);
    if (block.is === 'call') return block.written === '' ? this.#arguments(block, '{}') : '';
    if (block.citations.length > 0) {
      const end = block.at + block.written.length;
      return this.#chunk({ annotations: block.citations.map((citation) => annotationOf(citation, block.at, end)) });
    }
    // A signed block is sent whole at its end, so that a client can send it back unchanged.
    if (block.signature === null) return '';
    return this.#chunk({ thinking_blocks: [{ type: 'thinking', thinking: block.written, signature: block.signature }] });
  }

  #customInput(block: Block): string {
    const input = block.written === '' ? '' : textOfArguments(block.written);
    block.written = '';
    return input === '' ? '' : this.#chunk({ tool_calls: [{ index: block.at, custom: { input } }] });
  }

  #end(): string {
    let rest = '';
    for (const block of this.#blocks.values()) if (block.is === 'custom') rest += this.#customInput(block);
    const last = rest + this.#chunk({}, finishReasonOf(this.#stop));
    const reports = this.#options.wantsUsage && this.#usage !== null;
    return `${last}${reports ? `${this.#head}"choices":[]${this.#tail(this.#usage)}` : ''}data: [DONE]\n\n`;
  }

  #chunk(delta: JsonObject, finishReason: string | null = null): string {
    const choice = `{"index":0,"delta":${JSON.stringify(delta)},"finish_reason":${JSON.stringify(finishReason)}}`;
    return `${this.#head}"choices":[${choice}]${this.#tail(null)}`;
  }

  #tail(usage: Usage | null): string {
    if (!this.#options.wantsUsage) return '}\n\n';
    return `,"usage":${usage === null ? 'null' : JSON.stringify(chatUsage(usage))}}\n\n`;
  }

  #block(number: number, is: Block['is'], at = 0): Block {
    const known = this.#blocks.get(number);
    if (known !== undefined) return known;
    const block: Block = { is, at, written: '', signature: null, citations: [] };
    this.#blocks.set(number, block);
    return block;
  }
}
