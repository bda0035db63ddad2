import { describe, expect, test } from 'vitest';
import {
  askedLedger,
  DAY,
  DAY_MS,
  freshCounters,
  HOUR,
  type MakeCounters,
  NOON,
  planOf,
  refused,
  TOTAL,
  used,
  wants,
} from './testing.ts';

/** Holds that outlast the process that took them: those of batches. */
export function retakePromises(make: MakeCounters): void {
  const fresh = () => freshCounters(make);
  const BUDGET = planOf({ unit: 'nano_usd', window: TOTAL, value: 1_000 });
  const WHOLE = planOf(
    { unit: 'tokens', window: DAY, value: 1_000 },
    { unit: 'nano_usd', window: TOTAL, value: 1_000 },
    { unit: 'nano_usd', window: HOUR, value: 1_000 },
  );

  describe('holds that are taken again', () => {
    test('hold whatever the limits say, settle as others, and are given back', async () => {
      const { counters } = await fresh();
      const hold = await counters.retake('one', WHOLE, { atMs: NOON, tokens: 700, nanoUsd: 1_400 });
      expect(await counters.read(WHOLE.counters)).toMatchObject({ used: [700, 1_400, 1_400], held: [700, 1_400, 1_400] });
      expect(refused(await counters.hold('two', BUDGET, wants(0, 1))).admitted).toBe(false);
      await counters.settle(hold, used(5, 7), WHOLE);
      expect(await counters.read(WHOLE.counters)).toMatchObject({ used: [5, 7, 7], held: [0, 0, 0] });
      await counters.release(await counters.retake('three', WHOLE, { atMs: NOON, tokens: 10, nanoUsd: 20 }));
      expect(await counters.read(WHOLE.counters)).toMatchObject({ used: [5, 7, 7], held: [0, 0, 0] });
    });

    test('count in the day and the hour of the admission, not in those of the settlement', async () => {
      const { counters } = await fresh();
      const yesterday = NOON - DAY_MS;
      const hold = await counters.retake('one', WHOLE, { atMs: yesterday, tokens: 700, nanoUsd: 900 });
      expect(await counters.read(WHOLE.counters)).toMatchObject({ used: [0, 900, 0], held: [0, 900, 0] });
      await counters.settle(hold, used(600, 800), WHOLE);
      expect(await counters.read(WHOLE.counters)).toMatchObject({ used: [0, 800, 0], held: [0, 0, 0] });
    });

    test('stay while a counter reads its past', async () => {
      const ledger = askedLedger([{ atMs: NOON - 60_000, amount: 100 }]);
      const { counters } = await freshCounters(make, ledger);
      await counters.retake('one', BUDGET, { atMs: NOON, tokens: 0, nanoUsd: 300 });
      expect(await counters.read(BUDGET.counters)).toMatchObject({ used: [400], held: [300] });
    });
  });
}
