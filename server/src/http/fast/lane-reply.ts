import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import {
  addBytes,
  addHeader,
  addText,
  beginMessage,
  goOn,
  sendMessage,
  type Waiting,
  waitWith,
} from '../../lib/http-text/outgoing.ts';
import type { Bytes } from '../../lib/pieces.ts';
import type { RequestHead } from './request-head.ts';

// Objects made once per request are classes, not literals with accessors: see ADR 0015.

/** One request as plain values. */
export class LaneRequest {
  readonly method = 'POST';
  readonly path: string;
  readonly query: string;
  readonly rawHeaders: readonly string[];
  /** The request's body; empty until it has arrived. */
  body: Bytes;
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

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? '';
  }
}

/** The connection on which the request came, and on which its answer is sent. */
export interface Answering {
  readonly socket: Socket;
  /** Returns the lines of every head, each with its line break: the date, and whether the connection stays open. */
  standingLines(): string;
  /** Called when the answer is complete and was handed to the socket. */
  answered(): void;
}

/** Writes one answer in as few writes as possible. Does nothing once the client has disconnected. */
export class LaneReply implements Waiting {
  gone = false;
  readonly #connection: Answering;
  /** `none`: no head is waiting. `begun`: it is in the shared message buffer. Bytes: it was moved out for another message. */
  #head: 'none' | 'begun' | Buffer = 'none';
  #chunked = false;
  #done = false;
  #whenGone: (() => void) | null = null;
  #whenDrained: (() => void) | null = null;

  constructor(connection: Answering) {
    this.#connection = connection;
  }

  head(status: number, headers: readonly string[]): void {
    if (this.gone) return;
    beginMessage();
    addText(statusLine(status));
    let framed = status === 204 || status === 304;
    for (let at = 0; at < headers.length; at += 2) {
      const name = headers[at] as string;
      addHeader(name, headers[at + 1] as string);
      if (name === 'content-length') framed = true;
    }
    addText(this.#connection.standingLines());
    addText(framed ? LINE_END : CHUNKED);
    this.#chunked = !framed;
    this.#head = 'begun';
    waitWith(this);
  }

  /** Keeps the head's bytes, because another message takes the shared buffer. */
  keepBegun(bytes: Buffer): void {
    this.#head = bytes;
  }

  chunk(bytes: Buffer): boolean {
    if (this.gone || this.#done || bytes.length === 0) return true;
    this.#takeHead();
    if (this.#chunked) addText(sizeLine(bytes));
    return sendMessage(this.#connection.socket, bytes, this.#chunked ? LINE_END : '');
  }

  end(bytes: Buffer | null): void {
    if (this.gone || this.#done) return;
    this.#done = true;
    const body = bytes === null || bytes.length === 0 ? null : bytes;
    this.#takeHead();
    if (!this.#chunked) sendMessage(this.#connection.socket, body, '');
    else if (body === null) sendMessage(this.#connection.socket, null, LAST_CHUNK);
    else {
      addText(sizeLine(body));
      sendMessage(this.#connection.socket, body, LINE_END + LAST_CHUNK);
    }
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

  /** Called when the client disconnects before its answer is complete. */
  hungUp(): void {
    this.gone = true;
    this.#whenGone?.();
  }

  drained(): void {
    this.#whenDrained?.();
  }

  /** Begins the next message, with the head if it was not sent yet. */
  #takeHead(): void {
    const head = this.#head;
    this.#head = 'none';
    if (head === 'begun' && goOn(this)) return;
    beginMessage();
    if (typeof head !== 'string') addBytes(head);
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
