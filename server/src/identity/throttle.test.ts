import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createThrottle } from './throttle.ts';

const BOUNDS = { freeFailures: 3, waitMsMax: 60_000 };

function throttled() {
  const time = { nowMs: 1_000_000 };
  return { time, throttle: createThrottle(() => time.nowMs, BOUNDS) };
}

describe('a throttle', () => {
  test('lets a few failures pass, then doubles the wait up to its bound', () => {
    const { throttle } = throttled();
    const waits = Array.from({ length: 10 }, () => {
      throttle.failed('ada');
      return throttle.waitMs('ada');
    });
    expect(waits).toEqual([0, 0, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(throttle.waitMs('eve'), 'nobody else waits').toBe(0);
  });

  test('counts the wait down, forgets after success and after an hour, and takes one failure back', () => {
    const { time, throttle } = throttled();
    for (let failures = 0; failures < 4; failures += 1) throttle.failed('ada');
    time.nowMs += 1_500;
    expect(throttle.waitMs('ada')).toBe(2_500);
    throttle.forgiven('ada');
    expect(throttle.waitMs('ada')).toBe(500);
    throttle.succeeded('ada');
    expect(throttle.waitMs('ada')).toBe(0);
    for (let failures = 0; failures < 9; failures += 1) throttle.failed('ada');
    time.nowMs += 3_600_001;
    expect(throttle.waitMs('ada')).toBe(0);
    throttle.failed('ada');
    expect(throttle.waitMs('ada')).toBe(0);
  });

  test('never makes anybody wait beyond its bound, also when the clock is set back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('failed', 'forgiven', 'succeeded'), fc.integer({ min: -1e7, max: 1e7 }))),
        (steps) => {
          const { time, throttle } = throttled();
          for (const [step, byMs] of steps) {
            throttle[step as 'failed']('ada');
            time.nowMs += byMs;
            expect(throttle.waitMs('ada')).toBeGreaterThanOrEqual(0);
            expect(throttle.waitMs('ada')).toBeLessThanOrEqual(BOUNDS.waitMsMax);
          }
        },
      ),
    );
  });

  test('keeps no more names than it may, and forgets the oldest', () => {
    const { throttle } = throttled();
    for (let failures = 0; failures < 5; failures += 1) throttle.failed('first');
    expect(throttle.waitMs('first')).toBeGreaterThan(0);
    for (let name = 0; name < 20_000; name += 1) throttle.failed(`name ${name}`);
    expect(throttle.waitMs('first')).toBe(0);
  });
});
