import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Client } from 'undici';

/**
 * Creates a full client that reads an answer the plain client cannot read. Its writes are discarded, because the request was
 * already sent. It reads `bytes` first, and then the socket. So nothing is sent twice.
 */
export function clientOver(origin: string, options: Client.Options, bytes: Buffer, socket: Socket): Client {
  return new Client(origin, {
    ...options,
    connect: (_target, callback) => queueMicrotask(() => callback(null, new Replay(bytes, socket) as unknown as Socket)),
  });
}

class Replay extends Duplex {
  readonly #bytes: Buffer;
  readonly #socket: Socket;
  #begun = false;

  constructor(bytes: Buffer, socket: Socket) {
    super({ autoDestroy: false });
    this.#bytes = bytes;
    this.#socket = socket;
  }

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
    this.#begin();
  }

  override _read(): void {
    if (this.#begun) this.#socket.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  /** Starts the answer once the client has written its request, because undici accepts no earlier answer. */
  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const socket = this.#socket;
    this.push(this.#bytes);
    socket.on('data', (chunk) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
    socket.resume();
  }
}
