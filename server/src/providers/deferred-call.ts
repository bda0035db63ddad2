import { type UpstreamCall, UpstreamFailure, type UpstreamSink } from '../upstream/call.ts';
import type { KeptToken, TokenFailure } from './kept-token.ts';

export interface DeferredOptions {
  /** The longest wait for the token: the deployment's timeout. The token's own bound of 10 s applies too. */
  readonly timeoutMs: number;
  readonly after: (ms: number, callback: () => void) => () => void;
}

/**
 * Begins a call with a token: at once if the token is there, else when it is. `begin` gets the token. A failure to get one is
 * `not_connected`, because the provider has received nothing.
 */
export function callWithToken<T>(
  token: KeptToken<T>,
  sink: UpstreamSink,
  options: DeferredOptions,
  begin: (token: T) => UpstreamCall,
): UpstreamCall {
  const present = token.present();
  return present === null ? new DeferredCall(token, sink, options, begin) : begin(present);
}

/** A call that begins when its token is there. Until then nothing is sent, and an abort only ends the wait. */
class DeferredCall<T> implements UpstreamCall {
  readonly #sink: UpstreamSink;
  readonly #begin: (token: T) => UpstreamCall;
  readonly #stopWaiting: () => void;
  readonly #stopTimer: () => void;
  #isOver = false;
  #call: UpstreamCall | null = null;

  constructor(token: KeptToken<T>, sink: UpstreamSink, options: DeferredOptions, begin: (token: T) => UpstreamCall) {
    this.#sink = sink;
    this.#begin = begin;
    this.#stopTimer = options.after(options.timeoutMs, () => this.#fail(`no token was issued within ${options.timeoutMs} ms`));
    this.#stopWaiting = token.wait({
      ready: (issued) => this.#start(issued),
      failed: (failure: TokenFailure) => this.#fail(`there is no token for the provider: ${failure.message}`),
    });
  }

  get sent(): boolean {
    return this.#call?.sent ?? false;
  }

  abort(): void {
    this.#endWait();
    this.#call?.abort();
  }

  resume(): void {
    this.#call?.resume();
  }

  #start(token: T): void {
    if (this.#isOver) return;
    this.#endWait();
    try {
      this.#call = this.#begin(token);
    } catch {
      // Thrown to whoever answers the waiting calls, it would leave this one without an end.
      this.#sink.failed(new UpstreamFailure('not_connected', { sent: false, message: 'the call could not begin' }));
    }
  }

  #fail(message: string): void {
    if (this.#isOver) return;
    this.#endWait();
    this.#sink.failed(new UpstreamFailure('not_connected', { sent: false, message }));
  }

  #endWait(): void {
    this.#isOver = true;
    this.#stopTimer();
    this.#stopWaiting();
  }
}
