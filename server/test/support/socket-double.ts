import { Duplex } from 'node:stream';

/** What drivers and connections call on a socket beside its stream, where there is no network: it changes nothing. */
export abstract class SocketDouble extends Duplex {
  override _read(): void {}

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
