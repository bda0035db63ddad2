import type { Budget } from '../../src/domain/limits/budget.ts';
import type { CounterSpec } from '../../src/domain/limits/limit-plan.ts';
import { rulesOfScope } from '../../src/domain/limits/limit-plan.ts';
import type { Scope, ScopePolicy } from '../../src/domain/tenancy/tenancy.ts';
import type { Clock } from '../../src/lib/timing/clock.ts';
import type { WalkHouse } from './walk.ts';

/** A hard budget of a calendar month unless said otherwise. */
export function budget(amountNanoUsd: number, more: Partial<Budget> = {}): Budget {
  return {
    id: 'bud_1',
    amountNanoUsd,
    period: { is: 'month', anchorDay: 1 },
    match: { is: 'any' },
    thresholdsPercent: [50, 80, 100],
    action: 'block',
    clampOutput: false,
    ...more,
  };
}

/** A wall clock turned by hand; what is measured is measured by the machine's. */
export function wallClock(startMs: number): Clock & { turn(ms: number): void } {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    monotonicMs: () => performance.now(),
    turn: (ms) => {
      nowMs += ms;
    },
  };
}

/** What a scope's counters show, by the names of its rules. */
export async function readingsOf(
  { counters, gateway }: Pick<WalkHouse, 'counters' | 'gateway'>,
  [scope, scopeId]: readonly [Scope, string],
  policy: Partial<ScopePolicy>,
  timeZone = 'UTC',
): Promise<Readonly<Record<string, { readonly used: number; readonly held: number }>>> {
  const of = { organizationId: 'org_1', scope, scopeId };
  const whole = { rateLimits: {}, modelLimits: [], budgets: [], ...policy };
  const { rules, counters: specs } = rulesOfScope(of, whole, timeZone, gateway.clock.nowMs());
  const read = await counters.read(rules.map(({ counter }) => specs[counter] as CounterSpec));
  return Object.fromEntries(rules.map(({ id }, at) => [id, { used: read.used[at] as number, held: read.held[at] as number }]));
}
