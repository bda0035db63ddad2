import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { StreamedBytes } from '../lib/pieces.ts';
import type { TimerWheel, WheelTimer } from '../lib/timing/timer-wheel.ts';
import { type UpstreamCall, UpstreamFailure, type UpstreamFailureKind, type UpstreamHeaders, type UpstreamSink } from './call.ts';
import { type Connection, PlainConnection, type Sender } from './connection.ts';
import type { Borrower, OriginPool } from './origin-pool.ts';
import type { TransportRequest } from './transport-request.ts';
import { goOnInTurn, SHARE_BYTES } from './turns.ts';
import { explainError } from './upstream-errors.ts';

/**
 * One request in flight: waits for a connection, is written, is answered, ends. It is both the handler of either client and the
 * caller's handle, so that a request allocates one object. Ends exactly once; after `abort()` it calls nothing.
 */
export class UpstreamRequest implements Borrower, UpstreamCall, Sender {
  private readonly request: TransportRequest;
  private readonly sink: UpstreamSink;
  private readonly pool: OriginPool;
  private readonly wheel: TimerWheel;
  private readonly onTimer = () => this.checkSilence();
  private timer: WheelTimer;
  private lastHeardMs: number;
  private connection: Connection | null = null;
  /** The reader of the answer; null until the connection is established. */
  private reader: { pause(): void; resume(): void } | null = null;
  private headTold = false;
  private done = false;
  private aborted = false;
  private beginning = true;
  sent = false;
  private paused = false;
  private answerBytes = 0;
  /** The number of bytes of the answer at which others have their turn. */
  private shareEndsAt = SHARE_BYTES;

  constructor(request: TransportRequest, sink: UpstreamSink, pool: OriginPool, wheel: TimerWheel) {
    this.request = request;
    this.sink = sink;
    this.pool = pool;
    this.wheel = wheel;
    this.lastHeardMs = wheel.nowMs();
    this.timer = wheel.add(request.timeoutMs, this.onTimer);
  }

  begin(): void {
    this.pool.borrow(this);
    this.beginning = false;
  }

  abort(): void {
    this.aborted = true;
    if (!this.done) this.letGo();
  }

  resume(): void {
    if (!this.paused || this.done) return;
    this.paused = false;
    this.lastHeardMs = this.wheel.nowMs();
    // undici's parser is shared and not re-entrant: resuming one answer while another is being parsed would break it.
    queueMicrotask(() => {
      if (!this.done) this.reader?.resume();
    });
  }

  start(connection: Connection): void {
    this.connection = connection;
    connection.send(this.request, this);
  }

  turnedAway(message: string): void {
    this.fail('not_connected', message);
  }

  started(reader: { pause(): void; resume(): void }): void {
    this.reader = reader;
    if (!(this.request.body instanceof StreamedBytes)) this.written();
  }

  wrote(isLast: boolean): void {
    // While the provider takes the body, it cannot answer.
    this.lastHeardMs = this.wheel.nowMs();
    if (isLast) this.written();
  }

  head(status: number, headers: UpstreamHeaders): void {
    if (this.done || status < 200 || this.headTold) return;
    this.headTold = true;
    this.lastHeardMs = this.wheel.nowMs();
    if (status < 300 && isEncoded(headers)) {
      this.fail('protocol', 'the provider sent a compressed answer, which the gateway does not accept');
      return;
    }
    this.sink.head(status, headers);
  }

  data(chunk: Buffer): boolean {
    if (this.done) return true;
    this.lastHeardMs = this.wheel.nowMs();
    this.answerBytes += chunk.length;
    if (this.answerBytes > this.request.answerBytesMax) {
      this.fail('protocol', `the provider's answer is longer than ${this.request.answerBytesMax} bytes`);
    } else if (!this.sink.data(chunk) && !this.done) {
      this.paused = true;
      return false;
    }
    return this.answerBytes < this.shareEndsAt || this.done || this.rest();
  }

  /** Resumes the answer after others have had their turn, unless its receiver paused it. */
  goOn(): void {
    if (!this.paused && !this.done) this.reader?.resume();
  }

  ended(): void {
    const connection = this.connection;
    if (this.done || connection === null) return;
    if (connection.broken) {
      this.fail('reset', 'the provider closed the connection before its answer was complete');
      return;
    }
    this.done = true;
    this.wheel.cancel(this.timer);
    if (this.sent) this.pool.release(connection);
    else this.pool.retire(connection);
    this.sink.end();
  }

  failed(error: Error): void {
    if (this.done) return;
    const explained = explainError(error, { started: this.reader !== null });
    this.fail(explained.kind, explained.message);
  }

  oddAnswer(bytes: Buffer, socket: Socket): void {
    this.pool.foundOdd();
    if (this.connection instanceof PlainConnection) this.connection.readInFull(bytes, socket, this.request, this);
  }

  // Methods that undici calls.

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.reader = controller;
  }

  onRequestSent(): void {
    // The plain client says itself what it has sent. An answer that is read in full is read with an empty request.
    if (!(this.connection instanceof PlainConnection)) this.written();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: UpstreamHeaders): void {
    this.head(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.data(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    this.ended();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.failed(error);
  }

  private written(): void {
    if (this.sent) return;
    const socket = this.connection?.socket;
    // A body larger than the socket's buffer is still being sent. Until it is, the provider cannot have worked on it.
    if (socket?.writableNeedDrain !== true) this.sent = true;
    else
      socket.once('drain', () => {
        this.sent = true;
      });
  }

  private rest(): false {
    this.shareEndsAt = this.answerBytes + SHARE_BYTES;
    goOnInTurn(this);
    return false;
  }

  private checkSilence(): void {
    const now = this.wheel.nowMs();
    // A paused answer is silent because its receiver does not read. The receiver bounds that time.
    if (this.paused) this.lastHeardMs = now;
    const leftMs = this.lastHeardMs + this.request.timeoutMs - now;
    if (leftMs > 0) this.timer = this.wheel.add(leftMs, this.onTimer);
    else this.fail('timeout', `the provider sent nothing for ${this.request.timeoutMs} ms`);
  }

  private fail(kind: UpstreamFailureKind, message: string): void {
    if (this.done) return;
    const failure = new UpstreamFailure(kind, { sent: this.sent, message });
    this.letGo();
    if (!this.beginning) this.sink.failed(failure);
    // The caller has no handle yet, so report later: it must be able to abort first.
    else
      queueMicrotask(() => {
        if (!this.aborted) this.sink.failed(failure);
      });
  }

  /** Ends without an answer. Closes the connection at once, so that the provider sees it, and never reuses it. */
  private letGo(): void {
    this.done = true;
    this.wheel.cancel(this.timer);
    if (this.connection === null) this.pool.leave(this);
    else this.pool.retire(this.connection);
  }
}

function isEncoded(headers: UpstreamHeaders): boolean {
  const encoding = headers['content-encoding'];
  return encoding !== undefined && encoding !== 'identity' && encoding !== '';
}
