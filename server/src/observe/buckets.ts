/**
 * A histogram in plain numbers: observing costs a short search and three additions, and nothing is allocated. (prom-client's own hashes its
 * labels at every observation.)
 */
export class Buckets {
  readonly bounds: readonly number[];
  /** How many were at most each bound and above the one before; the last is what was above all. */
  readonly #counts: Float64Array;
  #sum = 0;

  /** `bounds` ascend. */
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

  /** How many were at most each bound, and last of all how many there were. */
  cumulative(): readonly number[] {
    let soFar = 0;
    return Array.from(this.#counts, (count) => {
      soFar += count;
      return soFar;
    });
  }
}
