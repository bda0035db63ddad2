import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { costNanoUsd, type Price } from '../money/price.ts';
import { endOfVendor, pollAfterMs, retryAfterMs } from './batch.ts';
import { batchPrice } from './batch-price.ts';
import { LINE_ERRORS, type LinePlan, LineSet, PackedLines, packLines } from './line-plan.ts';

const linePlan: fc.Arbitrary<LinePlan> = fc.oneof(
  fc.record({ is: fc.constant('refused' as const), error: fc.constantFrom(...LINE_ERRORS) }),
  fc.record({
    is: fc.constant('held' as const),
    inputTokens: fc.integer({ min: 0, max: 0xffffffff }),
    outputTokens: fc.integer({ min: 0, max: 0xffffffff }),
    nanoUsd: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  }),
);

describe('packed lines', () => {
  test('are read as they were packed, and what is not settled is what is held', () => {
    fc.assert(
      fc.property(fc.array(linePlan, { maxLength: 40 }), fc.array(fc.nat(39)), (lines, settled) => {
        const packed = new PackedLines(packLines(lines));
        expect(Array.from({ length: packed.count }, (_, line) => packed.at(line))).toEqual(lines);
        const set = LineSet.empty(lines.length);
        for (const line of settled) set.add(line);
        const left = lines.filter((line, at) => line.is === 'held' && !settled.includes(at)) as Extract<
          LinePlan,
          { is: 'held' }
        >[];
        const tokens = left.reduce((sum, line) => sum + line.inputTokens + line.outputTokens, 0);
        expect(packed.heldBut(set).tokens).toBe(tokens);
      }),
      { numRuns: 50 },
    );
    const two = new PackedLines(packLines([{ is: 'refused', error: 'invalid_line' }]));
    expect([two.at(-1), two.at(1), two.at(0.5)]).toEqual([null, null, null]);
  });
});

describe('the price of a batch', () => {
  const ordinary: Price = { id: 'price_1', effectiveFromMs: 0, perMillion: { input: 1_000_000, output: 4_000_000 } };
  const usage = { input: 1_000, output: 100 };

  test('is that of the batch tier, and of the model where there is none', () => {
    expect(batchPrice(ordinary)).toEqual({ price: ordinary, tier: null });
    const tiered = { ...ordinary, units: { serviceTiers: { batch: { perMillion: { input: 500_000, output: 2_000_000 } } } } };
    const { price, tier } = batchPrice(tiered);
    expect(tier).toBe('batch');
    expect(costNanoUsd(usage, price)).toBe(costNanoUsd(usage, tiered, 'batch'));
    expect(costNanoUsd(usage, price)).toBe(700n);
  });

  test('has no other tier, so that no line is held at the dearest of them', () => {
    const priority = { ...ordinary, units: { serviceTiers: { priority: { perMillion: { input: 9_000_000 } } } } };
    expect(batchPrice(priority)).toEqual({ price: { ...ordinary, units: {} }, tier: null });
  });

  test('keeps the rates of long prompts where the batch tier has none of its own', () => {
    const long = { aboveInputTokens: 500, perMillion: { input: 2_000_000, output: 8_000_000 } };
    const price = { ...ordinary, units: { contextTiers: [long], serviceTiers: { batch: { perMillion: { input: 500_000 } } } } };
    expect(costNanoUsd(usage, batchPrice(price).price)).toBe(costNanoUsd(usage, price, 'batch'));
  });
});

test('a provider’s words for the end are few, and all others mean that it runs', () => {
  const words = ['completed', 'failed', 'expired', 'cancelled', 'canceled', 'in_progress', 'finalizing', 'half_done', ''];
  expect(words.map(endOfVendor)).toEqual(['completed', 'failed', 'expired', 'cancelled', 'cancelled', null, null, null, null]);
});

test('looks and retries become rarer, up to a bound', () => {
  expect([0, 60_000, 600_000, 86_400_000].map(pollAfterMs)).toEqual([1_000, 1_200, 12_000, 60_000]);
  expect([1, 3, 30].map(retryAfterMs)).toEqual([2_000, 8_000, 300_000]);
});
