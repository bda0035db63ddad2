import { describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, handClock, NOON } from '../../../test/counters/testing.ts';
import { ForwardTime } from './forward-time.ts';

describe('the time counters go by', () => {
  test('is the clock as long as that goes forward', () => {
    const clock = handClock(NOON);
    const time = new ForwardTime(clock);
    for (const ms of [0, 1, 5_000, DAY_MS]) {
      clock.turn(ms);
      expect(time.nowMs()).toBe(clock.nowMs());
    }
  });

  test('never goes back and never stands still: behind a clock turned back it goes on at half its pace until that has caught up', () => {
    const clock = handClock(NOON);
    const time = new ForwardTime(clock);
    time.nowMs();
    clock.turn(-HOUR_MS);
    expect(time.nowMs()).toBe(NOON);
    clock.turn(600_001);
    expect(time.nowMs()).toBe(NOON + 300_000);
    clock.turn(1);
    expect(time.nowMs()).toBe(NOON + 300_001);
    clock.turn(-60_000);
    expect(time.nowMs()).toBe(NOON + 300_001);
    clock.turn(10_000);
    expect(time.nowMs()).toBe(NOON + 305_001);
    for (let minute = 0; minute < 240; minute++) {
      clock.turn(60_000);
      time.nowMs();
    }
    expect(time.nowMs()).toBe(clock.nowMs());
  });

  test('begins no earlier than what an earlier process has seen, unless that clock was wrong by more than an hour', () => {
    const clock = handClock(NOON);
    const time = new ForwardTime(clock);
    time.saw(NOON - 5);
    expect(time.nowMs()).toBe(NOON);
    time.saw(NOON + 30_000);
    expect(time.nowMs()).toBe(NOON + 30_000);
    time.saw(NOON + HOUR_MS + 1);
    expect(time.nowMs()).toBe(NOON + 30_000);
  });
});
