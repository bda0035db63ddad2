import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compare, roundsOf } from './compare.ts';
import { estimate, geometricMean, isSure, verdictOf, verdictSince } from './ratios.ts';

const ratios = fc.array(fc.double({ min: 0.5, max: 2, noNaN: true }), { minLength: 1, maxLength: 40 });

/** Returns different ratios around a middle, over the given spread. */
const around = (middle: number, spread: number, count: number) =>
  Array.from({ length: count }, (_, at) => middle + spread * (at / (count - 1) - 0.5));

test('the ratio of two geometric means is the geometric mean of the ratios', () => {
  expect(geometricMean([2, 8])).toBeCloseTo(4, 12);
  const costs = fc.array(fc.tuple(fc.double({ min: 1, max: 99, noNaN: true }), fc.double({ min: 1, max: 99, noNaN: true })), {
    minLength: 1,
  });
  fc.assert(
    fc.property(costs, (pairs) => {
      const ofMeans = geometricMean(pairs.map(([here]) => here)) / geometricMean(pairs.map(([, there]) => there));
      expect(ofMeans).toBeCloseTo(geometricMean(pairs.map(([here, there]) => here / there)), 9);
    }),
  );
});

describe('the median of ratios', () => {
  test('is the middle one, or between the two', () => {
    expect(estimate([1.2, 0.9, 1.0]).median).toBe(1.0);
    expect(estimate([1.2, 0.9, 1.0, 1.1]).median).toBeCloseTo(1.05, 12);
    expect(() => estimate([])).toThrow(RangeError);
  });

  test('lies in its interval, which lies between the smallest and the largest, whatever their order', () => {
    fc.assert(
      fc.property(ratios, (found) => {
        const { median, low, high, rounds } = estimate(found);
        expect(rounds).toBe(found.length);
        expect(low).toBeLessThanOrEqual(median);
        expect(high).toBeGreaterThanOrEqual(median);
        expect(low).toBeGreaterThanOrEqual(Math.min(...found));
        expect(high).toBeLessThanOrEqual(Math.max(...found));
        expect(estimate(found.toReversed())).toEqual({ median, low, high, rounds });
      }),
      { numRuns: 40 },
    );
  });

  test('is sure at once where all rounds say the same, and one wild round does not move it', () => {
    expect(estimate(Array.from({ length: 9 }, () => 1.02))).toEqual({ median: 1.02, low: 1.02, high: 1.02, rounds: 9 });
    const { median, high } = estimate([...Array.from({ length: 8 }, () => 1.01), 9]);
    expect([median, high]).toEqual([1.01, 1.01]);
  });

  test('is in the interval about as often as said, with nine rounds of skewed noise', () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
    const held = Array.from({ length: 200 }, () => estimate(Array.from({ length: 9 }, () => 1.02 * Math.exp(0.05 * normal()))));
    const covered = held.filter(({ low, high }) => low <= 1.02 && 1.02 <= high).length;
    expect(covered).toBeGreaterThanOrEqual(176);
  });
});

describe('the verdict', () => {
  test.each([
    ['met', around(1.0, 0.03, 12)],
    ['met', around(1.03, 0.02, 13)],
    ['MISSED', around(1.04, 0.01, 12)],
    ['MISSED', [...around(1.03, 0.0001, 7), 1.0501, 1.0502, 1.0503, 1.0504, 1.0505, 1.0506]],
    ['undecided', around(1.0, 0.2, 9)],
    ['undecided', around(1.0, 0.01, 8)],
  ])('is %s', (verdict, found) => {
    expect(verdictOf(estimate(found))).toBe(verdict);
  });

  test('beside the tree before all of it asks for the median alone', () => {
    expect(verdictSince(estimate(around(1.09, 0.03, 12)))).toBe('met');
    expect(verdictSince(estimate(around(1.11, 0.03, 12)))).toBe('MISSED');
    expect(verdictSince(estimate(around(1.0, 0.2, 9)))).toBe('undecided');
  });
});

describe('rounds', () => {
  type Us = readonly number[];
  const measured = (us: Readonly<Record<string, (round: number) => Us>>, asked: (readonly string[])[] = []) => {
    return async (paths: readonly string[]) => {
      const round = asked.push(paths) - 1;
      return new Map(paths.map((path) => [path, us[path]?.(round) as Us]));
    };
  };

  test('measure all trees, and end when the median is sure', async () => {
    const asked: (readonly string[])[] = [];
    const found = await compare(['json'], { rounds: 9, roundsMax: 60 }, measured({ json: () => [42, 40, 30] }, asked));
    expect(asked.length).toBe(9);
    expect(found.get('json')?.us).toBe(42);
    expect(found.get('json')?.others.map(({ us, ratio }) => [us, ratio.median, ratio.rounds])).toEqual([
      [40, 42 / 40, 9],
      [30, 42 / 30, 9],
    ]);
  });

  test('go on for the path that is not sure alone, to their bound and no further', async () => {
    const asked: (readonly string[])[] = [];
    const wild = (round: number) => [1 + (round % 7) / 10, 1];
    const costs = measured({ json: () => [1, 1], stream: wild }, asked);
    const found = await compare(['json', 'stream'], { rounds: 9, roundsMax: 20 }, costs);
    expect(asked.map((paths) => paths.length)).toEqual([...Array(9).fill(2), ...Array(11).fill(1)]);
    const rounds = (path: string) => found.get(path)?.others[0]?.ratio;
    expect([rounds('json')?.rounds, rounds('stream')?.rounds]).toEqual([9, 20]);
    expect(isSure(rounds('stream') as never)).toBe(false);
  });

  test('are nine to sixty unless said, and never fewer at most than to begin with', () => {
    const flags = (given: Record<string, string>) => (name: string, otherwise: string) => given[name] ?? otherwise;
    expect(roundsOf(flags({}))).toEqual({ rounds: 9, roundsMax: 60 });
    expect(roundsOf(flags({ rounds: '80' }))).toEqual({ rounds: 80, roundsMax: 80 });
    for (const wrong of ['0', 'many', '1.5']) expect(() => roundsOf(flags({ rounds: wrong }))).toThrow(/whole number above 0/);
  });
});
