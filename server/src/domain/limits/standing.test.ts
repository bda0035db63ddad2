import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge, standingOf, standingReason, type UsedRule, usedRatio } from './standing.ts';

const rule = (given: Partial<UsedRule> = {}): UsedRule => ({ limit: 'rpm', action: 'block', value: 10, used: 0, ...given });
const budget = (given: Partial<UsedRule> = {}) => rule({ limit: 'budget', ...given });
const rules = fc.array(
  fc.record({
    limit: fc.constantFrom('rpm' as const, 'tpd' as const, 'max_parallel' as const, 'budget' as const),
    action: fc.constantFrom('block' as const, 'alert' as const),
    value: fc.oneof(fc.nat(20), fc.nat(Number.MAX_SAFE_INTEGER)),
    used: fc.oneof(fc.nat(20), fc.nat(Number.MAX_SAFE_INTEGER)),
  }),
  { maxLength: 6 },
);

describe('a standing', () => {
  test('is near from 80 %, and over once a blocking budget is used up', () => {
    const statusOf = (...given: UsedRule[]) => standingOf(given).status;
    expect(statusOf()).toBe('healthy');
    expect(statusOf(rule({ used: 7 }))).toBe('healthy');
    expect(statusOf(rule({ used: 8 }))).toBe('near_limit');
    expect(statusOf(rule({ used: 12 }))).toBe('near_limit');
    expect(statusOf(budget({ used: 9 }))).toBe('near_limit');
    expect(statusOf(budget({ used: 10 }))).toBe('over_budget');
    expect(statusOf(budget({ used: 10, action: 'alert' }))).toBe('near_limit');
  });

  test('is not near by a rate limit of 0, which blocks on purpose', () => {
    expect(standingOf([rule({ value: 0 })])).toEqual({ status: 'healthy', rule: null });
    expect(standingOf([budget({ value: 0 })]).status).toBe('over_budget');
  });

  test('names the most used of the rules that decide it', () => {
    const [near, nearer, over] = [rule({ used: 8 }), rule({ used: 9 }), budget({ used: 11 })];
    expect(standingOf([near, nearer]).rule).toBe(nearer);
    expect(standingOf([near, rule({ used: 90 }), over]).rule).toBe(over);
  });

  test('never contradicts what is used: it is healthy exactly if no rule that counts is used to 80 %', () => {
    fc.assert(
      fc.property(rules, (given) => {
        const { status, rule: decides } = standingOf(given);
        const counted = given.filter(({ limit, value }) => limit === 'budget' || value > 0);
        expect(status === 'healthy').toBe(counted.every((one) => usedRatio(one) < 0.8));
        expect(decides === null).toBe(status === 'healthy');
        if (decides !== null) expect(usedRatio(decides)).toBeGreaterThanOrEqual(0.8);
        expect(status === 'over_budget').toBe(
          given.some(({ limit, action, value, used }) => limit === 'budget' && action === 'block' && used >= value),
        );
      }),
    );
  });

  test('of an organization is idle without requests, unless a rule is near', () => {
    expect(judge([rule({ used: 1 })], 0)).toBe('idle');
    expect(judge([rule({ used: 1 })], 1)).toBe('healthy');
    expect(judge([rule({ used: 8 })], 0)).toBe('near_limit');
  });
});

describe('the reason of a standing', () => {
  const words = { id: 'org_rpm', target: '', unit: 'requests' } as const;
  const money = { id: 'org_budget_month:bud_1', target: 'gpt-5*', unit: 'nano_usd' } as const;

  test('says how much of which rule is used', () => {
    expect(standingReason({ ...rule({ used: 9 }), ...words })).toBe('90% of the limit of 10 requests per minute is used.');
    const spent = budget({ value: 100_000_000_000, used: 83_999_999_999 });
    expect(standingReason({ ...spent, ...money })).toBe('83% of the budget of 100.00 USD per month for gpt-5* is used.');
    expect(standingReason({ ...spent, ...money, action: 'alert' })).toMatch(/ is used\. It only alerts\.$/);
    expect(standingReason({ ...rule({ used: 5_000 }), ...words })).toMatch(/^More than 999% of /);
  });

  test('rounds down, and no further than to the whole percent', () => {
    for (let percent = 1; percent <= 200; percent += 1) {
      const exact = rule({ value: 1_000_000_000, used: percent * 10_000_000 });
      expect(standingReason({ ...exact, ...words })).toMatch(`${percent}% of`);
      expect(standingReason({ ...exact, used: exact.used - 1, ...words })).toMatch(`${percent - 1}% of`);
    }
  });
});
