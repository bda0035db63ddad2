/** An answer ready to be sent. */
export interface Answer {
  readonly status: number;
  /** JSON text; null for none. */
  readonly body: string | null;
  readonly etag: string | null;
  /** In place of a body: lines that are read while they are sent. */
  readonly lines?: AsyncIterable<string>;
  /** `Set-Cookie` values. */
  readonly cookies?: readonly string[];
}
