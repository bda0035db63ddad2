import { describe } from 'vitest';
import { limitPromises } from './contract-limits.ts';
import { pastPromises } from './contract-past.ts';
import { retakePromises } from './contract-retake.ts';
import { settlePromises } from './contract-settle.ts';
import type { MakeCounters } from './testing.ts';

/**
 * What every implementation of Counters promises. Each answer is awaited, so that one which answers later runs the same cases.
 * `make` is called once per case; its counters must read the clock given to them and start empty.
 */
export function describeCounters(name: string, make: MakeCounters): void {
  describe(`counters: ${name}`, () => {
    limitPromises(make);
    settlePromises(make);
    pastPromises(make);
    retakePromises(make);
  });
}
