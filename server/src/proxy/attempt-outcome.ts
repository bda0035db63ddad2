import type { JsonObject, Wire } from '../dialects/dialect.ts';
import { statusOfError } from '../dialects/error-status.ts';
import { hasPictures, passesWhole } from '../dialects/exchange.ts';
import { errorInstead, type Opening, OpeningReader } from '../dialects/opening.ts';
import { isRefusedWhole } from '../dialects/refusals.ts';
import { type Provider, type ProviderRequest, refusedAnswer } from '../providers/provider.ts';
import type { UpstreamCall, UpstreamHeaders, UpstreamSink } from '../upstream/call.ts';
import { UpstreamFailure, type UpstreamFailureKind } from '../upstream/call.ts';
import type { Attempt, AttemptOptions, Outcome, Said, StreamConsumer, StreamSource } from './attempts/outcome.ts';
import { openWithSecrets } from './attempts/two-secrets-call.ts';

const ERROR_BYTES_MAX = 64 * 1024;
/** Bounds on reading a stream that is neither an answer nor an error yet. At a bound, it is taken for an answer. */
const OPENING_MS_MAX = 5_000;
const OPENING_BYTES_MAX = 64 * 1024;
/** The same for responses. Their first events repeat the whole request, and arrive long before any output. */
const RESPONSE_OPENING_MS_MAX = 2_000;
const RESPONSE_OPENING_BYTES_MAX = 2 * 1024 * 1024;
/** The same bound in pieces, because each piece joins all bytes so far. */
const OPENING_PIECES_MAX = 1_000;
/** The longest wait for the end of a stream after its error. Some providers report usage there. */
const ERROR_END_MS_MAX = 250;

/**
 * Opens one attempt. Reads at most 64 KiB of an error, and `settings.answerBytesMax` of a whole answer. With `watchesRefusals`, an
 * answer that is a refusal and has no output is an error.
 */
export function attempt(
  provider: Provider,
  request: ProviderRequest,
  options: AttemptOptions,
  { watchesRefusals }: { readonly watchesRefusals: boolean } = { watchesRefusals: false },
): Attempt {
  const intake = new AttemptOutcome(provider, request, options, watchesRefusals);
  intake.call = openWithSecrets(provider, request, intake, options.secrets);
  return intake;
}

function isStreamed(wire: Wire): boolean {
  if (wire === 'openai-chat' || wire === 'anthropic-messages') return true;
  if (wire === 'openai-responses' || wire === 'gemini' || wire === 'openai-completions') return true;
  return wire === 'cohere-chat' || wire === 'bedrock-converse' || passesWhole(wire) || wire === 'openai-transcriptions';
}

/** Reports whether the bytes of an answer pass as they are. Sound that is JSON is an error. */
function passes(wire: Wire, contentType: string): boolean {
  return passesWhole(wire) && hasPictures(wire) === /\bjson\b/i.test(contentType);
}

const BEGINS_AS_ERROR = /^\s*\{\s*"error"/;
const ERROR_CHARS_MAX = 100;

/** Receives the transport's reports of one attempt, and decides its outcome. */
class AttemptOutcome implements UpstreamSink, StreamSource, Attempt {
  readonly outcome: Promise<Outcome>;
  headers: UpstreamHeaders = {};
  contentType = '';
  call: UpstreamCall | null = null;
  readonly #provider: Provider;
  readonly #request: ProviderRequest;
  readonly #options: AttemptOptions;
  readonly #wantsStream: boolean;
  #decide: ((outcome: Outcome) => void) | null;
  #status = 0;
  #streaming = false;
  /** True if the answer passes as bytes without events. */
  #passes = false;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #consumer: StreamConsumer | null = null;
  #ended: { failure: UpstreamFailure | null } | null = null;
  /** The error with which a stream began instead of an answer; null if there was none. */
  #errorInStream: JsonObject | null = null;
  #cancelWait: (() => void) | null = null;
  #isCut = false;
  /** True if a refusal before any output is an error here, because other targets may serve instead. */
  readonly #watchesRefusals: boolean;
  #isRefusal = false;
  /** The reader of a stream's first events. */
  #beginning: OpeningReader | null = null;

  constructor(provider: Provider, request: ProviderRequest, options: AttemptOptions, watchesRefusals: boolean) {
    this.#watchesRefusals = watchesRefusals;
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
    this.headers = headers;
    this.contentType = String(headers['content-type'] ?? '');
    const isEvents = this.contentType.includes('event-stream');
    this.#passes = status < 300 && !isEvents && passes(this.#request.wire, this.contentType);
    this.#streaming = (this.#wantsStream && status < 300 && isEvents) || this.#passes;
  }

  data(chunk: Buffer): boolean {
    if (this.#consumer !== null) return this.#consumer.data(chunk);
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#streaming) {
      if (this.#decide !== null && this.#passes) this.#pass();
      else if (this.#decide !== null) this.#open();
      if (this.#streaming) return true;
    }
    if (this.#status >= 400) return this.#bytes < ERROR_BYTES_MAX || this.#cutError();
    const { answerBytesMax } = this.#options.settings;
    if (this.#bytes <= answerBytesMax) return true;
    this.call?.abort();
    const message = `the answer is larger than ${answerBytesMax} bytes, the most allowed`;
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
    this.#endUnheard('gone');
    return false;
  }

  stop(): void {
    if (this.#decide !== null) this.#endUnheard('stopped');
  }

  #endUnheard(is: 'gone' | 'stopped'): void {
    const sent = this.call?.sent ?? false;
    const isStreamed = this.#isStreamed();
    this.call?.abort();
    const isRefused = this.#status >= 300 || this.#errorInStream !== null;
    const said = this.#bytes === 0 || isRefused ? null : this.#said();
    this.#settleOn({ is, isWorkedOn: sent && !isRefused, isStreamed, said });
  }

  cut(): void {
    this.#isCut = true;
    this.#endAs('reset', 'the gateway is stopping');
  }

  /** Bounds the time to read on. The transport bounds only silence, and no client is left to cancel a slow answer. */
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

  /** Reports whether the answer is a stream. Before the head arrives, it is assumed to be as requested. */
  #isStreamed(): boolean {
    return this.#streaming || (this.#wantsStream && this.#status === 0);
  }

  #said(): Said {
    return { bytes: this.#take(), isStreamed: this.#streaming };
  }

  /** Passes on bytes that are no events, unless they begin as an error does. */
  #pass(): void {
    if (BEGINS_AS_ERROR.test(this.#take().toString('latin1', 0, ERROR_CHARS_MAX))) this.#streaming = false;
    else this.#settleOn({ is: 'stream', source: this, isOpened: true });
  }

  /** Examines a stream's beginning. Until its first event is known it may be an error, and another candidate can be tried. */
  #open(): void {
    const isResponse = this.#request.wire === 'openai-responses';
    const bytesMax = isResponse ? RESPONSE_OPENING_BYTES_MAX : OPENING_BYTES_MAX;
    if (this.#errorInStream !== null || this.#isRefusal) {
      if (this.#bytes > bytesMax) this.#endErrorInStream();
      return;
    }
    const opening = this.#opening();
    if (opening === 'answer') this.#settleOn({ is: 'stream', source: this, isOpened: true });
    else if (opening === 'refused') this.#noteRefusal();
    else if (opening !== 'unsaid') this.#noteErrorInStream(opening);
    else if (this.#bytes > bytesMax || this.#chunks.length > OPENING_PIECES_MAX) this.#takeForAnswer();
    else
      this.#cancelWait ??= this.#options.after(isResponse ? RESPONSE_OPENING_MS_MAX : OPENING_MS_MAX, () =>
        this.#takeForAnswer(),
      );
  }

  #takeForAnswer(): void {
    this.#settleOn({ is: 'stream', source: this, isOpened: false });
  }

  #noteErrorInStream(error: JsonObject): void {
    this.#errorInStream = error;
    this.#awaitErrorEnd();
  }

  #noteRefusal(): void {
    this.#isRefusal = true;
    this.#awaitErrorEnd();
  }

  /** Waits a moment for the end of a stream, where its usage may be. */
  #awaitErrorEnd(): void {
    this.#cancelWait?.();
    this.#cancelWait = this.#options.after(ERROR_END_MS_MAX, () => this.#endErrorInStream());
  }

  #endErrorInStream(): void {
    this.call?.abort();
    this.#endOpening();
  }

  /** Decides the outcome of a stream of which no more will arrive. */
  #endOpening(): void {
    const opening = this.#isRefusal ? 'refused' : (this.#errorInStream ?? this.#opening('all'));
    if (opening === 'refused') this.#settleOn(this.#refused());
    else if (opening === 'answer' || opening === 'unsaid') this.#takeForAnswer();
    else this.#settleOn(this.#errorInstead(opening));
  }

  /** Classifies the stream's beginning. Never throws, as the transport calls it: a defect counts as `answer`. */
  #opening(come: 'part' | 'all' = 'part'): Opening {
    try {
      this.#beginning ??= new OpeningReader(this.#watchesRefusals ? this.#request.wire : null);
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
    if (error !== null) return this.#errorInstead(error);
    return this.#watchesRefusals && isRefusedWhole(this.#request.wire, bytes) ? this.#refused() : { is: 'whole', bytes };
  }

  /** Returns the outcome of an answer that is a refusal. */
  #refused(): Outcome {
    return { is: 'error', error: refusedAnswer(this.#status), said: this.#said() };
  }

  #errorInstead(error: JsonObject): Outcome {
    return this.#error(statusOfError(error), () => Buffer.from(JSON.stringify(error)));
  }

  /** Reads an error answer. The transport calls it, so it must not throw: the request would wait for ever. */
  #error(status: number, bodyOf: () => Buffer): Outcome {
    try {
      const { credential } = this.#request.deployment;
      const error = this.#provider.readError(status, this.headers, bodyOf(), credential);
      return { is: 'error', error, said: this.#said() };
    } catch {
      return this.#failure(new UpstreamFailure('protocol', { sent: true, message: `the provider answered ${status}` }));
    }
  }

  #failure(failure: UpstreamFailure): Outcome {
    const isRefused = this.#status >= 300;
    return {
      is: 'failure',
      failure,
      status: this.#status || null,
      isCut: this.#isCut,
      answerBytes: isRefused ? 0 : this.#bytes,
      isWorkedOn: failure.sent && !isRefused,
      isStreamed: this.#isStreamed(),
    };
  }

  /** Cuts off an error body that reaches 64 KiB. The bytes read so far are enough. */
  #cutError(): boolean {
    this.call?.abort();
    this.#settleOn(this.#error(this.#status, () => this.#take()));
    return true;
  }

  /** Returns the failure for a redirect. Redirects are never followed: one could send our credential anywhere. */
  #redirected(): UpstreamFailure {
    return new UpstreamFailure('protocol', {
      sent: true,
      message: `the provider answered ${this.#status}; redirects are not followed`,
    });
  }
}
