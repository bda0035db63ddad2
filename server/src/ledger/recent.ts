/**
 * An index of the newest requests' lines in the journal: a ring of twelve bytes each, found by a short hash. A look-up scans the
 * ring (a millisecond for a million entries) but is rare; adding one is frequent and costs nanoseconds.
 */
import type { RowPosition } from '../domain/usage/settled-rows.ts';
import { hashOf } from '../lib/id-map.ts';

const FIRST_CAPACITY = 8_192;
/** Each position is kept as one number: a segment never reaches this size. */
const SEGMENT_SPAN = 2 ** 32;

export class RecentLines {
  #hashes = new Uint32Array(FIRST_CAPACITY);
  #places = new Float64Array(FIRST_CAPACITY);
  /** The number of lines ever added; the newest is at (#added − 1) modulo the capacity. */
  #added = 0;
  #storedBefore = 0;

  add(requestId: string, segment: number, offset: number): void {
    const capacity = this.#hashes.length;
    const slot = this.#added % capacity;
    // A line that is not in the database yet must stay findable, so the ring grows instead of dropping it.
    if (this.#added >= capacity && (this.#places[slot] as number) >= this.#storedBefore) {
      this.#grow();
      this.add(requestId, segment, offset);
      return;
    }
    this.#hashes[slot] = hashOf(requestId);
    this.#places[slot] = segment * SEGMENT_SPAN + offset;
    this.#added += 1;
  }

  /** Allows lines before this place to be dropped: they are in the database. */
  stored(before: RowPosition): void {
    this.#storedBefore = before.segment * SEGMENT_SPAN + before.offset;
  }

  /**
   * Yields the places where that request's line may be, newest first. Another request can have the same hash: compare the id
   * there.
   */
  *candidates(requestId: string): Generator<RowPosition> {
    const capacity = this.#hashes.length;
    const hash = hashOf(requestId);
    for (let i = this.#added - 1; i >= Math.max(0, this.#added - capacity); i--) {
      if (this.#hashes[i % capacity] !== hash) continue;
      const place = this.#places[i % capacity] as number;
      yield { segment: Math.floor(place / SEGMENT_SPAN), offset: place % SEGMENT_SPAN };
    }
  }

  #grow(): void {
    const capacity = this.#hashes.length;
    const hashes = new Uint32Array(capacity * 2);
    const places = new Float64Array(capacity * 2);
    const first = this.#added - capacity;
    for (let i = 0; i < capacity; i++) {
      hashes[i] = this.#hashes[(first + i) % capacity] as number;
      places[i] = this.#places[(first + i) % capacity] as number;
    }
    this.#hashes = hashes;
    this.#places = places;
    this.#added = capacity;
  }
}
