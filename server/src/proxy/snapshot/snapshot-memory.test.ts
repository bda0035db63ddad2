import { describe, expect, test, vi } from 'vitest';
import { catalogueOf, deployment, model } from '../../../test/support/walk.ts';
import type { KeyConfig, OrganizationConfig } from '../../domain/tenancy/tenancy.ts';
import { openSnapshot } from './snapshot.ts';

const NOTHING = { rateLimits: {}, modelLimits: [], budgets: [] } as const;
const HALF_AN_HOUR_MS = 30 * 60_000;

/** Creates a store of many organizations with one key each. Secrets look like `key_3`, or `key_3 old` during a rotation. */
function manyTenants() {
  const state = {
    versions: new Map<string, number>(),
    revoked: new Set<string>(),
    nowMs: 0,
    loads: [] as string[],
    inFlight: [] as { readonly key: object }[],
  };
  const organization = (id: string): OrganizationConfig => {
    const team = { id: `team_${id}`, name: 'T', status: 'active', ...NOTHING, access: { mode: 'inherit' } } as const;
    return Object.freeze<OrganizationConfig>({
      id,
      slug: id,
      name: id,
      status: 'active',
      timeZone: 'UTC',
      ...NOTHING,
      access: { mode: 'all' },
      auditContent: 'off',
      wrappedContentKey: null,
      version: state.versions.get(id) ?? 1,
      teams: new Map([[team.id, team]]),
      members: new Map(),
      serviceAccounts: new Map(),
    });
  };
  const key = (id: string): KeyConfig => {
    const organizationId = id.replace('key', 'org');
    return {
      id,
      organizationId,
      teamId: `team_${organizationId}`,
      name: 'app',
      owner: { is: 'service_account', serviceAccountId: 'svc_1' },
      status: { is: state.revoked.has(id) ? 'revoked' : 'active' },
      expiresAtMs: null,
      ...NOTHING,
      access: { mode: 'inherit' },
      version: 1,
    };
  };
  const open = (keysMax: number) =>
    openSnapshot({
      source: {
        loadCatalogue: async () => catalogueOf([model('fast', [deployment()])]),
        loadOrganization: async (id) => {
          state.loads.push(id);
          return organization(id);
        },
        findKeyBySecret: async (secret) => ({ key: key(secret.replace(' old', '')), secretValidUntilMs: null }),
        findKey: async (_organizationId, id) => key(id),
        versions: async () => new Map(),
      },
      clock: { nowMs: () => state.nowMs, monotonicMs: () => state.nowMs },
      keysMax,
      inFlight: () => state.inFlight,
      forget: () => {},
      recount: () => {},
      unreadable: () => {},
    });
  return { state, open };
}

// promise: The configuration is held as separate frozen, versioned objects (the catalogue, each organization), not one world copied per edit.
test('a change of one organization replaces that object, and no other organization, no catalogue and nobody else’s key', async () => {
  const { state, open } = manyTenants();
  const snapshot = await open(100);
  const [one, two] = [await snapshot.keyBySecret('key_1'), await snapshot.keyBySecret('key_2')];
  const before = [snapshot.catalogue(), one?.holder.config, two?.holder.config];
  state.versions.set('org_1', 2);
  state.loads.length = 0;
  await snapshot.apply({ organizationIds: ['org_1'] });
  expect(state.loads).toEqual(['org_1']);
  expect([snapshot.catalogue() === before[0], one?.holder.config === before[1], two?.holder.config === before[2]]).toEqual([
    true,
    false,
    true,
  ]);
  expect([one?.holder.config?.version, two?.holder.config?.version]).toEqual([2, 1]);
  await snapshot.apply({ catalogue: true });
  expect([snapshot.catalogue() === before[0], two?.holder.config === before[2]]).toEqual([false, true]);
});

describe('what is not used any more', () => {
  // promise: Unused organizations and idle counters are evicted.
  test('is let go after half an hour, its organization with it, and what is used stays', async () => {
    const { state, open } = manyTenants();
    const snapshot = await open(100);
    for (let n = 1; n <= 5; n += 1) await snapshot.keyBySecret(`key_${n}`);
    state.nowMs = HALF_AN_HOUR_MS - 1;
    snapshot.evictIdle(state.nowMs);
    expect(snapshot.sizes()).toEqual({ keys: 5, organizations: 5 });
    snapshot.cachedKey('key_3');
    state.nowMs = HALF_AN_HOUR_MS;
    snapshot.evictIdle(state.nowMs);
    expect(snapshot.sizes()).toEqual({ keys: 1, organizations: 1 });
    expect(snapshot.cachedKey('key_3')?.config.id).toBe('key_3');
    expect((await snapshot.keyBySecret('key_1'))?.config.id).toBe('key_1');
  });

  test.each([
    ['by another key', ['key_1 old', 'key_2', 'key_3', 'key_4', 'key_5', 'key_6', 'key_7', 'key_8', 'key_9', 'key_1', 'key_10']],
    [
      'by its own new secret',
      ['key_1 old', 'key_2', 'key_3', 'key_4', 'key_5', 'key_6', 'key_7', 'key_8', 'key_9', 'key_10', 'key_1'],
    ],
  ])('a key pushed out of a full cache %s takes all its secrets along: no later change misses one', async (_by, secrets) => {
    const { state, open } = manyTenants();
    const snapshot = await open(10);
    for (const secret of secrets) await snapshot.keyBySecret(secret);
    state.revoked.add('key_1');
    await snapshot.apply({ keyIds: ['key_1'], organizationIds: ['org_1'] });
    for (const secret of ['key_1', 'key_1 old']) expect((await snapshot.keyBySecret(secret))?.config.status.is).toBe('revoked');
  });
});

describe('keys that were used and then changed', () => {
  const everyKey = (count: number) => Array.from({ length: count }, (_, n) => `key_${n}`);

  test('count like the others: a full cache lets the oldest go, whether or not a secret of theirs is known', async () => {
    const { open } = manyTenants();
    const snapshot = await open(100);
    for (const key of everyKey(5_000)) {
      await snapshot.keyBySecret(key);
      await snapshot.apply({ keyIds: [key] });
      expect(snapshot.sizes().keys).toBeLessThanOrEqual(100);
    }
  });

  test('are let go after half an hour like the others, their organizations with them', async () => {
    const { state, open } = manyTenants();
    const snapshot = await open(100);
    for (const key of everyKey(50)) await snapshot.keyBySecret(key);
    await snapshot.apply({ keyIds: everyKey(50) });
    state.nowMs = HALF_AN_HOUR_MS;
    snapshot.evictIdle(state.nowMs);
    expect(snapshot.sizes()).toEqual({ keys: 0, organizations: 0 });
  });

  test('that are shown again are used then, not when they were first seen', async () => {
    const { state, open } = manyTenants();
    const snapshot = await open(100);
    await snapshot.keyBySecret('key_1');
    await snapshot.apply({ keyIds: ['key_1'] });
    state.nowMs = HALF_AN_HOUR_MS - 1;
    const key = await snapshot.keyBySecret('key_1');
    state.nowMs = HALF_AN_HOUR_MS;
    snapshot.evictIdle(state.nowMs);
    expect(await snapshot.keyBySecret('key_1')).toBe(key);
  });
});

describe('a key with a request in flight', () => {
  test.each(['by its secret', 'by its id'])('asked for %s, it stays, and hears of every change', async (how) => {
    const { state, open } = manyTenants();
    const snapshot = await open(10);
    const key = how === 'by its id' ? await snapshot.keyById('org_1', 'key_1') : await snapshot.keyBySecret('key_1');
    state.inFlight = [{ key: key as object }];
    for (let n = 2; n <= 50; n += 1) await snapshot.keyBySecret(`key_${n}`);
    expect(snapshot.sizes().keys).toBeLessThanOrEqual(10);
    state.nowMs = HALF_AN_HOUR_MS;
    snapshot.evictIdle(state.nowMs);
    expect(snapshot.sizes()).toEqual({ keys: 1, organizations: 1 });
    state.versions.set('org_1', 2);
    state.revoked.add('key_1');
    await snapshot.apply({ organizationIds: ['org_1'], keyIds: ['key_1'] });
    expect([key?.holder.config?.version, key?.config.status.is]).toEqual([2, 'revoked']);
    state.inFlight = [];
    snapshot.evictIdle(state.nowMs);
    expect(snapshot.sizes()).toEqual({ keys: 0, organizations: 0 });
  });
});

// promise: Exceptions to "nothing synchronous on Postgres": a key-cache miss makes one coalesced lookup (≤ 1 s) that returns
test('a lookup that takes longer than a second is an outage to its callers, all of whom waited for the one', async () => {
  vi.useFakeTimers();
  try {
    let lookups = 0;
    const snapshot = await openSnapshot({
      source: {
        loadCatalogue: async () => catalogueOf([]),
        loadOrganization: async () => null,
        findKeyBySecret: () => {
          lookups += 1;
          return new Promise(() => {});
        },
        findKey: async () => null,
        versions: async () => new Map(),
      },
      clock: { nowMs: () => 0, monotonicMs: () => 0 },
      keysMax: 10,
      inFlight: () => [],
      forget: () => {},
      recount: () => {},
      unreadable: () => {},
    });
    const asking = Array.from({ length: 20 }, async () => snapshot.keyBySecret('slow'));
    const ends = Promise.all(
      asking.map((one) =>
        one.then(
          () => 'found',
          () => 'away',
        ),
      ),
    );
    let isOver = false;
    void ends.then(() => {
      isOver = true;
    });
    await vi.advanceTimersByTimeAsync(999);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect([new Set(await ends), lookups]).toEqual([new Set(['away']), 1]);
  } finally {
    vi.useRealTimers();
  }
});

test('a process that stood still for longer than that hears the answer that came meanwhile', async () => {
  const answered = () => new Promise<null>((resolve) => void setImmediate(() => setImmediate(() => resolve(null))));
  const snapshot = await openSnapshot({
    source: {
      loadCatalogue: async () => catalogueOf([]),
      loadOrganization: async () => null,
      findKeyBySecret: answered,
      findKey: async () => null,
      versions: async () => new Map(),
    },
    clock: { nowMs: () => 0, monotonicMs: () => 0 },
    keysMax: 10,
    inFlight: () => [],
    forget: () => {},
    recount: () => {},
    unreadable: () => {},
  });
  const found = snapshot.keyBySecret('nobody’s');
  const untilMs = performance.now() + 1_200;
  while (performance.now() < untilMs);
  expect(await found).toBeNull();
});
