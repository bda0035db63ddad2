import { setTimeout as sleep } from 'node:timers/promises';
import type { CounterSpec } from '../../src/domain/limits/limit-plan.ts';
import { rulesOfScope } from '../../src/domain/limits/limit-plan.ts';
import type { RateLimits } from '../../src/domain/limits/rate-limit.ts';
import type { Scope, ScopePolicy } from '../../src/domain/tenancy/tenancy.ts';
import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts';
import { deployment, model, OWNED_BY_MEMBER, openHouse } from '../support/walk.ts';
import { bodyOf, keysOf, type LimitBody, type LimitSite, type Rule, WIDE_LIMITS, WIDE_USD } from './site.ts';

/** Half an hour into a day of 25 hours in New York: the clocks go back that night. */
const START_MS = Date.parse('2026-11-01T04:30:00Z');
const TIME_ZONE = 'America/New_York';
const NANO_USD_PER_TOKEN = { input: 50, output: 400 };

/** The table's tree in this process, without sockets and on a clock that stands until it is turned. */
export async function openHouseSite(rule: Rule): Promise<LimitSite & { close(): Promise<void> }> {
  const time = { nowMs: START_MS };
  const gate = newGate();
  const policyOf = (scope: Scope, isUnderTest: boolean): ScopePolicy => ({
    rateLimits: rateLimitsUnder(isUnderTest && scope === rule.scope ? rule : null),
    modelLimits: [],
    budgets: [budgetUnder(`bud_${scope}`, isUnderTest && scope === rule.scope ? rule : null)],
  });
  const key = (at: number) => policyOf('key', keysOf('key').includes(at));
  const house = await openHouse({
    clock: { nowMs: () => time.nowMs, monotonicMs: () => performance.now() },
    provider: createFakeProvider({ schedule: gate.schedule }),
    targets: [model('fast', [deployment({ prices: [price] })])],
    organization: { timeZone: TIME_ZONE, ...policyOf('organization', true) },
    team: policyOf('team', true),
    moreTeams: [{ id: 'team_2', name: 'Other', ...policyOf('team', false) }],
    member: policyOf('user', true),
    key: { ...OWNED_BY_MEMBER, ...key(0) },
    moreKeys: [
      { owner: SERVICE, ...key(1) },
      { teamId: 'team_2', ...key(2) },
      { teamId: 'team_2', owner: SERVICE, ...key(3) },
    ],
  });
  const scopes = scopesOf(house.organization, house.keys);
  let calls = 0;

  async function read() {
    const rules = scopes.flatMap(({ name, scope, id, policy }) => {
      const of = { organizationId: 'org_1', scope, scopeId: id };
      const found = rulesOfScope(of, policy, TIME_ZONE, time.nowMs);
      return found.rules.map((rule) => ({ name: `${name} ${rule.limit}`, counter: found.counters[rule.counter] as CounterSpec }));
    });
    const { used, held } = await house.counters.read(rules.map(({ counter }) => counter));
    return new Map(rules.map(({ name }, at) => [name, { used: used[at] as number, held: held[at] as number }]));
  }

  return {
    call: async (at) => {
      const said = await house.ask(null, { raw: Buffer.from(bodyOf('fast', calls++)), secret: house.secrets[at] as string });
      return { status: said.status, headers: said.headers, body: JSON.parse(said.text) as LimitBody };
    },
    waiting: gate.waiting,
    letAnswer: gate.open,
    read,
    settled: read,
    scopeId: (scope, at) => {
      const { teamId, id } = house.keys[at] as { teamId: string; id: string };
      return { organization: 'org_1', team: teamId, user: 'mem_1', key: id }[scope];
    },
    nanoUsdOf: houseNanoUsdOf,
    ledgerNanoUsd: async () => house.rows.flatMap(({ entries }) => entries).reduce((sum, { nanoUsd }) => sum + (nanoUsd ?? 0), 0),
    decidingRule: null,
    clock: {
      advance(ms) {
        time.nowMs += ms;
      },
    },
    until,
    close: house.close,
  };
}

/** The price of an answer in the house. */
export function houseNanoUsdOf(inputTokens: number, outputTokens: number): number {
  return inputTokens * NANO_USD_PER_TOKEN.input + outputTokens * NANO_USD_PER_TOKEN.output;
}

const SERVICE = { is: 'service_account', serviceAccountId: 'svc_1' } as const;

const price = {
  id: 'price_1',
  effectiveFromMs: 0,
  perMillion: { input: NANO_USD_PER_TOKEN.input * 1e6, output: NANO_USD_PER_TOKEN.output * 1e6 },
};

function rateLimitsUnder(rule: Rule | null): RateLimits {
  return { ...WIDE_LIMITS, ...(rule === null || rule.limit === 'budget' ? {} : { [rule.limit]: rule.value }) };
}

function budgetUnder(id: string, rule: Rule | null) {
  return {
    id,
    amountNanoUsd: rule?.limit === 'budget' ? rule.value : WIDE_USD * 1e9,
    period: { is: 'month', anchorDay: 1 },
    match: { is: 'any' },
    thresholdsPercent: [100],
    action: 'block',
    clampOutput: false,
  } as const;
}

/** Answers that come one turn later, or wait at the gate. */
function newGate() {
  const waiting = new Set<() => void>();
  let isOpen = false;
  return {
    schedule: (_delayMs: number, run: () => void) => {
      if (isOpen) {
        const soon = setImmediate(run);
        return () => clearImmediate(soon);
      }
      waiting.add(run);
      return () => void waiting.delete(run);
    },
    waiting: () => waiting.size,
    open: () => {
      isOpen = true;
      for (const run of waiting) setImmediate(run);
      waiting.clear();
    },
  };
}

type Named = { readonly name: string; readonly scope: Scope; readonly id: string; readonly policy: ScopePolicy };

function scopesOf(
  organization: ScopePolicy & {
    readonly teams: ReadonlyMap<string, ScopePolicy>;
    readonly members: ReadonlyMap<string, ScopePolicy>;
  },
  keys: readonly (ScopePolicy & { readonly id: string })[],
): Named[] {
  return [
    { name: 'organization', scope: 'organization', id: 'org_1', policy: organization },
    ...[...organization.teams].map(([id, policy], at): Named => ({ name: `team ${at}`, scope: 'team', id, policy })),
    ...[...organization.members].map(([id, policy]): Named => ({ name: 'user', scope: 'user', id, policy })),
    ...keys.map((policy, at): Named => ({ name: `key ${at}`, scope: 'key', id: policy.id, policy })),
  ];
}

async function until(isTrue: () => boolean): Promise<void> {
  const giveUpMs = performance.now() + 10_000;
  while (!isTrue()) {
    if (performance.now() > giveUpMs) throw new Error('what was waited for did not happen within 10 s');
    await sleep(1);
  }
}
