import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FastestPace, tokensMadeAtMost } from './pace.ts';

const paces = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 0, maxLength: 3_500 });

describe('the fastest pace of a deployment', () => {
  // promise: A hang-up before it ends the upstream call; the output charged is then the larger of what was delivered and
  test('is twice the highest of the last 1,000 answers, and 1,000 tokens a second while fewer than 50 are known', () => {
    fc.assert(
      fc.property(paces, (given) => {
        const pace = new FastestPace();
        for (const one of given) pace.add(one);
        const wanted = given.length < 50 ? 1_000 : 2 * Math.max(...given.slice(-1_000));
        expect(pace.perSecond()).toBe(wanted);
      }),
      { numRuns: 60 },
    );
  });

  test('forgets a fast answer with the thousandth after it, and not before', () => {
    const pace = new FastestPace();
    pace.add(900);
    for (let i = 0; i < 999; i += 1) pace.add(10);
    expect(pace.perSecond()).toBe(1_800);
    pace.add(10);
    expect(pace.perSecond()).toBe(20);
  });

  test('is known at every moment of a falling and of a rising run', () => {
    const pace = new FastestPace();
    const given: number[] = [];
    for (const one of [...range(2_500).reverse(), ...range(2_500)]) {
      pace.add(one);
      given.push(one);
      if (given.length >= 50 && given.length % 97 === 0) expect(pace.perSecond()).toBe(2 * Math.max(...given.slice(-1_000)));
    }
  });
});

describe('what can have been made', () => {
  test('grows with time, choices and pace, is whole, and is nothing in no time', () => {
    const number = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(number, number, fc.integer({ min: 1, max: 128 }), (ms, perSecond, choices) => {
        const made = tokensMadeAtMost(ms, perSecond, choices);
        expect(Number.isSafeInteger(made)).toBe(true);
        expect(made).toBeGreaterThanOrEqual(Math.min(1e8, Math.floor((ms * perSecond) / 1_000) * choices));
        expect(tokensMadeAtMost(ms + 1, perSecond, choices)).toBeGreaterThanOrEqual(made);
        expect(tokensMadeAtMost(ms, perSecond, choices + 1)).toBeGreaterThanOrEqual(made);
      }),
    );
    expect(tokensMadeAtMost(0, 1_000, 8)).toBe(0);
    expect(tokensMadeAtMost(-5, 1_000, 8)).toBe(0);
    expect(tokensMadeAtMost(3_000, 400, 8)).toBe(9_600);
    expect(tokensMadeAtMost(1e12, 1e9, 128)).toBe(100_000_000);
  });
});

function range(length: number): number[] {
  return Array.from({ length }, (_, at) => at + 1);
}
