import type { Socket } from 'node:net';
import { type buildConnector, Client, type Dispatcher, errors } from 'undici';
import { bareHost } from './address-policy.ts';
import { type AnswerTaker, UpstreamConnection } from './fast/upstream-connection.ts';
import { clientOver } from './odd-answer.ts';
import type { TransportRequest } from './transport-request.ts';

/**
 * Opens a socket, checked against the address policy; the socket is returned at once, while it still connects. With `onBytes` it may give what
 * arrives there, and then tells no `data`.
 */
export type Connect = (
  target: buildConnector.Options,
  callback: buildConnector.Callback,
  onBytes?: (bytes: Buffer) => void,
) => Socket | undefined;

export interface ConnectionOptions {
  readonly connect: Connect;
  readonly keepAliveMs: number;
  readonly headerBytesMax: number;
}

/** Who sends a request and hears of its answer, from whichever client reads it: one object for both, so that a request costs one. */
export interface Sender extends Dispatcher.DispatchHandler, AnswerTaker {}

/** One connection to one origin, with at most one request at a time. The pool keeps it, a sender uses it. */
export interface Connection {
  borrowed: boolean;
  retired: boolean;
  readonly socket: Socket | null;
  /** The socket broke. undici takes a reset after an answer without a length for that answer's end, so it is asked here. */
  readonly broken: boolean;
  /** After an answer: whether another request may follow, and how long it may be waited for. */
  readonly isReusable: boolean;
  readonly idleMs: number;
  /** Monotonic; of meaning while it is free. */
  idleUntilMs: number;
  send(request: TransportRequest, sender: Sender): void;
  /** Closes at once, connected or not. */
  destroy(): void;
}

/** What a connection tells its pool. */
export interface PoolOfConnection {
  closed(connection: Connection): void;
}

const RETIRED = new errors.InformationalError('retired');
const ignore = () => {};

/** The full client: an undici Client, which is one connection at a time, and the socket it opened last. */
export class FullConnection implements Connection {
  socket: Socket | null = null;
  broken = false;
  borrowed = true;
  retired = false;
  readonly isReusable = true;
  /** undici closes it by itself. */
  readonly idleMs = Number.POSITIVE_INFINITY;
  idleUntilMs = 0;
  readonly #client: Client;

  constructor(origin: string, options: ConnectionOptions, pool: PoolOfConnection) {
    this.#client = new Client(origin, {
      connect: (target, callback) => this.#open(options.connect, target, callback),
      ...clientOptions(options),
    });
    this.#client.on('disconnect', () => pool.closed(this));
    reportDefects(this.#client);
  }

  send(request: TransportRequest, sender: Sender): void {
    this.#client.dispatch(request, sender);
  }

  destroy(): void {
    this.#client.destroy(RETIRED, ignore);
    this.socket?.destroy(RETIRED);
  }

  #open(connect: Connect, target: buildConnector.Options, callback: buildConnector.Callback): void {
    this.broken = false;
    this.socket = connect(target, callback) ?? null;
    this.socket?.once('error', () => {
      this.broken = true;
    });
  }
}

function clientOptions({ keepAliveMs, headerBytesMax }: ConnectionOptions): Client.Options {
  return {
    pipelining: 1,
    // The timer wheel watches for silence; undici's timers cost a set and a clear for each request.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: headerBytesMax,
  };
}

/** undici reports here what a sink threw out of its last call; it is a defect and must not pass unseen. */
function reportDefects(client: Client): void {
  client.on('error' as 'disconnect', (error: unknown) => {
    process.nextTick(() => {
      throw error;
    });
  });
}

/** The plain client, and the full one for an answer that is not plain. */
export class PlainConnection extends UpstreamConnection implements Connection {
  borrowed = true;
  retired = false;
  idleUntilMs = 0;
  readonly #origin: string;
  readonly #clientOptions: Client.Options;
  #full: Client | null = null;

  constructor(origin: string, options: ConnectionOptions, pool: PoolOfConnection) {
    const { host, hostname, protocol, port } = new URL(origin);
    const target = { host, hostname: bareHost(hostname), protocol, port };
    super({
      host,
      open: (onBytes, callback) => options.connect(target, (...[error, socket]) => callback(error, socket), onBytes),
      keepAliveMs: options.keepAliveMs,
      onIdleClose: () => pool.closed(this),
    });
    this.#origin = origin;
    this.#clientOptions = clientOptions(options);
  }

  /** The request was sent; its answer is read by the full client, from these bytes and what follows them. */
  readInFull(bytes: Buffer, socket: Socket, request: TransportRequest, sender: Sender): void {
    this.#full = clientOver(this.#origin, this.#clientOptions, bytes, socket);
    reportDefects(this.#full);
    this.#full.dispatch(request, sender);
  }

  override destroy(): void {
    this.#full?.destroy(RETIRED, ignore);
    super.destroy();
  }
}
