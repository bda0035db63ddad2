import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ROUTING_STRATEGIES } from './catalogue.ts';
import { COMPARED_MAX, type Compared, comparedText, PASSED_OVER_REASONS, parseCompared } from './compared.ts';

const score = fc.oneof(fc.constant(null), fc.constant(Number.POSITIVE_INFINITY), fc.double({ min: 0, max: 1e12, noNaN: true }));
const compared = fc.record({
  strategy: fc.constantFrom(...ROUTING_STRATEGIES),
  bySession: fc.boolean(),
  candidates: fc.array(
    fc.record({
      deploymentId: fc.stringMatching(/^dep_[a-z0-9]{1,26}$/),
      score,
      passedOver: fc.option(fc.constantFrom(...PASSED_OVER_REASONS)),
    }),
    { maxLength: 12 },
  ),
});

const kept = (value: number | null) => (value === null || !Number.isFinite(value) ? value : Number(value.toPrecision(6)));

test('a comparison is read as it was written, up to eight candidates and six digits', () => {
  fc.assert(
    fc.property(compared, (one) => {
      const candidates = one.candidates.slice(0, COMPARED_MAX).map((each) => ({ ...each, score: kept(each.score) }));
      expect(parseCompared(comparedText(one))).toEqual({ ...one, candidates });
    }),
  );
});

test('is short, and has no character that separates fields', () => {
  const one: Compared = {
    strategy: 'latency',
    bySession: false,
    candidates: [
      { deploymentId: 'dep_1', score: 812.5, passedOver: null },
      { deploymentId: 'dep_2', score: null, passedOver: 'cooling_down' },
    ],
  };
  expect(comparedText(one)).toBe('latency;dep_1=812.5;dep_2=:cooling_down');
  fc.assert(fc.property(compared, (any) => void expect(comparedText(any)).not.toMatch(/\p{Cc}/u)));
});

test('any other text is none, and what a later version adds is left out', () => {
  expect(parseCompared('fastest;dep_1=1')).toBeNull();
  expect(parseCompared('')).toBeNull();
  expect(parseCompared('latency;dep_1=1:too_dear;dep_2=1,2')?.candidates).toEqual([
    { deploymentId: 'dep_1', score: 1, passedOver: null },
  ]);
});
