/** A provider that is played by hand: each call waits until the test says what comes next. */
import type { EmbeddingWire, RerankWire, ServerWire, Wire } from '../../src/dialects/dialect.ts';
import type { DeploymentConfig } from '../../src/domain/routing/catalogue.ts';
import type { Provider, ProviderRequest } from '../../src/providers/provider.ts';
import { readOpenAiError } from '../../src/providers/read-error.ts';
import { type UpstreamCall, UpstreamFailure, type UpstreamFailureKind, type UpstreamSink } from '../../src/upstream/call.ts';

/** One call, as the provider sees it. */
export interface PlayedCall {
  readonly request: ProviderRequest;
  /** The gateway let go of it. */
  readonly isAborted: boolean;
  /** Whether the request counts as sent in full. */
  isSent: boolean;
  /** Sends the head of a stream, where it was not sent, and these events, one read each. */
  events(...events: readonly (object | string)[]): void;
  /** Sends bytes as they are, below a head of this type, or of JSON, unless a head was sent. */
  bytes(text: string, contentType?: string): void;
  end(): void;
  /** A whole JSON answer. */
  json(answer: object, status?: number, headers?: Readonly<Record<string, string>>): void;
  fail(kind: UpstreamFailureKind): void;
}

export interface PlayedProvider {
  readonly provider: Provider;
  readonly calls: readonly Played[];
  /** The call of that number, from 0, once it is made. */
  call(number: number): Promise<PlayedCall>;
}

/** The wires of clients that translate into those of providers. */
const CHAT_WIRES: ReadonlySet<Wire> = new Set<Wire>([
  ...(['openai-chat', 'anthropic-messages', 'openai-responses', 'gemini', 'openai-completions', 'cursor-responses'] as const),
]);

/**
 * `speaks`: the wire of chat calls, whatever the client speaks, or that of embeddings or of a vendor's own rerank. A deployment that serves neither gets requests as they come.
 */
export function playedProvider(speaks: ServerWire | EmbeddingWire | RerankWire = 'openai-chat'): PlayedProvider {
  const calls: Played[] = [];
  const isEmbedding = speaks.endsWith('-embed');
  const wireFor = (client: Wire, { mode }: DeploymentConfig) => {
    if (speaks === 'voyage-rerank' || speaks === 'bedrock-rerank') return client === 'cohere-rerank' ? speaks : null;
    if (isEmbedding) return client === 'openai-embeddings' ? speaks : null;
    return mode === 'chat' && CHAT_WIRES.has(client) ? speaks : client;
  };
  return {
    provider: {
      name: 'fake',
      wireFor,
      readError: readOpenAiError,
      open: (request, sink) => {
        const call = new Played(request, sink);
        calls.push(call);
        return call;
      },
    },
    calls,
    call: async (number) => {
      for (let turns = 0; calls[number] === undefined; turns += 1) {
        if (turns > 5_000) throw new Error(`no call ${number} was made`);
        await new Promise((next) => setTimeout(next, 1));
      }
      return calls[number] as Played;
    },
  };
}

class Played implements UpstreamCall, PlayedCall {
  readonly request: ProviderRequest;
  isAborted = false;
  isSent = true;
  readonly #sink: UpstreamSink;
  #hasHead = false;

  constructor(request: ProviderRequest, sink: UpstreamSink) {
    this.request = request;
    this.#sink = sink;
  }

  get sent(): boolean {
    return this.isSent;
  }

  abort(): void {
    this.isAborted = true;
  }

  resume(): void {}

  events(...events: readonly (object | string)[]): void {
    this.#head(200, 'text/event-stream');
    for (const event of events) this.#data(typeof event === 'string' ? event : eventOf(event));
  }

  bytes(text: string, contentType = 'application/json'): void {
    this.#head(200, contentType);
    this.#data(text);
  }

  json(answer: object, status = 200, headers: Readonly<Record<string, string>> = {}): void {
    this.#head(status, 'application/json', headers);
    this.#data(JSON.stringify(answer));
    this.end();
  }

  end(): void {
    if (!this.isAborted) this.#sink.end();
  }

  fail(kind: UpstreamFailureKind): void {
    if (!this.isAborted) this.#sink.failed(new UpstreamFailure(kind, { sent: this.isSent, message: `played ${kind}` }));
  }

  #head(status: number, type: string, headers: Readonly<Record<string, string>> = {}): void {
    if (this.#hasHead) return;
    this.#hasHead = true;
    if (!this.isAborted) this.#sink.head(status, { 'content-type': type, ...headers });
  }

  #data(text: string): void {
    if (!this.isAborted) this.#sink.data(Buffer.from(text));
  }
}

function eventOf(event: object): string {
  const { type } = event as { type?: unknown };
  return `${typeof type === 'string' ? `event: ${type}\n` : ''}data: ${JSON.stringify(event)}\n\n`;
}

/** OpenAI's events. */
export const chat = {
  role: () => chunk([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]),
  text: (content: string, index = 0) => chunk([{ index, delta: { content }, finish_reason: null }]),
  finish: (index = 0) => chunk([{ index, delta: {}, finish_reason: 'stop' }]),
  usage: (input: number, output: number, reasoning = 0) => ({ ...chunk([]), usage: chatUsage(input, output, reasoning) }),
  done: 'data: [DONE]\n\n',
};

function chunk(choices: readonly object[]): object {
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices };
}

/** `output` has the reasoning in it. */
export function chatUsage(input: number, output: number, reasoning = 0): object {
  const details = { completion_tokens_details: { reasoning_tokens: reasoning } };
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output, ...details };
}

/** A whole answer of OpenAI's. */
export function chatAnswer(content: string, usage: object | null): object {
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
  return { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'm', choices, ...(usage === null ? {} : { usage }) };
}

/** Anthropic's events. */
export const messages = {
  start: (input: number) => ({
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: input, output_tokens: 1 },
    },
  }),
  ping: () => ({ type: 'ping' }),
  begin: () => ({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
  text: (text: string) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  stop: () => ({ type: 'content_block_stop', index: 0 }),
  delta: (output: number, reason: string | null = 'end_turn') => ({
    type: 'message_delta',
    delta: { stop_reason: reason, stop_sequence: null },
    usage: { output_tokens: output },
  }),
  end: () => ({ type: 'message_stop' }),
  error: (type: string, message: string) => ({ type: 'error', error: { type, message } }),
};

/** A whole answer of Anthropic's. */
export function messagesAnswer(
  text: string,
  usage: { readonly input_tokens: number; readonly output_tokens: number } | null,
): object {
  const content = [{ type: 'text', text }];
  const said = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content,
    stop_reason: 'end_turn',
    stop_sequence: null,
  };
  return { ...said, ...(usage === null ? {} : { usage }) };
}
