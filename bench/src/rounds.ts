/** A machine's speed changes from second to second, so every run is divided by the mean of the nginx runs before and after it. */
import { type Cost, median } from './measure.ts';
import type { Target } from './target.ts';

export interface Standing {
  readonly name: string;
  /** The median over the rounds, in microseconds. */
  readonly us: number;
  readonly perSecond: number;
  /** The cost divided by that of nginx in the neighbouring runs. */
  readonly timesNginx: number;
}

/** Runs nginx, then each target followed by nginx again, for each round. The result lists nginx first. */
export async function interleave(
  yardstick: Target,
  targets: readonly Target[],
  rounds: number,
  cost: (target: Target) => Promise<Cost>,
): Promise<Standing[]> {
  const nginx: Cost[] = [await cost(yardstick)];
  const taken = new Map<string, { cost: Cost; timesNginx: number }[]>(targets.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const target of targets) {
      const own = await cost(target);
      const [before, after] = [nginx.at(-1) as Cost, await cost(yardstick)];
      nginx.push(after);
      taken.get(target.name)?.push({ cost: own, timesNginx: own.us / ((before.us + after.us) / 2) });
    }
  }
  const rows = [...taken].map(([name, runs]) => standing(name, runs));
  return [
    standing(
      yardstick.name,
      nginx.map((run) => ({ cost: run, timesNginx: 1 })),
    ),
    ...rows,
  ];
}

function standing(name: string, runs: readonly { cost: Cost; timesNginx: number }[]): Standing {
  return {
    name,
    us: median(runs.map((run) => run.cost.us)),
    perSecond: median(runs.map((run) => run.cost.perSecond)),
    timesNginx: median(runs.map((run) => run.timesNginx)),
  };
}
