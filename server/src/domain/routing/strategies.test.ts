import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CallableTarget, type DeploymentConfig, ROUTING_STRATEGIES } from './catalogue.ts';
import { orderCandidates, type Readiness } from './routing.ts';
import { seededRandom as seeded } from './seeded-random.ts';
import { bandsOf, isScored, type RoutingState } from './strategies.ts';

interface Known {
  readonly inFlight?: number;
  readonly firstOutputMs?: number;
  readonly cost?: number;
  readonly tokens?: number;
  readonly left?: number;
}

function targetOf(strategy: CallableTarget['strategy'], weights: Record<string, number>, tpm: Record<string, number> = {}) {
  const members = Object.entries(weights).map(([id, weight]) => ({
    deployment: { id, enabled: true, limits: { rpm: null, tpm: tpm[id] ?? null } } as DeploymentConfig,
    weight,
    priority: 0,
  }));
  return { strategy, members } as unknown as CallableTarget;
}

function stateOf(known: Record<string, Known>): RoutingState {
  return {
    inFlight: ({ id }) => known[id]?.inFlight ?? 0,
    firstOutputMs: ({ id }) => known[id]?.firstOutputMs ?? null,
    costNanoUsd: ({ id }) => known[id]?.cost ?? null,
    minuteTokens: ({ id }) => known[id]?.tokens ?? 0,
    shareLeft: ({ id }) => known[id]?.left ?? null,
  };
}

function orders(target: CallableTarget, known: Record<string, Known>, readiness: Record<string, Readiness> = {}) {
  const random = seeded(7);
  const state = stateOf(known);
  const draw = () =>
    orderCandidates(target, { readinessOf: ({ id }) => readiness[id] ?? 'ready', random, state })
      .map(({ id }) => id)
      .join('');
  return [...new Set(Array.from({ length: 200 }, draw))].sort();
}

const EVEN = { a: 1, b: 1, c: 1 };

describe('a strategy', () => {
  test('least_busy puts the fewest requests in flight for each weight first', () => {
    const busy = { a: { inFlight: 4 }, b: { inFlight: 2 }, c: { inFlight: 30 } };
    expect(orders(targetOf('least_busy', EVEN), busy)).toEqual(['bac']);
    expect(orders(targetOf('least_busy', { a: 4, b: 1, c: 1 }), busy)).toEqual(['abc']);
    expect(orders(targetOf('least_busy', { a: 0, b: 1, c: 1 }), busy)).toEqual(['bca']);
  });

  test('latency puts the fastest first, and tries what is unknown as often as the best', () => {
    const known = { a: { firstOutputMs: 900 }, b: { firstOutputMs: 200 } };
    expect(orders(targetOf('latency', { a: 1, b: 1 }), known)).toEqual(['ba']);
    expect(orders(targetOf('latency', EVEN), known)).toEqual(['bca', 'cba']);
  });

  test('cheapest puts the lowest cost of the request first, and what has no price last', () => {
    const known = { a: { cost: 500 }, b: { cost: 100 } };
    expect(orders(targetOf('cheapest', { c: 100, a: 1, b: 1 }), known)).toEqual(['bac']);
  });

  test('usage compares this minute’s tokens with the capacity', () => {
    const known = { a: { tokens: 500 }, b: { tokens: 900 } };
    expect(orders(targetOf('usage', { a: 1, b: 1 }, { a: 1_000, b: 10_000 }), known)).toEqual(['ba']);
  });

  test('headroom puts the most that is left first', () => {
    expect(orders(targetOf('headroom', EVEN), { a: { left: 0.1 }, b: { left: 0.9 }, c: { left: 0.5 } })).toEqual(['bca']);
  });

  test('shares out by weight what is within 10 % of the best', () => {
    const known = { a: { firstOutputMs: 100 }, b: { firstOutputMs: 110 }, c: { firstOutputMs: 111 } };
    expect(orders(targetOf('latency', EVEN), known)).toEqual(['abc', 'bac']);
    expect(orders(targetOf('latency', { a: 1, b: 0, c: 1 }), known)).toEqual(['abc']);
  });

  test('without anything known draws by weight', () => {
    const random = seeded(3);
    const target = targetOf('latency', { a: 3, b: 1 });
    const first = () => orderCandidates(target, { readinessOf: () => 'ready', random, state: stateOf({}) })[0]?.id;
    const firsts = Array.from({ length: 4_000 }, first).filter((id) => id === 'a');
    expect(firsts.length / 4_000).toBeCloseTo(0.75, 1);
  });

  test.each(ROUTING_STRATEGIES)(
    '%s leaves out what is cooling and puts what is full last, compared among themselves',
    (strategy) => {
      const known = {
        a: { inFlight: 1, firstOutputMs: 1, cost: 1, tokens: 1, left: 0.9 },
        b: { inFlight: 9, firstOutputMs: 900, cost: 900, tokens: 900, left: 0.1 },
        c: { inFlight: 90, firstOutputMs: 9_000, cost: 9_000, tokens: 9_000, left: 0 },
      };
      const target = targetOf(strategy, { a: 1, b: 1, c: 1, d: 1 }, { a: 10_000, b: 10_000, c: 10_000 });
      const found = orders(target, known, { a: 'full', b: 'full', d: 'cooling' });
      expect(found.every((order) => order.startsWith('c') && order.length === 3)).toBe(true);
      if (isScored(strategy)) expect(found).toEqual(['cab']);
    },
  );

  test.each(ROUTING_STRATEGIES)('%s lists each candidate once, whatever is known', (strategy) => {
    const number = fc.option(fc.double({ min: 0, noNaN: true }), { nil: undefined });
    const one = fc.record({ inFlight: fc.nat(), firstOutputMs: number, cost: number, tokens: fc.nat(), left: number });
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-h]$/), one), fc.nat(3), (known, weight) => {
        const ids = Object.keys(known);
        const target = targetOf(strategy, Object.fromEntries(ids.map((id, at) => [id, at % 2 === 0 ? weight : 1])));
        for (const order of orders(target, known as Record<string, Known>)) expect([...order].sort()).toEqual(ids.sort());
      }),
      { numRuns: 30 },
    );
  });
});

test('bands begin at the best that is left, and unknown scores are in the first', () => {
  expect(bandsOf([100, 110, 111, 122, 123, null, Number.POSITIVE_INFINITY])).toEqual([0, 0, 1, 1, 2, 0, 3]);
  expect(bandsOf([0, 0, 0.01])).toEqual([0, 0, 1]);
  expect(bandsOf([null, null])).toEqual([0, 0]);
  expect(bandsOf([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])).toEqual([0, 0]);
});
