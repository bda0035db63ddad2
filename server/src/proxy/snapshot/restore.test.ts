import { beforeEach, describe, expect, test } from 'vitest';
import { createMemoryCounters, type MemoryCounters } from '../../counters/memory/memory-counters.ts';
import { rulesOfScope } from '../../domain/limits/limit-plan.ts';
import type { Catalogue } from '../../domain/routing/catalogue.ts';
import type {
  KeyConfig,
  MemberConfig,
  OrganizationConfig,
  Scope,
  ScopePolicy,
  TeamConfig,
} from '../../domain/tenancy/tenancy.ts';
import { StoreUnavailable } from '../../store/errors.ts';
import type { RecentUse } from '../../store/usage/usage.ts';
import { type Restored, restoreRecent } from './restore.ts';

const NOW_MS = Date.parse('2026-03-10T12:00:30Z');
const HOURLY: ScopePolicy = { rateLimits: { rpm: 100, rph: 1_000, tph: 100_000 }, modelLimits: [], budgets: [] };
const CATALOGUE: Catalogue = { version: 1, targets: new Map(), accessGroups: new Map() };

const team = (id: string): TeamConfig => ({ id, name: id, status: 'active', access: { mode: 'inherit' }, ...HOURLY });
const member = (id: string): MemberConfig => ({
  id,
  accountId: `acct_of_${id}`,
  status: 'active',
  access: { mode: 'inherit' },
  ...HOURLY,
});

function organization(more: Partial<OrganizationConfig> = {}): OrganizationConfig {
  return {
    id: 'org_1',
    slug: 'acme',
    name: 'Acme',
    status: 'active',
    timeZone: 'UTC',
    access: { mode: 'all' },
    auditContent: 'off',
    wrappedContentKey: null,
    version: 1,
    teams: new Map(['team_1', 'team_2'].map((id) => [id, team(id)])),
    members: new Map(['mem_1', 'mem_2'].map((id) => [id, member(id)])),
    serviceAccounts: new Map(),
    ...HOURLY,
    ...more,
  };
}

function key(more: Partial<KeyConfig> = {}): KeyConfig {
  return {
    id: 'key_1',
    organizationId: 'org_1',
    teamId: 'team_1',
    name: 'app',
    owner: { is: 'member', memberId: 'mem_1', accountId: 'acct_of_mem_1' },
    status: { is: 'active' },
    expiresAtMs: null,
    access: { mode: 'inherit' },
    version: 1,
    ...HOURLY,
    ...more,
  };
}

const use = (more: Partial<RecentUse> = {}): RecentUse => ({
  organizationId: 'org_1',
  teamId: 'team_1',
  memberId: 'mem_1',
  keyId: 'key_1',
  calledName: 'fast',
  atMs: NOW_MS - 10_000,
  requests: 3,
  tokens: 70,
  ...more,
});

// promise: At a restart minute, hour and day counters are rebuilt before ready.
describe('what was admitted in the last hour', () => {
  let counters: MemoryCounters;
  beforeEach(() => {
    counters = createMemoryCounters({ clock: { nowMs: () => NOW_MS, monotonicMs: () => 0 }, seedFrom: async () => [] });
  });

  function restore(uses: readonly RecentUse[], { org = organization(), keys = [key()] } = {}): Promise<Restored> {
    const loadOrganizations = async (ids: readonly string[]) => new Map(ids.includes(org.id) ? [[org.id, org]] : []);
    const findKeys = async (wanted: readonly { readonly keyId: string }[]) =>
      keys.filter(({ id }) => wanted.some(({ keyId }) => keyId === id));
    return restoreRecent(uses, { catalogue: CATALOGUE, counters, loadOrganizations, findKeys }, NOW_MS);
  }

  /** Returns the use of [rpm, rph, tph] at one scope. */
  async function usedOf(scope: Scope, scopeId: string): Promise<readonly number[]> {
    const { rules, counters: specs } = rulesOfScope({ organizationId: 'org_1', scope, scopeId }, HOURLY, 'UTC', NOW_MS);
    const { used } = await counters.read(specs);
    return (['rpm', 'rph', 'tph'] as const).map((limit) => used[rules.find((rule) => rule.limit === limit)?.counter ?? -1] ?? -1);
  }

  // promise: **A restart resets nothing**, and neither does `kill -9`
  test('is counted again at all four scopes, in the windows it still belongs to', async () => {
    const earlier = use({ atMs: NOW_MS - 30 * 60_000, requests: 5, tokens: 500 });
    expect(await restore([earlier, use()])).toMatchObject({ keys: 1, examples: [] });
    expect(await usedOf('organization', 'org_1')).toEqual([3, 8, 570]);
    expect(await usedOf('team', 'team_1')).toEqual([3, 8, 570]);
    expect(await usedOf('user', 'mem_1')).toEqual([3, 8, 570]);
    expect(await usedOf('key', 'key_1')).toEqual([3, 8, 570]);
  });

  // promise: Keys move only within an organization: their own counters move along, the team's do not
  test('of a key that has moved since stays with the team and the person it was counted for', async () => {
    const moved = key({ teamId: 'team_2', owner: { is: 'member', memberId: 'mem_2', accountId: 'acct_of_mem_2' } });
    await restore([use()], { keys: [moved] });
    expect(await usedOf('team', 'team_1')).toEqual([3, 3, 70]);
    expect(await usedOf('team', 'team_2')).toEqual([0, 0, 0]);
    expect(await usedOf('user', 'mem_1')).toEqual([3, 3, 70]);
    expect(await usedOf('user', 'mem_2')).toEqual([0, 0, 0]);
    expect(await usedOf('key', 'key_1')).toEqual([3, 3, 70]);
  });

  test('by a team or person who is gone, or with a key that is revoked, still counts for the organization', async () => {
    const revoked = key({ status: { is: 'revoked' } });
    const org = organization({ teams: new Map(), members: new Map() });
    await restore([use()], { org, keys: [revoked] });
    expect(await usedOf('organization', 'org_1')).toEqual([3, 3, 70]);
  });

  // promise: restore skips what it cannot read, says so, and the
  test('in numbers or under policies that cannot be read is left out and told of, and all else is counted', async () => {
    const broken = organization({ id: 'org_2', timeZone: 'Mars/Olympus', rateLimits: { rpd: 5 } });
    const uses = [
      use({ tokens: 2 ** 53 }),
      use({ tokens: -1 }),
      use({ requests: 0.5 }),
      use({ atMs: Number.NaN }),
      use({ organizationId: 'org_2', keyId: 'key_2' }),
      use({ keyId: 'key_3' }),
      use({ organizationId: 'org_3', keyId: 'key_4' }),
      use(),
    ];
    const sources = {
      catalogue: CATALOGUE,
      counters,
      loadOrganizations: async (ids: readonly string[]) => {
        if (ids.includes('org_3')) throw new TypeError('no such period');
        return new Map([organization(), broken].filter(({ id }) => ids.includes(id)).map((one) => [one.id, one]));
      },
      findKeys: async (wanted: readonly { readonly keyId: string }[]) => {
        if (wanted.some(({ keyId }) => keyId === 'key_3')) throw new TypeError('no such limit');
        return [key(), key({ id: 'key_2', organizationId: 'org_2' })].filter(({ id }) =>
          wanted.some(({ keyId }) => keyId === id),
        );
      },
    };
    const restored = await restoreRecent(uses, sources, NOW_MS);
    expect(restored).toMatchObject({ keys: 2, skipped: { organizations: 1, keys: 1, plans: 1, rows: 4 } });
    expect(restored.examples).toHaveLength(5);
    expect(await usedOf('organization', 'org_1')).toEqual([3, 3, 70]);
    const away = { ...sources, findKeys: () => Promise.reject(new StoreUnavailable('the database is away', '08006')) };
    await expect(restoreRecent(uses, away, NOW_MS)).rejects.toThrow('the database is away');
  });

  test('of an organization or key that cannot be found is left out, and the others are counted', async () => {
    const uses = [use({ organizationId: 'org_nowhere', keyId: 'key_x' }), use({ keyId: 'key_nowhere' }), use()];
    expect(await restore(uses)).toMatchObject({ keys: 1, examples: [] });
    expect(await usedOf('organization', 'org_1')).toEqual([3, 3, 70]);
  });

  test('is found in a few questions, however many tenants there are', async () => {
    const ids = Array.from({ length: 1_200 }, (_, at) => at);
    const asked = { organizations: 0, keys: 0 };
    const uses = ids.map((at) => use({ organizationId: `org_${at}`, keyId: `key_${at}` }));
    await restoreRecent(
      uses,
      {
        catalogue: CATALOGUE,
        counters,
        loadOrganizations: async (wanted) => {
          asked.organizations += 1;
          return new Map(wanted.map((id) => [id, organization({ id })]));
        },
        findKeys: async (wanted) => {
          asked.keys += 1;
          return wanted.map(({ organizationId, keyId }) => key({ id: keyId, organizationId }));
        },
      },
      NOW_MS,
    );
    expect(asked).toEqual({ organizations: 3, keys: 3 });
  });
});
