/** The newest ended requests, kept only while somebody follows them. Otherwise a request costs one comparison here. */
import type { EndRecord } from './records.ts';

const KEPT_MAX = 8_192;

/** The requests that ended since the last call, oldest first. `missed`: how many more there were than are kept. */
export interface Settled {
  readonly records: readonly EndRecord[];
  readonly missed: number;
}

/** A reader of the tail. */
export interface Follower {
  next(): Settled;
  /** Ends the reading. Must be called; after the last follower has closed, no records are kept. */
  close(): void;
}

/** A ring of records that any number of followers read, each from its own place. */
export class SettledTail {
  #ring: EndRecord[] = [];
  /** The number of records ever added; the newest is at (#added − 1) modulo the ring's size. */
  #added = 0;
  #followers = 0;

  add(record: EndRecord): void {
    if (this.#followers === 0) return;
    // Stored content is encrypted request content. Followers never see it, so it is not kept longer for them.
    this.#ring[this.#added % KEPT_MAX] = record.content === null ? record : { ...record, content: null };
    this.#added += 1;
  }

  /** Follows the requests that end from now on. */
  follow(): Follower {
    this.#followers += 1;
    let seen = this.#added;
    let isOpen = true;
    return {
      next: () => {
        const first = Math.max(seen, this.#added - KEPT_MAX);
        const records = Array.from({ length: this.#added - first }, (_, at) => this.#ring[(first + at) % KEPT_MAX] as EndRecord);
        const settled = { records, missed: first - seen };
        seen = this.#added;
        return settled;
      },
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#followers -= 1;
        if (this.#followers === 0) this.#ring = [];
      },
    };
  }
}
