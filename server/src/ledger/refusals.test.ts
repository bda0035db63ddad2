import fc from 'fast-check';
import { beforeEach, expect, test, vi } from 'vitest';
import { givenRefusal } from '../../test/support/records.ts';
import type { EndRecord } from './records.ts';
import { RefusalAggregator } from './refusals.ts';

/** Returns a journal that records its calls. */
function givenJournal() {
  const state = { room: true, ends: [] as EndRecord[], shared: [] as string[], repeats: [] as string[] };
  const journal = {
    room: () => state.room,
    end: (record: EndRecord) => void state.ends.push(record),
    share: (record: EndRecord) => void state.shared.push(record.requestId),
    repeat: (requestId: string) => void state.repeats.push(requestId),
  };
  return { state, journal };
}

let nowMs = 0;
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };

beforeEach(() => {
  nowMs = 0;
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

// promise: repeats of one (key, rule) above 10 a second share a row
test('ten refusals of one key and rule in a second have their own rows, the others share one with a count', () => {
  const { state, journal } = givenJournal();
  const refusals = new RefusalAggregator({ journal, clock });
  const asked = Array.from({ length: 25 }, () => givenRefusal());
  for (const refusal of asked) refusals.add(refusal);
  expect(state.ends).toEqual(asked.slice(0, 10));
  nowMs = 1_000;
  vi.advanceTimersByTime(1_000);
  const shared = asked[10] as EndRecord;
  expect(state.ends.slice(10)).toEqual([
    { ...shared, count: 15, repeatIds: asked.slice(11).map((refusal) => refusal.requestId) },
  ]);
  expect(state.shared).toEqual([shared.requestId]);
  expect(state.repeats).toEqual(asked.slice(11).map((refusal) => refusal.requestId));
});

// promise: each of their ids resolves to the shared decision
test('each id of a shared row resolves to its decision before the row is written', () => {
  const { journal } = givenJournal();
  const refusals = new RefusalAggregator({ journal, clock, ownRowsPerSecond: 1 });
  const asked = Array.from({ length: 4 }, () => givenRefusal());
  for (const refusal of asked) refusals.add(refusal);
  for (const refusal of asked.slice(1))
    expect(refusals.find(refusal.requestId)).toMatchObject({ requestId: asked[1]?.requestId, count: 3 });
  expect(refusals.find(asked[0]?.requestId as string)).toBeNull();
  refusals.flush();
  expect(refusals.find(asked[2]?.requestId as string)).toBeNull();
});

test('another key, another rule or another second starts with rows of its own', () => {
  const { state, journal } = givenJournal();
  const refusals = new RefusalAggregator({ journal, clock, ownRowsPerSecond: 1 });
  const kinds = [{ keyId: 'key_2' }, { param: 'org_rpm' }, { code: 'model_not_found', param: null }, {}];
  for (const kind of kinds) refusals.add(givenRefusal(kind));
  expect(state.ends).toHaveLength(4);
  nowMs = 1_000;
  vi.advanceTimersByTime(1_000);
  refusals.add(givenRefusal());
  expect(state.ends).toHaveLength(5);
});

test('a row keeps a thousand ids, then another row begins', () => {
  const { state, journal } = givenJournal();
  const refusals = new RefusalAggregator({ journal, clock, ownRowsPerSecond: 0, idsMax: 1_000 });
  for (let i = 0; i < 2_500; i++) refusals.add(givenRefusal());
  refusals.flush();
  expect(state.ends.map((end) => [end.count, end.repeatIds.length])).toEqual([
    [1_001, 1_000],
    [1_001, 1_000],
    [498, 497],
  ]);
});

test('while the journal has no room refusals wait in memory, counted, and are written when it has', () => {
  const { state, journal } = givenJournal();
  const refusals = new RefusalAggregator({ journal, clock, idsMax: 100 });
  state.room = false;
  const asked = Array.from({ length: 500 }, () => givenRefusal({ code: 'service_unavailable', param: null }));
  for (const refusal of asked) refusals.add(refusal);
  nowMs = 5_000;
  vi.advanceTimersByTime(5_000);
  expect(state.ends).toEqual([]);
  expect(state.shared).toEqual([]);
  expect(refusals.find(asked[50]?.requestId as string)).toMatchObject({ count: 500 });
  state.room = true;
  vi.advanceTimersByTime(1_000);
  expect(state.ends.map((end) => [end.count, end.repeatIds.length])).toEqual([[500, 100]]);
});

test('only pairs beyond those followed leave no row, and only while the journal has no room', () => {
  const { state, journal } = givenJournal();
  const refusals = new RefusalAggregator({ journal, clock, pairsMax: 2 });
  for (let i = 0; i < 5; i++) refusals.add(givenRefusal({ keyId: `key_${i}` }));
  expect(state.ends).toHaveLength(5);
  state.room = false;
  for (let i = 0; i < 5; i++) refusals.add(givenRefusal({ keyId: `key_${i}` }));
  expect(refusals.unlogged).toBe(3);
});

test('whatever comes when, every refusal is in exactly one row, and counts add up to all of them', () => {
  const arrivals = fc.array(
    fc.record({ key: fc.nat(2), rule: fc.nat(1), afterMs: fc.constantFrom(0, 0, 0, 5, 400, 1_000), room: fc.nat(4) }),
    {
      maxLength: 200,
    },
  );
  fc.assert(
    fc.property(arrivals, (asked) => {
      nowMs = 0;
      const { state, journal } = givenJournal();
      const refusals = new RefusalAggregator({ journal, clock, ownRowsPerSecond: 2, idsMax: 5 });
      const ids: string[] = [];
      for (const { key, rule, afterMs, room } of asked) {
        nowMs += afterMs;
        vi.advanceTimersByTime(afterMs);
        state.room = room > 0;
        const refusal = givenRefusal({ keyId: `key_${key}`, param: `rule_${rule}` });
        ids.push(refusal.requestId);
        refusals.add(refusal);
      }
      state.room = true;
      refusals.flush();
      expect(state.ends.reduce((sum, end) => sum + end.count, 0)).toBe(asked.length);
      const named = state.ends.flatMap((end) => [end.requestId, ...end.repeatIds]);
      expect(new Set(named).size).toBe(named.length);
      expect(ids).toEqual(expect.arrayContaining(named));
      for (const end of state.ends) expect(end.repeatIds.length).toBeLessThanOrEqual(5);
    }),
  );
});
