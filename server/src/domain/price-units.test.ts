import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PriceUnits } from './price.ts';
import { givenPrice, NO_PRICE } from './price-units.ts';
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
