/**
 * Blocks of numbers in one growing Float64Array, which hold the state of all counters of a process. A counter is an offset, so
 * checking twenty of them touches a few cache lines and the garbage collector has nothing to trace.
 *
 * Growing replaces `data`. Only `reserve` grows, so a function that reserves first may keep `data` in a variable until it
 * returns.
 */
export class Cells {
  data: Float64Array;
  #top = 0;
  readonly #freeBySize = new Map<number, number[]>();

  constructor(initialCells = 16_384) {
    this.data = new Float64Array(initialCells);
  }

  /** Makes sure that blocks of `cells` cells in total can be taken without growing. */
  reserve(cells: number): void {
    if (this.#top + cells <= this.data.length) return;
    const grown = new Float64Array(Math.max(this.data.length * 2, this.#top + cells));
    grown.set(this.data);
    this.data = grown;
  }

  /** Returns the offset of a block of zeros. Throws a RangeError unless the room was reserved. */
  take(size: number): number {
    const freed = this.#freeBySize.get(size)?.pop();
    if (freed !== undefined) {
      this.data.fill(0, freed, freed + size);
      return freed;
    }
    if (this.#top + size > this.data.length) throw new RangeError('more cells were taken than reserved');
    const offset = this.#top;
    this.#top += size;
    return offset;
  }

  /** Frees a block, so that a later `take` of the same size can reuse it. */
  give(offset: number, size: number): void {
    const free = this.#freeBySize.get(size);
    if (free === undefined) this.#freeBySize.set(size, [offset]);
    else free.push(offset);
  }
}
