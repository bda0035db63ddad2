import { FAULTS, type Fault } from './faults.ts';
import { Simulation } from './simulation.ts';

export { FAULTS, type Fault };

export interface SimulationOptions {
  /** How long to go on, in seconds of real time. Stops at the first violation. */
  readonly seconds: number;
  /** Where to begin; each further run takes the next seed. */
  readonly seed?: number;
  /** So many seeds at most; 1 repeats a single one. */
  readonly runs?: number;
  /** A mistake to plant, to show that it is found. */
  readonly fault?: Fault;
}

export interface SimulationResult {
  readonly runs: number;
  readonly steps: number;
  readonly admitted: number;
  /** The last seed: the one that failed, when there is a violation. */
  readonly seed: number;
  readonly violation: string | null;
}

/** Lives of a gateway under random tenants, requests, edits, crashes and outages, each repeated exactly by its seed. */
export async function runSimulation(options: SimulationOptions): Promise<SimulationResult> {
  const { seconds, seed = 1, runs = Number.POSITIVE_INFINITY, fault = null } = options;
  const endMs = performance.now() + seconds * 1_000;
  const total = { steps: 0, admitted: 0 };
  for (let run = 0; ; run++) {
    const simulation = new Simulation(seed + run, fault);
    const violation = await simulation.run();
    total.steps += simulation.steps;
    total.admitted += simulation.admitted;
    if (violation === null && run + 1 < runs && performance.now() < endMs) continue;
    return { runs: run + 1, ...total, seed: seed + run, violation };
  }
}
