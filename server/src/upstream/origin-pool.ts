import { type Connection, type ConnectionOptions, FullConnection, PlainConnection, type PoolOfConnection } from './connection.ts';

export interface OriginPoolOptions extends ConnectionOptions {
  readonly connectionsMax: number;
  readonly waitingMax: number;
  /** The client that reads answers: the plain one, with the full one for answers that are not plain, or always the full one. */
  readonly client: 'plain' | 'full';
  nowMs(): number;
}

/** A request that needs a connection. */
export interface Borrower {
  /** Gives the borrower a connection, until it releases or retires it. */
  start(connection: Connection): void;
  /** Tells the borrower that it will get no connection, and why. */
  turnedAway(message: string): void;
}

/** The number of consecutive odd answers after which an origin's new connections use the full client. */
const ODD_ANSWERS_MAX = 3;

/**
 * The connections to one origin. They are reused last in, first out, so that the surplus falls idle and closes. At the cap,
 * requests wait in a queue, in order and up to a bound. A connection that closes while free is removed at once.
 */
export class OriginPool implements PoolOfConnection {
  private readonly origin: string;
  private readonly options: OriginPoolOptions;
  private readonly onEmpty: () => void;
  private readonly all = new Set<Connection>();
  private readonly free: Connection[] = [];
  private readonly waiting = new Set<Borrower>();
  private oddAnswers = 0;
  private looking: NodeJS.Timeout | null = null;

  constructor(origin: string, options: OriginPoolOptions, onEmpty: () => void) {
    this.origin = origin;
    this.options = options;
    this.onEmpty = onEmpty;
  }

  /** Starts the borrower at once, or queues it, or turns it away if the queue is full. */
  borrow(borrower: Borrower): void {
    const connection = this.newestFree();
    if (connection !== null) this.lend(connection, borrower);
    else if (this.all.size < this.options.connectionsMax) this.lend(this.grow(), borrower);
    else if (this.waiting.size < this.options.waitingMax) this.waiting.add(borrower);
    else borrower.turnedAway('too many requests are waiting for a connection to the provider');
  }

  /** Removes a waiting borrower from the queue. */
  leave(borrower: Borrower): void {
    this.waiting.delete(borrower);
  }

  /** Returns a connection to the pool. Call it only after a complete answer to a request that was sent in full. */
  release(connection: Connection): void {
    if (connection.retired) return;
    if (!connection.isReusable) {
      this.retire(connection);
      return;
    }
    this.oddAnswers = 0;
    const next = this.nextWaiting();
    if (next !== null) this.lend(connection, next);
    else this.keepFree(connection);
  }

  /** Counts an answer of this origin that the plain client could not read. */
  foundOdd(): void {
    this.oddAnswers += 1;
  }

  /** Retires a free connection that closed. The borrower of a borrowed one gets the failure, unless undici reconnects. */
  closed(connection: Connection): void {
    if (!connection.borrowed) this.retire(connection);
  }

  /** Closes a connection at once, and opens a new one for the next in the queue. Idempotent. */
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
    if (this.looking !== null) clearInterval(this.looking);
    this.looking = null;
  }

  /** Returns the connection freed last, or null. Retires those past their idle time: the server may be closing them. */
  private newestFree(): Connection | null {
    for (;;) {
      const connection = this.free.pop();
      if (connection === undefined) return null;
      if (connection.idleUntilMs > this.options.nowMs()) return connection;
      this.retire(connection);
    }
  }

  private lend(connection: Connection, borrower: Borrower): void {
    connection.borrowed = true;
    borrower.start(connection);
  }

  private grow(): Connection {
    const isPlain = this.options.client === 'plain' && this.oddAnswers < ODD_ANSWERS_MAX;
    const connection = new (isPlain ? PlainConnection : FullConnection)(this.origin, this.options, this);
    this.all.add(connection);
    return connection;
  }

  private keepFree(connection: Connection): void {
    connection.borrowed = false;
    connection.idleUntilMs = this.options.nowMs() + connection.idleMs;
    this.free.push(connection);
    if (this.looking !== null || connection.idleMs === Number.POSITIVE_INFINITY) return;
    this.looking = setInterval(() => this.closeIdle(), Math.min(1_000, this.options.keepAliveMs / 2));
    this.looking.unref();
  }

  /** Closes free connections past their idle time. One timer serves all of them. */
  private closeIdle(): void {
    const now = this.options.nowMs();
    for (const connection of this.free.slice()) if (connection.idleUntilMs <= now) this.retire(connection);
    if (this.free.length > 0 || this.looking === null) return;
    clearInterval(this.looking);
    this.looking = null;
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
