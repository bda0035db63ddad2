import type { Clock } from '../../lib/timing/clock.ts';

/**
 * The furthest ahead of the clock that an earlier process's time is accepted. A time further ahead is an error, and following it
 * would put use into the wrong periods.
 */
const AHEAD_MS_MAX = 3_600_000;

/**
 * The time of the counters, in whole milliseconds: the clock's, but never backwards, so that nothing expires early and no period
 * begins twice. While the clock is behind the latest time seen, this time runs at half the clock's pace until the clock catches
 * up. If it stood still, a limit once reached would refuse every request until then.
 */
export class ForwardTime {
  readonly #clock: Clock;
  #latestMs = Number.NEGATIVE_INFINITY;
  /** The clock's reading up to which its progress has been followed. */
  #followedMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  nowMs(): number {
    const clockMs = Math.floor(this.#clock.nowMs());
    if (clockMs >= this.#latestMs) {
      this.#latestMs = clockMs;
      this.#followedMs = clockMs;
    } else this.#followSlowly(clockMs);
    return this.#latestMs;
  }

  /** Records the time of an admission by an earlier process. No earlier time is returned from then on. */
  saw(atMs: number): void {
    if (atMs > this.nowMs() && atMs <= this.#clock.nowMs() + AHEAD_MS_MAX) this.#latestMs = Math.floor(atMs);
  }

  #followSlowly(clockMs: number): void {
    const progressMs = Math.floor(Math.max(0, clockMs - this.#followedMs) / 2);
    this.#latestMs += progressMs;
    this.#followedMs = clockMs < this.#followedMs ? clockMs : this.#followedMs + 2 * progressMs;
  }
}
