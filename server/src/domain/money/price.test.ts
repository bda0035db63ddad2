import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addUsage, totalTokens, USAGE_BUCKETS, USAGE_UNITS, type Usage, type UsageBucket } from '../usage/usage.ts';
import {
  affordableOutputTokens,
  costNanoUsd,
  dearestRates,
  hasTierPrice,
  type Price,
  type PriceUnits,
  priceAt,
  rateIn,
  rateOf,
  ratesFor,
  unpricedIn,
  upperBoundNanoUsd,
} from './price.ts';
import { mayAnswer } from './service-tier.ts';

const price = (perMillion: Price['perMillion'], effectiveFromMs = 0): Price => ({
  id: `price_${effectiveFromMs}`,
  effectiveFromMs,
  perMillion,
});

const tokens = fc.integer({ min: 0, max: 50_000_000 });
const usages: fc.Arbitrary<Usage> = fc.dictionary(fc.constantFrom(...USAGE_BUCKETS), tokens) as fc.Arbitrary<Usage>;
const rate = fc.integer({ min: 0, max: 9_000_000_000_000_000 });
const rates = fc.dictionary(fc.constantFrom(...USAGE_BUCKETS), rate) as fc.Arbitrary<Price['perMillion']>;
const prices: fc.Arbitrary<Price> = rates.map((perMillion) => price(perMillion));

const TIERS = ['priority', 'scale', 'flex', 'batch', 'fast', 'us', 'fast+us', 'constructor'] as const;
const units: fc.Arbitrary<PriceUnits> = fc.record(
  {
    perUnit: fc.dictionary(fc.constantFrom(...USAGE_UNITS), rate),
    contextTiers: fc
      .uniqueArray(fc.record({ aboveInputTokens: tokens, perMillion: rates }), {
        selector: (tier) => tier.aboveInputTokens,
        maxLength: 3,
      })
      .map((tiers) => tiers.toSorted((a, b) => a.aboveInputTokens - b.aboveInputTokens)),
    serviceTiers: fc.dictionary(fc.constantFrom(...TIERS), fc.record({ perMillion: rates })),
  },
  { requiredKeys: [] },
);
const unitPrices: fc.Arbitrary<Price> = fc.record({ perMillion: rates, units }).map((given) => ({ ...price({}), ...given }));
const inputOf = ({ input = 0, cached_input = 0, cache_write = 0, cache_write_1h = 0, audio_input = 0, image_input = 0 }: Usage) =>
  input + cached_input + cache_write + cache_write_1h + audio_input + image_input;

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

describe('what is billed beyond ordinary tokens', () => {
  const tiered = {
    ...price({ input: 1_000_000, cached_input: 100_000, output: 5_000_000 }),
    units: {
      perUnit: { search: 10_000_000, request: 5 },
      contextTiers: [
        { aboveInputTokens: 100, perMillion: { input: 2_000_000, output: 6_000_000 } },
        { aboveInputTokens: 200, perMillion: { input: 4_000_000 } },
      ],
      serviceTiers: { priority: { perMillion: { output: 50_000_000 } }, constructor: { perMillion: {} } },
    },
  } as const satisfies Price;

  // promise: Prices are integers: nano-dollars per million tokens (or per unit).
  test('pieces cost their own price each, and are no tokens', () => {
    expect(costNanoUsd({ input: 3, search: 2, request: 1 }, tiered)).toBe(3n + 20_000_000n + 5n);
    expect(totalTokens({ input: 3, search: 2, request: 1, image: 7 })).toBe(3);
    expect(addUsage({ search: 2, input: 1 }, { search: 1, page: 4 })).toEqual({ input: 1, search: 3, page: 4 });
  });

  test('a long prompt is charged as a whole at the highest tier that its input exceeds, whatever bucket the input is in', () => {
    const cost = (usage: Usage) => costNanoUsd(usage, tiered);
    expect(cost({ input: 100, output: 1 })).toBe(100n + 5n);
    expect(cost({ input: 1, cached_input: 100, output: 1 })).toBe(2n + 10n + 6n);
    // The second tier has no output rate, so output keeps its ordinary rate.
    expect(cost({ input: 1, cache_write_1h: 200, output: 1 })).toBe(4n + 800n + 5n);
  });

  test('the tier that answered is charged, bucket by bucket before the context tier; one without rates as the ordinary one', () => {
    expect(costNanoUsd({ input: 150, output: 1, reasoning: 1 }, tiered, 'priority')).toBe(300n + 100n);
    for (const word of ['flex', '__proto__', 'toString', '']) expect(costNanoUsd({ output: 1 }, tiered, word)).toBe(5n);
  });

  test('what has no price is named', () => {
    const all = { input: 1, cached_input: 1, reasoning: 1, image_input: 1, cache_write: 1, audio_output: 1, search: 1, image: 1 };
    expect(unpricedIn(all, tiered, null)).toEqual(['cache_write', 'audio_output', 'image']);
    expect(unpricedIn({ input: 1, search: 1, cache_write_1h: 2 }, price({ input: 1, cache_write: 2 }), 'flex')).toEqual([
      'cache_write_1h',
      'search',
      'service_tier:flex',
    ]);
    expect(unpricedIn({ input: 1, cached_input: 1, output: 1, reasoning: 1 }, price({ input: 1 }), null)).toEqual([]);
    expect(unpricedIn({}, tiered, 'toString')).toEqual(['service_tier:toString']);
  });

  // promise: zero is free.
  test('a price of zeros is free whatever the tokens and their tier are, and says nothing of pieces', () => {
    const free = price({ input: 0, output: 0 });
    expect(unpricedIn({ cache_write: 1, audio_output: 1, search: 1 }, free, 'priority')).toEqual(['search']);
  });

  test('whatever is used, cost and names agree: what is not named is charged', () => {
    const pieces = fc.dictionary(fc.constantFrom(...USAGE_UNITS), fc.integer({ min: 1, max: 10_000 }));
    fc.assert(
      fc.property(usages, pieces, unitPrices, fc.option(fc.constantFrom(...TIERS)), (given, counted, priced, tier) => {
        const usage: Usage = { ...given, ...counted };
        const named = unpricedIn(usage, priced, tier);
        const inForce = ratesFor(usage, priced, tier);
        let exact = 0n;
        for (const bucket of USAGE_BUCKETS) exact += BigInt(usage[bucket] ?? 0) * BigInt(rateIn(inForce, bucket));
        for (const unit of USAGE_UNITS) {
          const each = priced.units?.perUnit?.[unit];
          expect(named.includes(unit)).toBe((usage[unit] ?? 0) > 0 && each === undefined);
          exact += BigInt(usage[unit] ?? 0) * BigInt(each ?? 0) * 1_000_000n;
        }
        expect(costNanoUsd(usage, priced, tier)).toBe((exact + 999_999n) / 1_000_000n);
        expect(named.some((name) => name.startsWith('service_tier:'))).toBe(tier !== null && !hasTierPrice(priced, tier));
      }),
    );
  });
});

describe('the tiers that may answer', () => {
  test.each([
    ['priority', null, true],
    ['priority', '', false],
    ['priority', 'priority', true],
    ['priority', 'flex', false],
    ['fast', null, false],
    ['fast', 'fast', true],
    ['flex', null, false],
    ['us', null, true],
    ['us', '', true],
    ['fast+us', 'fast', true],
    ['fast+us', null, false],
    ['fast', 'priority+fast', true],
  ])('%s where %s was asked for: %s', (word, asked, may) => {
    expect(mayAnswer(word, asked)).toBe(may);
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

  // promise: **A `block` budget holds an upper bound**: input = one token per body byte
  test('nothing within its bounds costs more, at any tier that may answer, with searches and what is read again', () => {
    const asked = fc.option(fc.constantFrom('', ...TIERS));
    const more = fc.record({ inputTokens: tokens, outputTokens: tokens, searches: fc.nat(20), rereads: fc.nat(20) });
    fc.assert(
      fc.property(
        usages,
        unitPrices,
        asked,
        more,
        (given, priced, serviceTier, { inputTokens, outputTokens, searches, rereads }) => {
          const output = totalTokens(given) - inputOf(given);
          // Scaled into the bounds: what is asked for, and what was put out read again once a round.
          const within = inputTokens + rereads * outputTokens;
          const scale = (amount: number, all: number, most: number) => (all <= most ? amount : Math.floor((amount * most) / all));
          const usage: Usage = Object.fromEntries(
            USAGE_BUCKETS.map((bucket) => {
              const amount = given[bucket] ?? 0;
              const isInput = inputOf({ [bucket]: 1 }) === 1;
              return [bucket, isInput ? scale(amount, inputOf(given), within) : scale(amount, output, outputTokens)];
            }),
          );
          const bound = upperBoundNanoUsd(inputTokens, outputTokens, priced, { serviceTier, searches, rereads });
          for (const tier of [null, ...TIERS]) {
            if (tier !== null && hasTierPrice(priced, tier) && !mayAnswer(tier, serviceTier)) continue;
            expect(costNanoUsd({ ...usage, search: searches, request: 1 }, priced, tier) <= bound).toBe(true);
          }
        },
      ),
    );
  });

  test('what is called affordable with searches and tiers fits', () => {
    const beyond = fc.record({ searches: fc.nat(20), rereads: fc.nat(5), serviceTier: fc.option(fc.constantFrom(...TIERS)) });
    fc.assert(
      fc.property(rate, tokens, unitPrices, beyond, (nanoUsd, input, priced, more) => {
        const output = affordableOutputTokens(nanoUsd, input, priced, more);
        if (output === 0 || output > 1e12) return;
        expect(upperBoundNanoUsd(input, output, priced, more) <= BigInt(nanoUsd)).toBe(true);
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
    expect(dearestRates(given, 1e9)).toBe(dearestRates(given));
  });
});
