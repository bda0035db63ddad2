/**
 * Bytes of a segment that no sync has put on the disk yet, kept in memory as well: when a sync fails, what the file says of them cannot be
 * trusted any more.
 */
const FIRST_BYTES = 64 * 1024;
/** A disk that syncs nothing for long must not fill the memory. Beyond this, what is needed is read from the file. */
const BYTES_MAX = 8 * 1024 * 1024;

export class UnsyncedBytes {
  /** A sync failed: a later one that succeeds says nothing about these bytes. */
  isLost = false;
  #bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #from = 0;
  #to = 0;
  #isWhole = true;

  /** Where in the segment the first byte stands that is not on the disk. */
  get from(): number {
    return this.#from;
  }

  /** Where the segment ends. */
  get to(): number {
    return this.#to;
  }

  /** Makes it that of a segment whose first `size` bytes need no sync. */
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

  /** Everything before `to` is on the disk. */
  synced(to: number): void {
    if (this.#isWhole) this.#bytes.copyWithin(0, to - this.#from, this.#to - this.#from);
    else if (to === this.#to) this.#isWhole = true;
    this.#from = to;
  }

  /** The bytes, in the memory that the next `add` uses; null when they are more than is kept. */
  read(): Buffer | null {
    return this.#isWhole ? this.#bytes.subarray(0, this.#to - this.#from) : null;
  }

  #grow(kept: number, bytesMin: number): void {
    const grown = Buffer.allocUnsafe(Math.min(BYTES_MAX, Math.max(bytesMin, this.#bytes.length * 2)));
    this.#bytes.copy(grown, 0, 0, kept);
    this.#bytes = grown;
  }
}
