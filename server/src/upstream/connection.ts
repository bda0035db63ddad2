import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { type buildConnector, Client, type Dispatcher, errors } from 'undici';
import { Pieces, StreamedBytes, whole } from '../lib/pieces.ts';
import { bareHost } from './address-policy.ts';
import { type AnswerTaker, UpstreamConnection } from './fast/upstream-connection.ts';
import { clientOver } from './odd-answer.ts';
import type { TransportRequest } from './transport-request.ts';

/**
 * Opens a socket after checking the address policy. Returns the socket at once, while it still connects; undefined if the policy
 * refuses. With `onBytes`, the socket may pass the bytes that arrive to it, and then does not emit `data`.
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

/** The sender of a request and receiver of its answer, for either client. One object for both saves an allocation. */
export interface Sender extends Dispatcher.DispatchHandler, AnswerTaker {}

/** One connection to one origin, with at most one request at a time. The pool owns it; a sender borrows it. */
export interface Connection {
  borrowed: boolean;
  retired: boolean;
  readonly socket: Socket | null;
  /** True if the socket failed. undici takes a reset for the end of an answer without a length, so senders check this. */
  readonly broken: boolean;
  /** True if another request may follow. Valid after an answer, as is `idleMs`: the longest time to keep the connection idle. */
  readonly isReusable: boolean;
  readonly idleMs: number;
  /** The time until which the connection may stay idle, in monotonic milliseconds. Meaningful only while it is free. */
  idleUntilMs: number;
  send(request: TransportRequest, sender: Sender): void;
  /** Closes at once, connected or not. */
  destroy(): void;
}

/** The part of a pool that its connections call. */
export interface PoolOfConnection {
  closed(connection: Connection): void;
}

const RETIRED = new errors.InformationalError('retired');
const ignore = () => {};

/** The full client: an undici Client, which holds one connection at a time, and the socket that it opened last. */
export class FullConnection implements Connection {
  socket: Socket | null = null;
  broken = false;
  borrowed = true;
  retired = false;
  readonly isReusable = true;
  /** Unlimited, because undici closes idle connections itself. */
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
    this.#client.dispatch(bodyFor(request, sender), sender);
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

/** Returns the request as the full client takes it. It tells the sender of each piece of a body that is not in memory. */
function bodyFor(request: TransportRequest, sender: Sender): TakenRequest {
  const { body, headers } = request;
  if (body instanceof Pieces) return { ...request, body: whole(body) };
  if (!(body instanceof StreamedBytes)) return request as TakenRequest;
  const pieces = Readable.from(told(body, sender), { objectMode: false, highWaterMark: PIECE_BYTES });
  return { ...request, headers: [...headers, 'content-length', String(body.length)], body: pieces };
}

const PIECE_BYTES = 65_536;

async function* told(body: StreamedBytes, sender: Sender): AsyncIterable<Buffer> {
  for await (const piece of body.read()) {
    sender.wrote(false);
    yield piece;
  }
}

type TakenRequest = Omit<TransportRequest, 'body'> & { readonly body: Buffer | Readable | null };

function clientOptions({ keepAliveMs, headerBytesMax }: ConnectionOptions): Client.Options {
  return {
    pipelining: 1,
    // The timer wheel detects silence; undici's timers would cost a set and a clear for each request.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: headerBytesMax,
  };
}

/** Rethrows errors that undici caught from a sink's last call. They are defects and must not be hidden. */
function reportDefects(client: Client): void {
  client.on('error' as 'disconnect', (error: unknown) => {
    process.nextTick(() => {
      throw error;
    });
  });
}

/** The plain client, with the full client for an answer that is not plain. */
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

  /** Lets the full client read the answer to a request that was already sent, from `bytes` and then from the socket. */
  readInFull(bytes: Buffer, socket: Socket, request: TransportRequest, sender: Sender): void {
    this.#full = clientOver(this.#origin, this.#clientOptions, bytes, socket);
    reportDefects(this.#full);
    // Nothing is sent again, so a body that is not in memory is not read again either.
    const isStreamed = request.body instanceof StreamedBytes;
    this.#full.dispatch(bodyFor(isStreamed ? { ...request, body: null } : request, sender), sender);
  }

  override destroy(): void {
    this.#full?.destroy(RETIRED, ignore);
    super.destroy();
  }
}
