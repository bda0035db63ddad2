import type { Usage } from '../../domain/usage/usage.ts';
import type { JsonObject } from '../dialect.ts';
import { errorEvent } from '../error-event.ts';
import { defined } from '../json.ts';
import type { AnswerEvent, AnswerOptions, Citation, Opaque, StopReason, StreamEncoder } from '../neutral.ts';
import { callOf, thoughtOf } from './encode-answer.ts';
import { groundingMetadata } from './grounding.ts';
import { signatureText } from './signatures.ts';
import { finishReasonOf } from './stop-words.ts';
import { usageMetadata } from './usage.ts';

interface Call {
  readonly id: string;
  readonly name: string;
  arguments: string;
  signature: Opaque | null;
}

/**
 * Writes neutral events as chunks of Gemini's streams. A call is one part in this format, so that it is written once it is whole.
 * The finish reason and the usage are in the last chunk, which only the answer's own end writes.
 */
export class ContentStreamEncoder implements StreamEncoder {
  readonly #options: AnswerOptions;
  /** The calls that are not whole yet, by block. */
  readonly #calls = new Map<number, Call>();
  readonly #citations: Citation[] = [];
  #about: JsonObject = {};
  #usage: Usage | null = null;
  #stop: StopReason = 'end';

  constructor(options: AnswerOptions) {
    this.#options = options;
  }

  write(event: AnswerEvent): string {
    switch (event.is) {
      case 'start':
        this.#about = { modelVersion: event.model ?? this.#options.model, responseId: event.id };
        this.#usage = event.usage;
        return '';
      case 'text':
      case 'refusal':
        return this.#chunk({ text: event.text });
      case 'citation':
        this.#citations.push(event.citation);
        return '';
      case 'thinking':
        return this.#chunk({ text: event.text, thought: true });
      case 'signature':
        return this.#signature(event.block, event.signature);
      case 'redacted_thinking':
        return this.#chunk(thoughtOf('', event.data));
      case 'raw':
        return event.part.issuer === 'google' ? this.#chunk(event.part.json) : '';
      case 'tool_call':
        this.#calls.set(event.block, { id: event.id, name: event.name, arguments: '', signature: null });
        return '';
      case 'arguments':
        this.#argue(event.block, event.json);
        return '';
      case 'block_end':
        return this.#endCall(event.block);
      case 'stop':
        this.#stop = event.reason;
        return '';
      case 'usage':
        this.#usage = event.usage === 'implausible' ? null : event.usage;
        return '';
      case 'error':
        return errorEvent('gemini', event.message).toString();
      case 'end':
        return this.#end();
    }
  }

  #signature(block: number, signature: Opaque): string {
    const call = this.#calls.get(block);
    if (call === undefined) return this.#chunk({ text: '', thought: true, thoughtSignature: signatureText(signature) });
    call.signature = signature;
    return '';
  }

  #argue(block: number, json: string): void {
    const call = this.#calls.get(block);
    if (call !== undefined) call.arguments += json;
  }

  #endCall(block: number): string {
    const call = this.#calls.get(block);
    if (call === undefined) return '';
    this.#calls.delete(block);
    return this.#chunk(callOf(call.id, call.name, call.arguments, call.signature));
  }

  #end(): string {
    const calls = [...this.#calls.keys()].map((block) => this.#endCall(block)).join('');
    const candidate = defined({
      content: { role: 'model', parts: [{ text: '' }] },
      finishReason: finishReasonOf(this.#stop),
      index: 0,
      groundingMetadata: groundingMetadata(this.#citations),
    });
    const usage = this.#usage === null ? {} : { usageMetadata: usageMetadata(this.#usage) };
    return calls + event({ candidates: [candidate], ...usage, ...this.#about });
  }

  #chunk(part: JsonObject): string {
    return event({ candidates: [{ content: { role: 'model', parts: [part] }, index: 0 }], ...this.#about });
  }
}

function event(json: JsonObject): string {
  return `data: ${JSON.stringify(json)}\n\n`;
}
