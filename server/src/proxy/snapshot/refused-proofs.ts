import type { Clock } from '../../lib/timing/clock.ts';
import { Refusal } from '../refusal.ts';

/** A proof that opens no key. `refused` is a sentence for a person. */
export interface RefusedProof {
  readonly refused: string;
}

/** The longest time for which a refusal is remembered, so that what this process does not hear of counts soon. */
const REFUSED_MS = 5_000;
/** The most refusals in memory, of at most about 1 kB each. */
const REFUSED_MAX = 5_000;

/**
 * The proofs that were just refused, by name. One that is presented over and over then costs a look-up in memory, and neither a
 * query nor a signature. They have a memory of their own: however many there are, they cannot displace a proof that was accepted.
 */
export class RefusedProofs {
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly words: string; readonly sinceMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws `invalid_api_key` if the proof was refused a moment ago. */
  check(name: string): void {
    const known = this.#known.get(name);
    if (known === undefined) return;
    if (this.#clock.monotonicMs() - known.sinceMs < REFUSED_MS) throw new Refusal('invalid_api_key', known.words);
    this.#known.delete(name);
  }

  /** Remembers a refusal, and returns it. The oldest one goes if there are too many. */
  add(name: string, { refused: words }: RefusedProof): Refusal {
    this.#known.delete(name);
    if (this.#known.size >= REFUSED_MAX) this.#known.delete(this.#known.keys().next().value as string);
    this.#known.set(name, { words, sinceMs: this.#clock.monotonicMs() });
    return new Refusal('invalid_api_key', words);
  }

  /** Forgets all, because something changed that may make a proof good. */
  clear(): void {
    this.#known.clear();
  }

  get size(): number {
    return this.#known.size;
  }
}
