import { beforeEach, describe, expect, test, vi } from 'vitest';
import { catalogueOf, deployment, model } from '../../../test/support/walk.ts';
import type { KeyConfig, OrganizationConfig, TeamConfig } from '../../domain/tenancy/tenancy.ts';
import { systemClock } from '../../lib/timing/clock.ts';
import { type ConfigSource, openSnapshot, type Snapshot } from './snapshot.ts';

const NOTHING = { rateLimits: {}, modelLimits: [], budgets: [] } as const;

function organization(more: Partial<OrganizationConfig> = {}): OrganizationConfig {
  const team = { id: 'team_1', name: 'Team', status: 'active', ...NOTHING, access: { mode: 'inherit' } } as const;
  return {
    id: 'org_1',
    slug: 'acme',
    name: 'Acme',
    status: 'active',
    timeZone: 'UTC',
    ...NOTHING,
    access: { mode: 'all' },
    auditContent: 'off',
    wrappedContentKey: null,
    version: 1,
    teams: new Map([['team_1', team]]),
    members: new Map(),
    serviceAccounts: new Map(),
    ...more,
  };
}

function key(more: Partial<KeyConfig> = {}): KeyConfig {
  return {
    id: 'key_1',
    organizationId: 'org_1',
    teamId: 'team_1',
    name: 'app',
    owner: { is: 'service_account', serviceAccountId: 'svc_1' },
    status: { is: 'active' },
    expiresAtMs: null,
    ...NOTHING,
    access: { mode: 'inherit' },
    version: 1,
    ...more,
  };
}

/** Creates a store whose answers a test sets and can delay. */
function store() {
  const state = {
    catalogue: catalogueOf([model('fast', [deployment()])]),
    organization: organization(),
    key: key(),
    validUntilMs: null as number | null,
    versions: new Map([['org_1', 1]]),
    away: false,
    gate: Promise.resolve(),
    lookups: 0,
  };
  const answer = async <T>(value: () => T): Promise<T> => {
    if (state.away) throw new Error('away');
    const read = value();
    await state.gate;
    return read;
  };
  const source: ConfigSource = {
    loadCatalogue: () => answer(() => state.catalogue),
    loadOrganization: () => answer(() => state.organization),
    findKeyBySecret: (secret) => {
      state.lookups += 1;
      return answer(() => (secret === 'known' ? { key: state.key, secretValidUntilMs: state.validUntilMs } : null));
    },
    findKey: () => answer(() => state.key),
    versions: () => answer(() => new Map(state.versions)),
  };
  return { state, source };
}

let fake: ReturnType<typeof store>;
let snapshot: Snapshot;
const forget = vi.fn();
const recount = vi.fn();
beforeEach(async () => {
  fake = store();
  forget.mockReset();
  recount.mockReset();
  snapshot = await openSnapshot({
    source: fake.source,
    clock: systemClock,
    keysMax: 10,
    inFlight: () => [],
    forget,
    recount,
    unreadable: () => {},
  });
});

describe('a key is looked up once and then served from memory', () => {
  // promise: a key-cache miss makes one coalesced lookup (≤ 1 s)
  test('many callers with one unknown-to-memory key make one lookup', async () => {
    const found = await Promise.all(Array.from({ length: 50 }, () => snapshot.keyBySecret('known')));
    expect(new Set(found).size).toBe(1);
    expect(fake.state.lookups).toBe(1);
    expect(snapshot.keyBySecret('known')).toBe(found[0]);
  });

  test('a key that does not exist is remembered as such for a while', async () => {
    expect(await snapshot.keyBySecret('nobody')).toBeNull();
    expect(snapshot.keyBySecret('nobody')).toBeNull();
    expect(fake.state.lookups).toBe(1);
  });

  // promise: every key in the cache; journal grows to
  // promise: **An outage of PostgreSQL is not an outage of yours**: keys in memory are served, settlement waits in the journal.
  test('while the store is away cached keys are served and others reject: they are never called unknown', async () => {
    await snapshot.keyBySecret('known');
    fake.state.away = true;
    expect(snapshot.keyBySecret('known')).not.toBeNull();
    await expect(snapshot.keyBySecret('other')).rejects.toThrow('away');
    fake.state.away = false;
    expect(await snapshot.keyBySecret('other')).toBeNull();
  });

  test('a rotated secret stops at the end of its overlap without anybody saying so', async () => {
    fake.state.validUntilMs = Date.now() + 30;
    expect(await snapshot.keyBySecret('known')).not.toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await snapshot.keyBySecret('known')).toBeNull();
  });

  test('a secret that ended is known as that, from the cache and from the store, until it was idle for long', async () => {
    fake.state.validUntilMs = Date.now() + 30;
    expect(await snapshot.keyBySecret('known')).not.toBeNull();
    expect(snapshot.endedSecret('known')).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(snapshot.endedSecret('known')).toMatchObject({ key: { config: { id: 'key_1' } }, endedMs: fake.state.validUntilMs });
    snapshot.evictIdle(Date.now() + 31 * 60_000);
    expect(snapshot.endedSecret('known')).toBeNull();
    expect(await snapshot.keyBySecret('known')).toBeNull();
    expect(snapshot.endedSecret('known')).not.toBeNull();
    expect(snapshot.endedSecret('unknown')).toBeNull();
  });

  test('the cache is bounded', async () => {
    fake.source.findKeyBySecret = async (secret) => ({ key: key({ id: `key_${secret}` }), secretValidUntilMs: null });
    for (let n = 0; n < 100; n += 1) await snapshot.keyBySecret(`secret ${n}`);
    expect(snapshot.sizes().keys).toBeLessThanOrEqual(10);
  });
});

describe('a change is visible to every request that begins after it was applied', () => {
  test('a revoked key and a suspended organization', async () => {
    const found = await snapshot.keyBySecret('known');
    fake.state.key = key({ status: { is: 'revoked' }, version: 2 });
    fake.state.organization = organization({ status: 'suspended', version: 2 });
    await snapshot.apply({ keyIds: ['key_1'], organizationIds: ['org_1'] });
    expect(found?.config.status.is).toBe('revoked');
    expect(found?.holder.config?.status).toBe('suspended');
  });

  test('a key that was being looked up while it changed is not cached as it was', async () => {
    let open = () => {};
    fake.state.gate = new Promise((resolve) => {
      open = resolve;
    });
    const looking = snapshot.keyBySecret('known');
    fake.state.key = key({ status: { is: 'revoked' }, version: 2 });
    const applied = snapshot.apply({ keyIds: ['key_1'] });
    open();
    await applied;
    expect((await looking)?.config.status.is).toBe('revoked');
  });

  test('an older configuration that arrives late does not replace a newer one', async () => {
    const found = await snapshot.keyBySecret('known');
    fake.state.organization = organization({ name: 'new', version: 3 });
    await snapshot.apply({ organizationIds: ['org_1'] });
    fake.state.organization = organization({ name: 'old', version: 2 });
    await snapshot.apply({ organizationIds: ['org_1'] });
    expect(found?.holder.config?.name).toBe('new');
  });

  // promise: replicas learn by notification *and* by polling the version
  test('a change nobody told of is found by polling', async () => {
    const found = await snapshot.keyBySecret('known');
    fake.state.organization = organization({ name: 'changed', version: 2 });
    fake.state.key = key({ name: 'changed', version: 2 });
    fake.state.versions.set('org_1', 2);
    await snapshot.poll();
    expect(found?.holder.config?.name).toBe('changed');
    expect(found?.config.name).toBe('changed');
  });

  test('the counters are told what a change adds, and nothing of what stays', async () => {
    fake.state.organization = organization({ rateLimits: { rpm: 5 } });
    await snapshot.keyBySecret('known');
    fake.state.organization = organization({ rateLimits: { rpm: 7, rpd: 9 }, version: 2 });
    await snapshot.apply({ organizationIds: ['org_1'] });
    expect(
      forget.mock.calls.flatMap(([added]) =>
        added.map(({ unit, window }: { unit: string; window: { is: string } }) => `${unit} ${window.is}`),
      ),
    ).toEqual(['requests calendar']);
  });

  test('another time zone adds the days and periods of the keys as well: what they counted under the one before has a gap', async () => {
    const day = { is: 'day' } as const;
    const daily = {
      id: 'bud_1',
      amountNanoUsd: 1,
      period: day,
      match: { is: 'any' },
      thresholdsPercent: [],
      clampOutput: false,
    } as const;
    fake.state.key = key({ rateLimits: { rpm: 5, rpd: 9 }, budgets: [{ ...daily, action: 'block' }] });
    await snapshot.keyBySecret('known');
    fake.state.organization = organization({ timeZone: 'Asia/Kathmandu', version: 2 });
    await snapshot.apply({ organizationIds: ['org_1'] });
    expect(forget.mock.calls.flatMap(([added]) => added.map(({ name }: { name: string }) => name))).toEqual([
      'key_1|requests|any|day@Asia/Kathmandu',
      'key_1|nano_usd|any|day@Asia/Kathmandu',
    ]);
  });

  // promise: An access group always means its members of now
  test('another label on a model has the counters of its groups count anew, at every scope, and no others', async () => {
    const labelled = (...keys: string[]) => ({
      ...catalogueOf([
        model('fast', [deployment()], { accessGroups: new Set(keys) }),
        model('other', [], { accessGroups: new Set(['gamma']) }),
      ]),
      version: 1,
    });
    const ofGroup = (group: string) => ({ match: { is: 'access_group', key: group } as const, rateLimits: { rpm: 5, rpd: 9 } });
    const modelLimits = [
      ofGroup('beta'),
      ofGroup('gamma'),
      { match: { is: 'exact', name: 'fast' } as const, rateLimits: { rpd: 9 } },
    ];
    const team = { ...(organization().teams.get('team_1') as TeamConfig), modelLimits };
    fake.state.organization = organization({ teams: new Map([['team_1', team]]) });
    fake.state.key = key({ rateLimits: { rpd: 9 }, modelLimits: [ofGroup('alpha'), ofGroup('gamma')] });
    fake.state.catalogue = labelled('beta');
    await snapshot.apply({ catalogue: true });
    await snapshot.keyBySecret('known');
    await snapshot.apply({ catalogue: true });
    expect(recount.mock.calls).toEqual([]);
    fake.state.catalogue = labelled('alpha');
    await snapshot.apply({ catalogue: true });
    expect(recount.mock.calls.map(([counters]) => counters.map(({ name }: { name: string }) => name))).toEqual([
      [
        'team_1|requests|@beta|minute',
        'team_1|requests|@beta|day@UTC',
        'key_1|requests|@alpha|minute',
        'key_1|requests|@alpha|day@UTC',
      ],
    ]);
    expect(forget.mock.calls).toEqual([]);
  });

  test('a key that comes back changed by a look-up tells what it adds as well', async () => {
    await snapshot.keyBySecret('known');
    await snapshot.apply({ keyIds: ['key_1'] });
    fake.state.key = key({ rateLimits: { rpd: 9 }, version: 2 });
    await snapshot.keyBySecret('known');
    expect(forget.mock.calls.flatMap(([added]) => added.map(({ name }: { name: string }) => name))).toEqual([
      'key_1|requests|any|day@UTC',
    ]);
  });

  test('of two changes of a key the newer stays, whichever was read first', async () => {
    const found = await snapshot.keyBySecret('known');
    let letGo = () => {};
    fake.state.gate = new Promise((resolve) => {
      letGo = resolve;
    });
    fake.state.key = key({ name: 'older', version: 2 });
    const slow = snapshot.apply({ keyIds: ['key_1'] });
    fake.state.gate = Promise.resolve();
    fake.state.key = key({ name: 'newer', version: 3 });
    await snapshot.apply({ keyIds: ['key_1'] });
    letGo();
    await slow;
    expect(found?.config.name).toBe('newer');
  });
});
