import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NaiveWindow } from '../../../test/counters/naive-window.ts';
import { Cells } from './cells.ts';
import {
  addSettled,
  CELLS_PER_COUNTER_MAX,
  dropSettled,
  EMPTY_AT,
  expire,
  HELD,
  isEmpty,
  newTrailing,
  SUM,
  settleSlot,
  takeNow,
  untilExpiredMs,
} from './trailing.ts';

const SLOT_MS = 1_000;
const WINDOW_MS = 60 * SLOT_MS;
const START_MS = 1_800_000_000_000;

const amount = fc.integer({ min: 0, max: 1_000 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ is: fc.constant('take' as const), amount }) },
  { weight: 4, arbitrary: fc.record({ is: fc.constant('settle' as const), which: fc.nat(), used: amount }) },
  {
    weight: 1,
    arbitrary: fc.record({ is: fc.constant('add' as const), ageMs: fc.integer({ min: -5_000, max: 65_000 }), amount }),
  },
  { weight: 5, arbitrary: fc.record({ is: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 2_500 }) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 90_000 }) }) },
);

describe('a trailing window', () => {
  test('counts what a list of everything counts, whatever is taken, settled, restored and expires', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 250, size: 'max' }), (steps) => {
        const cells = new Cells(0);
        cells.reserve(CELLS_PER_COUNTER_MAX);
        const at = newTrailing(cells, SLOT_MS);
        const naive = new NaiveWindow<number>(SLOT_MS);
        const open: { id: number; atMs: number; held: number }[] = [];
        let nowMs = START_MS;
        steps.forEach((one, id) => {
          cells.reserve(CELLS_PER_COUNTER_MAX);
          if (one.is === 'wait') nowMs += one.ms;
          expire(cells, at, nowMs);
          naive.expire(nowMs);
          if (one.is === 'take') {
            takeNow(cells, at, nowMs, one.amount);
            naive.take(id, nowMs, one.amount);
            open.push({ id, atMs: nowMs, held: one.amount });
          } else if (one.is === 'add') {
            const atMs = Math.min(nowMs, nowMs - one.ageMs);
            addSettled(cells, at, nowMs - one.ageMs, one.amount, nowMs);
            if (atMs > nowMs - WINDOW_MS) naive.add(atMs, one.amount);
          } else if (one.is === 'settle' && open.length > 0) {
            const [hold] = open.splice(one.which % open.length, 1) as [(typeof open)[number]];
            settleSlot(cells, at, hold.atMs, hold.held, one.used, nowMs);
            naive.settle(hold.id, hold.held, one.used, nowMs);
          }
          expectSame(cells, at, naive, nowMs);
        });
      }),
      { numRuns: 150 },
    );
  });

  // promise: **Window.** A trailing window is 61 slots (1 s for a minute, 1 min for an hour)
  test('61 slots can count at once, and no 62nd', () => {
    const cells = new Cells(0);
    cells.reserve(CELLS_PER_COUNTER_MAX);
    const at = newTrailing(cells, SLOT_MS);
    for (let second = 0; second < 300; second++) {
      const nowMs = START_MS + second * SLOT_MS + (second < 60 ? SLOT_MS - 1 : 0);
      expire(cells, at, nowMs);
      takeNow(cells, at, nowMs, 1);
    }
    expect(cells.data[at + SUM]).toBe(60);
    const cells2 = new Cells(0);
    cells2.reserve(CELLS_PER_COUNTER_MAX);
    const other = newTrailing(cells2, SLOT_MS);
    for (let second = 0; second <= 60; second++) takeNow(cells2, other, START_MS + second * SLOT_MS + (second === 0 ? 1 : 0), 1);
    expire(cells2, other, START_MS + WINDOW_MS);
    expect(cells2.data[other + SUM]).toBe(61);
  });

  test('a slot that expired and came back with what was settled in it is not corrected by the hold it lost', () => {
    const cells = new Cells(0);
    cells.reserve(CELLS_PER_COUNTER_MAX);
    const at = newTrailing(cells, SLOT_MS);
    takeNow(cells, at, START_MS, 50);
    const nowMs = START_MS + WINDOW_MS;
    expire(cells, at, nowMs);
    addSettled(cells, at, START_MS + 500, 7, nowMs);
    settleSlot(cells, at, START_MS, 50, 10, nowMs);
    expect(cells.data[at + SUM]).toBe(7);
  });

  test('dropping what was settled keeps what is held', () => {
    const cells = new Cells(0);
    cells.reserve(CELLS_PER_COUNTER_MAX);
    const at = newTrailing(cells, SLOT_MS);
    takeNow(cells, at, START_MS, 30);
    addSettled(cells, at, START_MS - 5_000, 12, START_MS);
    addSettled(cells, at, START_MS, 8, START_MS);
    dropSettled(cells, at);
    expect([cells.data[at + SUM], cells.data[at + HELD]]).toEqual([30, 30]);
    settleSlot(cells, at, START_MS, 30, 0, START_MS);
    expect([cells.data[at + SUM], cells.data[at + HELD]]).toEqual([0, 0]);
    expire(cells, at, START_MS + WINDOW_MS);
    expect(isEmpty(cells, at)).toBe(true);
  });
});

function expectSame(cells: Cells, at: number, naive: NaiveWindow<number>, nowMs: number): void {
  const sum = naive.sum();
  expect(cells.data[at + SUM]).toBe(sum);
  expect(cells.data[at + HELD]).toBe(naive.held());
  expect(cells.data[at + EMPTY_AT]).toBe(naive.emptyAtMs());
  for (const part of [1, Math.ceil(sum / 2), sum]) {
    if (part > 0 && part <= sum) expect(untilExpiredMs(cells, at, nowMs, part)).toBe(naive.untilExpiredMs(part, nowMs));
  }
}
