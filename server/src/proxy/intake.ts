import type { Wire } from '../dialects/dialect.ts';
import type { CredentialConfig } from '../domain/catalogue.ts';
import type {
  Provider,
  ProviderError,
  UpstreamCall,
  UpstreamHeaders,
  UpstreamRequest,
  UpstreamSink,
} from '../providers/provider.ts';
import { UpstreamFailure } from '../providers/provider.ts';

/** How one attempt came out, known once a first byte is in hand (a stream) or the whole answer is (everything else). */
export type Outcome =
  | { readonly is: 'whole'; readonly bytes: Buffer }
  | { readonly is: 'stream'; readonly source: StreamSource }
  | { readonly is: 'error'; readonly error: ProviderError }
  /** `answerBytes`: how much of a 2xx answer had come by then. */
  | { readonly is: 'failure'; readonly failure: UpstreamFailure; readonly answerBytes: number }
  /** The client hung up first. */
  | { readonly is: 'gone'; readonly sent: boolean };

/** Who takes a stream once it is decided that it is the answer. */
export interface StreamConsumer {
  /** False asks for a pause; `resume` goes on. */
  data(chunk: Buffer): boolean;
  end(): void;
  failed(failure: UpstreamFailure): void;
}

/** An upstream stream whose first bytes are in hand. Nothing is lost before `attach`; exactly one consumer. */
export interface StreamSource {
  /** The first bytes, before `attach`. */
  first(): Buffer;
  attach(consumer: StreamConsumer): void;
  resume(): void;
  abort(): void;
}

export interface Attempt {
  readonly outcome: Promise<Outcome>;
  /** The client hung up: let go of the provider at once. */
  giveUp(): void;
}

const ERROR_BYTES_MAX = 64 * 1024;

/** Opens one attempt and waits for it to become an answer or a failure. Bounded: error bodies to 64 KiB, whole answers to `answerBytesMax`. */
export function attempt(provider: Provider, request: UpstreamRequest, answerBytesMax: number): Attempt {
  const intake = new Intake(provider, request.deployment.credential, request.stream && isStreamed(request.wire), answerBytesMax);
  intake.call = provider.open(request, intake);
  return { outcome: intake.outcome, giveUp: () => intake.giveUp() };
}

function isStreamed(wire: Wire): boolean {
  return wire === 'openai-chat' || wire === 'anthropic-messages';
}

/** Takes what the transport reports, in the order it comes. One per attempt. */
class Intake implements UpstreamSink, StreamSource {
  readonly outcome: Promise<Outcome>;
  call: UpstreamCall | null = null;
  readonly #provider: Provider;
  readonly #credential: CredentialConfig | null;
  readonly #wantsStream: boolean;
  readonly #bytesMax: number;
  #decide: ((outcome: Outcome) => void) | null;
  #status = 0;
  #headers: UpstreamHeaders = {};
  #streaming = false;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #consumer: StreamConsumer | null = null;
  #ended: { failure: UpstreamFailure | null } | null = null;

  constructor(provider: Provider, credential: CredentialConfig | null, wantsStream: boolean, bytesMax: number) {
    this.#provider = provider;
    this.#credential = credential;
    this.#wantsStream = wantsStream;
    this.#bytesMax = bytesMax;
    let decide: (outcome: Outcome) => void = () => {};
    this.outcome = new Promise((resolve) => {
      decide = resolve;
    });
    this.#decide = decide;
  }

  head(status: number, headers: UpstreamHeaders): void {
    this.#status = status;
    this.#headers = headers;
    this.#streaming = this.#wantsStream && status < 300 && String(headers['content-type'] ?? '').includes('event-stream');
  }

  data(chunk: Buffer): boolean {
    if (this.#consumer !== null) return this.#consumer.data(chunk);
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#streaming) {
      this.#settleOn({ is: 'stream', source: this });
      return true;
    }
    if (this.#status >= 400) return this.#bytes < ERROR_BYTES_MAX || this.#cutError();
    if (this.#bytes <= this.#bytesMax) return true;
    this.call?.abort();
    const message = `the answer is larger than ${this.#bytesMax} bytes`;
    this.#settleOn(this.#failure(new UpstreamFailure('protocol', { sent: true, message })));
    return true;
  }

  end(): void {
    if (this.#consumer !== null) {
      this.#consumer.end();
      return;
    }
    this.#ended = { failure: null };
    if (this.#status >= 400) this.#settleOn(this.#error());
    else if (this.#status >= 300) this.#settleOn(this.#failure(this.#redirected()));
    else if (this.#streaming && this.#chunks.length > 0) this.#settleOn({ is: 'stream', source: this });
    else this.#settleOn({ is: 'whole', bytes: this.#take() });
  }

  failed(failure: UpstreamFailure): void {
    if (this.#consumer !== null) {
      this.#consumer.failed(failure);
      return;
    }
    this.#ended = { failure };
    this.#settleOn(this.#failure(failure));
  }

  attach(consumer: StreamConsumer): void {
    this.#consumer = consumer;
    const chunks = this.#chunks;
    this.#chunks = [];
    for (const chunk of chunks) consumer.data(chunk);
    if (this.#ended === null) return;
    if (this.#ended.failure === null) consumer.end();
    else consumer.failed(this.#ended.failure);
  }

  first(): Buffer {
    return this.#chunks[0] as Buffer;
  }

  resume(): void {
    this.call?.resume();
  }

  abort(): void {
    this.call?.abort();
  }

  giveUp(): void {
    const sent = this.call?.sent ?? false;
    this.call?.abort();
    this.#settleOn({ is: 'gone', sent });
  }

  #settleOn(outcome: Outcome): void {
    const decide = this.#decide;
    this.#decide = null;
    decide?.(outcome);
  }

  #take(): Buffer {
    return this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks, this.#bytes);
  }

  /** Called from the transport, where nothing may be thrown: the request would wait for ever. */
  #error(): Outcome {
    try {
      return { is: 'error', error: this.#provider.readError(this.#status, this.#headers, this.#take(), this.#credential) };
    } catch {
      return this.#failure(new UpstreamFailure('protocol', { sent: true, message: `the provider answered ${this.#status}` }));
    }
  }

  #failure(failure: UpstreamFailure): Outcome {
    return { is: 'failure', failure, answerBytes: this.#status < 300 ? this.#bytes : 0 };
  }

  /** An error page without end: what was read says enough. */
  #cutError(): boolean {
    this.call?.abort();
    this.#settleOn(this.#error());
    return true;
  }

  /** A redirect is never followed: it could lead anywhere, our credential with it. */
  #redirected(): UpstreamFailure {
    return new UpstreamFailure('protocol', {
      sent: true,
      message: `the provider answered ${this.#status}; redirects are not followed`,
    });
  }
}
