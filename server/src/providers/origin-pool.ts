import type { Socket } from 'node:net';
import { type buildConnector, Client, errors } from 'undici';

/** Opens a socket, checked against the address policy; the socket is returned at once, while it still connects. */
export type Connect = (target: buildConnector.Options, callback: buildConnector.Callback) => Socket | undefined;

export interface OriginPoolOptions {
  readonly connect: Connect;
  readonly connectionsMax: number;
  readonly waitingMax: number;
  readonly keepAliveMs: number;
  readonly headerBytesMax: number;
}

/** Who uses a connection: at most one request at a time. */
export interface Borrower {
  /** A connection is yours until you release or retire it. */
  start(connection: Connection): void;
  /** No connection will come. */
  turnedAway(message: string): void;
}

const RETIRED = new errors.InformationalError('retired');
const ignore = () => {};

/** An undici Client, which is one connection at a time to one origin, and the socket it opened last. */
export class Connection {
  readonly client: Client;
  socket: Socket | null = null;
  /** The socket broke. undici takes a reset after an answer without a length for that answer's end, so it is asked here. */
  broken = false;
  borrowed = true;
  retired = false;

  constructor(origin: string, options: OriginPoolOptions, onDisconnect: (connection: Connection) => void) {
    this.client = new Client(origin, {
      connect: (target, callback) => this.open(options.connect, target, callback),
      pipelining: 1,
      // The timer wheel watches for silence; undici's timers cost a set and a clear for each request.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: options.keepAliveMs,
      maxHeaderSize: options.headerBytesMax,
    });
    this.client.on('disconnect', () => onDisconnect(this));
    // undici reports here what a sink threw out of its last call; it is a defect and must not pass unseen.
    this.client.on('error' as 'disconnect', (error: unknown) => {
      process.nextTick(() => {
        throw error;
      });
    });
  }

  /** Closes the socket at once, connected or not. */
  destroy(): void {
    this.client.destroy(RETIRED, ignore);
    this.socket?.destroy(RETIRED);
  }

  private open(connect: Connect, target: buildConnector.Options, callback: buildConnector.Callback): void {
    this.broken = false;
    this.socket = connect(target, callback) ?? null;
    this.socket?.once('error', () => {
      this.broken = true;
    });
  }
}

/**
 * The connections to one origin. Last in, first out: the busiest stay warm and the rest fall idle and close. At the cap requests
 * wait in order, up to a bound. A connection that closes while free is forgotten at once.
 */
export class OriginPool {
  private readonly origin: string;
  private readonly options: OriginPoolOptions;
  private readonly onEmpty: () => void;
  private readonly all = new Set<Connection>();
  private readonly free: Connection[] = [];
  private readonly waiting = new Set<Borrower>();

  constructor(origin: string, options: OriginPoolOptions, onEmpty: () => void) {
    this.origin = origin;
    this.options = options;
    this.onEmpty = onEmpty;
  }

  /** Starts the borrower now or in its turn, or turns it away. */
  borrow(borrower: Borrower): void {
    const connection = this.free.pop();
    if (connection !== undefined) this.lend(connection, borrower);
    else if (this.all.size < this.options.connectionsMax) this.lend(this.grow(), borrower);
    else if (this.waiting.size < this.options.waitingMax) this.waiting.add(borrower);
    else borrower.turnedAway('too many requests are waiting for a connection to the provider');
  }

  /** Takes a borrower that still waits out of the line. */
  leave(borrower: Borrower): void {
    this.waiting.delete(borrower);
  }

  /** Gives a connection back; only after a complete answer to a request that was sent in full. */
  release(connection: Connection): void {
    if (connection.retired) return;
    const next = this.nextWaiting();
    if (next !== null) {
      this.lend(connection, next);
    } else {
      connection.borrowed = false;
      this.free.push(connection);
    }
  }

  /** Closes a connection at once and lets the next in line have a new one. Idempotent. */
  retire(connection: Connection): void {
    if (connection.retired) return;
    this.forget(connection);
    connection.destroy();
    const next = this.nextWaiting();
    if (next !== null) this.lend(this.grow(), next);
    else if (this.all.size === 0) this.onEmpty();
  }

  stats(): { readonly open: number; readonly free: number; readonly waiting: number } {
    return { open: this.all.size, free: this.free.length, waiting: this.waiting.size };
  }

  close(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const borrower of waiting) borrower.turnedAway('the gateway is stopping');
    for (const connection of [...this.all]) this.retire(connection);
  }

  private lend(connection: Connection, borrower: Borrower): void {
    connection.borrowed = true;
    borrower.start(connection);
  }

  private grow(): Connection {
    const connection = new Connection(this.origin, this.options, (closed) => this.closedByPeer(closed));
    this.all.add(connection);
    return connection;
  }

  // A borrowed connection is its borrower's to retire: undici reports the failure there, or connects again for a request not yet sent.
  private closedByPeer(connection: Connection): void {
    if (!connection.borrowed) this.retire(connection);
  }

  private forget(connection: Connection): void {
    connection.retired = true;
    this.all.delete(connection);
    const at = connection.borrowed ? -1 : this.free.indexOf(connection);
    if (at >= 0) this.free.splice(at, 1);
  }

  private nextWaiting(): Borrower | null {
    for (const borrower of this.waiting) {
      this.waiting.delete(borrower);
      return borrower;
    }
    return null;
  }
}
