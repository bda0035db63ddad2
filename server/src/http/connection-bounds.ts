import type { Socket } from 'node:net';

/** Limits the open connections of each address, so that no address can take all of them. */
export class ConnectionBounds {
  readonly #perHolderMax: number;
  readonly #holderOf: (address: string) => string | null;
  readonly #byHolder = new Map<string, number>();

  /** `holderOf` returns whom an address counts for; null: its connections are not limited. */
  constructor(perHolderMax: number, holderOf: (address: string) => string | null) {
    this.#perHolderMax = perHolderMax;
    this.#holderOf = holderOf;
  }

  /** Counts a connection until it closes. Returns false if its address is at the limit; the caller then closes the connection. */
  enter(socket: Socket): boolean {
    const holder = this.#holderOf(socket.remoteAddress ?? '');
    if (holder === null) return true;
    const open = this.#byHolder.get(holder) ?? 0;
    if (open >= this.#perHolderMax) return false;
    this.#byHolder.set(holder, open + 1);
    socket.once('close', () => this.#left(holder));
    return true;
  }

  #left(holder: string): void {
    const open = (this.#byHolder.get(holder) ?? 1) - 1;
    if (open > 0) this.#byHolder.set(holder, open);
    else this.#byHolder.delete(holder);
  }
}
