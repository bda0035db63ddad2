/** Compares one tree with others at the same time. Each round gives one ratio to each; rounds go on until the median is sure. */
import { type Estimate, estimate, isSure, ROUNDS_MIN } from './ratios.ts';

export interface Rounds {
  /** The number of rounds before the first judgement. */
  readonly rounds: number;
  /** The most rounds, even if a median is not sure. */
  readonly roundsMax: number;
}

/** The cost of this tree, and for each other one, in order, its cost and the estimated ratio to it. Costs are medians. */
export interface Compared {
  readonly us: number;
  readonly others: readonly { readonly us: number; readonly ratio: Estimate }[];
}

/** The cost of each tree on each measured path, in microseconds of CPU, this tree's first. */
export type Costs<Path> = ReadonlyMap<Path, readonly number[]>;

/**
 * Measures round by round the paths that are not sure yet. A round measures all trees at once, in new processes. Two equal trees
 * on a shared machine had a ratio of 0.72 to 1.55 in turns of four seconds. Side by side it was 0.99 to 1.09. One pair of
 * processes kept 1.05 to 1.07 until it ended. What starts first is cheaper or dearer by about 5 %: 26 turns of two trees that took turns
 * to start first were 0.96 and 1.05 by turns, and the means of pairs 1.00, with a third of the spread. So a round starts each tree first once. A path is sure by its ratio to the first other tree.
 */
export async function compare<Path>(
  paths: readonly Path[],
  { rounds, roundsMax }: Rounds,
  measure: (paths: readonly Path[]) => Promise<Costs<Path>>,
  onRound: (path: Path, round: number, ratios: readonly number[]) => void = () => {},
): Promise<ReadonlyMap<Path, Compared>> {
  const found = new Map<Path, (readonly number[])[]>(paths.map((path) => [path, []]));
  const ofPath = (path: Path) => found.get(path) ?? [];
  const isOpen = (path: Path) => ofPath(path).length < rounds || !isSure(estimate(ratiosTo(1, ofPath(path))));
  for (let round = 0; round < roundsMax; round += 1) {
    const left = paths.filter(isOpen);
    if (left.length === 0) break;
    for (const [path, costs] of await measure(left)) {
      ofPath(path).push(costs);
      onRound(path, ofPath(path).length, ratiosOf(costs));
    }
  }
  return new Map(paths.map((path) => [path, compared(ofPath(path))]));
}

function compared(rounds: readonly (readonly number[])[]): Compared {
  const middle = (tree: number) => estimate(rounds.map((costs) => costs[tree] as number)).median;
  const others = (rounds[0] ?? []).slice(1);
  return {
    us: middle(0),
    others: others.map((_, at) => ({ us: middle(at + 1), ratio: estimate(ratiosTo(at + 1, rounds)) })),
  };
}

function ratiosTo(other: number, rounds: readonly (readonly number[])[]): number[] {
  return rounds.map((costs) => ratiosOf(costs)[other - 1] as number);
}

function ratiosOf([here, ...others]: readonly number[]): number[] {
  return others.map((us) => (here as number) / us);
}

/** Reads `--rounds` and `--rounds-max`, by default 9 and 60. Fewer than nine decide nothing. Throws if not a whole number. */
export function roundsOf(flag: (name: string, otherwise: string) => string): Rounds {
  const rounds = Number(flag('rounds', String(ROUNDS_MIN)));
  const roundsMax = Number(flag('rounds-max', '60'));
  for (const count of [rounds, roundsMax])
    if (!Number.isInteger(count) || count < 1) throw new Error('--rounds and --rounds-max want a whole number above 0');
  return { rounds, roundsMax: Math.max(rounds, roundsMax) };
}
