import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { affordableOutputTokens, costNanoUsd, dearestRates, type Price, priceAt, rateOf, upperBoundNanoUsd } from './price.ts';
import { addUsage, totalTokens, USAGE_BUCKETS, type Usage, type UsageBucket } from './usage.ts';

const price = (perMillion: Price['perMillion'], effectiveFromMs = 0): Price => ({
  id: `price_${effectiveFromMs}`,
  effectiveFromMs,
  perMillion,
});

const tokens = fc.integer({ min: 0, max: 50_000_000 });
const usages: fc.Arbitrary<Usage> = fc.dictionary(fc.constantFrom(...USAGE_BUCKETS), tokens) as fc.Arbitrary<Usage>;
const prices: fc.Arbitrary<Price> = fc
  .dictionary(fc.constantFrom(...USAGE_BUCKETS), fc.integer({ min: 0, max: 9_000_000_000_000_000 }))
  .map((perMillion) => price(perMillion as Price['perMillion']));

describe('cost', () => {
  // promise: One rounding, up, per ledger row, over the exact bigint sum.
  test('never loses a nano-dollar: at least the exact sum, less than one above it', () => {
    fc.assert(
      fc.property(usages, prices, (usage, given) => {
        let exact = 0n;
        for (const bucket of USAGE_BUCKETS) exact += BigInt(usage[bucket] ?? 0) * BigInt(rateOf(given, bucket));
        const cost = costNanoUsd(usage, given);
        expect(cost * 1_000_000n >= exact).toBe(true);
        expect((cost - 1n) * 1_000_000n < exact).toBe(true);
      }),
    );
  });

  // promise: One rounding, up, per ledger row, over the exact bigint sum.
  test('is rounded once per row, not once per bucket', () => {
    const given = price({ input: 1, output: 1 });
    expect(costNanoUsd({ input: 400_000, output: 400_000 }, given)).toBe(1n);
    expect(costNanoUsd({ input: 1 }, given)).toBe(1n);
    expect(costNanoUsd({}, given)).toBe(0n);
  });

  test('the contract’s example: 1,000 input, 200 of them cached, 50 output', () => {
    const given = price({ input: 50_000_000, cached_input: 5_000_000, output: 400_000_000 });
    expect(costNanoUsd({ input: 800, cached_input: 200, output: 50 }, given)).toBe(40_000n + 1_000n + 20_000n);
  });

  test('disjoint buckets sum to the total', () => {
    fc.assert(
      fc.property(usages, usages, (one, other) => {
        expect(totalTokens(addUsage(one, other))).toBe(totalTokens(one) + totalTokens(other));
      }),
    );
    expect(totalTokens({ input: 1, cached_input: 2, reasoning: 3, image_output: 4 })).toBe(10);
  });
});

describe('a bucket without its own price', () => {
  test.each<[UsageBucket, UsageBucket]>([
    ['cached_input', 'input'],
    ['cache_write', 'input'],
    ['cache_write_1h', 'input'],
    ['audio_input', 'input'],
    ['image_input', 'input'],
    ['reasoning', 'output'],
    ['audio_output', 'output'],
    ['image_output', 'output'],
  ])('%s is priced as %s', (bucket, fallback) => {
    expect(rateOf(price({ input: 7, output: 9 }), bucket)).toBe(fallback === 'input' ? 7 : 9);
    expect(rateOf(price({ input: 7, output: 9, [bucket]: 3 }), bucket)).toBe(3);
  });

  test('a price given in part is zero on its missing side', () => {
    expect(costNanoUsd({ input: 1_000_000, output: 5 }, price({ input: 20 }))).toBe(20n);
  });

  test('a price of zero does not fall back', () => {
    expect(rateOf(price({ input: 7, cached_input: 0 }), 'cached_input')).toBe(0);
  });
});

describe('the price in force', () => {
  const versions = [price({ input: 3 }, 300), price({ input: 2 }, 200), price({ input: 1 }, 100)];
  test('is the newest that is not in the future', () => {
    expect(priceAt(versions, 299)?.effectiveFromMs).toBe(200);
    expect(priceAt(versions, 300)?.effectiveFromMs).toBe(300);
    expect(priceAt(versions, 1_000)?.effectiveFromMs).toBe(300);
  });
  // promise: Never free silently.
  test('is none before the first, without any, and for an empty one', () => {
    expect(priceAt(versions, 99)).toBeNull();
    expect(priceAt([], 99)).toBeNull();
    expect(priceAt([price({})], 99)).toBeNull();
  });
});

describe('bounds for a hold', () => {
  test('no split over the buckets costs more than the upper bound', () => {
    fc.assert(
      fc.property(usages, prices, (usage, given) => {
        const output = (usage.output ?? 0) + (usage.reasoning ?? 0) + (usage.audio_output ?? 0) + (usage.image_output ?? 0);
        const bound = upperBoundNanoUsd(totalTokens(usage) - output, output, given);
        expect(costNanoUsd(usage, given) <= bound).toBe(true);
      }),
    );
  });

  test('what is called affordable fits, and one token more does not', () => {
    const amount = fc.integer({ min: 0, max: 9_000_000_000_000_000 });
    fc.assert(
      fc.property(amount, tokens, prices, (nanoUsd, input, given) => {
        const output = affordableOutputTokens(nanoUsd, input, given);
        if (output === Number.MAX_SAFE_INTEGER) return;
        if (upperBoundNanoUsd(input, 0, given) <= BigInt(nanoUsd)) {
          expect(upperBoundNanoUsd(input, output, given) <= BigInt(nanoUsd)).toBe(true);
        }
        expect(upperBoundNanoUsd(input, output + 1, given) > BigInt(nanoUsd)).toBe(true);
      }),
    );
  });

  test('a free output is affordable without end, and nothing is when the input does not fit', () => {
    expect(affordableOutputTokens(0, 0, price({ input: 5 }))).toBe(Number.MAX_SAFE_INTEGER);
    expect(affordableOutputTokens(1, 1_000_000, price({ input: 5, output: 1 }))).toBe(0);
  });

  test('the dearest rates are worked out once per price', () => {
    const given = price({ input: 1, cache_write_1h: 8, output: 2, audio_output: 9 });
    expect(dearestRates(given)).toEqual({ input: 8, output: 9 });
    expect(dearestRates(given)).toBe(dearestRates(given));
  });
});
