import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { estimateHold, type HoldCandidate, outputCapFor } from '../limits/hold.ts';
import {
  type Beyond,
  kindOfUnit,
  lookupBounds,
  missingOf,
  NOTHING_BEYOND,
  unitOf,
  unpricedAsked,
  unreportedSearches,
} from './beyond.ts';
import { costNanoUsd, type Price, type PriceUnits } from './price.ts';

const price = (units: PriceUnits = {}, perMillion: Price['perMillion'] = { input: 3, output: 15 }): Price => ({
  id: 'price_1',
  effectiveFromMs: 0,
  perMillion,
  units,
});
const search = (most: number | null, more: object = {}): Beyond => ({
  is: 'lookups',
  param: 'tools[0].type',
  lookups: { unit: 'search', most, boundParam: 'tools[0].max_uses', isLoop: true, isReported: true, ...more },
});
const tier = (word: string): Beyond => ({ is: 'tier', param: 'service_tier', tier: word });
const tool: Beyond = { is: 'other', param: 'tools[1].type', unit: 'tool:x', isOfTokens: false };
const beta: Beyond = { is: 'other', param: 'anthropic-beta', unit: 'beta:x', isOfTokens: true };
const bucket = (name: 'cache_write' | 'audio_output'): Beyond => ({ is: 'bucket', param: 'cache_control', bucket: name });
const context: Beyond = { is: 'context', param: 'anthropic-beta' };
const described: Beyond = { is: 'described', param: 'tools', tools: 2 };

const SEARCHED = { perUnit: { search: 10_000_000 } };
const FAST = { serviceTiers: { fast: { perMillion: {} } } };
const LONG = { contextTiers: [{ aboveInputTokens: 200_000, perMillion: { input: 6 } }] };

describe('what is asked for has a price', () => {
  test.each<[string, Beyond, Price, number | null, 'unpriced' | 'unbounded' | null]>([
    ['a search that has one and a bound', search(3), price(SEARCHED), null, null],
    ['a search that the deployment bounds', search(null), price(SEARCHED), 5, null],
    ['a search that nobody bounds', search(null), price(SEARCHED), null, 'unbounded'],
    ['a search without one', search(3), price(), 5, 'unpriced'],
    ['a fetched page, which costs its tokens', search(3, { unit: 'fetch' }), price(), null, null],
    ['pages that nobody bounds', search(null, { unit: 'fetch' }), price(), null, 'unbounded'],
    ['a tier that has rates', tier('fast'), price(FAST), null, null],
    ['the ordinary tier', tier(''), price(), null, null],
    ['a tier without', tier('priority'), price(FAST), null, 'unpriced'],
    ['what every object has', tier('constructor'), price(FAST), null, 'unpriced'],
    ['tokens with a rate of their own', bucket('cache_write'), price({}, { input: 3, cache_write: 4 }), null, null],
    ['tokens that fall back', bucket('cache_write'), price(), null, 'unpriced'],
    ['tokens that fall back to nothing', bucket('audio_output'), price({}, { input: 3, output: 0 }), null, null],
    ['a long prompt that has a tier', context, price(LONG), null, null],
    ['a long prompt without', context, price({ contextTiers: [] }), null, 'unpriced'],
    ['tools that the provider describes', described, price(), null, null],
    ['a server tool', tool, price(SEARCHED), null, 'unpriced'],
    ['a beta', beta, price(SEARCHED), null, 'unpriced'],
  ])('%s', (_what, asked, given, searchesMax, why) => {
    expect(missingOf([described, asked], given, searchesMax)?.why ?? null).toBe(why);
  });

  // promise: zero is free.
  test('where every token is free: of tokens, not of tools and searches', () => {
    const free = price({}, { input: 0, output: 0 });
    for (const asked of [tier('priority'), bucket('cache_write'), context, beta])
      expect(missingOf([asked], free, null)).toBeNull();
    for (const asked of [tool, search(1)]) expect(missingOf([asked], free, null)?.why).toBe('unpriced');
  });

  test('names of what is in no answer are kept, those of what the answer tells are not', () => {
    expect(unpricedAsked([search(1), tier('priority'), bucket('cache_write'), tool, beta, context], price())).toEqual([
      'tool:x',
      'beta:x',
      'context_tier',
    ]);
    expect(unpricedAsked([beta, context], price({}, { input: 0 }))).toEqual([]);
  });
});

describe('searches', () => {
  test('are bounded by the lesser of what the caller and the deployment say, all tools together', () => {
    expect(lookupBounds([search(3), search(null), search(9, { unit: 'fetch' })], 5)).toEqual({
      ...{ searches: 8, rounds: 13, atOnce: 0, described: 0 },
    });
    expect(lookupBounds([search(4, { isLoop: false }), described], null)).toEqual({
      ...{ searches: 4, rounds: 0, atOnce: 4, described: 2 },
    });
    expect(lookupBounds(NOTHING_BEYOND, 5)).toEqual({ searches: 0, rounds: 0, atOnce: 0, described: 0 });
  });

  test('that no answer counts are charged at their bound, and one where there is none', () => {
    const untold = search(null, { isReported: false });
    expect(unreportedSearches([untold], {}, 4)).toBe(4);
    expect(unreportedSearches([untold], {}, null)).toBe(1);
    expect(unreportedSearches([untold], { search: 0 }, 4)).toBe(0);
    expect(unreportedSearches([search(3)], {}, 4)).toBe(0);
  });
});

test('every unit has a kind, whatever its name', () => {
  const kinds = [search(1), tier('x'), bucket('cache_write'), bucket('audio_output'), tool, beta, context, described];
  expect(kinds.map((asked) => kindOfUnit(unitOf(asked)))).toEqual([
    ...['search', 'tier', 'cache_write', 'audio', 'tool', 'beta', 'tier', 'other'],
  ]);
  expect(['image_output', 'image', 'cache_write_1h', 'mcp_servers', 'request', ''].map(kindOfUnit)).toEqual([
    ...['image', 'image', 'cache_write', 'other', 'other', 'other'],
  ]);
});

describe('the money hold', () => {
  const candidate = (given: Price, more: Partial<HoldCandidate> = {}): HoldCandidate => ({
    price: given,
    maxOutputTokens: null,
    ...more,
  });
  const question = (beyond: readonly Beyond[], candidates: readonly HoldCandidate[], more: object = {}) => ({
    ...{ bodyBytes: 488, mediaParts: 0, mediaBytes: 0, outputTokensMax: 100, choices: 1, history: null },
    ...{ outputCap: 'as_asked' as const, tokensMax: Number.POSITIVE_INFINITY, candidates, beyond, ...more },
  });
  const dear = { input: 1_000_000, output: 1_000_000 };

  // promise: a unit whose count the caller cannot bound (searches) is held at the deployment's declared maximum per request
  test('holds each search, what it brings, and everything read again', () => {
    const bounded = candidate(price({ perUnit: { search: 1_000_000 } }, dear), { partTokensMax: 10_000, searchesMax: 2 });
    const hold = estimateHold(question([search(null)], [bounded]));
    // 1,000 tokens are read three times, 10,000 twice and 10,000 once. 100 output tokens are read again twice.
    expect(hold).toMatchObject({ nanoUsd: 2 * 1_000_000 + 3_000 + 30_000 + 100 + 200, money: 'upper_bound' });
    expect(estimateHold(question([search(1)], [bounded])).nanoUsd).toBe(1_000_000 + 2_000 + 10_000 + 100 + 100);
    expect(estimateHold(question([search(1)], [candidate(price(SEARCHED, dear))]))).toMatchObject({ money: 'estimate' });
    expect(estimateHold(question([search(null)], [{ ...bounded, searchesMax: null }]))).toMatchObject({ money: 'estimate' });
  });

  test('holds what a provider’s own tools are described by', () => {
    const plain = candidate(price({}, dear));
    expect(estimateHold(question([described], [plain]))).toMatchObject({
      nanoUsd: 1_000 + 2 * 4_096 + 100,
      money: 'upper_bound',
    });
  });

  // promise: **A `block` budget holds an upper bound**: input = one token per
  test('covers whatever a provider bills that reads everything again in each round, at any tier that may answer', () => {
    const rate = fc.nat(100_000_000_000);
    const rates = fc.record({ input: rate, cached_input: rate, output: rate, reasoning: rate });
    const prices = fc.record({
      perMillion: rates,
      search: rate,
      fast: rates,
      long: rates,
      above: fc.nat(100_000),
      request: rate,
    });
    const rounds = fc.array(fc.record({ brings: fc.nat(1), says: fc.nat(1_000) }), { maxLength: 6 });
    fc.assert(
      fc.property(
        prices,
        rounds,
        fc.nat(20_000),
        fc.nat(50_000),
        fc.boolean(),
        fc.nat(3),
        (given, made, bodyBytes, part, isFast, own) => {
          const units: PriceUnits = {
            perUnit: { search: given.search, request: given.request },
            contextTiers: [{ aboveInputTokens: given.above, perMillion: given.long }],
            serviceTiers: { fast: { perMillion: given.fast } },
          };
          const priced = price(units, given.perMillion);
          const outputTokensMax = made.reduce((sum, { says }) => sum + says, 7);
          const beyond = [search(made.length), { ...described, tools: own + 1 }, ...(isFast ? [tier('fast')] : [])];
          const bounded = candidate(priced, { partTokensMax: part });
          const hold = estimateHold(question(beyond, [bounded], { bodyBytes, outputTokensMax }));
          let context = bodyBytes + own * 4_000;
          let input = context;
          let output = 7;
          for (const { brings, says } of made) {
            output += says;
            context += Math.floor(part * brings) + says;
            input += context;
          }
          const usage = { input, output, search: made.length, request: 1 };
          for (const answered of isFast ? [null, 'fast'] : [null]) {
            expect(costNanoUsd(usage, priced, answered) <= BigInt(hold.nanoUsd)).toBe(true);
          }
          expect(hold.money).toBe('upper_bound');
        },
      ),
    );
  });

  test('clamped lets nothing be put out that it does not pay for, searches included', () => {
    const bounded = candidate(price({ perUnit: { search: 500 } }, dear), { partTokensMax: 100, maxOutputTokens: 50_000 });
    const asked = question([search(2)], [bounded], { outputTokensMax: null, outputCap: 'clamp' });
    const least = estimateHold(asked).nanoUsdMin;
    fc.assert(
      fc.property(fc.integer({ min: least, max: least * 10 }), (granted) => {
        const cap = outputCapFor(asked, granted) as number;
        expect(cap).toBeGreaterThanOrEqual(16);
        // What can be billed: three readings of the prompt, what the searches bring, and the output read again twice.
        const most = { input: 3 * 488 + 300 + 2 * cap, output: cap, search: 2 };
        expect(costNanoUsd(most, bounded.price as Price) <= BigInt(granted)).toBe(true);
      }),
    );
  });
});
