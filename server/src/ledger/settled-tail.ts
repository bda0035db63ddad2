/** The newest ended requests, kept only while somebody follows them: else a request costs one comparison here. */
import type { EndRecord } from './records.ts';

const KEPT_MAX = 8_192;

/** What ended since the last question, oldest first. `missed`: how many more there were than are kept. */
export interface Settled {
  readonly records: readonly EndRecord[];
  readonly missed: number;
}

/** One who follows. */
export interface Follower {
  next(): Settled;
  /** Must be called once; nothing is kept for who has gone. */
  close(): void;
}

/** A ring of records that any number of followers read, each from its own place. */
export class SettledTail {
  #ring: EndRecord[] = [];
  /** How many were ever added; the newest stands at (#added − 1) modulo the ring's size. */
  #added = 0;
  #followers = 0;

  add(record: EndRecord): void {
    if (this.#followers === 0) return;
    // Stored content is a copy of what was said; nobody who follows is shown it, so it is not kept longer for them.
    this.#ring[this.#added % KEPT_MAX] = record.content === null ? record : { ...record, content: null };
    this.#added += 1;
  }

  /** From now on. */
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
