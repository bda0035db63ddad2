import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readVendorLimits } from './vendor-limits.ts';

const NOW = Date.parse('2026-07-01T12:00:00Z');
const read = (headers: Record<string, string>) => readVendorLimits(headers, NOW, 1_000);

const openai = (limit: string, remaining: string, reset: string) => ({
  'x-ratelimit-limit-tokens': limit,
  'x-ratelimit-remaining-tokens': remaining,
  'x-ratelimit-reset-tokens': reset,
});
const anthropic = (limit: string, remaining: string, reset: string) => ({
  'anthropic-ratelimit-input-tokens-limit': limit,
  'anthropic-ratelimit-input-tokens-remaining': remaining,
  'anthropic-ratelimit-input-tokens-reset': reset,
});

describe('the limits of a vendor', () => {
  test.each([
    ['12ms', 12],
    ['1s', 1_000],
    ['6m0s', 360_000],
    ['2m59.56s', 179_560],
    ['7.5', 7_500],
  ])('as OpenAI writes them: a reset in %s', (reset, ms) => {
    expect(read(openai('1000', '250', reset))).toEqual([{ shareLeft: 0.25, untilMs: 1_000 + ms }]);
  });

  test('as Anthropic writes them', () => {
    expect(read(anthropic('400', '100', '2026-07-01T12:00:30Z'))).toEqual([{ shareLeft: 0.25, untilMs: 31_000 }]);
  });

  test('count for ten minutes at most, whatever reset the vendor names', () => {
    for (const headers of [openai('10', '0', '9d'), anthropic('10', '0', '2999-01-01T00:00:00Z')])
      expect(read(headers)).toEqual([{ shareLeft: 0, untilMs: 601_000 }]);
  });

  test('of a day count until the reset that the vendor names, and those of other families are not read', () => {
    const day = { family: 'openai', requests: 'day' } as const;
    const headers = {
      ...{ 'x-ratelimit-limit-requests': '1000', 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '2h' },
      ...{ 'x-ratelimit-limit-tokens': '10', 'x-ratelimit-remaining-tokens': '5', 'x-ratelimit-reset-tokens': '2h' },
    };
    expect(readVendorLimits(headers, NOW, 1_000, day)).toEqual([
      { shareLeft: 0, untilMs: 7_201_000 },
      { shareLeft: 0.5, untilMs: 601_000 },
    ]);
    const nextWeek = { ...headers, 'x-ratelimit-reset-requests': '9d' };
    expect(readVendorLimits(nextWeek, NOW, 1_000, day)[0]).toEqual({ shareLeft: 0, untilMs: 86_401_000 });
    for (const family of ['none', 'anthropic'] as const)
      expect(readVendorLimits(headers, NOW, 1_000, { family, requests: 'minute' })).toEqual([]);
    const anthropics = anthropic('400', '100', '2026-07-01T12:00:30Z');
    expect(readVendorLimits(anthropics, NOW, 1_000, day)).toEqual([]);
    expect(readVendorLimits(anthropics, NOW, 1_000, { family: 'anthropic', requests: 'minute' })).toHaveLength(1);
  });

  test.each([
    ['more left than the limit', openai('10', '11', '1s')],
    ['no limit at all', openai('0', '0', '1s')],
    ['a negative number', openai('10', '-1', '1s')],
    ['the numbers of Azure for no limit', openai('-1', '-1', '0')],
    ['a fraction', openai('10', '1.5', '1s')],
    ['a number that is too long', openai('9'.repeat(40), '1', '1s')],
    ['words', openai('ten', 'five', 'soon')],
    ['no reset', openai('10', '5', '')],
    ['a reset in the past', anthropic('10', '5', '2020-01-01T00:00:00Z')],
    ['a reset that is no instant', anthropic('10', '5', '2026-99-99T00:00:00Z')],
    ['a span that is too long', openai('10', '5', '1s'.repeat(40))],
  ])('do not count with %s', (_, headers) => {
    expect(read(headers)).toEqual([]);
  });

  test('never throw and stay plausible, whatever a provider sends', () => {
    const value = fc.oneof(fc.string(), fc.stringMatching(/^[\d.msh-]{0,20}$/), fc.nat().map(String), fc.constant('\0'));
    fc.assert(
      fc.property(value, value, value, (limit, remaining, reset) => {
        for (const headers of [openai(limit, remaining, reset), anthropic(limit, remaining, reset)])
          for (const { shareLeft, untilMs } of read(headers)) {
            expect(shareLeft >= 0 && shareLeft <= 1).toBe(true);
            expect(untilMs > 1_000 && untilMs <= 601_000).toBe(true);
          }
      }),
    );
    expect(readVendorLimits({ 'x-ratelimit-remaining-tokens': ['1', '2'] }, NOW, 0)).toEqual([]);
  });
});
