import type { Usage } from '../../domain/usage/usage.ts';
import { errorEvent } from '../error-event.ts';
import type { AnswerEvent, AnswerOptions, StopReason, StreamEncoder } from '../neutral.ts';
import { chatUsage } from '../openai-chat/usage.ts';
import { finishWordOf } from './encode-answer.ts';

/** Writes neutral events as chunks of a text completion. Writes `[DONE]` only at the answer's own end. */
export class CompletionsStreamEncoder implements StreamEncoder {
  readonly #options: AnswerOptions;
  /** The beginning of every chunk. */
  #head = '';
  #usage: Usage | null = null;
  #stop: StopReason = 'end';

  constructor(options: AnswerOptions) {
    this.#options = options;
  }

  write(event: AnswerEvent): string {
    switch (event.is) {
      case 'start':
        return this.#start(event.id, event.model ?? this.#options.model);
      case 'text':
      case 'refusal':
        return this.#chunk(event.text, null);
      case 'stop':
        this.#stop = event.reason;
        return '';
      case 'usage':
        this.#usage = event.usage === 'implausible' ? null : event.usage;
        return '';
      case 'error':
        return errorEvent('openai-completions', event.message).toString();
      case 'end':
        return this.#end();
      default:
        return '';
    }
  }

  #start(id: string, model: string): string {
    const created = Math.floor(this.#options.createdAtMs / 1000);
    const fields = { id, object: 'text_completion', created, model };
    this.#head = `data: ${JSON.stringify(fields).slice(0, -1)},`;
    return '';
  }

  #end(): string {
    const last = this.#chunk('', finishWordOf(this.#stop));
    const reports = this.#options.wantsUsage && this.#usage !== null;
    return `${last}${reports ? `${this.#head}"choices":[]${this.#tail(this.#usage)}` : ''}data: [DONE]\n\n`;
  }

  #chunk(text: string, finishReason: string | null): string {
    const choice = JSON.stringify({ text, index: 0, logprobs: null, finish_reason: finishReason });
    return `${this.#head}"choices":[${choice}]${this.#tail(null)}`;
  }

  #tail(usage: Usage | null): string {
    if (!this.#options.wantsUsage) return '}\n\n';
    return `,"usage":${usage === null ? 'null' : JSON.stringify(chatUsage(usage))}}\n\n`;
  }
}
