/** The interface between the sender of an upstream request and the connection that carries it. */

/** Headers of an answer. Names are in lower case. */
export type UpstreamHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The kind of a failed attempt. With `sent` it decides the charge: before the request is sent in full, nothing is owed. */
export type UpstreamFailureKind = 'not_connected' | 'reset' | 'timeout' | 'refused_address' | 'protocol';

export class UpstreamFailure extends Error {
  readonly kind: UpstreamFailureKind;
  /** True if the request body was handed over in full: the provider may have worked, and charged. */
  readonly sent: boolean;
  /** True if nothing was sent because whoever issues tokens refused the credential's secret: another secret may work. */
  readonly refusesSecret: boolean;
  constructor(
    kind: UpstreamFailureKind,
    options: { readonly sent: boolean; readonly message: string; readonly refusesSecret?: boolean },
  ) {
    super(options.message);
    this.name = 'UpstreamFailure';
    this.kind = kind;
    this.sent = options.sent;
    this.refusesSecret = options.refusesSecret ?? false;
  }
}

/** The receiver of an attempt's answer. The last call is `end` or `failed`, exactly once. Nothing is called after `abort()`. */
export interface UpstreamSink {
  head(status: number, headers: UpstreamHeaders): void;
  /** Returns false to ask for a pause; the receiver then calls `resume()`. */
  data(chunk: Buffer): boolean;
  end(): void;
  failed(failure: UpstreamFailure): void;
}

/** An attempt in flight. */
export interface UpstreamCall {
  /** Ends the attempt at once: the provider sees the connection close. Idempotent. */
  abort(): void;
  resume(): void;
  /** True once the request body was handed over in full: from then on the provider may work, and charge. */
  readonly sent: boolean;
}
