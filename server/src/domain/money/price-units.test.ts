import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPiece, USAGE_BUCKETS, USAGE_UNITS } from '../usage/usage.ts';
import type { PriceUnits } from './price.ts';
import { givenPrice, isPrice, lacksPrice, NO_PRICE } from './price-units.ts';

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

describe('what a price lacks', () => {
  const since = { effectiveFrom: new Date(1_000), units: null };
  const paid = { ...since, perMillion: { input: 1, output: 1, audio_input: 2 } };
  const whole = {
    ...paid,
    perMillion: { ...paid.perMillion, cache_write: 1, cache_write_1h: 2, audio_output: 3, image_output: 4 },
    units: {
      perUnit: Object.fromEntries(USAGE_UNITS.map((unit) => [unit, 0])),
      contextTiers: [{ aboveInputTokens: 1, perMillion: { input: 2 } }],
      serviceTiers: { priority: { perMillion: {} } },
    },
  };
  const lacks = (price: Parameters<typeof lacksPrice>[0], unit: string, untilMs = 2_000) => lacksPrice(price, { unit, untilMs });
  const NAMED = [...USAGE_UNITS, 'cache_write', 'cache_write_1h', 'audio_output', 'context_tier', 'service_tier:priority'];

  test('is what was used and has no rate of its own, unless every token is free', () => {
    for (const unit of NAMED) expect([unit, lacks(paid, unit), lacks(whole, unit)]).toEqual([unit, true, false]);
    for (const unit of ['audio_input', 'image_input', 'reasoning']) expect(lacks(paid, unit)).toBe(false);
    const free = { ...since, perMillion: { input: 0 } };
    for (const unit of NAMED) expect([unit, lacks(free, unit)]).toEqual([unit, isPiece(unit)]);
  });

  test('is everything that a price can name where there is none, and never what it cannot', () => {
    for (const none of [null, { ...since, perMillion: {} }]) {
      for (const unit of NAMED) expect(lacks(none, unit)).toBe(true);
      for (const unit of ['tool', 'beta', 'other', 'constructor', ''])
        expect([unit, lacks(none, unit), lacks(paid, unit)]).toEqual([unit, false, false]);
    }
  });

  test('is of a tier without a name what was used since the price took effect', () => {
    expect([lacks(whole, 'service_tier', 1_000), lacks(whole, 'service_tier', 1_001)]).toEqual([false, true]);
    expect(lacks(whole, 'service_tier:constructor')).toBe(true);
  });
});
