import { describe, expect, test } from 'vitest';
import type { CallableTarget, DeploymentConfig } from './catalogue.ts';
import { orderCandidates, type Readiness } from './routing.ts';
import { seededRandom } from './seeded-random.ts';
import { sessionDraw } from './sticky.ts';

const SESSIONS = 10_000;
const IDS = ['dep_1', 'dep_2', 'dep_3', 'dep_4', 'dep_5'];

function targetOf(weights: Record<string, number>, more: Partial<CallableTarget> = {}): CallableTarget {
  const members = Object.entries(weights).map(([id, weight]) => ({
    deployment: { id, enabled: true } as DeploymentConfig,
    weight,
    priority: id === 'dep_late' ? 1 : 0,
  }));
  return { strategy: 'weighted', sticky: true, members, ...more } as CallableTarget;
}

/** Returns the deployment of each session. Sessions are drawn from a fixed seed. */
function placesOf(target: CallableTarget, organizationId = 'org_1', readiness: Record<string, Readiness> = {}) {
  const random = seededRandom(11);
  return Array.from({ length: SESSIONS }, () => {
    const session = `ses_${random()}`;
    const [first] = orderCandidates(target, {
      readinessOf: ({ id }) => readiness[id] ?? 'ready',
      random: Math.random,
      sessionDraw: ({ id }) => sessionDraw(organizationId, session, id),
    });
    return first?.id ?? '';
  });
}

const even = (ids: readonly string[]) => targetOf(Object.fromEntries(ids.map((id) => [id, 1])));
const shareOf = (places: readonly string[], id: string) => places.filter((one) => one === id).length / places.length;

describe('sticky sessions', () => {
  test('always go to the same deployment', () => {
    expect(placesOf(even(IDS))).toEqual(placesOf(even(IDS.toReversed())));
  });

  test.each(IDS)('when %s of five leaves, at most 21 % of the sessions move, and only its own', (gone) => {
    const before = placesOf(even(IDS));
    const after = placesOf(even(IDS.filter((id) => id !== gone)));
    const moved = before.filter((place, at) => place !== after[at]);
    expect(moved.length / SESSIONS).toBeLessThanOrEqual(0.21);
    expect(new Set(moved)).toEqual(new Set([gone]));
  });

  test('when a sixth comes, only the sessions that it takes move', () => {
    const before = placesOf(even(IDS));
    const after = placesOf(even([...IDS, 'dep_6']));
    expect(new Set(after.filter((place, at) => place !== before[at]))).toEqual(new Set(['dep_6']));
    expect(shareOf(after, 'dep_6')).toBeCloseTo(1 / 6, 1);
  });

  test('are shared out by weight', () => {
    const places = placesOf(targetOf({ dep_1: 3, dep_2: 1, dep_3: 0 }));
    expect(shareOf(places, 'dep_1')).toBeCloseTo(0.75, 1);
    expect(shareOf(places, 'dep_2')).toBeCloseTo(0.25, 1);
    expect(shareOf(places, 'dep_3')).toBe(0);
  });

  test('of two organizations are two sessions, even with one name', () => {
    const [one, other] = [placesOf(even(IDS)), placesOf(even(IDS), 'org_2')];
    expect(one.filter((place, at) => place === other[at]).length / SESSIONS).toBeCloseTo(0.2, 1);
  });

  test('leave a deployment that is cooling or full, and return to it', () => {
    const before = placesOf(even(IDS));
    for (const state of ['cooling', 'full'] as const) {
      const during = placesOf(even(IDS), 'org_1', { dep_1: state });
      expect(during).not.toContain('dep_1');
      expect(new Set(before.filter((place, at) => place !== during[at]))).toEqual(new Set(['dep_1']));
    }
    expect(placesOf(even(IDS))).toEqual(before);
  });

  test('stay within the lowest priority', () => {
    expect(placesOf(targetOf({ dep_1: 1, dep_2: 1, dep_late: 9 }, { strategy: 'priority' }))).not.toContain('dep_late');
  });
});
