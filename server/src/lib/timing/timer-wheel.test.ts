import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from './clock.ts';
import { createTimerWheel } from './timer-wheel.ts';

function handTurned(startMs = 0): Clock & { nowAt(ms: number): void } {
  let now = startMs;
  const nowAt = (ms: number) => {
    now = ms;
  };
  return { nowMs: () => now, monotonicMs: () => now, nowAt };
}

describe('the timer wheel', () => {
  it('fires never early and at most two resolutions late, once, whatever the delays and the turns', () => {
    const delay = fc.integer({ min: 0, max: 5_000 });
    fc.assert(
      fc.property(
        fc.array(delay, { maxLength: 40 }),
        fc.integer({ min: 0, max: 10_000 }),
        fc.integer({ min: 1, max: 50 }),
        (delays, start, step) => {
          const clock = handTurned(start);
          const wheel = createTimerWheel({ clock, slots: 16 });
          const firedAt: number[][] = delays.map(() => []);
          delays.forEach((delayMs, i) => {
            wheel.add(delayMs, () => firedAt[i]?.push(clock.monotonicMs()));
          });
          for (let now = start; now <= start + 5_200; now += step) {
            clock.nowAt(now);
            wheel.turn();
          }
          wheel.stop();
          delays.forEach((delayMs, i) => {
            expect(firedAt[i]).toHaveLength(1);
            expect(firedAt[i]?.[0]).toBeGreaterThanOrEqual(start + delayMs);
            expect(firedAt[i]?.[0]).toBeLessThanOrEqual(start + delayMs + 100);
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('fires everything that is due after the loop slept longer than a whole round, and nothing else', () => {
    const clock = handTurned();
    const wheel = createTimerWheel({ clock, slots: 16 });
    const fired: number[] = [];
    for (const delayMs of [10, 700, 3_000, 9_999, 10_001]) wheel.add(delayMs, () => fired.push(delayMs));
    clock.nowAt(10_000);
    wheel.turn();
    expect(fired.toSorted((a, b) => a - b)).toEqual([10, 700, 3_000, 9_999]);
    expect(wheel.size).toBe(1);
    wheel.stop();
  });

  it('never fires a cancelled timer, also when it was due in the same turn, and cancelling twice is harmless', () => {
    const clock = handTurned();
    const wheel = createTimerWheel({ clock });
    const fired: string[] = [];
    const first = wheel.add(10, () => {
      fired.push('first');
      wheel.cancel(second);
    });
    const second = wheel.add(10, () => fired.push('second'));
    const third = wheel.add(10, () => fired.push('third'));
    wheel.cancel(third);
    wheel.cancel(third);
    expect(wheel.size).toBe(2);
    clock.nowAt(1_000);
    wheel.turn();
    wheel.cancel(first);
    expect(fired).toEqual(['first']);
    expect(wheel.size).toBe(0);
  });

  it('lets a timer add the next one while it fires', () => {
    const clock = handTurned();
    const wheel = createTimerWheel({ clock });
    const firedAt: number[] = [];
    const again = () => {
      firedAt.push(clock.monotonicMs());
      if (firedAt.length < 3) wheel.add(0, again);
    };
    wheel.add(0, again);
    for (let now = 0; now < 1_000; now += 50) {
      clock.nowAt(now);
      wheel.turn();
    }
    expect(firedAt).toEqual([50, 100, 150]);
    wheel.stop();
  });

  it('still fires the others when one throws', () => {
    const clock = handTurned();
    const wheel = createTimerWheel({ clock });
    const fired: string[] = [];
    wheel.add(10, () => {
      throw new Error('broken');
    });
    wheel.add(10, () => fired.push('other'));
    clock.nowAt(100);
    expect(() => wheel.turn()).toThrow('broken');
    clock.nowAt(150);
    wheel.turn();
    expect(fired).toEqual(['other']);
    wheel.stop();
  });

  it('runs by itself on the real clock, rests when empty, and wakes again', async () => {
    const wheel = createTimerWheel({ resolutionMs: 10 });
    for (let round = 0; round < 2; round++) {
      const startedAt = performance.now();
      await new Promise<void>((resolve) => void wheel.add(60, resolve));
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(60);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
    }
    expect(wheel.size).toBe(0);
    wheel.stop();
  });
});
