/** A reader of foreign bytes under fuzz: draws a case from a seed, and says what of it was read wrongly. */
export interface ReaderFuzz {
  readonly name: string;
  /** Tries the cases of some seeds from `from` on. Problems are sentences that name their seed. */
  round(from: number): Promise<Round> | Round;
}

export interface Round {
  readonly cases: number;
  readonly problems: readonly string[];
}

/** A fuzz whose case is one call: null when it was read rightly, else what was wrong. What it throws is wrong as well. */
export function fuzzOf(name: string, casesOfRound: number, tryOne: (seed: number) => string | null): ReaderFuzz {
  return {
    name,
    round: (from) => {
      const problems: string[] = [];
      for (let seed = from; seed < from + casesOfRound; seed += 1) {
        const problem = problemOf(tryOne, seed);
        if (problem !== null) problems.push(`${name}, seed ${seed}: ${problem}`);
      }
      return { cases: casesOfRound, problems };
    },
  };
}

function problemOf(tryOne: (seed: number) => string | null, seed: number): string | null {
  try {
    return tryOne(seed);
  } catch (error) {
    return `it threw ${(error as Error).stack ?? error}`;
  }
}
