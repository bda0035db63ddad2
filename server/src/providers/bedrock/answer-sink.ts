import { randomUUID } from 'node:crypto';
import type { Wire } from '../../dialects/dialect.ts';
import { objectOr, parseJson } from '../../dialects/json.ts';
import { type UpstreamCall, UpstreamFailure, type UpstreamHeaders, type UpstreamSink } from '../../upstream/call.ts';
import { FrameReader } from './event-stream.ts';
import { type EventWriter, eventWriter, withRequestId } from './write-events.ts';

const FRAMES = 'application/vnd.amazon.eventstream';
const EMPTY = Buffer.alloc(0);

/**
 * Passes an answer of Bedrock on in the form that the gateway reads: frames as server-sent events, a whole answer of Converse with
 * the id of its request, and a count of tokens in Anthropic's words. Errors pass unchanged.
 */
export class AnswerSink implements UpstreamSink {
  readonly #sink: UpstreamSink;
  readonly #wire: Wire;
  #frames: { readonly reader: FrameReader; readonly write: EventWriter } | null = null;
  #requestId: string | null = null;
  #count: Buffer[] | null = null;
  #isOver = false;
  /** The call, so that it can be ended at a damaged frame. The transport calls the sink only after it has returned the call. */
  call: UpstreamCall | null = null;

  constructor(sink: UpstreamSink, wire: Wire) {
    this.#sink = sink;
    this.#wire = wire;
  }

  head(status: number, headers: UpstreamHeaders): void {
    const isAnswer = status >= 200 && status < 300;
    const requestId = String(headers['x-amzn-requestid'] ?? randomUUID()).slice(0, 200);
    if (isAnswer && String(headers['content-type'] ?? '').startsWith(FRAMES)) {
      this.#frames = { reader: new FrameReader(), write: eventWriter(this.#wire, requestId) };
      this.#sink.head(status, { ...headers, 'content-type': 'text/event-stream' });
      return;
    }
    if (isAnswer && this.#wire === 'bedrock-converse') this.#requestId = requestId;
    if (isAnswer && this.#wire === 'anthropic-count-tokens') this.#count = [];
    this.#sink.head(status, headers);
  }

  data(chunk: Buffer): boolean {
    if (this.#isOver) return true;
    if (this.#frames !== null) return this.#events(chunk, this.#frames);
    if (this.#count !== null) {
      this.#count.push(chunk);
      return true;
    }
    return this.#sink.data(this.#requestId === null ? chunk : this.#identified(chunk, this.#requestId));
  }

  end(): void {
    if (this.#isOver) return;
    if (this.#frames?.reader.isInside === true) {
      this.#sink.failed(new UpstreamFailure('protocol', { sent: true, message: 'the provider ended the stream inside a frame' }));
      return;
    }
    if (this.#count !== null) this.#sink.data(counted(Buffer.concat(this.#count)));
    this.#sink.end();
  }

  failed(failure: UpstreamFailure): void {
    if (!this.#isOver) this.#sink.failed(failure);
  }

  #events(chunk: Buffer, { reader, write }: { readonly reader: FrameReader; readonly write: EventWriter }): boolean {
    let events = '';
    for (const frame of reader.push(chunk)) events += write(frame);
    // What came before the damage is an answer, for which the provider is owed.
    const goesOn = events === '' || this.#sink.data(Buffer.from(events));
    if (reader.broken === null) return goesOn;
    this.#isOver = true;
    this.call?.abort();
    const message = `the provider’s stream is broken: ${reader.broken}`;
    this.#sink.failed(new UpstreamFailure('protocol', { sent: true, message }));
    return true;
  }

  #identified(chunk: Buffer, requestId: string): Buffer {
    this.#requestId = null;
    const start = withRequestId(chunk.toString('latin1', 0, 2), requestId);
    return Buffer.concat([Buffer.from(start), chunk.length > 2 ? chunk.subarray(2) : EMPTY]);
  }
}

/** Writes a count in Anthropic's words. An answer that is none passes unchanged, and is found unreadable. */
function counted(bytes: Buffer): Buffer {
  const { inputTokens } = objectOr(parseJson(bytes.toString('utf8')));
  return typeof inputTokens === 'number' ? Buffer.from(JSON.stringify({ input_tokens: inputTokens })) : bytes;
}
