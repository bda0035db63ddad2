import { describe, expect, test } from 'vitest';
import {
  admitted,
  askedLedger,
  DAY,
  DAY_MS,
  freshCounters,
  HOUR,
  HOUR_MS,
  type MakeCounters,
  MINUTE,
  MINUTE_MS,
  NOON,
  planOf,
  used,
  wants,
  withGroups,
} from './testing.ts';

/** What counters learn of the time before them: from the ledger, at a restart, from the proof job. */
export function pastPromises(make: MakeCounters): void {
  const fresh = (ledger = askedLedger()) => freshCounters(make, ledger);
  const budget = planOf({ unit: 'nano_usd', window: DAY, value: 100 });
  const none = planOf();

  describe('a past in the ledger', () => {
    // promise: a budget added, edited, re-zoned or re-anchored mid-period is
    test('a budget that begins in mid-period starts from what the ledger holds of the period', async () => {
      const points = [
        { atMs: NOON - DAY_MS, amount: 1_000 },
        { atMs: NOON - DAY_MS / 2, amount: 30 },
        { atMs: NOON - 1, amount: 40 },
      ];
      const { counters, ledger } = await fresh(askedLedger(points));
      expect(admitted(await counters.hold('req', budget, wants(0, 30))).readings.used).toEqual([100]);
      expect((await counters.hold('next', budget, wants(0, 1))).admitted).toBe(false);
      expect(ledger.questions).toHaveLength(1);
      expect(ledger.questions[0]).toMatchObject({ fromMs: NOON - DAY_MS / 2, toMs: NOON + DAY_MS / 2 });
    });

    test('a rolling budget starts from what the ledger holds of the window, each point expiring in its time', async () => {
      const points = [
        { atMs: NOON - HOUR_MS, amount: 1_000 },
        { atMs: NOON - HOUR_MS + 1, amount: 30 },
        { atMs: NOON - 1, amount: 40 },
      ];
      const { counters, clock } = await fresh(askedLedger(points));
      const rolling = planOf({ unit: 'nano_usd', window: HOUR, value: 100 });
      expect((await counters.read(rolling.counters)).used).toEqual([70]);
      clock.turn(MINUTE_MS);
      expect((await counters.read(rolling.counters)).used).toEqual([40]);
    });

    test('the requests that wait for a past share one question', async () => {
      const { counters, ledger } = await fresh(askedLedger([], { waits: true }));
      const pending = Promise.all([1, 2, 3].map((i) => counters.hold(`req_${i}`, budget, wants(0, 40))));
      await ledger.asked(1);
      expect(ledger.questions).toHaveLength(1);
      ledger.answer();
      expect((await pending).map((result) => result.admitted)).toEqual([true, true, false]);
    });

    test('when the ledger is out of reach the request fails with its error, nothing is taken, and the next one asks again', async () => {
      const { counters, ledger } = await fresh(askedLedger([], { waits: true }));
      const both = planOf({ unit: 'nano_usd', window: DAY, value: 100 }, { unit: 'requests', window: MINUTE, value: 1 });
      const pending = (async () => counters.hold('req', both, wants(0, 1)))();
      await ledger.asked(1);
      ledger.fail(new Error('the database cannot be reached'));
      await expect(pending).rejects.toThrow('the database cannot be reached');
      const again = (async () => counters.hold('again', both, wants(0, 1)))();
      await ledger.asked(2);
      ledger.answer();
      expect(admitted(await again).readings.used).toEqual([1, 1]);
      expect(ledger.questions).toHaveLength(2);
    });

    test('a request settled before the question, while it is open, or after the answer is counted exactly once', async () => {
      const { counters, ledger } = await fresh(askedLedger([], { waits: true }));
      const settle = async (amount: number, heldUnder = none) => {
        const { hold } = admitted(await counters.hold('req', heldUnder, wants(0, amount)));
        ledger.points.push({ atMs: hold.atMs, amount });
        await counters.settle(hold, used(0, amount), budget);
      };
      await settle(1);
      const pending = counters.hold('asks', budget, wants());
      await ledger.asked(1);
      await settle(20);
      ledger.answer();
      expect(admitted(await pending).readings.used).toEqual([21]);
      await settle(40);
      expect((await counters.read(budget.counters)).used).toEqual([61]);
    });

    test('what was settled while a question failed is counted once by the next', async () => {
      const { counters, ledger } = await fresh(askedLedger([], { waits: true }));
      const { hold } = admitted(await counters.hold('in flight', none, wants(0, 5)));
      const failing = (async () => counters.hold('asks', budget, wants()))();
      await ledger.asked(1);
      ledger.points.push({ atMs: hold.atMs, amount: 5 });
      await counters.settle(hold, used(0, 5), budget);
      ledger.fail(new Error('away'));
      await expect(failing).rejects.toThrow('away');
      const again = counters.hold('asks again', budget, wants());
      await ledger.asked(2);
      ledger.answer();
      expect(admitted(await again).readings.used).toEqual([5]);
    });

    // promise: A period is part of the counter's name
    test('a period that begins while its counter lives needs no question: nothing was spent in it', async () => {
      const { counters, clock, ledger } = await fresh();
      admitted(await counters.hold('today', budget, wants(0, 100)));
      clock.turn(DAY_MS / 2);
      expect(admitted(await counters.hold('tomorrow', budget, wants(0, 100))).readings.used).toEqual([100]);
      expect(ledger.questions).toHaveLength(1);
    });

    test('minute and hour limits and requests in flight ask for nothing', async () => {
      const { counters, ledger } = await fresh();
      const plan = planOf({ unit: 'tokens', window: MINUTE, value: 9 }, { unit: 'requests', window: HOUR, value: 9 });
      admitted(await counters.hold('req', plan, wants()));
      expect(ledger.questions).toEqual([]);
    });
  });

  describe('a limit taken away and set again', () => {
    // promise: deleting one deletes no spend.
    test('is told to forget, and then asks the ledger for what it missed', async () => {
      const { counters, ledger } = await fresh();
      const settle = async (amount: number, plan = budget) => {
        const { hold } = admitted(await counters.hold('req', plan, wants(0, amount)));
        ledger.points.push({ atMs: hold.atMs, amount });
        await counters.settle(hold, used(0, amount), plan);
      };
      await settle(10);
      const { hold } = admitted(await counters.hold('in flight', budget, wants(0, 5)));
      await settle(30, none);
      await counters.forget(budget.counters);
      const { readings } = admitted(await counters.hold('again', budget, wants(0, 1)));
      expect(readings).toMatchObject({ used: [46], held: [6] });
      await counters.settle(hold, used(0, 2), budget);
      expect(await counters.read(budget.counters)).toMatchObject({ used: [43], held: [1] });
    });

    test('an answer to a question from before is not believed', async () => {
      const { counters, ledger } = await fresh(askedLedger([], { waits: true }));
      const pending = counters.hold('asks', budget, wants());
      await ledger.asked(1);
      const { hold } = admitted(await counters.hold('while it was away', none, wants(0, 30)));
      ledger.points.push({ atMs: hold.atMs, amount: 30 });
      await counters.settle(hold, used(0, 30), none);
      await counters.forget(budget.counters);
      ledger.answer();
      await ledger.asked(2);
      ledger.answer();
      expect(admitted(await pending).readings.used).toEqual([30]);
    });

    test('over the end of a period, the new period asks as well', async () => {
      const { counters, clock, ledger } = await fresh();
      admitted(await counters.hold('today', budget, wants(0, 10)));
      clock.turn(DAY_MS);
      ledger.points.push({ atMs: clock.nowMs(), amount: 30 });
      clock.turn(1);
      await counters.forget(budget.counters);
      expect(admitted(await counters.hold('tomorrow', budget, wants(0, 1))).readings.used).toEqual([31]);
    });

    test('a minute limit begins with nothing but what is in flight', async () => {
      const { counters } = await fresh();
      const plan = planOf({ unit: 'tokens', window: MINUTE, value: 100 });
      const settled = admitted(await counters.hold('settled', plan, wants(40)));
      await counters.settle(settled.hold, used(40), plan);
      const { hold } = admitted(await counters.hold('in flight', plan, wants(10)));
      await counters.forget(plan.counters);
      expect(await counters.read(plan.counters)).toMatchObject({ used: [10], held: [10] });
      await counters.settle(hold, used(3), plan);
      expect(await counters.read(plan.counters)).toMatchObject({ used: [3], held: [0] });
    });
  });

  // promise: An access group always means its members of now
  describe('a group whose members changed', () => {
    const group = 'beta';
    const plan = withGroups(
      planOf(
        { unit: 'tokens', window: MINUTE, value: 1_000, group },
        { unit: 'tokens', window: HOUR, value: 1_000, group },
        { unit: 'tokens', window: DAY, value: 1_000, group },
      ),
      group,
    );

    test('is counted anew from the ledger, minutes and hours too, and what is in flight stays held', async () => {
      const { counters, ledger, clock } = await fresh();
      const { hold } = admitted(await counters.hold('left', plan, wants(40)));
      await counters.settle(hold, used(40), plan);
      const open = admitted(await counters.hold('in flight', plan, wants(3)));
      ledger.points.push({ atMs: NOON - 2 * MINUTE_MS, amount: 7 }, { atMs: NOON - 1_000, amount: 20 });
      await counters.recount(plan.counters);
      expect(await counters.read(plan.counters)).toMatchObject({ used: [23, 30, 30], held: [3, 3, 3] });
      await counters.settle(open.hold, used(5), plan);
      expect(await counters.read(plan.counters)).toMatchObject({ used: [25, 32, 32], held: [0, 0, 0] });
      clock.setMs(NOON + MINUTE_MS);
      expect((await counters.read(plan.counters)).used).toEqual([0, 32, 32]);
    });

    test('of which nothing was counted yet asks as well: a new member may have been used', async () => {
      const { counters, ledger } = await fresh();
      ledger.points.push({ atMs: NOON - 1_000, amount: 20 });
      await counters.recount(plan.counters);
      expect(admitted(await counters.hold('req', plan, wants(1))).readings.used).toEqual([21, 21, 21]);
      expect(ledger.questions).toHaveLength(3);
    });

    test('a limit of it that is set anew afterwards starts empty all the same', async () => {
      const { counters, ledger } = await fresh();
      admitted(await counters.hold('in flight', plan, wants(1)));
      ledger.points.push({ atMs: NOON - 1_000, amount: 20 });
      await counters.recount(plan.counters);
      await counters.forget(plan.counters);
      expect((await counters.read(plan.counters)).used).toEqual([1, 1, 21]);
    });
  });

  describe('a restart', () => {
    // promise: At a restart minute, hour and day counters are
    test('minute and hour counters are restored in any order, and expire as if nothing had happened', async () => {
      const { counters, clock } = await fresh();
      const plan = planOf({ unit: 'requests', window: MINUTE, value: 3 }, { unit: 'tokens', window: HOUR, value: 100 });
      const ages = [10_000, 59_999, 60_000, 30_000, 3_600_000, 3_599_999];
      for (const age of ages) {
        await counters.restore(plan, { unit: 'requests', atMs: NOON - age, amount: 1 });
        await counters.restore(plan, { unit: 'tokens', atMs: NOON - age, amount: 10 });
      }
      expect(await counters.read(plan.counters)).toMatchObject({ used: [3, 50], held: [0, 0] });
      expect((await counters.hold('req', plan, wants(1))).admitted).toBe(false);
      clock.turn(1);
      expect(admitted(await counters.hold('req', plan, wants(1))).readings.used).toEqual([3, 41]);
    });

    test('what a clock a little ahead of ours wrote down counts for a full window from then', async () => {
      const { counters, clock } = await fresh();
      const plan = planOf({ unit: 'requests', window: MINUTE, value: 1 });
      await counters.restore(plan, { unit: 'requests', atMs: NOON + 20_000, amount: 1 });
      clock.setMs(NOON + 20_000 + MINUTE_MS - 1);
      expect((await counters.hold('req', plan, wants())).admitted).toBe(false);
      clock.turn(1);
      admitted(await counters.hold('req', plan, wants()));
    });

    test('a day in which a clock ahead of ours admitted something is asked for when it begins', async () => {
      const { counters, clock, ledger } = await fresh();
      const plan = planOf({ unit: 'requests', window: MINUTE, value: 9 }, { unit: 'nano_usd', window: DAY, value: 100 });
      const tomorrowMs = NOON + DAY_MS / 2 + 5;
      clock.setMs(tomorrowMs - 10_000);
      ledger.points.push({ atMs: tomorrowMs, amount: 30 });
      await counters.restore(plan, { unit: 'requests', atMs: tomorrowMs, amount: 1 });
      clock.setMs(tomorrowMs + 1);
      expect(admitted(await counters.hold('req', plan, wants(0, 5))).readings.used).toEqual([2, 35]);
    });

    test('what a clock that was quite wrong wrote down counts from now', async () => {
      const { counters, clock } = await fresh();
      const plan = planOf({ unit: 'requests', window: MINUTE, value: 1 });
      await counters.restore(plan, { unit: 'requests', atMs: NOON + DAY_MS, amount: 1 });
      expect((await counters.hold('req', plan, wants())).admitted).toBe(false);
      clock.turn(MINUTE_MS);
      admitted(await counters.hold('req', plan, wants()));
    });
  });

  // promise: The proof job corrects counters to the ledger, never
  test('a correction sets what was settled in a period and leaves what is held', async () => {
    const { counters } = await fresh();
    admitted(await counters.hold('in flight', budget, wants(0, 20)));
    await counters.correct(budget.counters[0] as (typeof budget.counters)[number], NOON - DAY_MS / 2, 70);
    expect(await counters.read(budget.counters)).toMatchObject({ used: [90], held: [20] });
    await counters.correct(budget.counters[0] as (typeof budget.counters)[number], NOON - 1.5 * DAY_MS, 5);
    expect((await counters.read(budget.counters)).used).toEqual([90]);
  });

  test('a correction that comes while the past is being asked for is left to the answer', async () => {
    const { counters, ledger } = await fresh(askedLedger([{ atMs: NOON - 1, amount: 70 }], { waits: true }));
    const pending = counters.hold('asks', budget, wants());
    await ledger.asked(1);
    await counters.correct(budget.counters[0] as (typeof budget.counters)[number], NOON - DAY_MS / 2, 70);
    ledger.answer();
    expect(admitted(await pending).readings.used).toEqual([70]);
  });
}
