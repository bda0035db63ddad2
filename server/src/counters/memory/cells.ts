/**
 * Blocks of numbers in one growing Float64Array: what all counters of a process keep their state in. A counter is an offset, so that
 * checking twenty of them touches a few cache lines and leaves the garbage collector nothing to trace.
 *
 * Growing replaces `data`. It happens in `reserve` alone, so whoever reserves first may keep `data` in a variable until it returns.
 */
export class Cells {
  data: Float64Array;
  #top = 0;
  readonly #freeBySize = new Map<number, number[]>();

  constructor(initialCells = 16_384) {
    this.data = new Float64Array(initialCells);
  }

  /** Makes sure that blocks of so many cells in all can be taken without growing. */
  reserve(cells: number): void {
    if (this.#top + cells <= this.data.length) return;
    const grown = new Float64Array(Math.max(this.data.length * 2, this.#top + cells));
    grown.set(this.data);
    this.data = grown;
  }

  /** The offset of a block of zeros. Throws unless room was reserved. */
  take(size: number): number {
    const freed = this.#freeBySize.get(size)?.pop();
    if (freed !== undefined) {
      this.data.fill(0, freed, freed + size);
      return freed;
    }
    if (this.#top + size > this.data.length) throw new RangeError('cells were taken that nobody reserved');
    const offset = this.#top;
    this.#top += size;
    return offset;
  }

  /** Gives a block back, to be handed out again to whoever takes one of the same size. */
  give(offset: number, size: number): void {
    const free = this.#freeBySize.get(size);
    if (free === undefined) this.#freeBySize.set(size, [offset]);
    else free.push(offset);
  }
}
