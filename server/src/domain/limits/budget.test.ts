import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_BUDGET_NANO_USD } from '../money/money.ts';
import { type Budget, thresholdsCrossed } from './budget.ts';

function budgetOf(amountNanoUsd: number): Budget {
  return {
    id: 'bud_1',
    amountNanoUsd,
    period: { is: 'month', anchorDay: 1 },
    match: { is: 'any' },
    thresholdsPercent: [50, 80, 100],
    action: 'block',
    clampOutput: false,
  };
}

test('a threshold is passed at exactly its share and not a nano-dollar before, also of the largest budget', () => {
  const budget = budgetOf(MAX_BUDGET_NANO_USD);
  const half = MAX_BUDGET_NANO_USD / 2;
  expect(thresholdsCrossed(budget, 0, half - 1)).toEqual([]);
  expect(thresholdsCrossed(budget, half - 1, half)).toEqual([50]);
  expect(thresholdsCrossed(budget, half, MAX_BUDGET_NANO_USD)).toEqual([80, 100]);
});

// promise: Thresholds count settled spend; those already passed fire once.
test('each threshold fires once on the way up, however the spend is cut into steps', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.array(fc.nat(300), { maxLength: 20 }), (amount, steps) => {
      const fired: number[] = [];
      let spent = 0;
      for (const step of steps) {
        fired.push(...thresholdsCrossed(budgetOf(amount), spent, spent + step));
        spent += step;
      }
      expect(fired).toEqual([50, 80, 100].filter((percent) => spent * 100 >= amount * percent));
    }),
  );
});

test('a budget of 0 alerts of nothing: it refuses everything', () => {
  expect(thresholdsCrossed(budgetOf(0), 0, 0)).toEqual([]);
});
