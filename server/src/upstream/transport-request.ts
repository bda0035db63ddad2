/** One HTTP/1.1 request to an upstream. The body is never changed and the answer never decoded. */
export interface TransportRequest {
  /** Scheme, host and port: `https://api.openai.com`. */
  readonly origin: string;
  readonly method: 'GET' | 'POST';
  /** With the query; begins with `/`. */
  readonly path: string;
  /** Flat name/value pairs, lower-case names; `host`, `connection` and `content-length` are the transport's. Never changed once it was sent. */
  readonly headers: string[];
  readonly body: Buffer | null;
  /** The longest wait for the head, from `send` on, and the longest silence in the body while the receiver is reading. */
  readonly timeoutMs: number;
  /** A longer answer is cut off as `protocol`. */
  readonly answerBytesMax: number;
}
