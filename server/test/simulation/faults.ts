import type { Counters, Hold } from '../../src/counters/counters.ts';
import type { CounterSpec, LimitPlan } from '../../src/domain/limits/limit-plan.ts';
import { methodsOf } from '../support/methods-of.ts';

/** Mistakes that counters, or who uses them, could make. Each is planted to show that the simulation finds it. */
export const FAULTS = [
  'settle-skipped',
  'settled-twice',
  'fixed-window',
  'hold-leaked-on-hangup',
  'period-from-clock-at-settlement',
  'refusal-that-counts',
  'past-as-of-later-untold',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface FaultOptions {
  readonly nowMs: () => number;
  readonly hungUp: (hold: Hold) => boolean;
  /** True now and then: a fault that shows at once teaches nothing. */
  readonly sometimes: () => boolean;
}

/** The same counters with one mistake in them. They must answer at once where they can. */
export function withFault(fault: Fault, inner: Counters, { nowMs, hungUp, sometimes }: FaultOptions): Counters {
  switch (fault) {
    case 'settle-skipped':
      return {
        ...methodsOf(inner),
        settle: (hold, actual, planNow) => (sometimes() ? undefined : inner.settle(hold, actual, planNow)),
      };
    case 'hold-leaked-on-hangup':
      return {
        ...methodsOf(inner),
        settle: (hold, actual, planNow) => (hungUp(hold) ? undefined : inner.settle(hold, actual, planNow)),
      };
    case 'settled-twice':
      return {
        ...methodsOf(inner),
        settle: async (hold, actual, planNow) => {
          await inner.settle(hold, actual, planNow);
          if (sometimes()) await count(inner, onlyCounters(hold.plan, isAmount), actual);
        },
      };
    case 'refusal-that-counts':
      return {
        ...methodsOf(inner),
        hold: async (requestId, plan, wanted) => {
          const result = await inner.hold(requestId, plan, wanted);
          if (!result.admitted)
            await count(
              inner,
              without(
                plan,
                result.refusing.map(({ rule }) => plan.rules[rule]?.counter),
              ),
              { tokens: 0, nanoUsd: 0 },
            );
          return result;
        },
      };
    case 'period-from-clock-at-settlement':
      return {
        ...methodsOf(inner),
        settle: async (hold, actual, planNow) => {
          if (!hold.plan.counters.some((spec) => isMoneyOfAnotherPeriod(spec, hold.atMs, nowMs())))
            return inner.settle(hold, actual, planNow);
          await inner.settle(hold, { tokens: actual.tokens, nanoUsd: 0 }, planNow);
          await count(
            inner,
            onlyCounters(hold.plan, ({ unit }) => unit === 'nano_usd'),
            { tokens: 0, nanoUsd: actual.nanoUsd },
          );
        },
      };
    case 'fixed-window':
      return fixedWindows(inner, nowMs);
    case 'past-as-of-later-untold':
      // In the ledger that they ask.
      return inner;
  }
}

/** Counts something that was not admitted. */
async function count(
  counters: Counters,
  plan: LimitPlan,
  actual: { readonly tokens: number; readonly nanoUsd: number },
): Promise<void> {
  const alerting = { ...plan, rules: plan.rules.map((rule) => ({ ...rule, action: 'alert' as const })) };
  const result = await counters.hold('nobody', alerting, { tokens: 0, nanoUsd: 0, nanoUsdMin: 0 });
  if (result.admitted) await counters.settle(result.hold, actual, alerting);
}

function without(plan: LimitPlan, counters: readonly (number | undefined)[]): LimitPlan {
  return onlyCounters(plan, (_, i) => !counters.includes(i));
}

function isAmount({ unit }: CounterSpec): boolean {
  return unit === 'tokens' || unit === 'nano_usd';
}

function isMoneyOfAnotherPeriod({ unit, window }: CounterSpec, atMs: number, nowMs: number): boolean {
  return unit === 'nano_usd' && window.is === 'calendar' && window.boundariesMs.some((start) => start > atMs && start <= nowMs);
}

function onlyCounters(plan: LimitPlan, keep: (spec: CounterSpec, index: number) => boolean): LimitPlan {
  return { ...plan, counters: plan.counters.filter(keep), rules: [], shapeId: 'fault' };
}

/** Minutes and hours that begin with the clock's, and everything used is forgotten when they do. */
function fixedWindows(inner: Counters, nowMs: () => number): Counters {
  const fixed = (spec: CounterSpec): CounterSpec => {
    if (spec.window.is !== 'trailing' || spec.unit === 'nano_usd') return spec;
    const windowMs = spec.window.slotMs * 60;
    const startMs = Math.floor(nowMs() / windowMs) * windowMs;
    return { ...spec, window: { is: 'calendar', boundariesMs: [startMs, startMs + windowMs] } };
  };
  const plans = new WeakMap<LimitPlan, Map<number, LimitPlan>>();
  const fixedPlan = (plan: LimitPlan): LimitPlan => {
    const minute = Math.floor(nowMs() / 60_000);
    const byMinute = plans.get(plan) ?? new Map<number, LimitPlan>();
    plans.set(plan, byMinute);
    const known = byMinute.get(minute) ?? { ...plan, counters: plan.counters.map(fixed), shapeId: 'fixed' };
    byMinute.set(minute, known);
    return known;
  };
  return {
    hold: (requestId, plan, wanted) => inner.hold(requestId, fixedPlan(plan), wanted),
    exhausted: (plan) => inner.exhausted(fixedPlan(plan)),
    extend: (hold, more) => inner.extend(hold, more),
    settle: (hold, actual, planNow) => inner.settle(hold, actual, fixedPlan(planNow)),
    retake: (requestId, plan, taken) => inner.retake(requestId, fixedPlan(plan), taken),
    release: (hold) => inner.release(hold),
    read: (counters) => inner.read(counters.map(fixed)),
    restore: (plan, at) => inner.restore(plan, at),
    correct: (counter, periodStartMs, amount) => inner.correct(fixed(counter), periodStartMs, amount),
    forget: (counters) => inner.forget(counters.map(fixed)),
    recount: (counters) => inner.recount(counters.map(fixed)),
  };
}
