/** A TCP proxy in front of a server, to take the server away in the ways networks do. */

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * `pass`: as if it were not there. `down`: nothing listens, what was connected is closed. `rst`: connections are accepted and reset.
 * `blackhole`: connections stay and nothing gets through, in either direction.
 */
export type ChaosMode = 'pass' | 'down' | 'rst' | 'blackhole';

export class ChaosProxy {
  readonly port: number;
  #target: { readonly host: string; readonly port: number };
  #delayMs = 0;
  readonly #dueMs = new WeakMap<Socket, number>();
  readonly #delayed = new WeakMap<Socket, Promise<void>>();
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #server: Server;
  #mode: ChaosMode = 'pass';

  private constructor(server: Server, target: { readonly host: string; readonly port: number }) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.#target = target;
    server.on('connection', this.#accept);
  }

  /** Listens on a free port of this machine, or on the one given. */
  static async start(target: { readonly host: string; readonly port: number }, port = 0): Promise<ChaosProxy> {
    return new ChaosProxy(await listen(port), target);
  }

  /** Where new connections go from now on; living ones are closed. */
  point(target: { readonly host: string; readonly port: number }): void {
    this.#target = target;
    this.#eachSocket((socket) => socket.destroy());
  }

  /** How late everything arrives from now on, in both directions. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Applies to new and to living connections. */
  async set(mode: ChaosMode): Promise<void> {
    const wasDown = this.#mode === 'down';
    this.#mode = mode;
    if (mode === 'down' && !wasDown) await this.#stopListening();
    if (mode !== 'down' && wasDown) {
      this.#server = await listen(this.port);
      this.#server.on('connection', this.#accept);
    }
    if (mode === 'down') this.#eachSocket((socket) => socket.destroy());
    if (mode === 'rst') this.#eachSocket((socket) => socket.resetAndDestroy());
  }

  async close(): Promise<void> {
    this.#eachSocket((socket) => socket.destroy());
    if (this.#mode !== 'down') await this.#stopListening();
  }

  readonly #accept = (client: Socket): void => {
    client.on('error', () => {});
    if (this.#mode === 'rst') {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(this.#target);
    upstream.on('error', () => {});
    const pair = [client, upstream] as const;
    this.#pairs.add(pair);
    const drop = () => {
      this.#pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    client.on('close', drop).on('data', (bytes) => this.#pass(bytes, upstream));
    upstream.on('close', drop).on('data', (bytes) => this.#pass(bytes, client));
  };

  /** Bytes that fall into a black hole are gone: the connection is of no use afterwards, as in life. */
  #pass(bytes: Buffer | string, to: Socket): void {
    if (this.#mode === 'blackhole') return;
    const nowMs = performance.now();
    const dueMs = Math.max(nowMs + this.#delayMs, this.#dueMs.get(to) ?? 0);
    // What was delayed may be a little late.
    if (dueMs + 50 <= nowMs || (this.#delayMs === 0 && !this.#delayed.has(to))) {
      to.write(bytes);
      return;
    }
    // In the order in which they came, also when the delay changes meanwhile.
    this.#dueMs.set(to, dueMs);
    const earlier = this.#delayed.get(to) ?? Promise.resolve();
    const later = Promise.all([earlier, sleep(dueMs - nowMs)]).then(() => {
      if (!to.destroyed) to.write(bytes);
    });
    this.#delayed.set(to, later);
  }

  #eachSocket(act: (socket: Socket) => void): void {
    for (const pair of this.#pairs) for (const socket of pair) act(socket);
  }

  #stopListening(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#eachSocket((socket) => socket.destroy());
    });
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
