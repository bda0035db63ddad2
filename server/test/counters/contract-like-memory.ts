import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Counters, Hold, HoldResult } from '../../src/counters/counters.ts';
import { createMemoryCounters } from '../../src/counters/memory/memory-counters.ts';
import type { LimitPlan } from '../../src/domain/limits/limit-plan.ts';
import {
  askedLedger,
  DAY,
  DAY_MS,
  HOUR,
  HOUR_MS,
  handClock,
  IN_FLIGHT,
  type MakeCounters,
  MINUTE,
  NOON,
  planOf,
  type RuleFacts,
  used,
  wants,
} from './testing.ts';

/** Whatever is asked of them in whatever order, other counters answer as the memory counters do, number for number. */
export function answersLikeMemory(make: MakeCounters): void {
  test('whatever is held, extended, settled, read, forgotten and corrected, the answers are those of the memory counters', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rule, { minLength: 1, maxLength: 7 }),
        fc.array(step, { maxLength: 60, size: 'max' }),
        compare(make),
      ),
      { numRuns: 40 },
    );
  });
}

const rule: fc.Arbitrary<RuleFacts> = fc
  .record({
    kind: fc.constantFrom(
      { unit: 'requests', window: MINUTE, max: 8 } as const,
      { unit: 'tokens', window: MINUTE, max: 200 } as const,
      { unit: 'tokens', window: HOUR, max: 600 } as const,
      { unit: 'nano_usd', window: HOUR, max: 400 } as const,
      { unit: 'requests', window: DAY, max: 30 } as const,
      { unit: 'nano_usd', window: DAY, max: 500 } as const,
      { unit: 'parallel', window: IN_FLIGHT, max: 5 } as const,
    ),
    share: fc.double({ min: 0.1, max: 1, noNaN: true }),
    scopeId: fc.constantFrom('org_1', 'team_1', 'key_1'),
    action: fc.constantFrom('block', 'block', 'block', 'alert'),
    clampOutput: fc.boolean(),
  })
  .map(({ kind: { unit, window, max }, share, scopeId, action, clampOutput }) => ({
    unit,
    window,
    value: Math.ceil(max * share),
    scopeId,
    action,
    clampOutput: clampOutput && unit === 'nano_usd',
  }));

const amount = fc.integer({ min: 0, max: 120 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('hold'), a: amount, b: amount, plan: fc.nat(1) }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('settle'), a: amount, b: amount, plan: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('extend'), a: amount, b: amount, plan: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('forget', 'correct'), a: amount, b: amount, plan: fc.nat(1) }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('wait'), a: waits(), b: amount, plan: fc.nat(1) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Mostly within a window, sometimes over the end of one or of a day. Never back: Redis remembers a time only where something was counted. */
function waits(): fc.Arbitrary<number> {
  return fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 90_000 }), fc.constantFrom(HOUR_MS, DAY_MS / 2));
}

function compare(make: MakeCounters) {
  return async (rules: readonly RuleFacts[], steps: readonly Step[]): Promise<void> => {
    const clock = handClock(NOON);
    const sides = [];
    for (const of of [createMemoryCounters, make] as const) {
      const ledger = askedLedger();
      sides.push({ ledger, counters: await of({ clock, seedFrom: ledger.seedFrom }), open: [] as Hold[] });
    }
    // The same limits, and those without the last: what a plan that changes meanwhile looks like.
    const plans = [planOf(...rules), planOf(...rules.slice(0, -1))] as const;
    for (const one of steps) {
      if (one.does === 'wait') clock.turn(one.a);
      const answers = [];
      for (const side of sides) answers.push(await act(side, one, plans[one.plan as 0 | 1], plans[0]));
      expect(answers[1]).toEqual(answers[0]);
      const readings = [];
      for (const { counters } of sides) readings.push(await counters.read(plans[0].counters));
      expect(readings[1]).toEqual(readings[0]);
    }
  };
}

interface Side {
  readonly ledger: ReturnType<typeof askedLedger>;
  readonly counters: Counters;
  readonly open: Hold[];
}

async function act(side: Side, one: Step, plan: LimitPlan, whole: LimitPlan): Promise<unknown> {
  const { counters, open, ledger } = side;
  const oldest = open[0];
  if (one.does === 'hold') {
    const result = await counters.hold('req', plan, wants(one.a, one.b, Math.ceil(one.b / 2)));
    if (result.admitted) open.push(result.hold);
    return withoutHold(result);
  }
  if (one.does === 'extend') return oldest === undefined ? null : counters.extend(oldest, { tokens: one.a, nanoUsd: one.b });
  if (one.does === 'forget') return counters.forget(plan.counters);
  if (one.does === 'correct') {
    const startMs = NOON - DAY_MS / 2;
    const settled = ledger.points.filter(({ atMs }) => atMs >= startMs && atMs < startMs + DAY_MS);
    const sum = settled.reduce((total, point) => total + point.amount, 0);
    for (const spec of whole.counters) await counters.correct(spec, startMs, sum);
  }
  if (one.does === 'settle' && oldest !== undefined) {
    open.shift();
    ledger.points.push({ atMs: oldest.atMs, amount: one.b });
    await counters.settle(oldest, used(one.a, one.b), plan);
  }
  return null;
}

function withoutHold(result: HoldResult): unknown {
  if (!result.admitted) return result;
  const { hold: _, ...rest } = result;
  return rest;
}
