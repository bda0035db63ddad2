/** One tree beside others, at the same time: each round gives one ratio for each of them, and rounds go on until their median is sure. */
import { type Estimate, estimate, isSure, ROUNDS_MIN } from './ratios.ts';

export interface Rounds {
  /** To begin with. */
  readonly rounds: number;
  /** When it ends although a median is not sure. */
  readonly roundsMax: number;
}

/** This tree's cost and, for each other one in order, its cost and what the ratio to it comes to. Costs are medians. */
export interface Compared {
  readonly us: number;
  readonly others: readonly { readonly us: number; readonly ratio: Estimate }[];
}

/** What each tree costs on each path that is asked for, in microseconds of CPU: this tree's first. */
export type Costs<Path> = ReadonlyMap<Path, readonly number[]>;

/**
 * Measures round by round what is not sure yet. A round measures all trees at once, in processes of its own: on a shared machine the ratio of two
 * equal trees was 0.72 to 1.55 when they took turns of four seconds, 0.99 to 1.09 side by side, and a pair of processes kept 1.05 to 1.07 for as
 * long as it lived. A path is sure by its ratio to the first other tree.
 */
export async function compare<Path>(
  paths: readonly Path[],
  { rounds, roundsMax }: Rounds,
  measure: (paths: readonly Path[], round: number) => Promise<Costs<Path>>,
  onRound: (path: Path, round: number, ratios: readonly number[]) => void = () => {},
): Promise<ReadonlyMap<Path, Compared>> {
  const found = new Map<Path, (readonly number[])[]>(paths.map((path) => [path, []]));
  const ofPath = (path: Path) => found.get(path) ?? [];
  const isOpen = (path: Path) => ofPath(path).length < rounds || !isSure(estimate(ratiosTo(1, ofPath(path))));
  for (let round = 0; round < roundsMax; round += 1) {
    const left = paths.filter(isOpen);
    if (left.length === 0) break;
    for (const [path, costs] of await measure(left, round)) {
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

/** Reads `--rounds` and `--rounds-max`: at least nine unless fewer are asked for, which decide nothing, and sixty at most. */
export function roundsOf(flag: (name: string, otherwise: string) => string): Rounds {
  const rounds = Number(flag('rounds', String(ROUNDS_MIN)));
  const roundsMax = Number(flag('rounds-max', '60'));
  for (const count of [rounds, roundsMax])
    if (!Number.isInteger(count) || count < 1) throw new Error('--rounds and --rounds-max want a whole number above 0');
  return { rounds, roundsMax: Math.max(rounds, roundsMax) };
}
