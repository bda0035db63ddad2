import { describe, expect, test } from 'vitest';
import { FAULTS, runSimulation } from './simulate.ts';

/** `SIMULATION_SECONDS=60` goes on for a minute; `SIMULATION_SEED=420` begins at a seed, which is how a failing one is repeated. */
const SECONDS = Number(process.env.SIMULATION_SECONDS ?? 5);
const SEED = Number(process.env.SIMULATION_SEED ?? 1);

describe('the seeded simulation', () => {
  test('after every step counters = ledger, nothing is above a limit, and spend is within its bound', {
    timeout: SECONDS * 1_000 + 60_000,
  }, async () => {
    const { violation, seed, runs, steps, admitted } = await runSimulation({ seconds: SECONDS, seed: SEED });
    console.log(`simulation: ${runs} runs, ${steps} steps, ${admitted} requests admitted and settled, last seed ${seed}`);
    expect(violation === null ? null : `SIMULATION_SEED=${seed}: ${violation}`).toBeNull();
    expect(admitted).toBeGreaterThan(runs);
  });

  test.for(FAULTS)('finds a planted mistake: %s', { timeout: 120_000 }, async (fault) => {
    const { violation, seed } = await runSimulation({ seconds: 60, fault });
    console.log(`simulation: ${fault} found with seed ${seed}, ${violation}`);
    expect(violation).not.toBeNull();
  });

  test('a seed repeats its run exactly', async () => {
    const fault = 'settled-twice';
    const found = await runSimulation({ seconds: 60, fault });
    expect(await runSimulation({ seconds: 60, seed: found.seed, runs: 1, fault })).toMatchObject({
      seed: found.seed,
      violation: found.violation,
    });
  });
});
