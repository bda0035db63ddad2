import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admit, correct, emptyAtMs, newWindow, retryAfterMs, spanMs, usedAt } from './window.ts';

const START = Date.parse('2026-07-23T10:00:00.500Z');
const MINUTE_MS = 60_000;

interface Arrival {
  readonly afterMs: number;
  readonly amount: number;
}

/** Bursts, pauses around a slot and pauses around the whole window: the places where windows break. */
const arrivals: fc.Arbitrary<Arrival[]> = fc.array(
  fc.record({
    afterMs: fc.oneof(
      fc.nat(5),
      fc.nat(1_500),
      fc.integer({ min: 998, max: 1_002 }),
      fc.integer({ min: 58_900, max: 61_100 }),
      fc.nat(200_000),
    ),
    amount: fc.integer({ min: 1, max: 40 }),
  }),
  { minLength: 1, maxLength: 120 },
);

describe('a trailing window', () => {
  // promise: **Window.** A trailing window is 61 slots (1 s for a
  // promise: So nothing is ever admitted above the limit in any span
  test('admits no more than the limit in any 60 s span, counted from any millisecond', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 100 }), (calls, limit) => {
        const window = newWindow(1_000);
        const admitted: { atMs: number; amount: number }[] = [];
        let now = START;
        for (const { afterMs, amount } of calls) {
          now += afterMs;
          if (admit(window, amount, limit, now).is === 'admitted') admitted.push({ atMs: now, amount });
        }
        for (const last of admitted) {
          const inSpan = admitted.filter(({ atMs }) => atMs > last.atMs - MINUTE_MS && atMs <= last.atMs);
          expect(inSpan.reduce((sum, { amount }) => sum + amount, 0)).toBeLessThanOrEqual(limit);
        }
      }),
      { numRuns: 300 },
    );
  });

  // promise: capacity returns at most one slot late, and `Retry-After` never exceeds the window.
  test('gives back what was used at most one slot late', () => {
    fc.assert(
      fc.property(arrivals, (calls) => {
        const window = newWindow(1_000);
        const admitted: { atMs: number; amount: number }[] = [];
        let now = START;
        for (const { afterMs, amount } of calls) {
          now += afterMs;
          if (admit(window, amount, 100, now).is === 'admitted') admitted.push({ atMs: now, amount });
          const recent = admitted.filter(({ atMs }) => atMs > now - MINUTE_MS - 1_000).reduce((sum, one) => sum + one.amount, 0);
          expect(usedAt(window, now)).toBeLessThanOrEqual(recent);
        }
      }),
    );
  });

  // promise: So nothing is ever admitted above the limit in any span,
  test('names a Retry-After within the window at which the same request passes, and not a millisecond before', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 100 }), (calls, limit) => {
        const window = newWindow(1_000);
        let now = START;
        for (const { afterMs, amount } of calls) {
          now += afterMs;
          const verdict = admit(window, amount, limit, now);
          if (verdict.is === 'admitted' || verdict.retryAfterMs === null) continue;
          expect(verdict.retryAfterMs).toBeGreaterThan(0);
          expect(verdict.retryAfterMs).toBeLessThanOrEqual(MINUTE_MS);
          expect(retryAfterMs(copy(window), amount, limit, now + verdict.retryAfterMs - 1)).toBeGreaterThan(0);
          expect(admit(copy(window), amount, limit, now + verdict.retryAfterMs).is).toBe('admitted');
        }
      }),
    );
  });

  // promise: **A refused request counts nothing**
  test('is not changed by a refusal', () => {
    const window = newWindow(1_000);
    admit(window, 5, 5, START);
    const before = JSON.stringify(window);
    expect(admit(window, 1, 5, START)).toEqual({ is: 'refused', retryAfterMs: MINUTE_MS });
    expect(JSON.stringify(window)).toBe(before);
  });

  // promise: **A hold above the whole limit** can never pass: 429, `x-should-retry:
  test('says that an amount above the whole limit can never pass', () => {
    expect(admit(newWindow(1_000), 6, 5, START)).toEqual({ is: 'refused', retryAfterMs: null });
    expect(admit(newWindow(1_000), 1, 0, START)).toEqual({ is: 'refused', retryAfterMs: null });
  });

  test('works by the hour as by the minute', () => {
    const window = newWindow(60_000);
    expect(spanMs(window)).toBe(3_600_000);
    expect(admit(window, 1, 1, START).is).toBe('admitted');
    expect(admit(window, 1, 1, START + 3_599_999).is).toBe('refused');
    expect(admit(window, 1, 1, START + 3_600_000).is).toBe('admitted');
  });

  test('gives nothing back when the clock is set back', () => {
    const window = newWindow(1_000);
    admit(window, 5, 5, START);
    expect(usedAt(window, START - 3_600_000)).toBe(5);
    expect(admit(window, 1, 5, START - 3_600_000).is).toBe('refused');
    expect(usedAt(window, START + MINUTE_MS)).toBe(0);
  });
});

describe('settlement', () => {
  // promise: **Settlement corrects the slot and day of the admission.** If that
  test('corrects the slot of the admission; once that has run out an unused hold vanishes and an excess counts now', () => {
    const window = newWindow(1_000);
    admit(window, 100, 1_000, START);
    correct(window, START, -60, START + 10_000);
    expect(usedAt(window, START + 10_000)).toBe(40);
    expect(usedAt(window, START + MINUTE_MS)).toBe(0);
    correct(window, START, -40, START + MINUTE_MS);
    expect(usedAt(window, START + MINUTE_MS)).toBe(0);
    correct(window, START, 25, START + MINUTE_MS);
    expect(usedAt(window, START + MINUTE_MS)).toBe(25);
    expect(emptyAtMs(window, START + MINUTE_MS)).toBe(START + 2 * MINUTE_MS);
  });

  test('an excess in a living slot does not make it live longer', () => {
    const window = newWindow(1_000);
    admit(window, 1, 1_000, START);
    correct(window, START, 500, START + 59_999);
    expect(usedAt(window, START + 59_999)).toBe(501);
    expect(usedAt(window, START + MINUTE_MS)).toBe(0);
  });

  test('in any order and interleaving, what counts is never negative and in the end nothing is left', () => {
    fc.assert(
      fc.property(
        arrivals,
        fc.infiniteStream(fc.integer({ min: -40, max: 40 })),
        fc.infiniteStream(fc.nat(90_000)),
        (calls, deltas, delays) => {
          const window = newWindow(1_000);
          let now = START;
          const pending: { admittedAtMs: number; amount: number; dueMs: number }[] = [];
          for (const { afterMs, amount } of calls) {
            now += afterMs;
            for (const due of pending.filter(({ dueMs }) => dueMs <= now)) {
              correct(window, due.admittedAtMs, Math.max(-due.amount, deltas.next().value), now);
              pending.splice(pending.indexOf(due), 1);
            }
            if (admit(window, amount, 100, now).is === 'admitted')
              pending.push({ admittedAtMs: now, amount, dueMs: now + delays.next().value });
            expect(window.used).toBeGreaterThanOrEqual(0);
            expect(window.used).toBe(window.amounts.reduce((sum, one) => sum + one, 0));
          }
          expect(usedAt(window, now + MINUTE_MS)).toBe(0);
        },
      ),
    );
  });
});

function copy(window: ReturnType<typeof newWindow>): ReturnType<typeof newWindow> {
  return {
    ...window,
    amounts: window.amounts.slice(),
    lastAdmissionMs: window.lastAdmissionMs.slice(),
    slotNumbers: window.slotNumbers.slice(),
  };
}
