import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeCounters } from '../../../test/counters/contract.ts';
import {
  admitted,
  askedLedger,
  calendar,
  DAY,
  DAY_MS,
  HOUR,
  HOUR_MS,
  handClock,
  IN_FLIGHT,
  MINUTE,
  MINUTE_MS,
  NOON,
  planOf,
  refused,
  used,
  wants,
} from '../../../test/counters/testing.ts';
import { boundariesFrom, type CalendarPeriod } from '../../domain/limits/period.ts';
import type { HoldResult } from '../counters.ts';
import { createMemoryCounters, type MemoryCounters } from './memory-counters.ts';

describeCounters('memory', createMemoryCounters);

const idleMs = 10 * MINUTE_MS;

function fresh(startMs = NOON, ledger = askedLedger()) {
  const clock = handClock(startMs);
  return { clock, ledger, counters: createMemoryCounters({ clock, seedFrom: ledger.seedFrom, idleMs }) };
}

function atOnce(result: HoldResult | Promise<HoldResult>): HoldResult {
  if (result instanceof Promise) throw new Error('answered later');
  return result;
}

describe('memory counters', () => {
  // promise: `hold` and `settle` return a value or a promise
  test('answer at once, but where a past must be read first', async () => {
    const { counters } = fresh();
    const minute = planOf({ unit: 'requests', window: MINUTE, value: 5 }, { unit: 'parallel', window: IN_FLIGHT, value: 5 });
    admitted(atOnce(counters.hold('req', minute, wants())));
    const budget = planOf({ unit: 'nano_usd', window: DAY, value: 5 });
    const first = counters.hold('req', budget, wants(0, 1));
    expect(first).toBeInstanceOf(Promise);
    await first;
    admitted(atOnce(counters.hold('req', budget, wants(0, 1))));
  });

  test('plans of one shape id that differ are not taken for each other', () => {
    const { counters } = fresh();
    const tight = planOf({ unit: 'requests', window: MINUTE, value: 1 });
    const loose = planOf({ unit: 'requests', window: MINUTE, value: 9 });
    expect(tight.shapeId).toBe(loose.shapeId);
    admitted(atOnce(counters.hold('one', loose, wants())));
    refused(atOnce(counters.hold('two', tight, wants())));
    admitted(atOnce(counters.hold('three', loose, wants())));
  });

  test('a settlement in anything but whole numbers is an error, and the hold stands until it is settled', () => {
    const { counters } = fresh();
    const plan = planOf({ unit: 'tokens', window: MINUTE, value: 10 });
    const { hold } = admitted(atOnce(counters.hold('req', plan, wants(5))));
    expect(() => counters.settle(hold, used(Number.NaN), plan)).toThrow(RangeError);
    expect(counters.read(plan.counters)).toMatchObject({ used: [5], held: [5] });
    counters.settle(hold, used(2), plan);
    expect(counters.read(plan.counters)).toMatchObject({ used: [2], held: [0] });
  });

  test('a hold of other counters is an error', () => {
    const plan = planOf({ unit: 'requests', window: MINUTE, value: 1 });
    expect(() => fresh().counters.settle({ requestId: 'req', plan, atMs: NOON }, used(), plan)).toThrow(TypeError);
  });
});

describe('days and periods of real zones', () => {
  // promise: From the zone's first existing instant of the date
  test('a day of 23 or 25 hours is one day', async () => {
    for (const [date, hours] of [
      ['2026-03-29', 23],
      ['2026-10-25', 25],
      ['2026-07-01', 24],
    ] as const) {
      const startMs = Temporal.PlainDate.from(date).toZonedDateTime('Europe/Paris').epochMilliseconds;
      const { counters, clock } = fresh(startMs);
      const plan = planOf({ unit: 'requests', window: around({ is: 'day' }, 'Europe/Paris', startMs), value: 1 });
      admitted(await counters.hold('first', plan, wants()));
      clock.turn(hours * HOUR_MS - 1);
      expect(refused(await counters.hold('last instant', plan, wants())).refusing).toEqual([{ rule: 0, retryAfterMs: 1 }]);
      clock.turn(1);
      admitted(await counters.hold('next day', plan, wants()));
    }
  });

  // promise: A request belongs to the period of its admission, whenever it settles.
  test('in flight over the end of a month, every request is charged to the month of its admission', async () => {
    const zones = fc.constantFrom('Europe/Paris', 'America/Santiago', 'Asia/Kathmandu', 'Pacific/Apia');
    const request = fc.record({ beginsMs: fc.integer({ min: -90, max: 90 }), lastsMs: fc.integer({ min: 0, max: 120 }) });
    await fc.assert(
      fc.asyncProperty(
        zones,
        fc.constantFrom(1, 15, 31),
        fc.array(request, { maxLength: 30, size: 'max' }),
        async (zone, anchorDay, requests) => {
          const [beforeMs, endMs] = boundariesFrom({ is: 'month', anchorDay }, zone, NOON, 2) as [number, number];
          const { counters, clock, ledger } = fresh(endMs - 1_000);
          const plan = planOf({ unit: 'nano_usd', window: around({ is: 'month', anchorDay }, zone, endMs - 1_000), value: 1e9 });
          const spent = { before: 0, after: 0 };
          const events = requests.flatMap(({ beginsMs, lastsMs }, i) => {
            let result: HoldResult | undefined;
            const begin = async () => {
              result = await counters.hold('req', plan, wants(0, 50));
            };
            const end = async () => {
              await counters.settle(admitted(result as HoldResult).hold, used(0, i), plan);
              spent[beginsMs < 0 ? 'before' : 'after'] += i;
            };
            return [
              { atMs: endMs + beginsMs, run: begin },
              { atMs: endMs + beginsMs + lastsMs, run: end },
            ];
          });
          for (const { atMs, run } of events.sort((one, other) => one.atMs - other.atMs)) {
            clock.setMs(atMs);
            await run();
          }
          clock.setMs(Math.max(clock.nowMs(), endMs));
          expect((await counters.read(plan.counters)).used).toEqual([spent.after]);
          for (const { fromMs } of ledger.questions) expect([beforeMs, endMs]).toContain(fromMs);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('eviction', () => {
  const plan = planOf(
    { unit: 'requests', window: MINUTE, value: 100 },
    { unit: 'tokens', window: HOUR, value: 100_000 },
    { unit: 'requests', window: DAY, value: 100 },
    { unit: 'nano_usd', window: HOUR, value: 100_000 },
    { unit: 'parallel', window: IN_FLIGHT, value: 100 },
  );

  // promise: Unused organizations and idle counters are evicted.
  test('drops what is empty or was not touched for a while, and nothing that is in flight', async () => {
    const { counters, clock } = fresh();
    const { hold } = admitted(await counters.hold('in flight', plan, wants(5, 5)));
    clock.turn(2 * HOUR_MS);
    expect(counters.evictIdle()).toBe(0);
    counters.settle(hold, used(5, 5), plan);
    expect([counters.evictIdle(), counters.size(), counters.inFlight()]).toEqual([5, 0, 0]);
  });

  test('keeps a day and a budget that were touched a moment ago', async () => {
    const { counters, clock, ledger } = fresh();
    for (let i = 0; i < 3; i++) {
      const { hold } = admitted(await counters.hold('req', plan, wants(5, 5)));
      counters.settle(hold, used(5, 5), plan);
      clock.turn(idleMs - 1);
      counters.evictIdle();
    }
    expect(ledger.questions).toHaveLength(2);
  });

  test('keeps a counter whose past is being asked for, however long the ledger takes', async () => {
    const { counters, clock, ledger } = fresh(NOON, askedLedger([{ atMs: NOON - 1, amount: 3 }], { waits: true }));
    const day = planOf({ unit: 'requests', window: DAY, value: 100 });
    const pending = counters.hold('waits', day, wants());
    clock.turn(2 * idleMs);
    expect(counters.evictIdle()).toBe(0);
    ledger.answer();
    expect(admitted(await pending).readings.used).toEqual([4]);
  });

  test('a period dropped while an earlier one is still in flight is asked for again', async () => {
    const { counters, clock, ledger } = fresh();
    const day = planOf({ unit: 'requests', window: DAY, value: 100 });
    admitted(await counters.hold('a long night', day, wants()));
    clock.turn(DAY_MS);
    const { hold } = admitted(await counters.hold('next day', day, wants()));
    ledger.points.push({ atMs: hold.atMs, amount: 1 });
    counters.settle(hold, used(), day);
    clock.turn(idleMs);
    expect(counters.evictIdle()).toBe(1);
    expect(admitted(await counters.hold('again', day, wants())).readings.used).toEqual([2]);
  });

  test('keeps an hour limit as long as anything counts in it: its past could not be asked for', async () => {
    const { counters, clock } = fresh();
    const { hold } = admitted(await counters.hold('req', plan, wants(700, 5)));
    counters.settle(hold, used(700, 5), plan);
    clock.turn(HOUR_MS - 1);
    counters.evictIdle();
    expect(counters.size()).toBe(1);
    expect((await counters.read(plan.counters)).used[1]).toBe(700);
  });

  // promise: Unused organizations and idle counters are evicted.
  test('changes no decision: what was dropped is the same once it is needed again', async () => {
    const request = fc.record({
      waitMs: fc.oneof(fc.integer({ min: 0, max: 90_000 }), fc.integer({ min: 0, max: 3 * HOUR_MS })),
      tokens: fc.integer({ min: 0, max: 400 }),
      lateMs: fc.constantFrom(0, 0, 30_000),
    });
    const tight = planOf(
      { unit: 'requests', window: MINUTE, value: 3 },
      { unit: 'tokens', window: HOUR, value: 900 },
      { unit: 'requests', window: DAY, value: 12 },
      { unit: 'nano_usd', window: DAY, value: 2_500 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 60, size: 'max' }), async (requests) => {
        const kept = withLedger();
        const evicting = withLedger();
        for (const { waitMs, tokens, lateMs } of requests) {
          const results = [];
          for (const side of [kept, evicting]) {
            side.clock.turn(waitMs);
            if (side === evicting) side.counters.evictIdle();
            results.push(await side.ask(tight, tokens, lateMs));
          }
          expect(results[1]).toEqual(results[0]);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('looks at a bounded number of counters at a time, and gets round to all of them', async () => {
    const { counters, clock } = fresh();
    for (let key = 0; key < 100; key++) {
      const own = planOf({ unit: 'requests', window: MINUTE, value: 1, scopeId: `key_${key}` });
      const { hold } = admitted(await counters.hold('req', own, wants()));
      counters.settle(hold, used(), own);
    }
    clock.turn(MINUTE_MS);
    expect([counters.evictIdle(30), counters.evictIdle(30), counters.evictIdle(30), counters.evictIdle(30)]).toEqual([
      30, 30, 30, 10,
    ]);
  });

  test('gives memory back: keys that come in turn need no more than those of one round', async () => {
    const { counters, clock } = fresh();
    const round = async () => {
      for (let key = 0; key < 2_000; key++) {
        const own = planOf({ unit: 'requests', window: MINUTE, value: 9, scopeId: `key_${key}` });
        const { hold } = admitted(await counters.hold('req', own, wants()));
        counters.settle(hold, used(), own);
      }
      clock.turn(MINUTE_MS);
      counters.evictIdle();
    };
    await round();
    const bytes = counters.bytes();
    for (let i = 0; i < 5; i++) await round();
    expect([counters.bytes(), counters.size()]).toEqual([bytes, 0]);
  });
});

function around(period: CalendarPeriod, zone: string, atMs: number) {
  const [startMs] = boundariesFrom(period, zone, atMs, 2) as [number];
  return calendar(boundariesFrom(period, zone, startMs - 1, 4));
}

/** Returns counters whose settled requests go to a ledger of their own, by unit. */
function withLedger() {
  const clock = handClock(NOON);
  const rows: { atMs: number; requests: number; nano_usd: number }[] = [];
  const counters: MemoryCounters = createMemoryCounters({
    clock,
    idleMs,
    seedFrom: async ({ unit }, fromMs, toMs) =>
      rows
        .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
        .map((row) => ({ atMs: row.atMs, amount: row[unit as 'requests' | 'nano_usd'] })),
  });
  const ask = async (plan: ReturnType<typeof planOf>, tokens: number, lateMs: number) => {
    const result = await counters.hold('req', plan, wants(tokens, tokens * 2));
    if (!result.admitted) return result;
    clock.turn(lateMs);
    rows.push({ atMs: result.atMs, requests: 1, nano_usd: tokens });
    counters.settle(result.hold, used(tokens, tokens), plan);
    return result.readings;
  };
  return { clock, counters, ask };
}
