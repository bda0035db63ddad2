import { createMemoryCounters } from '../server/src/counters/memory/memory-counters.ts';
import type { CounterSpec, CounterUnit, CounterWindow, LimitPlan, LimitRule } from '../server/src/domain/limits/limit-plan.ts';
import { FAR_FUTURE_MS } from '../server/src/domain/limits/period.ts';
import { SCOPES, type Scope } from '../server/src/domain/tenancy/tenancy.ts';
import { systemClock } from '../server/src/lib/timing/clock.ts';

/**
 * Measures the CPU time of one hold and its settlement, in nanoseconds as the operating system counts them. Each request has
 * twenty rules, five in each of four scopes.
 * `hot`: one caller. `20,000 keys`: each request uses another key of one organization, so that its numbers are no longer in the
 * CPU cache.
 * Usage: node bench/counters.ts
 */
const DAY_MS = 86_400_000;
const WINDOWS: readonly (readonly [CounterUnit, string, CounterWindow])[] = [
  ['requests', 'minute', { is: 'trailing', slotMs: 1_000 }],
  ['tokens', 'minute', { is: 'trailing', slotMs: 1_000 }],
  ['tokens', 'day', { is: 'calendar', boundariesMs: daysAround(Date.now()) }],
  ['nano_usd', 'total', { is: 'calendar', boundariesMs: [0, FAR_FUTURE_MS] }],
  ['parallel', 'now', { is: 'now' }],
];

const counters = createMemoryCounters({ clock: systemClock, seedFrom: async () => [] });
const plans = Array.from({ length: 20_000 }, (_, key) => planOf(key));
for (const plan of plans) await readPast(plan);
for (let round = 0; round < 5; round++) {
  print('hot', measure(plans.slice(0, 1), 300_000));
  print('20,000 keys', measure(plans, 300_000));
}
console.log(`${counters.size()} counters in ${(counters.bytes() / 1e6).toFixed(0)} MB`);

/** Keeps no result: if it survived a collection, V8 would allocate later results in the old generation (pretenuring). */
async function readPast(plan: LimitPlan): Promise<void> {
  const result = await counters.hold('req', plan, { tokens: 1, nanoUsd: 1, nanoUsdMin: 1 });
  if (result.admitted) counters.settle(result.hold, { tokens: 1, nanoUsd: 1 }, plan);
}

function measure(callers: readonly LimitPlan[], times: number): number {
  const started = process.cpuUsage();
  for (let i = 0; i < times; i++) {
    const plan = callers[i % callers.length] as LimitPlan;
    const result = counters.hold('req', plan, { tokens: 1_000 + (i & 255), nanoUsd: 70_000, nanoUsdMin: 70_000 });
    if (result instanceof Promise || !result.admitted) throw new Error('a request of the benchmark was not admitted at once');
    counters.settle(result.hold, { tokens: 400, nanoUsd: 30_000 }, plan);
  }
  const { user, system } = process.cpuUsage(started);
  return ((user + system) * 1_000) / times;
}

function print(what: string, nanoseconds: number): void {
  console.log(`${what.padEnd(12)} ${nanoseconds.toFixed(0).padStart(6)} ns per hold + settle, 20 rules`);
}

function planOf(key: number): LimitPlan {
  const ids: Record<Scope, string> = {
    organization: 'org',
    team: `team_${key % 100}`,
    user: `mem_${key % 2_000}`,
    key: `key_${key}`,
  };
  const specs = SCOPES.flatMap((scope) => WINDOWS.map(([unit, kind, window]) => specOf(scope, ids[scope], unit, kind, window)));
  return { organizationId: 'org', counters: specs, rules: specs.map(ruleOf), validUntilMs: FAR_FUTURE_MS, shapeId: 'bench' };
}

function specOf(scope: Scope, scopeId: string, unit: CounterUnit, kind: string, window: CounterWindow): CounterSpec {
  return { name: `${scopeId}|${unit}|any|${kind}`, organizationId: 'org', scope, scopeId, unit, match: { is: 'any' }, window };
}

function ruleOf({ name, scope, scopeId, unit, match }: CounterSpec, counter: number): LimitRule {
  const budgetId = unit === 'nano_usd' ? 'bud' : null;
  const limit = unit === 'nano_usd' ? 'budget' : 'rpm';
  return { id: name, scope, scopeId, limit, match, budgetId, value: 9e15, action: 'block', clampOutput: false, counter };
}

function daysAround(nowMs: number): readonly number[] {
  const todayMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
  return [todayMs - DAY_MS, todayMs, todayMs + DAY_MS, todayMs + 2 * DAY_MS];
}
