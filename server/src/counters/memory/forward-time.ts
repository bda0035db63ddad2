import type { Clock } from '../../lib/timing/clock.ts';

/** How far ahead of the clock an earlier process's time is believed. Further ahead it was wrong, and to follow it would misplace periods. */
const AHEAD_MS_MAX = 3_600_000;

/**
 * The time counters go by, in whole milliseconds: the clock's, but never backwards, so that nothing expires early and no period begins twice.
 * While the clock is behind what was already seen, this time goes on at half its pace until the clock has caught up: were it to stand still,
 * a limit once reached would let nobody through until then.
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

  /** An earlier process admitted something at this time; no time before it comes again. */
  saw(atMs: number): void {
    if (atMs > this.nowMs() && atMs <= this.#clock.nowMs() + AHEAD_MS_MAX) this.#latestMs = Math.floor(atMs);
  }

  #followSlowly(clockMs: number): void {
    const progressMs = Math.floor(Math.max(0, clockMs - this.#followedMs) / 2);
    this.#latestMs += progressMs;
    this.#followedMs = clockMs < this.#followedMs ? clockMs : this.#followedMs + 2 * progressMs;
  }
}
