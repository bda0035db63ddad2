import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PriceUnits } from './price.ts';
import { givenPrice, isPrice, NO_PRICE } from './price-units.ts';
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

describe('what is stored as a price', () => {
  test('is one whatever we made of it', () => {
    const ascending = price.map(({ perMillion, units }) => {
      const { contextTiers, ...rest } = units ?? {};
      const tiers = [...new Map((contextTiers ?? []).map((tier) => [tier.aboveInputTokens, tier])).values()];
      return { perMillion, units: { ...rest, contextTiers: tiers.sort((a, b) => a.aboveInputTokens - b.aboveInputTokens) } };
    });
    fc.assert(fc.property(ascending, ({ perMillion, units }) => void expect(isPrice(perMillion, units)).toBe(true)));
    expect(isPrice({}, null)).toBe(true);
  });

  test.each<[unknown, unknown]>([
    [null, null],
    [{ input: 1.5 }, null],
    [{ input: -1 }, null],
    [{ input: '1' }, null],
    [{}, []],
    [{}, 'none'],
    [{}, { perUnit: { search: 0.1 } }],
    [{}, { perUnit: null }],
    [{}, { contextTiers: {} }],
    [{}, { contextTiers: [{ aboveInputTokens: 5 }] }],
    [{}, { contextTiers: [null] }],
    [{}, { contextTiers: [5, 5].map((aboveInputTokens) => ({ aboveInputTokens, perMillion: {} })) }],
    [{}, { serviceTiers: { fast: {} } }],
    [{}, { serviceTiers: { fast: { perMillion: { output: 2 ** 60 } } } }],
  ])('is none: %j, %j', (perMillion, units) => {
    expect(isPrice(perMillion, units)).toBe(false);
  });

  test('is judged whatever it is', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (perMillion, units) => void isPrice(perMillion, units)));
  });
});
