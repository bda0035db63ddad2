import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { HeadVerdict } from '../../lib/buffered-bytes.ts';
import { noteTarget } from '../targets.ts';
import { withSharedReads } from './accepted-socket.ts';
import { LaneConnection, type LaneDesk } from './lane-connection.ts';
import type { LaneReply, LaneRequest } from './lane-reply.ts';

export interface LaneOptions {
  readonly bodyBytesMax: number;
  /** The timeouts for a head, a whole request and an idle connection, and the interval at which they are checked. */
  readonly patience: LanePatience;
  /** Counts a connection; returns false if its address has too many, and the connection is then closed. */
  readonly enter: (socket: Socket) => boolean;
  readonly clock: { nowMs(): number; monotonicMs(): number };
  /** Returns true if each answer closes its connection, although new connections are still accepted. */
  readonly isLeaving: () => boolean;
  readonly serve: (request: LaneRequest, reply: LaneReply) => void;
  /** Judges a request whose body did not arrive with its head. */
  readonly judge: (request: LaneRequest, reply: LaneReply) => HeadVerdict | Promise<HeadVerdict>;
  /** Returns a whole answer, the last of its connection. */
  readonly refusal: (why: 'unreadable' | 'late') => Buffer;
}

export interface LanePatience {
  readonly headMsMax: number;
  readonly requestMsMax: number;
  readonly idleMsMax: number;
  readonly lookMs: number;
}

/** The fast lane in front of a server. */
export interface FastLane {
  /**
   * Closes each connection once it was idle for `idleMs`. One that was accepted and has sent nothing yet has a second: its client may just
   * be sending.
   */
  drain(idleMs: number): void;
  /** Closes every connection. */
  cut(): void;
  /** The number of connections in the lane, for tests. Connections handed to the server are not counted. */
  readonly size: number;
}

/**
 * Puts the fast lane in front of a `node:http` server. The lane accepts each connection, and reads and answers plain POSTs to the
 * data plane on the socket itself. At the first message that is not plain it hands the connection to the server permanently, with
 * that message unread.
 */
export function openFastLane(server: Server, options: LaneOptions): FastLane {
  const toNode = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  const lane = new Lane(options, (socket) => {
    for (const listener of toNode) listener.call(server, socket);
  });
  server.on('connection', (accepted) => {
    const socket = withSharedReads(accepted);
    if (options.enter(socket)) lane.take(socket);
    else socket.destroy();
  });
  return lane;
}

const DRAIN_LOOK_MS = 50;
/** The time in which a connection must begin its first request while the lane drains. */
const FIRST_MS_MAX = 1_000;

class Lane implements FastLane, LaneDesk {
  readonly bodyBytesMax: number;
  isDraining = false;
  readonly #options: LaneOptions;
  readonly #toNode: (socket: Socket) => void;
  readonly #connections = new Set<LaneConnection>();
  #looking: NodeJS.Timeout | null = null;
  #drainIdleMs = 0;
  #dateSecond = 0;
  #keepAliveLines = '';
  #closeLines = '';

  constructor(options: LaneOptions, toNode: (socket: Socket) => void) {
    this.bodyBytesMax = options.bodyBytesMax;
    this.#options = options;
    this.#toNode = toNode;
  }

  get size(): number {
    return this.#connections.size;
  }

  take(socket: Socket): void {
    if (this.isDraining) {
      socket.destroy();
      return;
    }
    this.#connections.add(new LaneConnection(socket, this));
    if (this.#looking !== null) return;
    this.#lookEvery(this.#options.patience.lookMs);
  }

  get isClosing(): boolean {
    return this.isDraining || this.#options.isLeaving();
  }

  get endsWithAnswer(): boolean {
    return this.isDraining && this.#drainIdleMs === 0;
  }

  nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  serve(request: LaneRequest, reply: LaneReply): void {
    this.#options.serve(request, reply);
  }

  judge(request: LaneRequest, reply: LaneReply): HeadVerdict | Promise<HeadVerdict> {
    return this.#options.judge(request, reply);
  }

  handOver(connection: LaneConnection, unread: Buffer): void {
    const { socket } = connection;
    this.forget(connection);
    socket.pause();
    noteTarget(socket, unread);
    socket.unshift(unread);
    this.#toNode(socket);
    socket.resume();
  }

  forget(connection: LaneConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size > 0 || this.#looking === null) return;
    clearInterval(this.#looking);
    this.#looking = null;
  }

  standingLines(closes: boolean): string {
    const second = Math.floor(this.#options.clock.nowMs() / 1_000);
    if (second !== this.#dateSecond) this.#writeLines(second);
    return closes ? this.#closeLines : this.#keepAliveLines;
  }

  refusal(why: 'unreadable' | 'late'): Buffer {
    return this.#options.refusal(why);
  }

  drain(idleMs: number): void {
    this.isDraining = true;
    this.#drainIdleMs = idleMs;
    for (const connection of this.#connections) connection.idleLooks = 0;
    this.#lookEvery(DRAIN_LOOK_MS);
    this.#look();
  }

  cut(): void {
    this.isDraining = true;
    for (const connection of this.#connections) connection.socket.destroy();
  }

  #writeLines(second: number): void {
    this.#dateSecond = second;
    const date = `date: ${new Date(second * 1_000).toUTCString()}\r\n`;
    const seconds = Math.floor(this.#options.patience.idleMsMax / 1_000);
    this.#keepAliveLines = `${date}connection: keep-alive\r\nkeep-alive: timeout=${seconds}\r\n`;
    this.#closeLines = `${date}connection: close\r\n`;
  }

  #lookEvery(ms: number): void {
    if (this.#looking !== null) clearInterval(this.#looking);
    this.#looking = setInterval(() => this.#look(), ms);
    this.#looking.unref();
  }

  /** Closes connections that are late or idle. One timer for all costs less than one each, and nothing per request. */
  #look(): void {
    const { headMsMax, requestMsMax, idleMsMax, lookMs } = this.#options.patience;
    const nowMs = this.nowMs();
    for (const connection of this.#connections) {
      if (this.isDraining && connection.isIdle) {
        connection.idleLooks += 1;
        const msMax = connection.isProven ? this.#drainIdleMs : FIRST_MS_MAX;
        if (connection.idleLooks * DRAIN_LOOK_MS > msMax) connection.socket.destroySoon();
      } else if (connection.isReading) {
        const forMs = nowMs - connection.readingSinceMs;
        if (forMs > (connection.isReadingBody ? requestMsMax : headMsMax)) connection.refuse('late');
      } else if (connection.isIdle) {
        connection.idleLooks += 1;
        if (connection.idleLooks * lookMs > idleMsMax) connection.socket.destroySoon();
      }
    }
  }
}
