/** The number of last answers that are remembered. */
const REMEMBERED = 1_000;
/** The least number of answers from which a pace is known. */
const ANSWERS_MIN = 50;
/** The fewest tokens of one choice from which a pace is measured. A shorter answer mostly measures waiting time. */
export const PACED_TOKENS_MIN = 200;
/** The pace in tokens per second that is assumed while none is known. */
const UNKNOWN_PER_SECOND = 1_000;
/** The safety factor: an answer may be faster than any before it. */
const MARGIN = 2;

/**
 * The fastest pace at which a deployment is assumed to make one choice of an answer: twice the highest pace of its last 1,000
 * answers, in tokens per second. It is 1,000 while fewer than 50 are known. An addition takes a few steps on average: a pace is
 * dropped once a later one reaches it, and the rest are kept in descending order.
 */
export class FastestPace {
  /** Paces in descending order from `#first` on, and the number of the answer of each. Both arrays are ring buffers. */
  readonly #paces = new Float64Array(REMEMBERED);
  readonly #answers = new Float64Array(REMEMBERED);
  #first = 0;
  #kept = 0;
  #count = 0;

  /** Remembers the pace of one answer, in tokens per second of one choice, and forgets the oldest of more than 1,000. */
  add(tokensPerSecond: number): void {
    const answer = this.#count++;
    if (this.#kept > 0 && (this.#answers[this.#first] as number) <= answer - REMEMBERED) {
      this.#first = (this.#first + 1) % REMEMBERED;
      this.#kept -= 1;
    }
    while (this.#kept > 0 && (this.#paces[this.#at(this.#kept - 1)] as number) <= tokensPerSecond) this.#kept -= 1;
    const at = this.#at(this.#kept++);
    this.#paces[at] = tokensPerSecond;
    this.#answers[at] = answer;
  }

  /** Returns the most tokens per second at which one choice is assumed to be made. */
  perSecond(): number {
    return this.#count < ANSWERS_MIN ? UNKNOWN_PER_SECOND : MARGIN * (this.#paces[this.#first] as number);
  }

  #at(place: number): number {
    return (this.#first + place) % REMEMBERED;
  }
}

/** The upper bound of an answer's tokens, whatever the pace. Equal to the largest number that is accepted from a report. */
const TOKENS_MAX = 100_000_000;

/**
 * Returns the most output tokens that all choices together can have been made in so many milliseconds. Whole, rounded up, at most
 * 100,000,000.
 */
export function tokensMadeAtMost(elapsedMs: number, perSecond: number, choices: number): number {
  return Math.min(TOKENS_MAX, Math.ceil((Math.max(0, elapsedMs) * perSecond) / 1_000) * choices);
}
