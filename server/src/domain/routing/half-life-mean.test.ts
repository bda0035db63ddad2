import { expect, test } from 'vitest';
import { HalfLifeMean } from './half-life-mean.ts';

test('a value counts half as much after each half-life', () => {
  const mean = new HalfLifeMean(30_000);
  expect(mean.at(0, 1)).toBeNull();
  mean.add(1_000, 0);
  expect(mean.at(0, 1)).toBe(1_000);
  mean.add(400, 30_000);
  expect(mean.at(30_000, 1)).toBeCloseTo((1_000 * 0.5 + 400) / 1.5, 9);
});

test('is forgotten when its newest value is too old, and ignores what is no number', () => {
  const mean = new HalfLifeMean(30_000);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1]) mean.add(value, 0);
  expect(mean.at(0, 1)).toBeNull();
  mean.add(5, 0);
  expect([mean.at(120_000, 120_000), mean.at(120_001, 120_000)]).toEqual([5, null]);
});
