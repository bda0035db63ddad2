import { expect, test } from 'vitest';
import { judgeSpend } from './unusual-spend.ts';

const usd = (amounts: readonly number[]) => amounts.map((amount) => amount * 1e9);

test('the score is the modified z-score of Iglewicz and Hoaglin', () => {
  // Median 10.5, distances 0.5 0.5 1.5 1.5 2.5 2.5 3.5 3.5: MAD 2. 0.6745 · (24 − 10.5) / 2 = 4.6.
  expect(judgeSpend(24e9, usd([10, 11, 9, 12, 8, 13, 7, 14]))).toEqual({ score: 4.6, medianNanoUsd: 10.5e9, weeks: 8 });
  expect(judgeSpend(10.5e9, usd([10, 11, 9, 12, 8, 13, 7, 14])).score).toBe(0);
  // One earlier outlier does not hide the next.
  expect(judgeSpend(24e9, usd([10, 11, 9, 12, 8, 13, 7, 500])).score).toBeGreaterThan(3.5);
});

test('little is not unusual after weeks of equal spend, and nothing is known of the first weeks', () => {
  expect(judgeSpend(1.01e9, usd([1, 1, 1, 1])).score).toBeLessThan(1);
  expect(judgeSpend(2e9, usd([1, 1, 1, 1])).score).toBe(10);
  expect(judgeSpend(0.01e9, usd([0, 0, 0])).score).toBe(1);
  expect(judgeSpend(100e9, usd([1, 1])).score).toBeNull();
  expect(judgeSpend(100e9, []).score).toBeNull();
  expect(judgeSpend(1e9, usd([5, 5, 5])).score).toBeLessThan(0);
});
