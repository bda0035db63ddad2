import type { Socket } from 'node:net';
import { addText, beginMessage, sendMessage } from '../../lib/http-text/outgoing.ts';
import { type Sendable, StreamedBytes } from '../../lib/pieces.ts';
import { afterPoll } from './after-poll.ts';
import { type AnswerHead, type AnswerHeaders, readAnswerHead } from './answer-head.ts';
import { ChunkedBody } from './chunked-body.ts';
import { type PlainRequest, requestHead } from './request-text.ts';

/** The receiver of one answer. The last call is `ended`, `failed` or `oddAnswer`. After `destroy` there are no calls. */
export interface AnswerTaker {
  /** Called when the connection is established and the request is being written. */
  started(connection: UpstreamConnection): void;
  /** Called for a body that is not in memory: when the socket took a piece of it, and whether that was the last. */
  wrote(isLast: boolean): void;
  head(status: number, headers: AnswerHeaders): void;
  /** Takes a piece of the body. Returns false to ask for a pause; the rest of the current read still arrives. */
  data(piece: Buffer): boolean;
  ended(): void;
  failed(error: Error): void;
  /** Called when the answer is not plain: it must be read from `bytes` and then from the socket, which has no listeners left. */
  oddAnswer(bytes: Buffer, socket: Socket): void;
}

/**
 * Opens the socket and returns it at once, while it still connects. The opener chooses how bytes arrive: passed to `onBytes` as a
 * copy, or emitted by the socket as `data`.
 */
export type OpenSocket = (
  onBytes: (bytes: Buffer) => void,
  callback: (error: Error | null, socket: Socket | null) => void,
) => Socket | undefined;

export interface UpstreamOptions {
  /** The value of the `host` header. */
  readonly host: string;
  readonly open: OpenSocket;
  /** The time to keep an idle connection, unless its server names one. */
  readonly keepAliveMs: number;
  /** Called when the connection closes, or receives unexpected bytes, while it is idle. */
  readonly onIdleClose: (connection: UpstreamConnection) => void;
}

/** The failure of an answer whose server closed the connection before it was complete. */
class ConnectionEnded extends Error {
  readonly code = 'HEADGATE_CONNECTION_ENDED';
}

/** Thrown when the server's answer is not valid HTTP, so that the full client could not read it either. */
export class BadAnswer extends Error {}

/** The margin subtracted from the idle time that a server names. */
const KEEP_ALIVE_MARGIN_MS = 2_000;
const KEEP_ALIVE_MS_MAX = 600_000;

type Phase = 'idle' | 'connecting' | 'waiting' | 'head' | 'length' | 'chunks' | 'over';

/** One connection to an upstream. It does one plain HTTP/1.1 exchange at a time, and passes on answers as they arrive. */
export class UpstreamConnection {
  socket: Socket | null = null;
  /** True if the socket failed. */
  broken = false;
  /** True if another request may be sent. Meaningful only after an answer ended. */
  isReusable = true;
  /** The longest time to keep it idle after the last answer. */
  idleMs: number;
  readonly #options: UpstreamOptions;
  readonly #chunks = new ChunkedBody();
  #phase: Phase = 'connecting';
  #taker: AnswerTaker | null = null;
  #unread: Buffer | null = null;
  #unsentHead = '';
  #unsentBody: Sendable | null = null;
  /** The number of bytes in the current read, including those kept from earlier ones. */
  #readBytes = 0;
  #left = 0;
  #keepsAlive = true;
  #isHandedOver = false;
  readonly #sendWaiting = () => {
    if (this.#phase === 'waiting' && this.socket !== null) this.#write(this.socket);
  };
  readonly #giveOut = (piece: Buffer) => this.#give(piece);
  readonly #listeners = {
    data: (bytes: Buffer) => this.#data(bytes),
    end: () => this.#closed(),
    close: () => this.#closed(),
  };

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.idleMs = options.keepAliveMs;
  }

  /** Sends a request. Call it only if the connection is new, or if its last answer ended and it is reusable. */
  send(request: PlainRequest, taker: AnswerTaker): void {
    this.#taker = taker;
    const head = requestHead(request, this.#options.host);
    if (head instanceof Error) {
      this.#fail(head);
      return;
    }
    this.#unsentHead = head;
    this.#unsentBody = request.body;
    if (this.socket === null) {
      this.#connect();
      return;
    }
    // Unexpected bytes, or the end of the connection, may already be pending. They must be handled before a request is written,
    // or they would be taken for its answer.
    this.#phase = 'waiting';
    afterPoll(this.#sendWaiting);
  }

  pause(): void {
    this.socket?.pause();
  }

  resume(): void {
    this.socket?.resume();
  }

  /** Closes at once, connected or not; reports nothing. */
  destroy(): void {
    this.#phase = 'over';
    this.#taker = null;
    this.socket?.destroy();
  }

  #connect(): void {
    this.#phase = 'connecting';
    let socket: Socket | null = null;
    const onBytes = (bytes: Buffer) => {
      // After a handover, the full client listens for `data` as on any socket.
      if (socket !== this.socket || this.#isHandedOver) socket?.emit('data', bytes);
      else this.#data(bytes);
    };
    socket =
      this.#options.open(onBytes, (error, opened) => {
        if (this.#phase === 'over') return;
        if (error !== null || opened === null) this.#fail(error ?? new ConnectionEnded());
        else this.#connected(opened);
      }) ?? null;
    this.socket = socket;
    this.broken = false;
    socket?.on('error', (error) => {
      if (socket !== this.socket) return;
      this.broken = true;
      if (this.#phase !== 'connecting') this.#fail(error);
    });
  }

  #connected(socket: Socket): void {
    for (const [name, listener] of Object.entries(this.#listeners)) socket.on(name, listener);
    this.#write(socket);
  }

  /** Opens a new connection for a request that is not written yet, because this one closed or received unexpected bytes. */
  #startAnew(): void {
    const { socket } = this;
    if (socket === null) return;
    for (const [name, listener] of Object.entries(this.#listeners)) socket.off(name, listener);
    this.socket = null;
    socket.destroy();
    this.#connect();
  }

  #write(socket: Socket): void {
    const body = this.#unsentBody;
    this.#unsentBody = null;
    this.#phase = 'head';
    beginMessage();
    addText(this.#unsentHead);
    const isStreamed = body instanceof StreamedBytes;
    sendMessage(socket, isStreamed ? null : body, '');
    this.#taker?.started(this);
    if (isStreamed) void this.#stream(socket, body);
  }

  /** Sends a body that is not in memory, as fast as the socket takes it. Ends early once the answer ended, or was handed over. */
  async #stream(socket: Socket, body: StreamedBytes): Promise<void> {
    const taker = this.#taker;
    try {
      for await (const piece of body.read()) {
        if (taker === null || this.#taker !== taker) return;
        if (!socket.write(piece)) await drained(socket);
        if (this.#taker === taker) taker.wrote(false);
      }
      if (taker !== null && this.#taker === taker) taker.wrote(true);
    } catch (error) {
      if (this.#taker === taker) this.#fail(error as Error);
    }
  }

  #data(bytes: Buffer): void {
    const taker = this.#taker;
    if (taker === null || this.#phase === 'waiting') {
      this.#closed();
      return;
    }
    let end = -1;
    this.#readBytes = bytes.length;
    try {
      end = this.#phase === 'head' ? this.#readHead(bytes, taker) : this.#readBody(bytes, 0);
    } catch (error) {
      // If the taker threw, that is a defect in the taker, and only its own answer is lost.
      if (this.#taker === taker) this.#fail(error as Error);
      return;
    }
    if (end >= 0 && this.#taker === taker) this.#finish(taker, end === this.#readBytes);
  }

  /** Returns where the answer ended, or -1. */
  #readHead(bytes: Buffer, taker: AnswerTaker): number {
    const all = this.#unread === null ? bytes : Buffer.concat([this.#unread, bytes]);
    const head = readAnswerHead(all);
    if (head === 'incomplete') {
      this.#unread = all;
      return -1;
    }
    if (head === 'odd') {
      this.#handOver(all);
      return -1;
    }
    this.#unread = null;
    this.#readBytes = all.length;
    this.#begin(head);
    taker.head(head.status, head.headers);
    return this.#taker === taker ? this.#readBody(all, head.bodyAt) : -1;
  }

  #begin(head: AnswerHead): void {
    this.#keepsAlive = head.keepsAlive;
    this.idleMs = this.#options.keepAliveMs;
    if (head.keepAliveMs !== null) {
      this.idleMs = Math.min(head.keepAliveMs - KEEP_ALIVE_MARGIN_MS, KEEP_ALIVE_MS_MAX);
      if (this.idleMs <= 0) this.#keepsAlive = false;
    }
    this.#left = head.contentLength;
    if (head.contentLength >= 0) {
      this.#phase = 'length';
    } else {
      this.#phase = 'chunks';
      this.#chunks.begin();
    }
  }

  #readBody(bytes: Buffer, from: number): number {
    if (this.#phase === 'chunks') return this.#readChunks(bytes, from);
    const end = Math.min(bytes.length, from + this.#left);
    if (end > from) {
      this.#left -= end - from;
      if (!this.#give(from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end))) return -1;
    }
    return this.#left === 0 ? end : -1;
  }

  #readChunks(bytes: Buffer, from: number): number {
    const reading = this.#chunks.read(bytes, from, this.#giveOut);
    if (reading === 'whole') return this.#chunks.endedAt;
    if (reading === 'odd') {
      if (!this.#chunks.isAtFrame) throw new BadAnswer();
      // No part of the unfinished line was passed on. The full client reads it again, after a head that only says how to read the
      // body.
      const rest = `HTTP/1.1 200 OK\r\n${this.#keepsAlive ? '' : 'connection: close\r\n'}transfer-encoding: chunked\r\n\r\n${this.#chunks.rest()}`;
      this.#handOver(Buffer.concat([Buffer.from(rest, 'latin1'), bytes.subarray(this.#chunks.endedAt)]));
    }
    return -1;
  }

  /** Passes a piece to the answer's taker. Returns false once the taker has abandoned the answer. */
  #give(piece: Buffer): boolean {
    const taker = this.#taker;
    if (taker === null) return false;
    if (!taker.data(piece) && this.#taker !== null) this.pause();
    return this.#taker !== null;
  }

  #finish(taker: AnswerTaker, isExact: boolean): void {
    this.#taker = null;
    this.#phase = 'idle';
    this.isReusable = isExact && this.#keepsAlive && this.socket?.readable === true && this.socket.writable;
    if (this.socket?.isPaused()) this.socket.resume();
    taker.ended();
  }

  #handOver(bytes: Buffer): void {
    const { socket } = this;
    const taker = this.#taker;
    if (socket === null || taker === null) return;
    this.#unread = null;
    this.#taker = null;
    this.#phase = 'over';
    this.#isHandedOver = true;
    this.isReusable = false;
    socket.pause();
    for (const [name, listener] of Object.entries(this.#listeners)) socket.off(name, listener);
    taker.oddAnswer(bytes, socket);
  }

  #closed(): void {
    if (this.#phase === 'waiting') this.#startAnew();
    else if (this.#taker !== null) this.#fail(new ConnectionEnded());
    else if (this.#phase === 'idle') {
      this.#phase = 'over';
      this.isReusable = false;
      this.#options.onIdleClose(this);
    }
  }

  #fail(error: Error): void {
    const taker = this.#taker;
    if (taker === null || this.#phase === 'waiting') {
      this.#closed();
      return;
    }
    this.#taker = null;
    this.#phase = 'over';
    this.isReusable = false;
    taker.failed(error);
  }
}

/** Waits until a socket takes more bytes, or is closed. */
function drained(socket: Socket): Promise<void> {
  if (socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}
