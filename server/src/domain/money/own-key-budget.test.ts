import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Budget, BudgetPeriod } from '../limits/budget.ts';
import { type CalendarPeriod, periodAt } from '../limits/period.ts';
import { mostInPeriodNanoUsd, OWN_KEYS_PERIODS, type OwnKeysCap, startOfPeriodMs } from './own-key-budget.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 1);

const periods: fc.Arbitrary<BudgetPeriod> = fc.oneof(
  fc.constantFrom<BudgetPeriod>({ is: 'day' }, { is: 'total' }),
  fc.record({ is: fc.constant('week' as const), anchorDay: fc.integer({ min: 1, max: 7 }) }),
  fc.record({ is: fc.constant('month' as const), anchorDay: fc.constantFrom(1, 1, 1, 15, 31) }),
  fc.record({ is: fc.constant('quarter' as const), anchorMonth: fc.constantFrom(1, 1, 2), anchorDay: fc.constantFrom(1, 1, 10) }),
  fc.record({ is: fc.constant('year' as const), anchorMonth: fc.constantFrom(1, 1, 7), anchorDay: fc.constantFrom(1, 1, 2) }),
  fc.record({ is: fc.constant('rolling' as const), hours: fc.integer({ min: 1, max: 800 }) }),
);
const budgets: fc.Arbitrary<Budget> = fc.record({
  id: fc.constant('bud_1'),
  amountNanoUsd: fc.integer({ min: 0, max: 10 }),
  period: periods,
  match: fc.constantFrom<Budget['match']>({ is: 'any' }, { is: 'exact', name: 'fast' }),
  thresholdsPercent: fc.constant([]),
  action: fc.constantFrom('block', 'block', 'alert'),
  clampOutput: fc.constant(false),
});
const caps: fc.Arbitrary<OwnKeysCap> = fc.record({
  amountNanoUsd: fc.integer({ min: 1, max: 10 }),
  period: fc.constantFrom(...OWN_KEYS_PERIODS),
});

/** A key that always spends as much as it may. */
interface SpendingKey {
  readonly most: number;
  readonly budget: Budget;
  diedMs: number | null;
  readonly spentIn: Map<number, number>;
}

const zone = 'Europe/Paris';
const calendar = (period: BudgetPeriod) => period as CalendarPeriod;
const steps = fc.array(fc.record({ hours: fc.integer({ min: 1, max: 400 }), make: fc.option(budgets), revoke: fc.boolean() }), {
  minLength: 1,
  maxLength: 40,
});

test('however often keys are made, used up and revoked, they spend the cap together in each period, never more', () => {
  let made = 0;
  fc.assert(
    fc.property(caps, steps, (cap, history) => {
      const keys: SpendingKey[] = [];
      const spent = new Map<number, number>();
      let nowMs = START_MS;
      for (const { hours, make, revoke } of history) {
        nowMs += hours * HOUR_MS;
        const startMs = startOfPeriodMs(cap, zone, nowMs);
        if (revoke) for (const key of keys.slice(0, 1)) key.diedMs ??= nowMs;
        const most = make === null ? null : mostInPeriodNanoUsd(cap, [make]);
        const counted = keys
          .filter((key) => key.diedMs === null || key.diedMs >= startMs)
          .reduce((sum, key) => sum + key.most, 0);
        if (make !== null && most !== null && counted + most <= cap.amountNanoUsd) {
          keys.unshift({ most, budget: make, diedMs: null, spentIn: new Map() });
          made += 1;
        }
        for (const key of keys.filter((one) => one.diedMs === null)) spendAll(key, nowMs, startMs, spent);
        expect(spent.get(startMs) ?? 0).toBeLessThanOrEqual(cap.amountNanoUsd);
      }
    }),
    { numRuns: 500 },
  );
  expect(made).toBeGreaterThan(100);
});

function spendAll(key: SpendingKey, nowMs: number, capStartMs: number, spent: Map<number, number>): void {
  const ofBudget = periodAt(calendar(key.budget.period), zone, nowMs).startMs;
  const left = key.budget.amountNanoUsd - (key.spentIn.get(ofBudget) ?? 0);
  key.spentIn.set(ofBudget, key.budget.amountNanoUsd);
  spent.set(capStartMs, (spent.get(capStartMs) ?? 0) + left);
}

test('a trailing budget, one that only alerts, and one for some names bound nothing', () => {
  const cap: OwnKeysCap = { amountNanoUsd: 5, period: 'month' };
  const good: Budget = {
    id: 'bud_1',
    amountNanoUsd: 5,
    period: { is: 'month', anchorDay: 1 },
    match: { is: 'any' },
    thresholdsPercent: [],
    action: 'block',
    clampOutput: false,
  };
  expect(
    mostInPeriodNanoUsd(cap, [good, { ...good, amountNanoUsd: 3, period: { is: 'year', anchorMonth: 1, anchorDay: 1 } }]),
  ).toBe(3);
  for (const change of [
    { period: { is: 'rolling', hours: 1 } },
    { period: { is: 'rolling', hours: 8_784 } },
    { period: { is: 'day' } },
    { period: { is: 'month', anchorDay: 15 } },
    { action: 'alert' },
    { match: { is: 'exact', name: 'fast' } },
  ]) {
    expect(mostInPeriodNanoUsd(cap, [{ ...good, ...change } as Budget])).toBeNull();
  }
});
