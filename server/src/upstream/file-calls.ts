/**
 * Calls that send or receive files: bodies of any size, as streams. Connections go only to allowed addresses, as those of the
 * transport do. It does not retry and follows no redirect.
 */
import { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import { systemClock } from '../lib/timing/clock.ts';
import type { UpstreamHeaders } from './call.ts';
import { guardedConnector, type TransportOptions } from './transport.ts';

export interface FileRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | AsyncIterable<Uint8Array> | null;
  /** The longest wait for the head, and the longest silence in the body. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
}

export interface FileAnswer {
  readonly status: number;
  readonly headers: UpstreamHeaders;
  /** Read it to its end, or leave the loop over it: then the connection is closed. */
  readonly body: AsyncIterable<Buffer>;
}

export interface FileCalls {
  /** Sends a request, and returns when the head of the answer is there. Rejects if there is none. */
  send(request: FileRequest): Promise<FileAnswer>;
  close(): void;
}

const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_MS = 4_000;

export function createFileCalls(options: Pick<TransportOptions, 'policy' | 'resolve' | 'ca' | 'hidesInnerNames'>): FileCalls {
  const connect = guardedConnector({ ...options, clock: systemClock, connectTimeoutMs: CONNECT_TIMEOUT_MS });
  const dispatcher = new Agent({ connect, keepAliveTimeout: IDLE_MS, maxHeaderSize: 32 * 1024 });
  return {
    send: async ({ method, url, headers, body, silenceMs, signal }) => {
      const sent = body === null || body instanceof Buffer ? body : Readable.from(body, { objectMode: false });
      const bounds = { headersTimeout: silenceMs, bodyTimeout: silenceMs };
      const answer = await request(url, { method, headers, body: sent, dispatcher, signal, ...bounds });
      return { status: answer.statusCode, headers: answer.headers, body: answer.body };
    },
    close: () => void dispatcher.destroy(),
  };
}
