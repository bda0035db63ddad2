/** The number of recent answers that are remembered. */
const REMEMBERED = 64;
/** The least number of answers for a percentile. */
const ANSWERS_MIN = 20;

/**
 * The output of one key × model's recent answers, and the hidden part of it, for estimates. One small buffer holds the same
 * numbers twice: sorted from 0 on, and in order of arrival from 64 on. So a read is one access, and an addition moves a few
 * bytes. Hidden output has a second buffer, made with the first answer that hid something.
 */
export class OutputHistory {
  readonly #answers = new Uint32Array(2 * REMEMBERED);
  #count = 0;
  #next = 0;
  #hidden: OutputHistory | null = null;

  /**
   * Remembers one answer's output tokens, and how many of them were hidden (reasoning, or not visible in its bytes). Forgets the
   * oldest of more than 64. Both numbers are those of all choices together divided by the number of choices.
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

  /** Returns the 95th percentile of the remembered answers, or null while there are fewer than 20. */
  p95(): number | null {
    return this.#count < ANSWERS_MIN ? null : this.#percentile95();
  }

  /**
   * Returns the usual hidden output of one choice: the 95th percentile of the remembered answers. With fewer than 20 that is the
   * highest of them. 0 while no answer hid anything. The mean is not used, because half of all estimates would then be too low.
   */
  usualHidden(): number {
    return this.#hidden === null ? 0 : this.#hidden.#percentile95();
  }

  /** Returns the percentile by nearest rank. There must be at least one answer. */
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

  /** Returns the first place in the sorted numbers that holds at least this value. */
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
