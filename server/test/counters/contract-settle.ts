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
  TOTAL,
  used,
  wants,
  withGroups,
} from './testing.ts';

/** What becomes of a hold: settled, extended, settled late, settled twice. */
export function settlePromises(make: MakeCounters): void {
  const fresh = () => freshCounters(make);

  describe('settlement', () => {
    // promise: Tokens are held, then settled
    // promise: What a request may cost is held before it is sent and settled to what the provider reported.
    test('what was held becomes what was used, and the rest comes back', async () => {
      const { counters } = await fresh();
      const plan = planOf(
        { unit: 'requests', window: MINUTE, value: 10 },
        { unit: 'tokens', window: MINUTE, value: 1_000 },
        { unit: 'tokens', window: DAY, value: 1_000 },
        { unit: 'nano_usd', window: TOTAL, value: 1_000 },
        { unit: 'parallel', window: IN_FLIGHT, value: 10 },
      );
      const { hold, readings } = admitted(await counters.hold('req', plan, wants(600, 700)));
      expect(readings).toMatchObject({ used: [1, 600, 600, 700, 1], held: [1, 600, 600, 700, 1] });
      await counters.settle(hold, used(150, 80), plan);
      expect(await counters.read(plan.counters)).toMatchObject({ used: [1, 150, 150, 80, 0], held: [0, 0, 0, 0, 0] });
    });

    // promise: Settling counters is idempotent by request id.
    test('settling a hold twice, or again with another figure, changes nothing', async () => {
      const { counters } = await fresh();
      const plan = planOf({ unit: 'tokens', window: HOUR, value: 1_000 }, { unit: 'parallel', window: IN_FLIGHT, value: 5 });
      const { hold } = admitted(await counters.hold('req', plan, wants(100)));
      admitted(await counters.hold('other', plan, wants(7)));
      await counters.settle(hold, used(40), plan);
      await counters.settle(hold, used(40), plan);
      await counters.settle(hold, used(900), plan);
      expect(await counters.read(plan.counters)).toMatchObject({ used: [47, 1], held: [7, 1] });
    });

    test('in any order and interleaving of holds, extensions and settlements the counters end at the sum of what was used', async () => {
      const request = fc.record({
        tokens: fc.integer({ min: 0, max: 50 }),
        more: fc.option(fc.integer({ min: 0, max: 30 }), { nil: null }),
        actual: fc.integer({ min: 0, max: 90 }),
        order: fc.integer(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(request, { maxLength: 40, size: 'max' }), async (requests) => {
          const { counters } = await fresh();
          const plan = planOf(
            { unit: 'requests', window: MINUTE, value: 1_000 },
            { unit: 'tokens', window: MINUTE, value: 1_500 },
            { unit: 'tokens', window: DAY, value: 1_500 },
            { unit: 'parallel', window: IN_FLIGHT, value: 1_000 },
          );
          const open = [];
          for (const wanted of requests) {
            const result = await counters.hold('req', plan, wants(wanted.tokens));
            if (!result.admitted) continue;
            open.push({ ...wanted, hold: result.hold });
            if (wanted.more !== null) await counters.extend(result.hold, { tokens: wanted.more, nanoUsd: 0 });
          }
          open.sort((one, other) => one.order - other.order);
          for (const { hold, actual } of open) await counters.settle(hold, used(actual), plan);
          const total = open.reduce((sum, { actual }) => sum + actual, 0);
          expect(await counters.read(plan.counters)).toMatchObject({ used: [open.length, total, total, 0], held: [0, 0, 0, 0] });
        }),
        { numRuns: 50 },
      );
    });

    // promise: Tokens are exact in holds**: overshoot ≤ Σ(actual − held) of what was in flight.
    // promise: The overshoot is at most what requests in flight used beyond their hold
    test('what is used is above the limit by no more than what requests in flight used above their holds', async () => {
      const request = fc.record({
        tokens: fc.integer({ min: 1, max: 60 }),
        beyond: fc.oneof(fc.constant(0), fc.integer({ min: -60, max: 40 })),
        settles: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(request, { maxLength: 40, size: 'max' }), async (requests) => {
          const { counters } = await fresh();
          const plan = planOf({ unit: 'tokens', window: DAY, value: 200 });
          const open = [];
          let beyondHolds = 0;
          for (const { tokens, beyond, settles } of requests) {
            const result = await counters.hold('req', plan, wants(tokens));
            if (result.admitted) open.push({ hold: result.hold, held: tokens, actual: Math.max(0, tokens + beyond) });
            const ended = settles ? open.shift() : undefined;
            if (ended !== undefined) {
              await counters.settle(ended.hold, used(ended.actual), plan);
              beyondHolds += Math.max(0, ended.actual - ended.held);
            }
            expect((await counters.read(plan.counters)).used[0]).toBeLessThanOrEqual(200 + beyondHolds);
          }
        }),
        { numRuns: 60 },
      );
    });

    // promise: Settlement corrects the slot and day of the
    test('settled later, the slot of the admission is corrected, not the present one', async () => {
      const { counters, clock } = await fresh();
      const plan = planOf({ unit: 'tokens', window: MINUTE, value: 1_000 });
      const { hold } = admitted(await counters.hold('req', plan, wants(600)));
      clock.turn(30_000);
      admitted(await counters.hold('other', plan, wants(10)));
      await counters.settle(hold, used(100), plan);
      expect(await counters.read(plan.counters)).toMatchObject({ used: [110], held: [10] });
      clock.setMs(NOON + MINUTE_MS);
      expect((await counters.read(plan.counters)).used).toEqual([10]);
    });

    // promise: If that slot has expired, an unused hold
    test('once its slot has expired an unused hold has vanished, and an excess goes to the present slot', async () => {
      const { counters, clock } = await fresh();
      const plan = planOf({ unit: 'tokens', window: MINUTE, value: 1_000 });
      const thrifty = admitted(await counters.hold('thrifty', plan, wants(400)));
      const wasteful = admitted(await counters.hold('wasteful', plan, wants(400)));
      clock.turn(MINUTE_MS);
      expect(await counters.read(plan.counters)).toMatchObject({ used: [0], held: [0] });
      await counters.settle(thrifty.hold, used(100), plan);
      expect(await counters.read(plan.counters)).toMatchObject({ used: [0], held: [0] });
      await counters.settle(wasteful.hold, used(450), plan);
      expect(await counters.read(plan.counters)).toMatchObject({ used: [50], held: [0], resetsAtMs: [NOON + 2 * MINUTE_MS] });
    });

    test('a slot that a later request uses again is not corrected by an expired hold', async () => {
      const { counters, clock } = await fresh();
      const plan = planOf({ unit: 'tokens', window: MINUTE, value: 1_000 });
      const { hold } = admitted(await counters.hold('old', plan, wants(400)));
      clock.turn(61_000);
      admitted(await counters.hold('new', plan, wants(30)));
      await counters.settle(hold, used(0), plan);
      expect(await counters.read(plan.counters)).toMatchObject({ used: [30], held: [30] });
    });

    // promise: A request belongs to the period of its
    test('a request settled after midnight is charged to the day of its admission', async () => {
      const { counters, clock } = await fresh();
      const plan = planOf({ unit: 'nano_usd', window: DAY, value: 100 });
      clock.setMs(NOON + DAY_MS / 2 - 1);
      const { hold } = admitted(await counters.hold('yesterday', plan, wants(0, 60)));
      clock.turn(10);
      const { readings } = admitted(await counters.hold('today', plan, wants(0, 100)));
      expect(readings.used).toEqual([100]);
      await counters.settle(hold, used(0, 90), plan);
      expect((await counters.read(plan.counters)).used).toEqual([100]);
      expect(await counters.extend(hold, { tokens: 0, nanoUsd: 1 })).toBe(false);
    });
  });

  describe('a limit set while a request was in flight', () => {
    const before = planOf({ unit: 'requests', window: MINUTE, value: 10 });

    // promise: a new day limit is seeded from the day's log.
    // promise: A limit or budget that these scopes were given meanwhile counts the request too.
    test('a day limit or budget counts it as well, with what it used', async () => {
      const { counters } = await fresh();
      const after = planOf(
        { unit: 'requests', window: MINUTE, value: 10 },
        { unit: 'requests', window: DAY, value: 10 },
        { unit: 'nano_usd', window: DAY, value: 100 },
      );
      const { hold } = admitted(await counters.hold('in flight', before, wants(5, 5)));
      admitted(await counters.hold('after', after, wants(0, 20)));
      await counters.settle(hold, used(3, 7), after);
      expect(await counters.read(after.counters)).toMatchObject({ used: [2, 2, 27], held: [1, 1, 20] });
      await counters.settle(hold, used(3, 7), after);
      expect((await counters.read(after.counters)).used).toEqual([2, 2, 27]);
    });

    test('set before midnight and settled after, it is counted in the day of its admission', async () => {
      const { counters, clock } = await fresh();
      const after = planOf({ unit: 'requests', window: DAY, value: 10 });
      const { hold } = admitted(await counters.hold('in flight', before, wants()));
      admitted(await counters.hold('today', after, wants()));
      clock.turn(DAY_MS);
      admitted(await counters.hold('tomorrow', after, wants()));
      await counters.settle(hold, used(), after);
      expect((await counters.read(after.counters)).used).toEqual([1]);
    });

    // promise: A newly set minute or hour limit starts
    // promise: A limit or budget that these scopes were given
    test('a minute or hour limit starts empty and counts it at its admission, a limit of requests in flight does not', async () => {
      const { counters, clock } = await fresh();
      const after = planOf(
        { unit: 'tokens', window: MINUTE, value: 10 },
        { unit: 'requests', window: HOUR, value: 10 },
        { unit: 'parallel', window: IN_FLIGHT, value: 10 },
      );
      const settled = admitted(await counters.hold('settled', before, wants(2)));
      await counters.settle(settled.hold, used(2), before);
      const { hold } = admitted(await counters.hold('in flight', before, wants(5)));
      clock.turn(20_000);
      admitted(await counters.hold('after', after, wants(1)));
      await counters.settle(hold, used(7), after);
      expect((await counters.read(after.counters)).used).toEqual([8, 2, 1]);
      clock.setMs(NOON + MINUTE_MS);
      expect((await counters.read(after.counters)).used).toEqual([1, 2, 1]);
    });

    test('a rolling budget counts it at its admission', async () => {
      const { counters, clock } = await fresh();
      const after = planOf({ unit: 'nano_usd', window: HOUR, value: 100 });
      const { hold } = admitted(await counters.hold('in flight', before, wants(0, 5)));
      clock.turn(10 * MINUTE_MS);
      admitted(await counters.hold('after', after, wants(0, 20)));
      await counters.settle(hold, used(0, 30), after);
      expect((await counters.read(after.counters)).used).toEqual([50]);
      clock.setMs(NOON + HOUR_MS);
      expect((await counters.read(after.counters)).used).toEqual([20]);
    });

    test('a limit taken away while a request was in flight is settled all the same', async () => {
      const { counters } = await fresh();
      const both = planOf({ unit: 'requests', window: MINUTE, value: 10 }, { unit: 'tokens', window: DAY, value: 100 });
      const { hold } = admitted(await counters.hold('in flight', both, wants(50)));
      await counters.settle(hold, used(10), before);
      expect(await counters.read(both.counters)).toMatchObject({ used: [1, 10], held: [0, 0] });
    });
  });

  // promise: An access group always means its members of now
  describe('a model whose label changed while a request was in flight', () => {
    const of = (group: string) =>
      planOf(
        { unit: 'requests', window: MINUTE, value: 10, group },
        { unit: 'tokens', window: HOUR, value: 1_000, group },
        { unit: 'tokens', window: DAY, value: 1_000, group },
        { unit: 'nano_usd', window: TOTAL, value: 1_000, group },
        { unit: 'nano_usd', window: HOUR, value: 1_000, group },
        { unit: 'parallel', window: IN_FLIGHT, value: 10, group },
        { unit: 'tokens', window: DAY, value: 9_000 },
      );
    const beta = withGroups(of('beta'), 'beta');
    const gamma = withGroups(of('gamma'), 'gamma');

    test('is counted at the group it has now, and the group it left gets its hold back whole', async () => {
      const { counters } = await fresh();
      admitted(await counters.hold('another model', beta, wants(1, 2)));
      const { hold } = admitted(await counters.hold('in flight', beta, wants(500, 400)));
      expect(await counters.extend(hold, { tokens: 20, nanoUsd: 10 })).toBe(true);
      admitted(await counters.hold('after', gamma, wants()));
      await counters.settle(hold, used(510, 80), gamma);
      expect(await counters.read(beta.counters)).toMatchObject({ used: [1, 1, 1, 2, 2, 1, 511], held: [1, 1, 1, 2, 2, 1, 1] });
      expect(await counters.read(gamma.counters)).toMatchObject({ used: [2, 510, 510, 80, 80, 1, 511] });
      await counters.settle(hold, used(510, 80), gamma);
      expect((await counters.read(gamma.counters)).used).toEqual([2, 510, 510, 80, 80, 1, 511]);
    });

    test('that has no group any more is counted by no group, and a group limit that was taken away goes on as it was', async () => {
      const { counters } = await fresh();
      const left = admitted(await counters.hold('left', beta, wants(500, 400)));
      await counters.settle(left.hold, used(510, 80), withGroups(planOf()));
      expect((await counters.read(beta.counters)).used).toEqual([0, 0, 0, 0, 0, 0, 510]);
      const stayed = admitted(await counters.hold('stayed', beta, wants(500, 400)));
      await counters.settle(stayed.hold, used(7, 3), withGroups(planOf(), 'beta'));
      expect((await counters.read(beta.counters)).used).toEqual([1, 7, 7, 3, 3, 0, 517]);
    });
  });

  describe('a further attempt', () => {
    const plan = planOf(
      { unit: 'requests', window: MINUTE, value: 1 },
      { unit: 'tokens', window: MINUTE, value: 100 },
      { unit: 'nano_usd', window: DAY, value: 100 },
      { unit: 'parallel', window: IN_FLIGHT, value: 1 },
    );

    // promise: The hold covers one attempt; a retry or
    test('takes more tokens and money, and is no further request', async () => {
      const { counters } = await fresh();
      const { hold } = admitted(await counters.hold('req', plan, wants(50, 50)));
      expect(await counters.extend(hold, { tokens: 40, nanoUsd: 50 })).toBe(true);
      expect(await counters.read(plan.counters)).toMatchObject({ used: [1, 90, 100, 1], held: [1, 90, 100, 1] });
      await counters.settle(hold, used(70, 20), plan);
      expect(await counters.read(plan.counters)).toMatchObject({ used: [1, 70, 20, 0], held: [0, 0, 0, 0] });
    });

    // promise: The hold covers one attempt; a retry or fallback extends it atomically or is not made.
    test('is refused whole where any limit has no room, and nothing changes', async () => {
      const { counters } = await fresh();
      const { hold } = admitted(await counters.hold('req', plan, wants(50, 50)));
      expect(await counters.extend(hold, { tokens: 51, nanoUsd: 1 })).toBe(false);
      expect(await counters.extend(hold, { tokens: 1, nanoUsd: 51 })).toBe(false);
      expect((await counters.read(plan.counters)).used).toEqual([1, 50, 50, 1]);
    });

    test('is judged only by the limits it takes from', async () => {
      const { counters } = await fresh();
      const tight = planOf({ unit: 'requests', window: MINUTE, value: 1 }, { unit: 'nano_usd', window: DAY, value: 100 });
      const raised = planOf({ unit: 'requests', window: MINUTE, value: 5 });
      const { hold } = admitted(await counters.hold('before the limit was raised', tight, wants(0, 10)));
      admitted(await counters.hold('after', raised, wants()));
      expect(await counters.extend(hold, { tokens: 0, nanoUsd: 10 })).toBe(true);
    });

    test('that takes no tokens keeps no token slot alive', async () => {
      const { counters, clock } = await fresh();
      const { hold } = admitted(await counters.hold('req', plan, wants(50, 10)));
      clock.turn(500);
      await counters.extend(hold, { tokens: 0, nanoUsd: 10 });
      clock.setMs(NOON + MINUTE_MS);
      expect((await counters.read(plan.counters)).used).toEqual([0, 0, 20, 1]);
    });

    test('is refused once the request is settled', async () => {
      const { counters } = await fresh();
      const { hold } = admitted(await counters.hold('req', plan, wants(1, 1)));
      await counters.settle(hold, used(1, 1), plan);
      expect(await counters.extend(hold, { tokens: 1, nanoUsd: 1 })).toBe(false);
    });

    test('counts in the present slot, so that no span holds more than the limit', async () => {
      const { counters, clock } = await fresh();
      const minute = planOf({ unit: 'tokens', window: MINUTE, value: 100 });
      clock.setMs(NOON + 1);
      admitted(await counters.hold('early', minute, wants(50)));
      clock.setMs(NOON + 59_000);
      const { hold } = admitted(await counters.hold('late', minute, wants(50)));
      clock.setMs(NOON + 62_000);
      expect(await counters.extend(hold, { tokens: 50, nanoUsd: 0 })).toBe(true);
      clock.setMs(NOON + 120_000);
      expect((await counters.hold('next', minute, wants(51))).admitted).toBe(false);
      admitted(await counters.hold('next', minute, wants(50)));
    });
  });
}
