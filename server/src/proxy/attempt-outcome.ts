import type { JsonObject, Wire } from '../dialects/dialect.ts';
import { statusOfError } from '../dialects/error-status.ts';
import { errorInstead, type Opening, OpeningReader } from '../dialects/opening.ts';
import type { Provider, ProviderError, ProviderRequest } from '../providers/provider.ts';
import type { UpstreamCall, UpstreamHeaders, UpstreamSink } from '../upstream/call.ts';
import { UpstreamFailure, type UpstreamFailureKind } from '../upstream/call.ts';

/** How one attempt came out, known once a stream's first event is in hand, or the whole answer is (everything else). */
export type Outcome =
  | { readonly is: 'whole'; readonly bytes: Buffer }
  /** `isOpened`: an event was seen that is part of an answer. Without one the wait for it was over. */
  | { readonly is: 'stream'; readonly source: StreamSource; readonly isOpened: boolean }
  /** By its status, or by what stood in the place of an answer. `said`: all that came, in case it reports usage. */
  | { readonly is: 'error'; readonly error: ProviderError; readonly said: Said }
  | {
      readonly is: 'failure';
      readonly failure: UpstreamFailure;
      /** How much of a 2xx answer had come by then. */
      readonly answerBytes: number;
      /** It was sent in full and not refused by then, so the provider may have worked on it. */
      readonly isWorkedOn: boolean;
      readonly isStreamed: boolean;
    }
  /** The client hung up first, and the call was ended. */
  | {
      readonly is: 'gone';
      /** It was sent in full and not refused by then, so the provider may have worked on it. */
      readonly isWorkedOn: boolean;
      readonly isStreamed: boolean;
      /** What had come of an answer; null: nothing. */
      readonly said: Said | null;
    };

export interface Said {
  readonly bytes: Buffer;
  readonly isStreamed: boolean;
}

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
  /**
   * The client hung up: lets go of the provider at once, or reads on where `finishes` says so of such an answer; a whole one no longer than its
   * deployment's timeout. Nothing that was not sent in full is read on. True: it is read on.
   */
  giveUp(finishes: (isStreamed: boolean) => boolean): boolean;
  /** This process ends before the answer does: lets go of the provider, as of one that broke. */
  cut(): void;
}

/** What an attempt needs of the gateway. */
export interface AttemptOptions {
  readonly settings: { readonly answerBytesMax: number };
  readonly after: (ms: number, callback: () => void) => () => void;
}

const ERROR_BYTES_MAX = 64 * 1024;
/** How long and how far a stream is read that says nothing yet, before it is taken for an answer. */
const OPENING_MS_MAX = 5_000;
const OPENING_BYTES_MAX = 64 * 1024;
/** And in how many pieces, for what came so far is put together for each. */
const OPENING_PIECES_MAX = 1_000;
/** How long a stream's end is waited for behind its error: some report usage there. */
const ERROR_END_MS_MAX = 250;

/** Opens one attempt and waits for it to become an answer or a failure. Bounded: error bodies to 64 KiB, whole answers to `settings.answerBytesMax`. */
export function attempt(provider: Provider, request: ProviderRequest, options: AttemptOptions): Attempt {
  const intake = new AttemptOutcome(provider, request, options);
  intake.call = provider.open(request, intake);
  return intake;
}

function isStreamed(wire: Wire): boolean {
  return wire === 'openai-chat' || wire === 'anthropic-messages';
}

/** Takes what the transport reports, in the order it comes. One per attempt. */
class AttemptOutcome implements UpstreamSink, StreamSource, Attempt {
  readonly outcome: Promise<Outcome>;
  call: UpstreamCall | null = null;
  readonly #provider: Provider;
  readonly #request: ProviderRequest;
  readonly #options: AttemptOptions;
  readonly #wantsStream: boolean;
  #decide: ((outcome: Outcome) => void) | null;
  #status = 0;
  #headers: UpstreamHeaders = {};
  #streaming = false;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #consumer: StreamConsumer | null = null;
  #ended: { failure: UpstreamFailure | null } | null = null;
  /** What a stream began with instead of an answer. */
  #errorInStream: JsonObject | null = null;
  #cancelWait: (() => void) | null = null;
  /** Of a stream. */
  #beginning: OpeningReader | null = null;

  constructor(provider: Provider, request: ProviderRequest, options: AttemptOptions) {
    this.#provider = provider;
    this.#request = request;
    this.#options = options;
    this.#wantsStream = request.stream && isStreamed(request.wire);
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
      if (this.#decide !== null) this.#open();
      return true;
    }
    if (this.#status >= 400) return this.#bytes < ERROR_BYTES_MAX || this.#cutError();
    const { answerBytesMax } = this.#options.settings;
    if (this.#bytes <= answerBytesMax) return true;
    this.call?.abort();
    const message = `the answer is larger than ${answerBytesMax} bytes`;
    this.#settleOn(this.#failure(new UpstreamFailure('protocol', { sent: true, message })));
    return true;
  }

  end(): void {
    if (this.#consumer !== null) {
      this.#consumer.end();
      return;
    }
    this.#ended = { failure: null };
    if (this.#status >= 400) this.#settleOn(this.#error(this.#status, () => this.#take()));
    else if (this.#status >= 300) this.#settleOn(this.#failure(this.#redirected()));
    else if (this.#streaming && this.#chunks.length > 0) this.#endOpening();
    else this.#settleOn(this.#whole(this.#take()));
  }

  failed(failure: UpstreamFailure): void {
    if (this.#consumer !== null) {
      this.#consumer.failed(failure);
      return;
    }
    this.#ended = { failure };
    if (this.#streaming && this.#chunks.length > 0) this.#endOpening();
    else this.#settleOn(this.#failure(failure));
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

  giveUp(finishes: (isStreamed: boolean) => boolean): boolean {
    if (this.#decide === null) return false;
    const sent = this.call?.sent ?? false;
    const isStreamed = this.#isStreamed();
    if (sent && finishes(isStreamed)) {
      if (!isStreamed) this.#readOnAtMost(this.#request.deployment.timeoutMs);
      return true;
    }
    this.call?.abort();
    const isRefused = this.#status >= 300 || this.#errorInStream !== null;
    const said = this.#bytes === 0 || isRefused ? null : this.#said();
    this.#settleOn({ is: 'gone', isWorkedOn: sent && !isRefused, isStreamed, said });
    return false;
  }

  cut(): void {
    this.#endAs('reset', 'the gateway is stopping');
  }

  /** The transport times only silence, and nobody is there to lose patience with an answer that drips. */
  #readOnAtMost(ms: number): void {
    this.#cancelWait?.();
    this.#cancelWait = this.#options.after(ms, () => this.#endAs('timeout', `the answer was not complete within ${ms} ms`));
  }

  #endAs(kind: UpstreamFailureKind, message: string): void {
    this.call?.abort();
    const sent = this.call?.sent ?? false;
    this.#settleOn(this.#failure(new UpstreamFailure(kind, { sent, message })));
  }

  #settleOn(outcome: Outcome): void {
    this.#cancelWait?.();
    const decide = this.#decide;
    this.#decide = null;
    decide?.(outcome);
  }

  #take(): Buffer {
    return this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks, this.#bytes);
  }

  /** Until the head is here what was asked for as a stream will be one. */
  #isStreamed(): boolean {
    return this.#streaming || (this.#wantsStream && this.#status === 0);
  }

  #said(): Said {
    return { bytes: this.#take(), isStreamed: this.#streaming };
  }

  /** Before its first event is known a stream may still turn out to be an error, and somebody else be asked. */
  #open(): void {
    if (this.#errorInStream !== null) {
      if (this.#bytes > OPENING_BYTES_MAX) this.#endErrorInStream();
      return;
    }
    const opening = this.#opening();
    if (opening === 'answer') this.#settleOn({ is: 'stream', source: this, isOpened: true });
    else if (opening !== 'unsaid') this.#noteErrorInStream(opening);
    else if (this.#bytes > OPENING_BYTES_MAX || this.#chunks.length > OPENING_PIECES_MAX) this.#takeForAnswer();
    else this.#cancelWait ??= this.#options.after(OPENING_MS_MAX, () => this.#takeForAnswer());
  }

  #takeForAnswer(): void {
    this.#settleOn({ is: 'stream', source: this, isOpened: false });
  }

  #noteErrorInStream(error: JsonObject): void {
    this.#errorInStream = error;
    this.#cancelWait?.();
    this.#cancelWait = this.#options.after(ERROR_END_MS_MAX, () => this.#endErrorInStream());
  }

  #endErrorInStream(): void {
    this.call?.abort();
    this.#endOpening();
  }

  /** No more will come. */
  #endOpening(): void {
    const opening = this.#errorInStream ?? this.#opening('all');
    if (opening === 'answer' || opening === 'unsaid') this.#takeForAnswer();
    else this.#settleOn(this.#errorInstead(opening));
  }

  /** Nothing may be thrown at the transport: what we fail to look into is taken for an answer, and whoever reads that tells of the defect. */
  #opening(come: 'part' | 'all' = 'part'): Opening {
    try {
      this.#beginning ??= new OpeningReader();
      return this.#beginning.read(this.#take(), come === 'all');
    } catch {
      return 'answer';
    }
  }

  #whole(bytes: Buffer): Outcome {
    let error: JsonObject | null = null;
    try {
      error = errorInstead(this.#request.wire, bytes);
    } catch {}
    return error === null ? { is: 'whole', bytes } : this.#errorInstead(error);
  }

  #errorInstead(error: JsonObject): Outcome {
    return this.#error(statusOfError(error), () => Buffer.from(JSON.stringify(error)));
  }

  /** Called from the transport, where nothing may be thrown: the request would wait for ever. */
  #error(status: number, bodyOf: () => Buffer): Outcome {
    try {
      const { credential } = this.#request.deployment;
      const error = this.#provider.readError(status, this.#headers, bodyOf(), credential);
      return { is: 'error', error, said: this.#said() };
    } catch {
      return this.#failure(new UpstreamFailure('protocol', { sent: true, message: `the provider answered ${status}` }));
    }
  }

  #failure(failure: UpstreamFailure): Outcome {
    const isRefused = this.#status >= 300;
    const answerBytes = isRefused ? 0 : this.#bytes;
    return { is: 'failure', failure, answerBytes, isWorkedOn: failure.sent && !isRefused, isStreamed: this.#isStreamed() };
  }

  /** An error page without end: what was read says enough. */
  #cutError(): boolean {
    this.call?.abort();
    this.#settleOn(this.#error(this.#status, () => this.#take()));
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
