import type { Socket } from 'node:net';
import { addPiece, type BodyRoom, type HeadVerdict, keepsRoom } from '../../lib/buffered-bytes.ts';
import { LF } from '../../lib/http-text/characters.ts';
import { LaneReply, LaneRequest } from './lane-reply.ts';
import { HEAD_BYTES_MAX, type RequestHead, readRequestHead } from './request-head.ts';

/** What the connections of one listener share. */
export interface LaneDesk {
  readonly bodyBytesMax: number;
  nowMs(): number;
  serve(request: LaneRequest, reply: LaneReply): void;
  /** Judges a request whose body has not come with its head. */
  judge(request: LaneRequest, reply: LaneReply): HeadVerdict | Promise<HeadVerdict>;
  /** Gives the connection to Node for good, with what it has not yet read. */
  handOver(connection: LaneConnection, unread: Buffer): void;
  forget(connection: LaneConnection): void;
  /** Lines of every answer's head. */
  standingLines(closes: boolean): string;
  /** A whole answer to a request that cannot be read, or did not come in time. */
  refusal(why: 'unreadable' | 'late'): Buffer;
  /** Each answer that begins is the last of its connection. */
  readonly isClosing: boolean;
  /** No further request is taken from any connection. */
  readonly isDraining: boolean;
}

/** Bytes of later messages that are read while one is served; beyond, the client has to wait. */
const READ_AHEAD_BYTES_MAX = 64 * 1024;
const NOTHING = Buffer.alloc(0);
/** How long what is still being sent is dropped behind an answer that did not wait for it. */
const DROPS_MS_MAX = 5_000;

/**
 * What the connection waits for. `judged`: a body has begun to come, and whether it is read is not known yet. `rest`: the request is answered,
 * and what is left of its body is dropped.
 */
type Phase = 'message' | 'judged' | 'body' | 'answer' | 'rest' | 'over';

/** One client's connection: reads message after message, each served before the next is looked at, until one is not plain. */
export class LaneConnection {
  readonly socket: Socket;
  phase: Phase = 'message';
  /** When what is being read began to arrive; monotonic milliseconds. Of no meaning while nothing is being read. */
  readingSinceMs: number;
  /** How often the listener looked and found the connection idle. */
  idleLooks = 0;
  /** Whether a message was ever read here. */
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

  /** Whether a message has begun to arrive and is not all here. */
  get isReading(): boolean {
    return this.isReadingBody || (this.phase === 'message' && (this.#unread.length > 0 || !this.isProven));
  }

  get isReadingBody(): boolean {
    return this.phase === 'body' || this.phase === 'judged';
  }

  /** Whether nothing is under way here in either direction. */
  get isIdle(): boolean {
    return this.phase === 'message' && this.#unread.length === 0 && this.socket.writableLength === 0;
  }

  /** Stops listening to the socket, so that somebody else can. */
  leave(): void {
    this.phase = 'over';
    for (const [name, listener] of Object.entries(this.#listeners)) this.socket.off(name, listener);
  }

  /** Says why in one answer and closes. */
  refuse(why: 'unreadable' | 'late'): void {
    this.phase = 'over';
    this.#reply?.hungUp();
    this.#reply = null;
    this.socket.end(this.#desk.refusal(why));
    this.socket.destroySoon();
  }

  standingLines(): string {
    // What is left of a body that nobody reads must not be taken for a next request.
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
    if (this.#closes || this.#desk.isDraining) {
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
        if (this.#missing <= 0) this.#close();
        return;
      case 'answer':
        this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
        if (this.#unread.length > READ_AHEAD_BYTES_MAX) this.socket.pause();
    }
  }

  /** Reads messages from what is here, as far as it goes and one after the other. */
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
    // Only a line's end can be the end of the head: a head that comes byte by byte is not read anew for each.
    if (bytes.includes(LF) || this.#unread.length > HEAD_BYTES_MAX || before < 16) this.#advance(Math.max(0, before - 3));
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

  /** The head decides before anything of the body is kept beyond what came with it. */
  #judge(request: LaneRequest): void {
    this.phase = 'judged';
    this.#request = request;
    this.#reply = new LaneReply(this);
    const verdict = this.#desk.judge(request, this.#reply);
    if (verdict instanceof Promise) void verdict.then((later) => this.#judged(later));
    else this.#judged(verdict);
  }

  #judged(verdict: HeadVerdict): void {
    // Answered, late, or gone meanwhile.
    if (this.phase !== 'judged' || verdict.is === 'answered') return;
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
      this.#pieces = [];
      this.#verdict?.refuse('no_room');
      return;
    }
    addPiece(this.#pieces, piece);
    if (this.#missing > 0) return;
    const request = this.#request as LaneRequest;
    request.body = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
    this.#request = null;
    this.#verdict = null;
    this.#pieces = [];
    this.#unread = piece === bytes ? NOTHING : bytes.subarray(piece.length);
    this.phase = 'answer';
    const room = this.#room as BodyRoom;
    this.#desk.serve(request, this.#reply as LaneReply);
    if (!keepsRoom(request.body)) room.free();
  }

  /** The answer is out; a connection that is closed over unread bytes is reset, and the answer may be lost with it. */
  #dropRest(): void {
    this.phase = 'rest';
    for (const { length } of this.#pieces) this.#missing -= length;
    this.#pieces = [];
    this.#request = null;
    this.#verdict = null;
    if (this.#missing <= 0) {
      this.#close();
      return;
    }
    this.#dropping = setTimeout(() => this.#close(), DROPS_MS_MAX);
    if (this.socket.isPaused()) this.socket.resume();
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

  /** The client will send no more. As with Node, whoever closes their side while an answer is awaited has hung up. */
  #ended(): void {
    if (this.phase === 'answer') this.socket.destroy();
    else if (this.isReadingBody || this.#unread.length > 0) this.refuse('unreadable');
    else this.socket.destroySoon();
  }

  #closed(): void {
    this.phase = 'over';
    this.#freeRoom();
    if (this.#dropping !== null) clearTimeout(this.#dropping);
    this.#desk.forget(this);
    const reply = this.#reply;
    this.#reply = null;
    reply?.hungUp();
  }
}
