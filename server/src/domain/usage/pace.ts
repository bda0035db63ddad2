/** How many of the last answers are remembered. */
const REMEMBERED = 1_000;
/** With fewer answers than this nothing is known of a pace. */
const ANSWERS_MIN = 50;
/** A shorter answer says little of a pace: most of its time was waiting. Tokens of one choice. */
export const PACED_TOKENS_MIN = 200;
/** Assumed while nothing is known. */
const UNKNOWN_PER_SECOND = 1_000;
/** An answer may come faster than any before it. */
const MARGIN = 2;

/**
 * The fastest pace at which a deployment can be thought to make one choice of an answer: twice the highest of its last 1,000 answers, in tokens
 * per second, and 1,000 while fewer than 50 are known. Adding costs a few steps on average: only paces that a later one does not
 * outdo are kept, the highest first.
 */
export class FastestPace {
  /** Paces, falling, from `#first` on; and which answer each was. Both are used as rings. */
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

  /** The most tokens in a second that one choice is thought to be made at. */
  perSecond(): number {
    return this.#count < ANSWERS_MIN ? UNKNOWN_PER_SECOND : MARGIN * (this.#paces[this.#first] as number);
  }

  #at(place: number): number {
    return (this.#first + place) % REMEMBERED;
  }
}

/** No answer is longer, whatever pace somebody reported. As much as is believed of a report. */
const TOKENS_MAX = 100_000_000;

/** The most output tokens that all choices together can have been given in so many milliseconds. Whole, rounded up, at most 100,000,000. */
export function tokensMadeAtMost(elapsedMs: number, perSecond: number, choices: number): number {
  return Math.min(TOKENS_MAX, Math.ceil((Math.max(0, elapsedMs) * perSecond) / 1_000) * choices);
}
