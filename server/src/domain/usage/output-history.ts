/** How many recent answers are remembered. */
const REMEMBERED = 64;
/** With fewer answers than this there is no history to speak of. */
const ANSWERS_MIN = 20;

/**
 * What one key × model's recent answers used of output, and how much of it was hidden, for estimates. One small buffer, made once: the same
 * numbers twice, sorted from 0 on, so that asking is one read and adding moves a few bytes, and in the order they came from 64 on.
 * Hidden output has a second one, made with the first answer that hid something.
 */
export class OutputHistory {
  readonly #answers = new Uint32Array(2 * REMEMBERED);
  #count = 0;
  #next = 0;
  #hidden: OutputHistory | null = null;

  /**
   * Remembers one answer's output tokens, and how many of them were hidden (reasoning, or not shown by its bytes), forgetting the oldest of more than 64. Both are
   * all choices together divided by their number.
   */
  add(outputTokens: number, hiddenTokens = 0): void {
    if (hiddenTokens > 0) this.#hidden ??= new OutputHistory();
    this.#hidden?.add(hiddenTokens);
    const added = Math.min(Math.max(Math.floor(outputTokens), 0), 0xffff_ffff);
    if (this.#count === REMEMBERED) this.#forget(this.#answers[REMEMBERED + this.#next] as number);
    this.#insert(added);
    this.#answers[REMEMBERED + this.#next] = added;
    this.#next = (this.#next + 1) % REMEMBERED;
  }

  /** The 95th percentile of the remembered answers, or null while there are fewer than 20. */
  p95(): number | null {
    return this.#count < ANSWERS_MIN ? null : this.#percentile95();
  }

  /**
   * Hidden output usual for one choice: the 95th percentile of the remembered answers, which with fewer than 20 is the highest of them. 0 while no
   * answer hid anything. Not the mean: half of all estimates would be below what was used.
   */
  usualHidden(): number {
    return this.#hidden === null ? 0 : this.#hidden.#percentile95();
  }

  /** By nearest rank; there is at least one answer. */
  #percentile95(): number {
    return this.#answers[Math.ceil(this.#count * 0.95) - 1] as number;
  }

  #forget(value: number): void {
    const at = this.#placeOf(value);
    this.#answers.copyWithin(at, at + 1, this.#count);
    this.#count -= 1;
  }

  #insert(value: number): void {
    const at = this.#placeOf(value);
    this.#answers.copyWithin(at + 1, at, this.#count);
    this.#answers[at] = value;
    this.#count += 1;
  }

  /** The first place in the sorted numbers that holds at least this value. */
  #placeOf(value: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#answers[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
