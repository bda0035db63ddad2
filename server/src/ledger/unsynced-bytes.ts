/**
 * Bytes of a segment that no sync has put on the disk yet, also kept in memory: after a failed sync, the file's content of them
 * cannot be trusted.
 */
const FIRST_BYTES = 64 * 1024;
/** The most bytes kept: a disk that syncs nothing for long must not fill the memory. Beyond it, bytes are read from the file. */
const BYTES_MAX = 8 * 1024 * 1024;

export class UnsyncedBytes {
  /** True if a sync failed: a later one that succeeds says nothing about these bytes. */
  isLost = false;
  #bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #from = 0;
  #to = 0;
  #isWhole = true;

  /** The place in the segment of the first byte that is not on the disk. */
  get from(): number {
    return this.#from;
  }

  /** The place at which the segment ends. */
  get to(): number {
    return this.#to;
  }

  /** Resets it for a segment whose first `size` bytes need no sync. */
  startAt(size: number): void {
    this.isLost = false;
    this.#from = size;
    this.#to = size;
    this.#isWhole = true;
    if (this.#bytes.length > FIRST_BYTES) this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
  }

  add(bytes: Buffer, length: number): void {
    const kept = this.#to - this.#from;
    this.#to += length;
    if (!this.#isWhole || kept + length > BYTES_MAX) {
      this.#isWhole = false;
      return;
    }
    if (kept + length > this.#bytes.length) this.#grow(kept, kept + length);
    bytes.copy(this.#bytes, kept, 0, length);
  }

  /** Drops everything before `to`, which is on the disk. */
  synced(to: number): void {
    if (this.#isWhole) this.#bytes.copyWithin(0, to - this.#from, this.#to - this.#from);
    else if (to === this.#to) this.#isWhole = true;
    this.#from = to;
  }

  /** Returns the bytes, in the memory that the next `add` uses; null if they are more than is kept. */
  read(): Buffer | null {
    return this.#isWhole ? this.#bytes.subarray(0, this.#to - this.#from) : null;
  }

  #grow(kept: number, bytesMin: number): void {
    const grown = Buffer.allocUnsafe(Math.min(BYTES_MAX, Math.max(bytesMin, this.#bytes.length * 2)));
    this.#bytes.copy(grown, 0, 0, kept);
    this.#bytes = grown;
  }
}
