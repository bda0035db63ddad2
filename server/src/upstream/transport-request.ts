import type { Sendable } from '../lib/pieces.ts';

/** One HTTP/1.1 request to an upstream. The transport never changes the body and never decodes the answer. */
export interface TransportRequest {
  /** Scheme, host and port: `https://api.openai.com`. */
  readonly origin: string;
  readonly method: 'GET' | 'POST';
  /** The path with its query; begins with `/`. */
  readonly path: string;
  /** Flat pairs, names in lower case, never changed after sending. `host`, `connection` and `content-length` are added. */
  readonly headers: string[];
  readonly body: Sendable | null;
  /** The longest wait for the head, from `send` on, and the longest silence in the body while the receiver is reading. */
  readonly timeoutMs: number;
  /** The longest allowed answer body. A longer one fails as `protocol`. */
  readonly answerBytesMax: number;
}
