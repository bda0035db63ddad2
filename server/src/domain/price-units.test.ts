import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PriceUnits } from './price.ts';
import { givenPrice, isPieceUnit, NO_PRICE, ratesOf } from './price-units.ts';
import { USAGE_BUCKETS, USAGE_UNITS } from './usage.ts';

const amount = fc.integer({ min: 0, max: 9_000_000_000_000_000 });
const rates = fc.dictionary(fc.constantFrom(...USAGE_BUCKETS), amount);
const price = fc.record({ perMillion: rates, units: fc.option(fc.record<PriceUnits>(unitsArbitrary(), { requiredKeys: [] })) });

function unitsArbitrary() {
  return {
    perUnit: fc.dictionary(fc.constantFrom(...USAGE_UNITS), amount),
    contextTiers: fc.array(fc.record({ aboveInputTokens: fc.nat(), perMillion: rates }), { maxLength: 3 }),
    serviceTiers: fc.dictionary(fc.constantFrom('priority', 'flex', 'constructor'), fc.record({ perMillion: rates })),
  };
}

describe('a price in one form', () => {
  test('is the same again, and says nothing where nothing was said', () => {
    fc.assert(fc.property(price, (given) => void expect(givenPrice(givenPrice(given))).toEqual(givenPrice(given))));
    expect(givenPrice({ perMillion: {}, units: { perUnit: {}, contextTiers: [], serviceTiers: {} } })).toEqual(NO_PRICE);
    expect(givenPrice({ perMillion: {} })).toEqual(NO_PRICE);
  });
});

describe('the rates of an answer', () => {
  const tiered = givenPrice({
    perMillion: { input: 1, cached_input: 2, output: 3 },
    units: {
      contextTiers: [
        { aboveInputTokens: 100, perMillion: { input: 10 } },
        { aboveInputTokens: 200, perMillion: { input: 20, output: 30 } },
      ],
      serviceTiers: { priority: { perMillion: { output: 300 } }, free: { perMillion: {} } },
    },
  });

  test('are the ordinary ones up to the bound of a context tier, and its own above', () => {
    expect(ratesOf(tiered, { input: 60, cached_input: 40, output: 9_999 }, null)).toEqual(tiered.perMillion);
    expect(ratesOf(tiered, { input: 60, audio_input: 41 }, null)).toEqual({ input: 10, cached_input: 2, output: 3 });
    expect(ratesOf(tiered, { cache_write_1h: 201, search: 1_000 }, null)).toEqual({ input: 20, cached_input: 2, output: 30 });
  });

  test('are over these the ones of the service tier, where the price knows it', () => {
    expect(ratesOf(tiered, { input: 201 }, 'priority')).toEqual({ input: 20, cached_input: 2, output: 300 });
    for (const tier of ['free', 'unknown', 'constructor', '']) expect(ratesOf(tiered, {}, tier)).toEqual(tiered.perMillion);
  });

  test('of a price without tiers are its own, whatever was used', () => {
    fc.assert(
      fc.property(rates, fc.dictionary(fc.constantFrom(...USAGE_BUCKETS), fc.nat()), fc.string(), (perMillion, usage, tier) => {
        expect(ratesOf(givenPrice({ perMillion }), usage, tier)).toEqual(perMillion);
      }),
    );
  });
});

test('pieces are units and tokens are none', () => {
  for (const unit of USAGE_UNITS) expect(isPieceUnit(unit)).toBe(true);
  for (const name of [...USAGE_BUCKETS, 'constructor', '']) expect(isPieceUnit(name)).toBe(false);
});
