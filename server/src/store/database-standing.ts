/**
 * Knows whether the database can be reached, also while nothing is stored. Two failed tries in a row mean that it cannot: one alone
 * may be a connection that broke.
 */
import type { Clock } from '../lib/timing/clock.ts';
import { isStoreUnavailable, storeErrorFrom } from './errors.ts';

const EVERY_MS = 5_000;
const AGAIN_MS = 1_000;
const FAILURES = 2;

export interface DatabaseStandingOptions {
  /** Makes one small query. Rejects if the database does not answer in time. */
  readonly ping: () => Promise<void>;
  readonly clock: Clock;
  /** The milliseconds between two tries; 5 s unless given. */
  readonly everyMs?: number;
  /** The milliseconds to the next try after a failed one; 1 s unless given. */
  readonly againMs?: number;
}

/** Tries the database every 5 s, and every second while it does not answer. */
export class DatabaseStanding {
  readonly #options: DatabaseStandingOptions;
  #failures = 0;
  #failingSinceMs = 0;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DatabaseStandingOptions) {
    this.#options = options;
    this.#wait(options.everyMs ?? EVERY_MS);
  }

  /** Returns the wall-clock time since which the database does not answer; null if it does. */
  awaySinceMs(): number | null {
    return this.#failures >= FAILURES ? this.#failingSinceMs : null;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#look(), ms).unref();
  }

  async #look(): Promise<void> {
    try {
      await this.#options.ping();
      this.#failures = 0;
    } catch (error) {
      this.#noteFailure(error);
    }
    const { everyMs = EVERY_MS, againMs = AGAIN_MS } = this.#options;
    this.#wait(this.#failures === 0 ? everyMs : againMs);
  }

  /** Counts only failures to reach the server. Any other error is an answer. */
  #noteFailure(error: unknown): void {
    if (!isStoreUnavailable(storeErrorFrom(error))) {
      this.#failures = 0;
      return;
    }
    if (this.#failures === 0) this.#failingSinceMs = this.#options.clock.nowMs();
    this.#failures += 1;
  }
}
