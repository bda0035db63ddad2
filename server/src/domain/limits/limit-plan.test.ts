import { describe, expect, test } from 'vitest';
import type { Caller, ScopePolicy } from '../tenancy/tenancy.ts';
import type { Budget, BudgetPeriod } from './budget.ts';
import { matches, paramOfRule, planLimits, rulesOfScope } from './limit-plan.ts';
import { FAR_FUTURE_MS } from './period.ts';
import type { TargetMatch } from './rate-limit.ts';

const NOW = Date.parse('2026-07-23T10:00:00Z');
const NO_GROUPS: ReadonlySet<string> = new Set();
const NOTHING: ScopePolicy = { rateLimits: {}, modelLimits: [], budgets: [] };

type Policies = {
  organization?: Partial<ScopePolicy>;
  team?: Partial<ScopePolicy>;
  user?: Partial<ScopePolicy>;
  key?: Partial<ScopePolicy>;
};

function callerWith(policies: Policies, timeZone = 'Europe/Paris', ids = '1'): Caller {
  return {
    organization: {
      id: `org_${ids}`,
      slug: 'acme',
      name: 'Acme',
      status: 'active',
      timeZone,
      access: { mode: 'all' },
      auditContent: 'off',
      wrappedContentKey: null,
      version: 1,
      teams: new Map(),
      members: new Map(),
      serviceAccounts: new Map(),
      ...NOTHING,
      ...policies.organization,
    },
    team: { id: `team_${ids}`, name: 'T', status: 'active', access: { mode: 'inherit' }, ...NOTHING, ...policies.team },
    member:
      policies.user === undefined
        ? null
        : { id: `mem_${ids}`, accountId: 'acct_1', status: 'active', access: { mode: 'inherit' }, ...NOTHING, ...policies.user },
    key: {
      id: `key_${ids}`,
      organizationId: `org_${ids}`,
      teamId: `team_${ids}`,
      name: 'k',
      owner: { is: 'service_account', serviceAccountId: 'svc_1' },
      status: { is: 'active' },
      expiresAtMs: null,
      access: { mode: 'inherit' },
      version: 1,
      ...NOTHING,
      ...policies.key,
    },
  };
}

function budget(id: string, period: BudgetPeriod, match: TargetMatch = { is: 'any' }, amountNanoUsd = 1_000): Budget {
  return { id, amountNanoUsd, period, match, thresholdsPercent: [50, 80, 100], action: 'block', clampOutput: false };
}

const ids = (plan: { rules: readonly { id: string }[] }) => plan.rules.map((rule) => rule.id);
const names = (plan: { counters: readonly { name: string }[] }) => plan.counters.map((counter) => counter.name);

describe('which rules apply', () => {
  // promise: Only configured limits are enforced.
  test('only configured limits make rules', () => {
    const plan = planLimits(callerWith({}), 'gpt-5', NO_GROUPS, NOW);
    expect(plan.rules).toEqual([]);
    expect(plan.validUntilMs).toBe(FAR_FUTURE_MS);
  });

  test('a limit of 0 is a rule, not an absent one', () => {
    expect(planLimits(callerWith({ key: { rateLimits: { rpm: 0 } } }), 'm', NO_GROUPS, NOW).rules[0]?.value).toBe(0);
  });

  // promise: Every match applies.
  test('scopes from the widest, each with its limits, then matching model limits, then matching budgets', () => {
    const every: ScopePolicy = {
      rateLimits: { max_parallel: 5, tpd: 1, rpd: 1, tph: 1, rph: 1, tpm: 1, rpm: 1 },
      modelLimits: [
        { match: { is: 'prefix', prefix: 'gpt-5' }, rateLimits: { tpm: 10 } },
        { match: { is: 'exact', name: 'other' }, rateLimits: { tpm: 10 } },
        { match: { is: 'access_group', key: 'beta' }, rateLimits: { rpm: 3 } },
      ],
      budgets: [
        budget('bud_1', { is: 'month', anchorDay: 1 }),
        budget('bud_2', { is: 'day' }, { is: 'exact', name: 'other' }),
        budget('bud_3', { is: 'rolling', hours: 24 }, { is: 'exact', name: 'gpt-5-nano' }),
      ],
    };
    const plan = planLimits(
      callerWith({ organization: every, team: every, user: every, key: every }),
      'gpt-5-nano',
      new Set(['beta']),
      NOW,
    );
    const ofScope = (code: string) => [
      ...['rpm', 'tpm', 'rph', 'tph', 'rpd', 'tpd', 'max_parallel', 'tpm:gpt-5*', 'rpm:@beta'].map((limit) => `${code}_${limit}`),
      `${code}_budget_month:bud_1`,
      `${code}_budget_rolling:bud_3`,
    ];
    expect(ids(plan)).toEqual(['org', 'team', 'user', 'key'].flatMap(ofScope));
    expect(plan.rules.find((rule) => rule.id === 'user_rpm')?.scopeId).toBe('mem_1');
    for (const rule of plan.rules) expect(plan.counters[rule.counter]?.scopeId).toBe(rule.scopeId);
  });

  test('a key of a service account has no user scope', () => {
    const plan = planLimits(
      callerWith({ team: { rateLimits: { rpm: 1 } }, key: { rateLimits: { rpm: 1 } } }),
      'm',
      NO_GROUPS,
      NOW,
    );
    expect(ids(plan)).toEqual(['team_rpm', 'key_rpm']);
  });

  // promise: `prefix*` is one shared counter.
  test('a prefix covers every name that begins so and shares one counter', () => {
    const caller = callerWith({
      organization: { modelLimits: [{ match: { is: 'prefix', prefix: 'gpt-5' }, rateLimits: { rpm: 1 } }] },
    });
    const nano = planLimits(caller, 'gpt-5-nano', NO_GROUPS, NOW);
    const large = planLimits(caller, 'gpt-5', NO_GROUPS, NOW);
    expect(names(nano)).toEqual(names(large));
    expect(planLimits(caller, 'gpt-4', NO_GROUPS, NOW).rules).toEqual([]);
    expect(matches({ is: 'exact', name: 'gpt-5' }, 'gpt-5-nano', NO_GROUPS)).toBe(false);
  });

  test('a status page sees every rule of a scope, whatever name is called', () => {
    const policy: ScopePolicy = {
      rateLimits: { rpm: 1 },
      modelLimits: [{ match: { is: 'exact', name: 'a' }, rateLimits: { rpm: 1 } }],
      budgets: [budget('bud_1', { is: 'day' }, { is: 'access_group', key: 'beta' })],
    };
    expect(ids(rulesOfScope({ organizationId: 'org_1', scope: 'team', scopeId: 'team_1' }, policy, 'UTC', NOW))).toEqual([
      'team_rpm',
      'team_rpm:a',
      'team_budget_day:bud_1',
    ]);
  });
});

describe('counters', () => {
  const window = (policy: Partial<ScopePolicy>) =>
    planLimits(callerWith({ organization: policy }), 'm', NO_GROUPS, NOW).counters[0]?.window;

  // promise: `{"period":"rolling","hours":N}` or `"days":N`: 61 slots.
  test('minutes and hours trail, days follow the organization’s calendar, parallel is now', () => {
    expect(window({ rateLimits: { rpm: 1 } })).toEqual({ is: 'trailing', slotMs: 1_000 });
    expect(window({ rateLimits: { tph: 1 } })).toEqual({ is: 'trailing', slotMs: 60_000 });
    expect(window({ rateLimits: { max_parallel: 1 } })).toEqual({ is: 'now' });
    expect(window({ budgets: [budget('bud_1', { is: 'rolling', hours: 48 })] })).toEqual({ is: 'trailing', slotMs: 48 * 60_000 });
    expect(window({ rateLimits: { rpd: 1 } })).toEqual({
      is: 'calendar',
      boundariesMs: ['2026-07-21', '2026-07-22', '2026-07-23', '2026-07-24'].map((day) => Date.parse(`${day}T22:00:00Z`)),
    });
    expect(window({ budgets: [budget('bud_1', { is: 'total' })] })).toEqual({ is: 'calendar', boundariesMs: [0, FAR_FUTURE_MS] });
  });

  // promise: Boundaries are computed off the hot path
  test('a plan ends with its present period and still knows the one before and after', () => {
    const plan = planLimits(
      callerWith({ organization: { rateLimits: { tpd: 1, rpm: 1 }, budgets: [budget('b', { is: 'month', anchorDay: 1 })] } }),
      'm',
      NO_GROUPS,
      NOW,
    );
    expect(plan.validUntilMs).toBe(Date.parse('2026-07-23T22:00:00Z'));
  });

  test('a plan made in the next period knows the next boundaries, and one made with an earlier clock the earlier ones', () => {
    const caller = callerWith({ organization: { rateLimits: { rpd: 1 } } });
    const validUntil = (day: string) => planLimits(caller, 'm', NO_GROUPS, Date.parse(`${day}T10:00:00Z`)).validUntilMs;
    expect(['2026-07-23', '2026-07-24', '2026-07-23'].map(validUntil)).toEqual(
      ['2026-07-23', '2026-07-24', '2026-07-23'].map((day) => Date.parse(`${day}T22:00:00Z`)),
    );
  });

  // promise: Counters are named by (scope, target, period instance), not by budget:
  test('two budgets over the same period and target share one counter; another anchor, zone or target does not', () => {
    const of = (budgets: Budget[], zone = 'UTC') => planLimits(callerWith({ team: { budgets } }, zone), 'm', NO_GROUPS, NOW);
    const month: BudgetPeriod = { is: 'month', anchorDay: 1 };
    const shared = of([budget('bud_1', month), budget('bud_2', month, { is: 'any' }, 5)]);
    expect(shared.counters).toHaveLength(1);
    expect(shared.rules.map((rule) => rule.counter)).toEqual([0, 0]);
    expect(names(of([budget('bud_9', month, { is: 'any' }, 77)]))).toEqual(names(shared));
    expect(names(of([budget('bud_1', { is: 'month', anchorDay: 2 })]))).not.toEqual(names(shared));
    expect(names(of([budget('bud_1', month)], 'Europe/Paris'))).not.toEqual(names(shared));
    expect(names(of([budget('bud_1', month, { is: 'exact', name: 'm' })]))).not.toEqual(names(shared));
  });

  // promise: **Changing a value keeps the counter.** A newly set minute or
  test('an edited value changes the shape of the plan and not the counter', () => {
    const of = (rpm: number) => planLimits(callerWith({ key: { rateLimits: { rpm } } }), 'm', NO_GROUPS, NOW);
    expect(names(of(5))).toEqual(names(of(6)));
    expect(of(5).shapeId).not.toBe(of(6).shapeId);
  });

  test('names of different targets never meet, whatever a model is called', () => {
    const targets: TargetMatch[] = [
      { is: 'any' },
      { is: 'exact', name: 'any' },
      { is: 'exact', name: '@beta' },
      { is: 'access_group', key: 'beta' },
      { is: 'prefix', prefix: '' },
      { is: 'prefix', prefix: 'any' },
      { is: 'exact', name: 'x|minute' },
      { is: 'exact', name: 'x' },
    ];
    const policy = { ...NOTHING, budgets: targets.map((match, i) => budget(`bud_${i}`, { is: 'day' }, match)) };
    expect(
      new Set(names(rulesOfScope({ organizationId: 'org_1', scope: 'key', scopeId: 'key_1' }, policy, 'UTC', NOW))).size,
    ).toBe(targets.length);
  });
});

test('the same limits on other tenants have the same shape', () => {
  const policies: Policies = { organization: { rateLimits: { rpm: 5 } }, key: { rateLimits: { tpm: 7 } } };
  const one = planLimits(callerWith(policies, 'UTC', '1'), 'm', NO_GROUPS, NOW);
  const two = planLimits(callerWith(policies, 'UTC', '2'), 'm', NO_GROUPS, NOW);
  expect(one.shapeId).toBe(two.shapeId);
  expect(one.shapeId).toHaveLength(16);
});

test('a refusal names the rule without its target or budget', () => {
  expect(paramOfRule({ id: 'key_tpm:gpt-5*' })).toBe('key_tpm');
  expect(paramOfRule({ id: 'org_budget_month:bud_1' })).toBe('org_budget_month');
  expect(paramOfRule({ id: 'org_rpm' })).toBe('org_rpm');
});
