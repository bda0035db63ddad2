import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { BodyRoom } from '../../lib/buffered-bytes.ts';
import type { Bytes } from '../../lib/pieces.ts';
import type { SpooledForm } from '../../lib/spool/spooled-form.ts';
import type { GatewayRequest, Reply } from '../request-reply.ts';

// Classes, not object literals: a literal with a getter makes V8 create a new hidden class for each request, in the old
// generation. Each hidden class keeps its whole request in memory until a full collection.

/** A request that `node:http` read, as plain values. */
export class NodeRequest implements GatewayRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly rawHeaders: readonly string[];
  /** The request's body; empty until it has arrived. */
  body: Bytes;
  form?: SpooledForm;
  readonly startedMs: number;
  readonly #request: IncomingMessage;
  readonly #headers: IncomingHttpHeaders;

  constructor(request: IncomingMessage, body: Buffer, startedMs: number) {
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    this.method = request.method ?? 'GET';
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.query = mark < 0 ? '' : url.slice(mark + 1);
    this.rawHeaders = request.rawHeaders;
    this.body = body;
    this.startedMs = startedMs;
    this.#request = request;
    this.#headers = request.headers;
  }

  header(name: string): string | undefined {
    return this.#headers[name] as string | undefined;
  }

  get remoteAddress(): string {
    return this.#request.socket.remoteAddress ?? '';
  }
}

/** Sends a whole answer before the request's body is read, and ends the connection. */
export type SendUnread = (status: number, headers: readonly string[], body: Buffer | null) => void;

/** Writes through a `ServerResponse`. */
export class NodeReply implements Reply {
  gone = false;
  /** Set while the body has not arrived; null afterwards. */
  sendUnread: SendUnread | null = null;
  /** The memory or the disk reserved for the body, freed at the latest when the answer ends. */
  room: Pick<BodyRoom, 'free'> | null = null;
  readonly #response: ServerResponse;
  #unread: { readonly status: number; readonly headers: readonly string[] } | null = null;
  #whenGone: (() => void) | null = null;
  #whenDrained: (() => void) | null = null;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.on('close', () => this.#closed());
    response.on('error', ignore); // A broken pipe is a hang-up; 'close' follows and reports it.
  }

  head(status: number, headers: string[]): void {
    if (this.gone) return;
    if (this.sendUnread === null) this.#response.writeHead(status, headers);
    else this.#unread = { status, headers };
  }

  chunk(bytes: Buffer): boolean {
    return this.gone || this.#response.write(bytes);
  }

  end(bytes: Buffer | null): void {
    if (this.gone) return;
    if (this.#unread !== null) {
      this.gone = true;
      this.room?.free();
      this.sendUnread?.(this.#unread.status, this.#unread.headers, bytes);
      return;
    }
    if (bytes === null) this.#response.end();
    else this.#response.end(bytes);
  }

  destroy(): void {
    this.#response.socket?.destroy();
  }

  onGone(callback: () => void): void {
    this.#whenGone = callback;
    if (this.gone) callback();
  }

  onDrained(callback: () => void): void {
    if (this.#whenDrained === null) this.#response.on('drain', () => this.#whenDrained?.());
    this.#whenDrained = callback;
  }

  #closed(): void {
    this.room?.free();
    if (this.gone || this.#response.writableFinished) return;
    this.gone = true;
    this.#whenGone?.();
  }
}

function ignore(): void {}
