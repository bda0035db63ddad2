import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  divideRoundingUp,
  formatUsd,
  MAX_BUDGET_NANO_USD,
  parseBudgetUsd,
  parsePriceUsd,
  parseUsd,
  toCounterNanoUsd,
} from './money.ts';

describe('reading USD', () => {
  test.each([
    ['0', 0n],
    ['100.00', 100_000_000_000n],
    ['0.000000001', 1n],
    ['1.234567890', 1_234_567_890n],
    ['999999999999999.999999999', 999_999_999_999_999_999_999_999n],
  ])('%s is %d nano-dollars', (text, nano) => {
    expect(parseUsd(text)).toEqual({ is: 'valid', value: nano });
  });

  test.each([
    ['0.123456789012', 'at most 9 decimals'],
    ['-1', 'not be negative'],
    ['1e3', 'not have an exponent'],
    ['1E-9', 'not have an exponent'],
    ['', 'decimal'],
    ['.5', 'decimal'],
    ['5.', 'decimal'],
    ['1,000', 'decimal'],
    ['+1', 'decimal'],
    [' 1', 'decimal'],
    ['1\n', 'decimal'],
    ['0x10', 'decimal'],
    ['007', 'decimal'],
    ['NaN', 'decimal'],
    ['٣', 'decimal'],
    ['9'.repeat(10_000), '15 digits'],
  ])('%j is refused with its reason', (text, reason) => {
    const parsed = parseUsd(text);
    expect(parsed.is === 'invalid' && parsed.problem).toContain(reason);
  });

  test('every amount survives being written and read again', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n - 1n }), (nano) => {
        expect(parseUsd(formatUsd(nano))).toEqual({ is: 'valid', value: nano });
      }),
    );
  });
});

describe('writing USD', () => {
  test.each([
    [0n, '0.00'],
    [1n, '0.000000001'],
    [10_000_000n, '0.01'],
    [123_000n, '0.000123'],
    [100_000_000_000n, '100.00'],
    [-500_000_000n, '-0.50'],
  ])('%d nano-dollars are %s', (nano, text) => {
    expect(formatUsd(nano)).toBe(text);
  });
});

// promise: Counters are integers ≤ 2^53 − 1; a budget above 9,000,000 USD is 400.
test('a budget above nine million dollars is refused, one of exactly that is not', () => {
  expect(parseBudgetUsd('9000000')).toEqual({ is: 'valid', value: MAX_BUDGET_NANO_USD });
  expect(parseBudgetUsd('9000000.000000001').is).toBe('invalid');
  expect(parseBudgetUsd('x').is).toBe('invalid');
  expect(Number.isSafeInteger(MAX_BUDGET_NANO_USD)).toBe(true);
});

// promise: Negative prices are 400; zero is free.
test('a negative price is refused, zero is free', () => {
  expect(parsePriceUsd('-0.01').is).toBe('invalid');
  expect(parsePriceUsd('0')).toEqual({ is: 'valid', value: 0 });
  expect(parsePriceUsd('0.05')).toEqual({ is: 'valid', value: 50_000_000 });
  expect(parsePriceUsd('99999999').is).toBe('invalid');
});

test('rounding is up and never by a whole unit', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.bigInt({ min: 1n, max: 10n ** 9n }), (dividend, divisor) => {
      const rounded = divideRoundingUp(dividend, divisor);
      expect(rounded * divisor >= dividend).toBe(true);
      expect((rounded - 1n) * divisor < dividend).toBe(true);
    }),
  );
});

// promise: Counters are integers ≤ 2^53 − 1; a budget above
test('a counter never takes more than an exact integer', () => {
  expect(toCounterNanoUsd(5n)).toBe(5);
  expect(toCounterNanoUsd(10n ** 30n)).toBe(Number.MAX_SAFE_INTEGER);
});
