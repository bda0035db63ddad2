/**
 * A mean over the past in which a value counts half as much after each half-life. It begins with its first value alone, so it is
 * never drawn towards zero. Times are monotonic milliseconds.
 */
export class HalfLifeMean {
  readonly #halfLifeMs: number;
  #sum = 0;
  #weight = 0;
  #lastMs = 0;

  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs;
  }

  /** Adds a value. One that is not a finite number from 0 on is ignored. */
  add(value: number, nowMs: number): void {
    if (!(value >= 0 && Number.isFinite(value))) return;
    const kept = this.#weight === 0 ? 0 : 0.5 ** (Math.max(0, nowMs - this.#lastMs) / this.#halfLifeMs);
    this.#sum = this.#sum * kept + value;
    this.#weight = this.#weight * kept + 1;
    this.#lastMs = nowMs;
  }

  /** Returns the mean; null if there is no value, or the newest is older than `ageMsMax`. */
  at(nowMs: number, ageMsMax: number): number | null {
    return this.#weight === 0 || nowMs - this.#lastMs > ageMsMax ? null : this.#sum / this.#weight;
  }
}
