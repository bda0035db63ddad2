import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { RequestHead } from './request-head.ts';
import { writeMessage } from './write-message.ts';

// What is made once per request is a class without accessors in literals: see ADR 0015.

const LOOPBACK = /^(::ffff:)?127\.|^::1$/;

/** One request as plain values, as the walk takes it. */
export class LaneRequest {
  readonly method = 'POST';
  readonly path: string;
  readonly query: string;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly startedMs: number;
  readonly #socket: Socket;

  constructor(head: RequestHead, body: Buffer, startedMs: number, socket: Socket) {
    this.path = head.path;
    this.query = head.query;
    this.rawHeaders = head.pairs;
    this.body = body;
    this.startedMs = startedMs;
    this.#socket = socket;
  }

  header(name: string): string | undefined {
    const pairs = this.rawHeaders;
    for (let at = 0; at < pairs.length; at += 2) if (pairs[at] === name) return pairs[at + 1];
    return undefined;
  }

  get isLoopback(): boolean {
    return LOOPBACK.test(this.#socket.remoteAddress ?? '');
  }
}

/** Whose answer it is: the connection that the request came on. */
export interface Answering {
  readonly socket: Socket;
  /** Lines that stand in every head, each with its line break: the date, whether the connection stays open. */
  standingLines(): string;
  /** The answer is complete and handed to the socket. */
  answered(): void;
}

/** What may stand in a header that we write. Anything else would cut the head where nobody meant it to be cut. */
const UNWRITABLE = /[^\t\x20-\x7e\x80-\xff]/;

/** Where one answer goes. Head, first chunk and end leave in as few writes as they can. After the client is gone every verb does nothing. */
export class LaneReply {
  gone = false;
  readonly #connection: Answering;
  /** The head until something is sent with it. */
  #head: string | null = null;
  #chunked = false;
  #done = false;
  #whenGone: (() => void) | null = null;
  #whenDrained: (() => void) | null = null;

  constructor(connection: Answering) {
    this.#connection = connection;
  }

  head(status: number, headers: readonly string[]): void {
    if (this.gone) return;
    let text = statusLine(status);
    let framed = status === 204 || status === 304;
    for (let at = 0; at < headers.length; at += 2) {
      const name = headers[at] as string;
      const value = headers[at + 1] as string;
      if (UNWRITABLE.test(value)) throw new TypeError(`the header ${name} cannot be written`);
      text += `${name}: ${value}\r\n`;
      if (name === 'content-length') framed = true;
    }
    this.#chunked = !framed;
    this.#head = text + this.#connection.standingLines() + (framed ? '\r\n' : CHUNKED);
  }

  chunk(bytes: Buffer): boolean {
    if (this.gone || this.#done || bytes.length === 0) return true;
    return this.#write(
      this.#chunked ? this.#takeHead() + sizeLine(bytes) : this.#takeHead(),
      bytes,
      this.#chunked ? LINE_END : '',
    );
  }

  end(bytes: Buffer | null): void {
    if (this.gone || this.#done) return;
    this.#done = true;
    const body = bytes === null || bytes.length === 0 ? null : bytes;
    if (!this.#chunked) this.#write(this.#takeHead(), body, '');
    else if (body === null) this.#write(this.#takeHead(), null, LAST_CHUNK);
    else this.#write(this.#takeHead() + sizeLine(body), body, LINE_END + LAST_CHUNK);
    this.#connection.answered();
  }

  destroy(): void {
    if (!this.#done) this.#connection.socket.destroy();
  }

  onGone(callback: () => void): void {
    this.#whenGone = callback;
    if (this.gone) callback();
  }

  onDrained(callback: () => void): void {
    this.#whenDrained = callback;
  }

  /** The client went away before its answer was complete. */
  hungUp(): void {
    this.gone = true;
    this.#whenGone?.();
  }

  drained(): void {
    this.#whenDrained?.();
  }

  #takeHead(): string {
    const head = this.#head ?? '';
    this.#head = null;
    return head;
  }

  #write(before: string, body: Buffer | null, after: string): boolean {
    return writeMessage(this.#connection.socket, before, body, after);
  }
}

const LINE_END = '\r\n';
const CHUNKED = 'transfer-encoding: chunked\r\n\r\n';
const LAST_CHUNK = '0\r\n\r\n';

function sizeLine(bytes: Buffer): string {
  return `${bytes.length.toString(16)}\r\n`;
}

const statusLines = new Map<number, string>();

function statusLine(status: number): string {
  let line = statusLines.get(status);
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
    statusLines.set(status, line);
  }
  return line;
}
