import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { afterHangUp, estimatedOutput, outputMadeAtMost, type UnreportedOutput } from './hang-up.ts';

const tokens = fc.integer({ min: 0, max: 200_000 });
const known: fc.Arbitrary<UnreportedOutput> = fc.record({
  delivered: tokens,
  usualHidden: tokens,
  possible: fc.oneof(tokens, fc.constant(Number.POSITIVE_INFINITY)),
  held: tokens,
  isBounded: fc.boolean(),
});

describe('a call whose client hung up', () => {
  test('is read to its end where it is whole and a budget covers it, or where its deployment says so', () => {
    const calls = [true, false].flatMap((isStreamed) => [true, false].map((isBudgeted) => ({ isStreamed, isBudgeted })));
    for (const call of calls) {
      expect(afterHangUp('finish', call)).toBe('finish');
      expect(afterHangUp('stop', call)).toBe('stop');
      expect(afterHangUp(null, call)).toBe(call.isBudgeted && !call.isStreamed ? 'finish' : 'stop');
    }
  });
});

describe('output that nobody reported', () => {
  test('is never charged below what was delivered, unless more was delivered than was held for and can be', () => {
    fc.assert(
      fc.property(known, (one) => {
        const least = one.isBounded ? Math.min(one.delivered, one.held) : one.delivered;
        for (const charged of [estimatedOutput(one), outputMadeAtMost(one)]) {
          expect(charged).toBeGreaterThanOrEqual(least);
          expect(charged).toBeLessThanOrEqual(Math.max(least, one.held));
          expect(charged).toBeLessThanOrEqual(Math.max(least, one.possible));
        }
      }),
    );
  });

  test('is all that can have been made under a budget, and what is usual without one, which is never more where that is possible', () => {
    fc.assert(
      fc.property(known, (one) => {
        expect(outputMadeAtMost(one)).toBeGreaterThanOrEqual(estimatedOutput(one));
        const wide = { ...one, possible: Number.POSITIVE_INFINITY, held: Number.POSITIVE_INFINITY };
        expect(estimatedOutput(wide)).toBe(one.delivered + one.usualHidden);
      }),
    );
  });

  test('grows with time as far as it was held for', () => {
    const at = (possible: number) => outputMadeAtMost({ delivered: 40, usualHidden: 0, possible, held: 500, isBounded: true });
    expect([0, 10, 400, 600].map(at)).toEqual([40, 40, 400, 500]);
  });
});
