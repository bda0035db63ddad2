/** What is said between whoever sends something to an upstream and the connection that carries it. */

/** Header names are lower case. */
export type UpstreamHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** How far an attempt got when it failed decides what is owed: nothing before the request was sent in full. */
export type UpstreamFailureKind = 'not_connected' | 'reset' | 'timeout' | 'refused_address' | 'protocol';

export class UpstreamFailure extends Error {
  readonly kind: UpstreamFailureKind;
  /** True once the request body was handed over in full: the provider may have worked, and charged. */
  readonly sent: boolean;
  constructor(kind: UpstreamFailureKind, options: { readonly sent: boolean; readonly message: string }) {
    super(options.message);
    this.name = 'UpstreamFailure';
    this.kind = kind;
    this.sent = options.sent;
  }
}

/** Where an attempt reports. Exactly one of `end` and `failed` is called last, once; nothing is called after `abort()`. */
export interface UpstreamSink {
  head(status: number, headers: UpstreamHeaders): void;
  /** Returns false to ask for a pause; the receiver then calls `resume()`. */
  data(chunk: Buffer): boolean;
  end(): void;
  failed(failure: UpstreamFailure): void;
}

/** An attempt under way. */
export interface UpstreamCall {
  /** Let go at once: the provider sees the connection close. Idempotent. */
  abort(): void;
  resume(): void;
  /** True once the request body was handed over in full: from then on the provider may work, and charge. */
  readonly sent: boolean;
}
