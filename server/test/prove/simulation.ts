import { FAULTS, runSimulation } from '../simulation/simulate.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

/** The simulation holds for its time, and finds each mistake that is planted in it. `SIMULATION_SECONDS` and `SIMULATION_SEED` as in its test. */
export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const seconds = Number(process.env.SIMULATION_SECONDS ?? (quick ? 10 : 60));
  const sound = await runSimulation({ seconds, seed: Number(process.env.SIMULATION_SEED ?? 1) });
  const details: string[] = [];
  if (sound.violation !== null) details.push(`seed ${sound.seed}: ${sound.violation}`);
  const found: string[] = [];
  for (const fault of FAULTS) {
    const { violation, seed } = await runSimulation({ seconds: 60, fault });
    if (violation === null) details.push(`${fault}: not found in a minute`);
    else found.push(`${fault} (seed ${seed})`);
  }
  const figure = `${sound.runs} runs, ${sound.steps} steps, ${sound.admitted} requests in ${seconds} s without a violation; planted and found: ${found.join(', ')}`;
  return { holds: details.length === 0, figure, details };
}
