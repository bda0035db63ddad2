/**
 * A histogram in plain numbers. An observation costs a short search and a few additions, and allocates nothing. (prom-client's
 * own histogram hashes its labels at every observation.)
 */
export class Buckets {
  readonly bounds: readonly number[];
  /** The number of values in each bucket: at most its bound and above the one before. The last counts values above all bounds. */
  readonly #counts: Float64Array;
  #sum = 0;

  /** `bounds` must be in ascending order. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let at = 0;
    while (at < this.bounds.length && value > (this.bounds[at] as number)) at += 1;
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#sum += value;
  }

  get sum(): number {
    return this.#sum;
  }

  /** Returns the number of values at or below each bound, and at the end the number of all values. */
  cumulative(): readonly number[] {
    let soFar = 0;
    return Array.from(this.#counts, (count) => {
      soFar += count;
      return soFar;
    });
  }
}
