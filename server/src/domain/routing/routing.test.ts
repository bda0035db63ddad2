import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CallableTarget, Catalogue, DeploymentConfig, RoutingStrategy } from './catalogue.ts';
import { FALLBACK_TARGETS_MAX, fallbackChain, fallbackCycle, orderCandidates, type Readiness } from './routing.ts';

function deployment(id: string, enabled: 'enabled' | 'disabled' = 'enabled'): DeploymentConfig {
  return { id, enabled: enabled === 'enabled' } as DeploymentConfig;
}

type Member = readonly [id: string, weight: number, priority: number];

function target(
  name: string,
  members: readonly Member[],
  strategy: RoutingStrategy = 'weighted',
  fallbacks: readonly string[] = [],
): CallableTarget {
  return {
    name,
    kind: 'model',
    mode: 'chat',
    strategy,
    members: members.map(([id, weight, priority]) => ({ deployment: deployment(id), weight, priority })),
    fallbacks,
    accessGroups: new Set(),
  };
}

function order(of: CallableTarget, random: () => number, readiness: Record<string, Readiness> = {}): string[] {
  return orderCandidates(of, { readinessOf: ({ id }) => readiness[id] ?? 'ready', random }).map(({ id }) => id);
}

/** A small generator with a seed, so that a statistical test always sees the same numbers. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('the order of candidates', () => {
  test('weighted: each is first as often as its weight says', () => {
    const of = target('m', [
      ['a', 3, 0],
      ['b', 1, 0],
      ['c', 0, 0],
    ]);
    const random = seeded(1);
    const firsts = Array.from({ length: 4_000 }, () => order(of, random)[0]);
    const share = (id: string) => firsts.filter((first) => first === id).length / firsts.length;
    expect(share('a')).toBeCloseTo(0.75, 1);
    expect(share('b')).toBeCloseTo(0.25, 1);
    expect(share('c')).toBe(0);
  });

  // promise: Lower `priority` goes first.
  test('priority: lower first, weighted among equals', () => {
    const of = target(
      'm',
      [
        ['late', 100, 5],
        ['a', 1, 0],
        ['b', 1, 0],
      ],
      'priority',
    );
    const random = seeded(2);
    const orders = Array.from({ length: 200 }, () => order(of, random));
    expect(orders.every((ids) => ids[2] === 'late')).toBe(true);
    expect(new Set(orders.map(([first]) => first))).toEqual(new Set(['a', 'b']));
  });

  test('a full deployment goes behind every other, also those of a later priority, and is not refused', () => {
    const of = target(
      'm',
      [
        ['a', 1, 0],
        ['b', 1, 1],
      ],
      'priority',
    );
    expect(order(of, Math.random, { a: 'full' })).toEqual(['b', 'a']);
    expect(order(of, Math.random, { a: 'full', b: 'full' })).toEqual(['a', 'b']);
  });

  test('what is cooling or disabled is left out, and nothing may be left', () => {
    const of = target('m', [
      ['a', 1, 0],
      ['b', 1, 0],
    ]);
    expect(order(of, Math.random, { a: 'cooling' })).toEqual(['b']);
    expect(order(of, Math.random, { a: 'cooling', b: 'cooling' })).toEqual([]);
    const off = { ...of, members: [{ deployment: deployment('off', 'disabled'), weight: 1, priority: 0 }] };
    expect(order(off, Math.random)).toEqual([]);
  });

  test('every candidate that is not cooling appears exactly once, whatever the weights and numbers drawn', () => {
    const members = fc.uniqueArray(fc.tuple(fc.string({ minLength: 1 }), fc.nat(5), fc.nat(3)), {
      selector: ([id]) => id,
      maxLength: 8,
    });
    fc.assert(
      fc.property(members, fc.constantFrom('weighted' as const, 'priority' as const), fc.nat(), (list, strategy, seed) => {
        expect(order(target('m', list, strategy), seeded(seed)).sort()).toEqual(list.map(([id]) => id).sort());
      }),
    );
  });
});

describe('fallback', () => {
  function catalogueOf(fallbacks: Record<string, readonly string[]>): Catalogue {
    const targets = new Map(Object.entries(fallbacks).map(([name, list]) => [name, target(name, [], 'weighted', list)]));
    return { version: 1, targets, accessGroups: new Map() };
  }
  const chain = (fallbacks: Record<string, readonly string[]>, allowed: (name: string) => boolean = () => true) => {
    const catalogue = catalogueOf(fallbacks);
    return fallbackChain(catalogue.targets.get('a') as CallableTarget, catalogue, ({ name }) => allowed(name)).map(
      ({ name }) => name,
    );
  };

  test('goes nearest first, each target once, past names that no longer exist', () => {
    expect(chain({ a: ['b', 'gone', 'c'], b: ['d'], c: ['b'], d: [] })).toEqual(['a', 'b', 'c', 'd']);
  });

  // promise: Fallback to another *target* needs that target in the effective set.
  test('never leaves the caller’s access, not even through a target that may not be called', () => {
    expect(chain({ a: ['secret', 'c'], secret: ['d'], c: [], d: [] }, (name) => name !== 'secret')).toEqual(['a', 'c']);
  });

  test('ends on a cycle and is bounded', () => {
    expect(chain({ a: ['b'], b: ['a'] })).toEqual(['a', 'b']);
    const long = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [i === 0 ? 'a' : `t${i}`, [`t${i + 1}`]]));
    expect(chain(long)).toHaveLength(FALLBACK_TARGETS_MAX);
  });

  test('a cycle is found and told as its path', () => {
    const of = (fallbacks: Record<string, string[]>) => fallbackCycle(new Map(Object.entries(fallbacks)));
    expect(of({ a: ['b'], b: ['c'], c: ['b'] })).toEqual(['b', 'c', 'b']);
    expect(of({ a: ['a'] })).toEqual(['a', 'a']);
    expect(of({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] })).toBeNull();
    expect(of({})).toBeNull();
  });

  test('a chain of 100,000 targets does not overflow the stack', () => {
    const long = new Map(Array.from({ length: 100_000 }, (_, i) => [`t${i}`, [`t${i + 1}`]]));
    expect(fallbackCycle(long)).toBeNull();
  });

  test('only edges to earlier names make no cycle, and closing one of them does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.nat(), (size, seed) => {
        const random = seeded(seed);
        const edges = new Map<string, string[]>();
        for (let i = 0; i < size; i += 1) {
          edges.set(
            `t${i}`,
            Array.from({ length: i }, (_, j) => `t${j}`).filter((_, j) => j === i - 1 || random() < 0.5),
          );
        }
        expect(fallbackCycle(edges)).toBeNull();
        edges.set('t0', [`t${size - 1}`]);
        const cycle = fallbackCycle(edges) as readonly string[];
        expect(cycle[0]).toBe(cycle.at(-1));
        for (let i = 1; i < cycle.length; i += 1) expect(edges.get(cycle[i - 1] as string)).toContain(cycle[i]);
      }),
    );
  });
});
