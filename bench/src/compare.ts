/** One tree beside others, in turns: each round gives one ratio for each of them, and rounds go on until their median is sure. */
import { type Estimate, estimate, isSure, ROUNDS_MIN } from './ratios.ts';

export interface Rounds {
  /** To begin with. */
  readonly rounds: number;
  /** When it ends although the median is not sure. */
  readonly roundsMax: number;
}

/** This tree's cost and, for each other one in order, its cost and what the ratio to it comes to. Costs are medians. */
export interface Compared {
  readonly us: number;
  readonly others: readonly { readonly us: number; readonly ratio: Estimate }[];
}

/**
 * Measures all of them once a round, neighbours in time, in one order and then in the other, so that a machine that gets slower favours none.
 * `cost` gives microseconds. Ends when the ratio to the first other one is sure.
 */
export async function compare<Tree>(
  here: Tree,
  others: readonly [Tree, ...Tree[]],
  { rounds, roundsMax }: Rounds,
  cost: (tree: Tree) => Promise<number>,
  onRound: (round: number, ratios: readonly number[]) => void = () => {},
): Promise<Compared> {
  const trees = [here, ...others];
  const found = new Map<Tree, number[]>(trees.map((tree) => [tree, []]));
  const costsOf = (tree: Tree) => found.get(tree) ?? [];
  const ratiosTo = (other: Tree) => costsOf(here).map((us, round) => us / (costsOf(other)[round] as number));
  for (let round = 0; round < roundsMax; round += 1) {
    if (round >= rounds && isSure(estimate(ratiosTo(others[0])))) break;
    for (const tree of round % 2 === 0 ? trees : trees.toReversed()) costsOf(tree).push(await cost(tree));
    onRound(
      round + 1,
      others.map((other) => ratiosTo(other).at(-1) as number),
    );
  }
  const middle = (tree: Tree) => estimate(costsOf(tree)).median;
  return { us: middle(here), others: others.map((other) => ({ us: middle(other), ratio: estimate(ratiosTo(other)) })) };
}

/** Reads `--rounds` and `--rounds-max`: at least nine unless fewer are asked for, which decide nothing, and sixty at most. */
export function roundsOf(flag: (name: string, otherwise: string) => string): Rounds {
  const rounds = Number(flag('rounds', String(ROUNDS_MIN)));
  const roundsMax = Number(flag('rounds-max', '60'));
  for (const count of [rounds, roundsMax])
    if (!Number.isInteger(count) || count < 1) throw new Error('--rounds and --rounds-max want a whole number above 0');
  return { rounds, roundsMax: Math.max(rounds, roundsMax) };
}
