import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Budget, BudgetPeriod } from '../../domain/limits/budget.ts';
import { RATE_LIMITS, type RateLimits, type TargetMatch } from '../../domain/limits/rate-limit.ts';
import {
  accessChoiceFrom,
  accessChoiceToColumns,
  budgetFrom,
  budgetToColumns,
  modelLimitsFrom,
  organizationAccessFrom,
  organizationAccessToColumns,
  policyToColumns,
  rateLimitsFrom,
} from './policy-columns.ts';

const name = fc.string({ minLength: 1, maxLength: 20 }).map((text) => `m${text.replaceAll('*', '')}`);
const limits: fc.Arbitrary<RateLimits> = fc.dictionary(fc.constantFrom(...RATE_LIMITS), fc.nat(), { noNullPrototype: true });
const named = fc.oneof(
  fc.record({ is: fc.constant('exact' as const), name }),
  fc.record({ is: fc.constant('prefix' as const), prefix: name }),
  fc.record({ is: fc.constant('access_group' as const), key: name }),
);
const match: fc.Arbitrary<TargetMatch> = fc.oneof(fc.constant({ is: 'any' as const }), named);
const anchorDay = fc.integer({ min: 1, max: 7 });
const anchorMonth = fc.integer({ min: 1, max: 3 });
const period: fc.Arbitrary<BudgetPeriod> = fc.oneof(
  fc.record({ is: fc.constantFrom('day' as const, 'total' as const) }),
  fc.record({ is: fc.constantFrom('week' as const, 'month' as const), anchorDay }),
  fc.record({ is: fc.constantFrom('quarter' as const, 'year' as const), anchorMonth, anchorDay }),
  fc.record({ is: fc.constant('rolling' as const), hours: fc.integer({ min: 1, max: 8_784 }) }),
);
const budget: fc.Arbitrary<Budget> = fc.record({
  id: name,
  amountNanoUsd: fc.maxSafeNat(),
  period,
  match,
  thresholdsPercent: fc.array(fc.integer({ min: 1, max: 100 })),
  action: fc.constantFrom('block' as const, 'alert' as const),
  clampOutput: fc.boolean(),
});

/** Returns a value as a jsonb column stores it. */
const stored = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

test('a policy comes back from its columns as it went in', () => {
  fc.assert(
    fc.property(limits, fc.array(fc.record({ match: named, rateLimits: limits })), (rateLimits, modelLimits) => {
      const columns = stored(policyToColumns({ rateLimits, modelLimits }));
      expect(rateLimitsFrom(columns.rateLimits)).toEqual(rateLimits);
      expect(modelLimitsFrom(columns.modelLimits)).toEqual(modelLimits);
    }),
  );
});

test('a budget comes back from its columns as it went in', () => {
  fc.assert(
    fc.property(budget, (one) => {
      expect(budgetFrom(stored(budgetToColumns(one)))).toEqual(one);
    }),
  );
});

test('access comes back from its columns as it went in, and restrict with nothing selected stays nothing', () => {
  const selection = { targets: ['a', 'b'], accessGroups: ['beta'] };
  const nothing = { targets: [], accessGroups: [] };
  for (const access of [{ mode: 'all' }, { mode: 'selected', ...selection }, { mode: 'selected', ...nothing }] as const) {
    expect(organizationAccessFrom(organizationAccessToColumns(access))).toEqual(access);
  }
  for (const access of [{ mode: 'inherit' }, { mode: 'restrict', ...selection }, { mode: 'restrict', ...nothing }] as const) {
    expect(accessChoiceFrom(accessChoiceToColumns(access))).toEqual(access);
  }
});

test('a limit of a newer version is ignored, a limit of 0 is kept', () => {
  expect(rateLimitsFrom({ rpm: 0, rpw: 7 } as never)).toEqual({ rpm: 0 });
});
