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
import type { RequestHead } from './request-head.ts';

// What is made once per request is a class without accessors in literals: see ADR 0015.

/** One request as plain values, as the walk takes it. */
export class LaneRequest {
  readonly method = 'POST';
  readonly path: string;
  readonly query: string;
  readonly rawHeaders: readonly string[];
  /** Empty until it is here. */
  body: Buffer;
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

/** Whose answer it is: the connection that the request came on. */
export interface Answering {
  readonly socket: Socket;
  /** Lines that stand in every head, each with its line break: the date, whether the connection stays open. */
  standingLines(): string;
  /** The answer is complete and handed to the socket. */
  answered(): void;
}

/** Where one answer goes. Head, first chunk and end leave in as few writes as they can. After the client is gone every verb does nothing. */
export class LaneReply implements Waiting {
  gone = false;
  readonly #connection: Answering;
  /** Nothing of the head is to be sent; it is the message that is being put together; it had to make room for another. */
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

  /** Another message is begun before anything was sent behind this head. */
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

  /** The client went away before its answer was complete. */
  hungUp(): void {
    this.gone = true;
    this.#whenGone?.();
  }

  drained(): void {
    this.#whenDrained?.();
  }

  /** Begins the message that is sent next: with the head, where it was not sent yet. */
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
