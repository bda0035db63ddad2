import type { Actual, Counters, Hold, HoldResult, SeedPoint, Wanted } from '../../src/counters/counters.ts';
import type { CounterSpec, LimitPlan } from '../../src/domain/limits/limit-plan.ts';

/** What counters did, each told with the time they saw. */
export interface Witness {
  /** Told at once: somebody goes by this plan. */
  sees(plan: LimitPlan): void;
  held(requestId: string, plan: LimitPlan, wanted: Wanted, result: HoldResult): void;
  extended(hold: Hold, more: Pick<Actual, 'tokens' | 'nanoUsd'>, nowMs: number): void;
  notExtended(hold: Hold, more: Pick<Actual, 'tokens' | 'nanoUsd'>, nowMs: number): void;
  settled(hold: Hold, actual: Actual, planNow: LimitPlan, nowMs: number): void;
  /** The same, told at once: from this very moment it is in the past that counters ask for. */
  settledAtOnce(hold: Hold, actual: Actual): void;
  restored(plan: LimitPlan, at: SeedPoint & { readonly unit: 'requests' | 'tokens' }, nowMs: number): void;
  forgot(counters: readonly CounterSpec[]): void;
}

export interface Watched {
  readonly counters: Counters;
  /** Tells what was done since, in the order in which it was done. */
  tell(): void;
}

/**
 * Counters that are watched. Answers that were promised arrive in another order than they were decided in, so that nothing is told before
 * everything is there: when a hold was decided shows in when its wish was last looked at.
 */
export function watch(inner: Counters, witness: Witness, nowMs: () => number): Watched {
  let order = 0;
  const events: { readonly order: number; readonly tell: () => void }[] = [];

  function hold(requestId: string, plan: LimitPlan, wanted: Wanted): HoldResult | Promise<HoldResult> {
    let looked = 0;
    witness.sees(plan);
    const wish: Wanted = {
      get tokens() {
        looked = ++order;
        return wanted.tokens;
      },
      nanoUsd: wanted.nanoUsd,
      nanoUsdMin: wanted.nanoUsdMin,
    };
    return whenDone(inner.hold(requestId, plan, wish), (result) => {
      events.push({ order: looked, tell: () => witness.held(requestId, plan, wanted, result) });
    });
  }

  function extend(hold: Hold, more: { readonly tokens: number; readonly nanoUsd: number }): boolean | Promise<boolean> {
    let looked = 0;
    const wish = {
      get tokens() {
        looked = ++order;
        return more.tokens;
      },
      nanoUsd: more.nanoUsd,
    };
    return whenDone(inner.extend(hold, wish), (done) => {
      const atMs = nowMs();
      const tell = () => (done ? witness.extended(hold, more, atMs) : witness.notExtended(hold, more, atMs));
      events.push({ order: looked, tell });
    });
  }

  /** Done at once, as everything below: only what a fault adds to it comes later. */
  function settle(hold: Hold, actual: Actual, planNow: LimitPlan): void | Promise<void> {
    witness.sees(planNow);
    const settling = inner.settle(hold, actual, planNow);
    const atMs = nowMs();
    witness.settledAtOnce(hold, actual);
    events.push({ order: ++order, tell: () => witness.settled(hold, actual, planNow, atMs) });
    return settling;
  }

  return {
    counters: {
      hold,
      exhausted: (plan) => inner.exhausted(plan),
      extend,
      settle,
      retake: (requestId, plan, taken) => inner.retake(requestId, plan, taken),
      release: (hold) => inner.release(hold),
      read: (counters) => inner.read(counters),
      restore: (plan, at) => {
        const restoring = inner.restore(plan, at);
        const atMs = nowMs();
        events.push({ order: ++order, tell: () => witness.restored(plan, at, atMs) });
        return restoring;
      },
      correct: (counter, periodStartMs, amount) => inner.correct(counter, periodStartMs, amount),
      forget: (counters) => {
        const forgetting = inner.forget(counters);
        events.push({ order: ++order, tell: () => witness.forgot(counters) });
        return forgetting;
      },
      recount: (counters) => inner.recount(counters),
    },
    tell: () => {
      for (const event of events.splice(0).sort((one, other) => one.order - other.order)) event.tell();
    },
  };
}

function whenDone<T>(answer: T | Promise<T>, saw: (answer: T) => void): T | Promise<T> {
  if (answer instanceof Promise) {
    return answer.then((value) => {
      saw(value);
      return value;
    });
  }
  saw(answer);
  return answer;
}
