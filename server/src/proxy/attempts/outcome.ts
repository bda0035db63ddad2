/** One attempt at a provider, as the rest of the data plane sees it. */
import type { ProviderError } from '../../providers/provider.ts';
import type { UpstreamFailure, UpstreamHeaders } from '../../upstream/call.ts';
import type { SecretChoice } from '../deployments/secret-choice.ts';

/** The outcome of one attempt. For a stream it is known at the first event; for all else once the whole answer has arrived. */
export type Outcome =
  | { readonly is: 'whole'; readonly bytes: Buffer }
  /** `isOpened`: an event that is part of an answer arrived within the bounds on time and size. */
  | { readonly is: 'stream'; readonly source: StreamSource; readonly isOpened: boolean }
  /** An error by its status, or a body or event that is an error. `said`: all bytes that arrived, in case they report usage. */
  | { readonly is: 'error'; readonly error: ProviderError; readonly said: Said }
  | {
      readonly is: 'failure';
      readonly failure: UpstreamFailure;
      /** The HTTP status; null if none arrived. */
      readonly status: number | null;
      /** True if this process ended the call because it stops. */
      readonly isCut: boolean;
      /** The number of bytes of a 2xx answer that had arrived by then. */
      readonly answerBytes: number;
      /** True if the request was sent in full and not refused by then, so the provider may have worked on it. */
      readonly isWorkedOn: boolean;
      readonly isStreamed: boolean;
    }
  /** The client hung up first, or this process stops and the client still waits. The call was ended. */
  | {
      readonly is: 'gone' | 'stopped';
      /** True if the request was sent in full and not refused by then, so the provider may have worked on it. */
      readonly isWorkedOn: boolean;
      readonly isStreamed: boolean;
      /** The part of an answer that had arrived; null if none had. */
      readonly said: Said | null;
    };

export interface Said {
  readonly bytes: Buffer;
  readonly isStreamed: boolean;
}

/** The receiver of a stream that was chosen as the answer. */
export interface StreamConsumer {
  /** Takes a chunk. Returns false to ask for a pause, until `resume` is called. */
  data(chunk: Buffer): boolean;
  end(): void;
  failed(failure: UpstreamFailure): void;
}

/** An upstream stream whose first bytes have arrived. It keeps all bytes until `attach`, and takes exactly one consumer. */
export interface StreamSource {
  /** The content type of the upstream's answer. */
  readonly contentType: string;
  /** Returns the first bytes. Call it before `attach`. */
  first(): Buffer;
  attach(consumer: StreamConsumer): void;
  resume(): void;
  abort(): void;
}

export interface Attempt {
  readonly outcome: Promise<Outcome>;
  /** The headers of the answer; empty until they arrive. */
  readonly headers: UpstreamHeaders;
  /**
   * Called when the client hangs up. Reads on if the request was sent in full and `finishes` returns true; otherwise ends the
   * call at once. A whole answer is read on for at most its deployment's timeout. Returns true if it is read on.
   */
  giveUp(finishes: (isStreamed: boolean) => boolean): boolean;
  /** Called when this process stops before the answer ends, which is read on for nobody. Ends the call, and reports it as a `reset`. */
  cut(): void;
  /** Called when this process stops while the client waits. Ends the call, unless its outcome is known already. */
  stop(): void;
}

/** The part of the gateway that an attempt needs. */
export interface AttemptOptions {
  readonly settings: { readonly answerBytesMax: number };
  readonly after: (ms: number, callback: () => void) => () => void;
  readonly secrets: SecretChoice;
}
