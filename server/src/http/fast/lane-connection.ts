import type { Socket } from 'node:net';
import { addPiece, type BodyRoom, type HeadVerdict, keepsRoom } from '../../lib/buffered-bytes.ts';
import { LF } from '../../lib/http-text/characters.ts';
import { freed, joinedInTurn } from '../../lib/pieces.ts';
import { LaneReply, LaneRequest } from './lane-reply.ts';
import { HEAD_BYTES_MAX, type RequestHead, readRequestHead, START_BYTES_MAX } from './request-head.ts';

/** The part of the listener that its connections share. */
export interface LaneDesk {
  readonly bodyBytesMax: number;
  nowMs(): number;
  serve(request: LaneRequest, reply: LaneReply): void;
  /** Judges a request whose body did not arrive with its head. */
  judge(request: LaneRequest, reply: LaneReply): HeadVerdict | Promise<HeadVerdict>;
  /** Gives the connection to Node permanently, with the bytes not yet read. */
  handOver(connection: LaneConnection, unread: Buffer): void;
  forget(connection: LaneConnection): void;
  /** Returns the lines of every answer's head: the date, and whether the connection stays open. */
  standingLines(closes: boolean): string;
  /** Returns a whole answer to a request that cannot be read or did not arrive in time. */
  refusal(why: 'unreadable' | 'late'): Buffer;
  /** True if every answer that begins is the last of its connection. */
  readonly isClosing: boolean;
  /** True if each connection closes after its answer, whatever the answer said. */
  readonly endsWithAnswer: boolean;
}

/** Bytes of later messages that are read while one is served. Above that, the socket is paused. */
const READ_AHEAD_BYTES_MAX = 64 * 1024;
const NOTHING = Buffer.alloc(0);
/** The longest time for which the rest of a body is read and dropped after an early answer. */
const DROPS_MS_MAX = 5_000;

/**
 * The state of a connection. `judged`: a request with an incomplete body is being judged. `rest`: the request is answered, and
 * the rest of its body is dropped.
 */
type Phase = 'message' | 'judged' | 'body' | 'answer' | 'rest' | 'over';

/** One client's connection. It serves one message at a time, and is handed over at the first message that is not plain. */
export class LaneConnection {
  readonly socket: Socket;
  phase: Phase = 'message';
  /** The time at which the current message began to arrive, in monotonic milliseconds. Valid only while one is being read. */
  readingSinceMs: number;
  /** The number of checks since the last answer at which the listener found the connection idle. */
  idleLooks = 0;
  /** True once a head was read on this connection. */
  isProven = false;
  readonly #desk: LaneDesk;
  /** Bytes not yet read as a message. */
  #unread: Buffer = NOTHING;
  #request: LaneRequest | null = null;
  #verdict: Extract<HeadVerdict, { is: 'read' }> | null = null;
  #pieces: Buffer[] = [];
  #missing = 0;
  #room: BodyRoom | null = null;
  #dropping: NodeJS.Timeout | null = null;
  #reply: LaneReply | null = null;
  #closes = false;
  #isAdvancing = false;
  #isHeadBegun = false;
  readonly #listeners = {
    data: (bytes: Buffer) => this.#data(bytes),
    end: () => this.#ended(),
    error: () => {}, // 'close' follows and says so.
    close: () => this.#closed(),
    drain: () => this.#reply?.drained(),
  };

  constructor(socket: Socket, desk: LaneDesk) {
    this.socket = socket;
    this.#desk = desk;
    this.readingSinceMs = desk.nowMs();
    for (const [name, listener] of Object.entries(this.#listeners)) socket.on(name, listener);
  }

  /** True if a message is incomplete, or if the connection has not sent a first one yet. */
  get isReading(): boolean {
    return this.isReadingBody || (this.phase === 'message' && (this.#unread.length > 0 || !this.isProven));
  }

  get isReadingBody(): boolean {
    return this.phase === 'body' || this.phase === 'judged';
  }

  /** True if nothing is in flight in either direction. */
  get isIdle(): boolean {
    return this.phase === 'message' && this.#unread.length === 0 && this.socket.writableLength === 0;
  }

  /** Stops listening to the socket, so that Node can. */
  leave(): void {
    this.phase = 'over';
    for (const [name, listener] of Object.entries(this.#listeners)) this.socket.off(name, listener);
  }

  /** Sends one answer that states the reason, and closes the connection. */
  refuse(why: 'unreadable' | 'late'): void {
    this.phase = 'over';
    this.#reply?.hungUp();
    this.#reply = null;
    this.socket.end(this.#desk.refusal(why));
    this.socket.destroySoon();
  }

  standingLines(): string {
    // The rest of an unread body must not be parsed as a next request.
    if (this.#desk.isClosing || this.isReadingBody) this.#closes = true;
    return this.#desk.standingLines(this.#closes);
  }

  answered(): void {
    this.#reply = null;
    this.#freeRoom();
    if (this.isReadingBody) {
      this.#dropRest();
      return;
    }
    this.phase = 'message';
    this.idleLooks = 0;
    if (this.#closes || this.#desk.endsWithAnswer) {
      this.phase = 'over';
      this.socket.destroySoon();
      return;
    }
    if (this.socket.isPaused()) this.socket.resume();
    if (this.#unread.length > 0 && !this.#isAdvancing) this.#advance();
  }

  #data(bytes: Buffer): void {
    switch (this.phase) {
      case 'message':
        if (this.#unread.length === 0) {
          this.#unread = bytes;
          this.#advance();
        } else {
          this.#moreOfHead(bytes);
        }
        return;
      case 'body':
        this.#moreOfBody(bytes);
        return;
      case 'judged':
        this.#pieces.push(bytes);
        this.socket.pause();
        return;
      case 'rest':
        this.#missing -= bytes.length;
        freed(bytes);
        if (this.#missing <= 0) this.#close();
        return;
      case 'answer':
        this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
        if (this.#unread.length > READ_AHEAD_BYTES_MAX) this.socket.pause();
    }
  }

  /** Reads the messages in the buffer, one after the other, until one is incomplete or is being served. */
  #advance(endFrom = 0): void {
    this.#isAdvancing = true;
    while (this.phase === 'message' && this.#unread.length > 0) {
      const head = readRequestHead(this.#unread, this.#desk.bodyBytesMax, endFrom);
      endFrom = 0;
      if (head === 'odd') {
        const unread = this.#unread;
        this.#unread = NOTHING;
        this.leave();
        this.#desk.handOver(this, unread);
        break;
      }
      if (head === 'incomplete') {
        if (!this.#isHeadBegun) this.readingSinceMs = this.#desk.nowMs();
        this.#isHeadBegun = true;
        break;
      }
      this.#take(head);
    }
    this.#isAdvancing = false;
  }

  #moreOfHead(bytes: Buffer): void {
    const before = this.#unread.length;
    this.#unread = Buffer.concat([this.#unread, bytes]);
    // Only a line's end can end the head, so a head that arrives byte by byte is not parsed again for each byte.
    if (bytes.includes(LF) || this.#unread.length > HEAD_BYTES_MAX || before < START_BYTES_MAX)
      this.#advance(Math.max(0, before - 3));
  }

  #take(head: RequestHead): void {
    const startedMs = this.#isHeadBegun ? this.readingSinceMs : this.#desk.nowMs();
    this.#isHeadBegun = false;
    this.isProven = true;
    this.#closes = head.closes;
    const bytes = this.#unread;
    const end = head.bodyAt + head.contentLength;
    if (bytes.length >= end) {
      this.#unread = bytes.length === end ? NOTHING : bytes.subarray(end);
      this.#serve(head, bytes.subarray(head.bodyAt, end), startedMs);
      return;
    }
    this.#unread = NOTHING;
    this.readingSinceMs = startedMs;
    this.#pieces = bytes.length === head.bodyAt ? [] : [bytes.subarray(head.bodyAt)];
    this.#missing = head.contentLength;
    this.#judge(new LaneRequest(head, NOTHING, startedMs, this.socket));
  }

  /** Judges the head. Until there is a verdict, only the bytes that came with the head and at most one more piece are kept. */
  #judge(request: LaneRequest): void {
    this.phase = 'judged';
    this.#request = request;
    this.#reply = new LaneReply(this);
    const verdict = this.#desk.judge(request, this.#reply);
    if (verdict instanceof Promise) void verdict.then((later) => this.#judged(later));
    else this.#judged(verdict);
  }

  #judged(verdict: HeadVerdict): void {
    // Meanwhile the request was answered, or timed out, or its client disconnected.
    if (this.phase !== 'judged' || verdict.is === 'answered') return;
    if (verdict.is === 'form') {
      // Cannot happen: the head of a large form is odd, so Node reads it.
      this.refuse('unreadable');
      return;
    }
    this.phase = 'body';
    this.#verdict = verdict;
    this.#room = verdict.room;
    const pieces = this.#pieces;
    this.#pieces = [];
    if (this.socket.isPaused()) this.socket.resume();
    for (const piece of pieces) this.#data(piece);
  }

  #moreOfBody(bytes: Buffer): void {
    const piece = bytes.length <= this.#missing ? bytes : bytes.subarray(0, this.#missing);
    this.#missing -= piece.length;
    if (!(this.#room as BodyRoom).take(piece.length)) {
      this.#freePieces();
      this.#verdict?.refuse('no_room');
      return;
    }
    addPiece(this.#pieces, piece);
    if (this.#missing > 0) return;
    this.#unread = piece === bytes ? NOTHING : bytes.subarray(piece.length);
    const request = this.#request as LaneRequest;
    request.body = joinedInTurn(this.#pieces);
    this.#request = null;
    this.#verdict = null;
    this.#pieces = [];
    this.phase = 'answer';
    const room = this.#room as BodyRoom;
    this.#desk.serve(request, this.#reply as LaneReply);
    if (!keepsRoom(request.body)) room.free();
  }

  /** Reads and drops the rest of the body. Closing a socket with unread bytes resets it, and the client may lose the answer. */
  #dropRest(): void {
    this.phase = 'rest';
    for (const { length } of this.#pieces) this.#missing -= length;
    this.#freePieces();
    this.#request = null;
    this.#verdict = null;
    if (this.#missing <= 0) {
      this.#close();
      return;
    }
    this.#dropping = setTimeout(() => this.#close(), DROPS_MS_MAX);
    if (this.socket.isPaused()) this.socket.resume();
  }

  #freePieces(): void {
    for (const piece of this.#pieces) freed(piece);
    this.#pieces = [];
  }

  #close(): void {
    this.phase = 'over';
    this.socket.destroySoon();
  }

  #freeRoom(): void {
    this.#room?.free();
    this.#room = null;
  }

  #serve(head: RequestHead, body: Buffer, startedMs: number): void {
    this.phase = 'answer';
    const reply = new LaneReply(this);
    this.#reply = reply;
    this.#desk.serve(new LaneRequest(head, body, startedMs, this.socket), reply);
  }

  /** Handles the client's end of sending. As in Node, a client that closes its side while it awaits an answer has hung up. */
  #ended(): void {
    if (this.phase === 'answer') this.socket.destroy();
    else if (this.isReadingBody || this.#unread.length > 0) this.refuse('unreadable');
    else this.socket.destroySoon();
  }

  #closed(): void {
    this.phase = 'over';
    this.#freePieces();
    this.#freeRoom();
    if (this.#dropping !== null) clearTimeout(this.#dropping);
    this.#desk.forget(this);
    const reply = this.#reply;
    this.#reply = null;
    reply?.hungUp();
  }
}
