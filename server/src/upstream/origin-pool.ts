import { type Connection, type ConnectionOptions, FullConnection, PlainConnection, type PoolOfConnection } from './connection.ts';

export interface OriginPoolOptions extends ConnectionOptions {
  readonly connectionsMax: number;
  readonly waitingMax: number;
  /** Whether answers are read by the plain client as long as they are plain, or always by the full one. */
  readonly client: 'plain' | 'full';
  nowMs(): number;
}

/** Who uses a connection: at most one request at a time. */
export interface Borrower {
  /** A connection is yours until you release or retire it. */
  start(connection: Connection): void;
  /** No connection will come. */
  turnedAway(message: string): void;
}

/** So many odd answers with no plain one between them, and the origin is asked by the full client from then on. */
const ODD_ANSWERS_MAX = 3;

/**
 * The connections to one origin. Last in, first out: the busiest stay warm and the rest fall idle and close. At the cap requests
 * wait in order, up to a bound. A connection that closes while free is forgotten at once.
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

  /** Starts the borrower now or in its turn, or turns it away. */
  borrow(borrower: Borrower): void {
    const connection = this.newestFree();
    if (connection !== null) this.lend(connection, borrower);
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
    if (!connection.isReusable) {
      this.retire(connection);
      return;
    }
    this.oddAnswers = 0;
    const next = this.nextWaiting();
    if (next !== null) this.lend(connection, next);
    else this.keepFree(connection);
  }

  /** An answer of this origin could not be read plainly. */
  foundOdd(): void {
    this.oddAnswers += 1;
  }

  /** A connection closed. A borrowed one is its borrower's to retire: the failure is reported there, or undici connects again. */
  closed(connection: Connection): void {
    if (!connection.borrowed) this.retire(connection);
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
    if (this.looking !== null) clearInterval(this.looking);
    this.looking = null;
  }

  /** One whose server may be closing it just now is not used. */
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

  /** One look at all free connections now and then, instead of a timer for each. */
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
