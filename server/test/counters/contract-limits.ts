import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  admitted,
  DAY,
  DAY_MS,
  freshCounters,
  HOUR,
  HOUR_MS,
  IN_FLIGHT,
  type MakeCounters,
  MINUTE,
  MINUTE_MS,
  NOON,
  planOf,
  refused,
  TOTAL,
  used,
  wants,
} from './testing.ts';

/** What a hold admits and refuses, and what a refusal says. */
export function limitPromises(make: MakeCounters): void {
  const fresh = () => freshCounters(make);

  describe('windows', () => {
    // promise: **Requests are exact.
    test('exactly the limit is admitted, and the refusal names the rule, what is used and until when', async () => {
      const { counters } = await fresh();
      const plan = planOf({ unit: 'requests', window: MINUTE, value: 3 });
      for (let i = 0; i < 3; i++) admitted(await counters.hold(`req_${i}`, plan, wants()));
      const refusal = refused(await counters.hold('req_4', plan, wants()));
      expect(refusal.refusing).toEqual([{ rule: 0, retryAfterMs: MINUTE_MS }]);
      expect(refusal.readings).toEqual({ used: [3], held: [3], resetsAtMs: [NOON + MINUTE_MS] });
    });

    // promise: **Requests are exact.
    test('requests that come in the same turn do not pass together above the limit', async () => {
      const { counters } = await fresh();
      const plan = planOf({ unit: 'requests', window: HOUR, value: 7 });
      const results = await Promise.all(Array.from({ length: 100 }, (_, i) => counters.hold(`req_${i}`, plan, wants())));
      expect(results.filter((result) => result.admitted)).toHaveLength(7);
    });

    // promise: A trailing window is 61 slots (1 s for
    // promise: A slot keeps its sum and the time of its last admission, and stops counting when that time
    test('a slot counts until its last admission is a full window old, then all of it comes back at once', async () => {
      const { counters, clock } = await fresh();
      const plan = planOf({ unit: 'requests', window: MINUTE, value: 2 });
      await counters.hold('first', plan, wants());
      clock.turn(900);
      await counters.hold('second', plan, wants());
      clock.setMs(NOON + MINUTE_MS);
      expect((await counters.hold('early', plan, wants())).admitted).toBe(false);
      clock.setMs(NOON + 900 + MINUTE_MS - 1);
      expect((await counters.hold('still early', plan, wants())).admitted).toBe(false);
      clock.turn(1);
      expect(admitted(await counters.hold('in time', plan, wants())).readings.used).toEqual([1]);
    });

    // promise: So nothing is ever admitted above the limit
    // promise: **Never above a limit.** In no 60 seconds (60 minutes, calendar day) are more requests admitted than the limit
    test('in no 60 s span are more requests admitted than the limit, and capacity returns at most one slot late', async () => {
      const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 1_500 }), fc.integer({ min: 0, max: 70_000 })), {
        maxLength: 150,
        size: 'max',
      });
      await fc.assert(
        fc.asyncProperty(steps, fc.integer({ min: 1, max: 6 }), async (waits, value) => {
          const { counters, clock } = await fresh();
          const plan = planOf({ unit: 'requests', window: MINUTE, value });
          const admittedAtMs: number[] = [];
          for (const wait of waits) {
            clock.turn(wait);
            const nowMs = clock.nowMs();
            const result = await counters.hold('req', plan, wants());
            const since = (ms: number) => admittedAtMs.filter((atMs) => atMs > nowMs - ms).length;
            if (result.admitted) expect(since(MINUTE_MS)).toBeLessThan(value);
            else expect(since(MINUTE_MS + 1_000)).toBeGreaterThanOrEqual(value);
            if (result.admitted) admittedAtMs.push(nowMs);
          }
        }),
        { numRuns: 60 },
      );
    });

    // promise: Tokens are exact in holds**: overshoot ≤ Σ(actual − held)
    // promise: **Never above a limit.** In no 60 seconds (60 minutes, calendar day) are more requests admitted than the limit
    test('the tokens held in any span never add up to more than the limit', async () => {
      const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 9_000 }), fc.integer({ min: 0, max: 60 })), {
        maxLength: 120,
        size: 'max',
      });
      await fc.assert(
        fc.asyncProperty(steps, async (requests) => {
          const { counters, clock } = await fresh();
          const plan = planOf({ unit: 'tokens', window: MINUTE, value: 100 });
          const taken: { atMs: number; tokens: number }[] = [];
          for (const [wait, tokens] of requests) {
            clock.turn(wait);
            if (!(await counters.hold('req', plan, wants(tokens))).admitted) continue;
            taken.push({ atMs: clock.nowMs(), tokens });
            const inSpan = taken.filter(({ atMs }) => atMs > clock.nowMs() - MINUTE_MS);
            expect(inSpan.reduce((sum, one) => sum + one.tokens, 0)).toBeLessThanOrEqual(100);
          }
        }),
        { numRuns: 60 },
      );
    });

    test('a day counts from one boundary to the next', async () => {
      const { counters, clock } = await fresh();
      const plan = planOf({ unit: 'requests', window: DAY, value: 1 });
      await counters.hold('today', plan, wants());
      clock.setMs(NOON + DAY_MS / 2 - 1);
      const refusal = refused(await counters.hold('late today', plan, wants()));
      expect(refusal.refusing).toEqual([{ rule: 0, retryAfterMs: 1 }]);
      clock.turn(1);
      expect(admitted(await counters.hold('tomorrow', plan, wants())).readings).toEqual({
        used: [1],
        held: [1],
        resetsAtMs: [NOON + 1.5 * DAY_MS],
      });
    });

    test('beyond the last boundary the last period goes on: an old plan grants nobody a fresh budget', async () => {
      const { counters, clock } = await fresh();
      const plan = planOf({ unit: 'nano_usd', window: DAY, value: 10 });
      clock.turn(3 * DAY_MS);
      await counters.hold('first', plan, wants(0, 10));
      clock.turn(30 * DAY_MS);
      expect(refused(await counters.hold('later', plan, wants(0, 1))).refusing).toEqual([{ rule: 0, retryAfterMs: null }]);
    });

    // promise: replicas and skewed clocks do not change that.
    test('a clock turned back lets nothing expire early and opens no second period', async () => {
      const { counters, clock } = await fresh();
      const plan = planOf({ unit: 'requests', window: MINUTE, value: 1 }, { unit: 'requests', window: DAY, value: 2 });
      admitted(await counters.hold('first', plan, wants()));
      clock.turn(-2 * DAY_MS);
      expect(refused(await counters.hold('in the past', plan, wants())).refusing).toEqual([{ rule: 0, retryAfterMs: MINUTE_MS }]);
      clock.setMs(NOON + MINUTE_MS);
      expect(admitted(await counters.hold('second', plan, wants())).readings.used).toEqual([1, 2]);
    });

    // promise: 1 for `max_parallel`.
    test('in flight is given back by the end of a request and nothing else, and a waiting one may look again in a second', async () => {
      const { counters, clock } = await fresh();
      const plan = planOf({ unit: 'parallel', window: IN_FLIGHT, value: 1 });
      const { hold } = admitted(await counters.hold('first', plan, wants()));
      clock.turn(HOUR_MS);
      expect(refused(await counters.hold('second', plan, wants())).refusing).toEqual([{ rule: 0, retryAfterMs: 1_000 }]);
      await counters.settle(hold, used(), plan);
      expect(admitted(await counters.hold('third', plan, wants())).readings.used).toEqual([1]);
    });
  });

  describe('one atomic step', () => {
    const everyWindow = [MINUTE, HOUR, DAY].flatMap((window) =>
      (['requests', 'tokens'] as const).map((unit) => ({ unit, window })),
    );

    // promise: a refusal changes no counter.
    // promise: All limits and budgets of a request are checked and taken in one step, or none is.
    test('whichever rule refuses, no counter of the plan has changed', async () => {
      const { counters } = await fresh();
      const facts = [
        ...everyWindow.map((fact) => ({ ...fact, value: 1_000 })),
        { unit: 'nano_usd', window: TOTAL, value: 1_000 } as const,
        { unit: 'parallel', window: IN_FLIGHT, value: 1_000 } as const,
      ];
      const generous = planOf(...facts);
      admitted(await counters.hold('in flight', generous, wants(100, 100)));
      const before = await counters.read(generous.counters);
      for (let tight = 0; tight < facts.length; tight++) {
        const plan = planOf(...facts.map((fact, i) => (i === tight ? { ...fact, value: 1 } : fact)));
        const refusal = refused(await counters.hold('req', plan, wants(100, 100)));
        expect(refusal.refusing.map(({ rule }) => rule)).toEqual([tight]);
        expect(await counters.read(generous.counters)).toEqual(before);
      }
    });

    test('every refusing rule is named, each with its own time to wait', async () => {
      const { counters, clock } = await fresh();
      const plan = planOf(
        { unit: 'requests', window: MINUTE, value: 1 },
        { unit: 'tokens', window: HOUR, value: 100 },
        { unit: 'requests', window: DAY, value: 50 },
        { unit: 'nano_usd', window: DAY, value: 10 },
      );
      await counters.hold('first', plan, wants(90, 9));
      clock.turn(1_000);
      const refusal = refused(await counters.hold('second', plan, wants(20, 5)));
      expect(refusal.refusing).toEqual([
        { rule: 0, retryAfterMs: MINUTE_MS - 1_000 },
        { rule: 1, retryAfterMs: HOUR_MS - 1_000 },
        { rule: 3, retryAfterMs: DAY_MS / 2 - 1_000 },
      ]);
    });

    test('two rules on one counter take once; the tighter one decides', async () => {
      const { counters } = await fresh();
      const plan = planOf(
        { unit: 'nano_usd', window: TOTAL, value: 100 },
        { unit: 'nano_usd', window: TOTAL, value: 60 },
        { unit: 'nano_usd', window: TOTAL, value: 50, action: 'alert' },
      );
      expect(plan.counters).toHaveLength(1);
      expect(admitted(await counters.hold('first', plan, wants(0, 40))).readings.used).toEqual([40, 40, 40]);
      expect(refused(await counters.hold('second', plan, wants(0, 40))).refusing).toEqual([{ rule: 1, retryAfterMs: null }]);
    });

    test('an alert counts and never refuses', async () => {
      const { counters } = await fresh();
      const plan = planOf({ unit: 'nano_usd', window: DAY, value: 0, action: 'alert' });
      expect(admitted(await counters.hold('req', plan, wants(0, 1_000))).readings.used).toEqual([1_000]);
    });
  });

  describe('what a refusal says', () => {
    // promise: over all refusing limits, the time until enough
    test('waiting exactly as long as told admits the request, one millisecond less does not', async () => {
      const request = fc.record({ wait: fc.integer({ min: 0, max: 4_000 }), tokens: fc.integer({ min: 1, max: 100 }) });
      await fc.assert(
        fc.asyncProperty(fc.array(request, { minLength: 5, maxLength: 60, size: 'max' }), async (requests) => {
          const { counters, clock } = await fresh();
          const plan = planOf({ unit: 'tokens', window: MINUTE, value: 100 }, { unit: 'requests', window: MINUTE, value: 5 });
          for (const { wait, tokens } of requests) {
            clock.turn(wait);
            const result = await counters.hold('req', plan, wants(tokens));
            if (result.admitted) continue;
            const waitMs = Math.max(...result.refusing.map(({ retryAfterMs }) => retryAfterMs as number));
            expect(waitMs).toBeGreaterThan(0);
            expect(waitMs).toBeLessThanOrEqual(MINUTE_MS);
            clock.turn(waitMs - 1);
            refused(await counters.hold('early', plan, wants(tokens)));
            clock.turn(1);
            admitted(await counters.hold('in time', plan, wants(tokens)));
          }
        }),
        { numRuns: 40 },
      );
    });

    // promise: A hold above the whole limit can never
    test('what is wanted above the whole limit can never pass: no time to wait', async () => {
      const { counters } = await fresh();
      const plan = planOf({ unit: 'tokens', window: MINUTE, value: 100 }, { unit: 'nano_usd', window: DAY, value: 100 });
      expect(refused(await counters.hold('req', plan, wants(101, 101))).refusing).toEqual([
        { rule: 0, retryAfterMs: null },
        { rule: 1, retryAfterMs: null },
      ]);
    });

    // promise: A budget of 0 refuses everything, free models
    test('a limit or budget of 0 refuses everything, free requests too, for ever', async () => {
      const { counters } = await fresh();
      const units = [
        { unit: 'requests', window: MINUTE },
        { unit: 'tokens', window: DAY },
        { unit: 'nano_usd', window: DAY },
        { unit: 'parallel', window: IN_FLIGHT },
      ] as const;
      for (const fact of units) {
        const plan = planOf({ ...fact, value: 0 });
        expect(refused(await counters.hold('req', plan, wants())).refusing).toEqual([{ rule: 0, retryAfterMs: null }]);
      }
    });

    // promise: Changing a value keeps the counter.
    test('a limit raised or lowered while in use keeps what was used', async () => {
      const { counters } = await fresh();
      const at = (value: number) => planOf({ unit: 'requests', window: HOUR, value });
      for (let i = 0; i < 5; i++) admitted(await counters.hold('req', at(5), wants()));
      expect((await counters.hold('req', at(5), wants())).admitted).toBe(false);
      expect(admitted(await counters.hold('req', at(6), wants())).readings.used).toEqual([6]);
      expect(refused(await counters.hold('req', at(3), wants())).readings.used).toEqual([6]);
    });
  });

  describe('clamped budgets', () => {
    const clamped = (value: number) => ({ unit: 'nano_usd', window: DAY, value, clampOutput: true }) as const;

    test('where a budget clamps, what the tightest one has left is held, if it is enough', async () => {
      const { counters } = await fresh();
      const plan = planOf(clamped(100), { unit: 'nano_usd', window: TOTAL, value: 80 });
      expect(admitted(await counters.hold('first', plan, wants(0, 50, 10))).nanoUsd).toBe(50);
      expect(admitted(await counters.hold('second', plan, wants(0, 50, 10))).nanoUsd).toBe(30);
      expect(refused(await counters.hold('third', plan, wants(0, 50, 10))).refusing).toEqual([{ rule: 1, retryAfterMs: null }]);
      expect((await counters.read(plan.counters)).used).toEqual([80, 80]);
    });

    test('only a budget that clamps and blocks lowers a hold', async () => {
      const { counters } = await fresh();
      const plan = planOf({ ...clamped(100), action: 'alert' }, { unit: 'nano_usd', window: TOTAL, value: 80 });
      expect((await counters.hold('req', plan, wants(0, 90, 10))).admitted).toBe(false);
    });
  });

  // promise: Limits are judged on the head by what this process knows
  test('a request limit that has refused is known to be exhausted, with nothing taken, and until it changes', async () => {
    const { counters } = await fresh();
    const ofRequests = (value: number) => {
      const plan = planOf({ unit: 'requests', window: HOUR, value });
      return { ...plan, rules: plan.rules.map((rule) => ({ ...rule, limit: 'rph' as const })) };
    };
    const plan = ofRequests(2);
    expect(counters.exhausted(plan)).toBeNull();
    for (const id of ['one', 'two']) await counters.settle(admitted(await counters.hold(id, plan, wants())).hold, used(), plan);
    refused(await counters.hold('three', plan, wants()));
    const known = counters.exhausted(plan);
    expect(known).toMatchObject({ admitted: false, refusing: [{ rule: 0 }], readings: { used: [2] } });
    expect(Math.abs((known?.refusing[0]?.retryAfterMs as number) - HOUR_MS)).toBeLessThan(2_000);
    expect((await counters.read(plan.counters)).used).toEqual([2]);
    expect(counters.exhausted(ofRequests(3))).toBeNull();
    await counters.forget(plan.counters);
    expect(counters.exhausted(plan)).toBeNull();
    admitted(await counters.hold('four', plan, wants()));
  });

  // promise: Counters are integers ≤ 2^53 − 1
  test('an amount that is no whole number from 0 to 2^53 − 1 is an error, never a request that slips through', async () => {
    const { counters } = await fresh();
    const plan = planOf({ unit: 'tokens', window: MINUTE, value: 10 });
    for (const amount of [Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY, 2 ** 53]) {
      await expect((async () => counters.hold('req', plan, wants(amount)))()).rejects.toThrow(RangeError);
    }
    expect((await counters.read(plan.counters)).used).toEqual([0]);
  });
}
