/** What has no whole price is found: deployments and models that lack one, and budgets whose spend misses something. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { RoleGrant } from '../../src/domain/tenancy/permission.ts';
import * as schema from '../../src/store/schema.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenEntry } from '../support/records.ts';
import { freshName, makeDeployment, upstream } from './catalogue-support.ts';
import { type Client, makeOrganization, makeTeam, must, withAdmin } from './support.ts';
import { storeRecords } from './usage-support.ts';

const DAY_MS = 86_400_000;
const FOUND = ['bucket', 'context', 'none', 'region', 'searches', 'tier'];
const REST = ['before', 'free', 'later', 'long-ago', 'mended', 'tools', 'whole'];
const RATES = { input_per_million: '1.00' };

onOneDatabase('what has no whole price', (given) => {
  const world = withAdmin(given, { upstream });

  interface Use {
    readonly organizationId?: string;
    readonly teamId?: string;
    readonly deploymentId?: string;
    readonly daysAgo?: number;
    readonly unpricedQuantity?: number;
    readonly calledName?: string;
  }
  /** A use of a unit, without a price unless said. */
  const use = async (unit: string, { daysAgo = 1, unpricedQuantity = 3, ...whose }: Use) => {
    const bucketStart = new Date(world().time.nowMs - daysAgo * DAY_MS);
    const row = { organizationId: 'org_none', teamId: 'team', keyId: 'key', calledName: 'm', provider: 'fake', ...whose };
    await given()
      .db.insert(schema.unitRollups)
      .values({ ...row, bucketStart, unit, uses: 1, quantity: 5, unpricedQuantity });
  };

  describe('deployments', () => {
    const prefix = freshName('find');
    const named = (name: string) => `${prefix}-${name}`;
    const found = async (query: string, path = 'deployments') => {
      const { data, total } = must(await world().root('GET', `/${path}?search=${prefix}&${query}`));
      expect(total).toBe(data.length);
      return data.map((row: { model?: string; name?: string }) => (row.model ?? row.name ?? '').slice(prefix.length + 1)).sort();
    };
    const idOf = async (name: string) =>
      must(await world().root('GET', `/deployments?model=${named(name)}`)).data[0].id as string;

    beforeAll(async () => {
      const { root } = world();
      const priced = (more: object = {}) => ({ prices: { ...RATES, ...more } });
      await makeDeployment(root, named('whole'), priced());
      await makeDeployment(root, named('none'));
      const lacking = await makeDeployment(root, named('searches'), priced());
      await use('search', { deploymentId: lacking.id });
      await use('search', { deploymentId: lacking.id, daysAgo: 2 });
      await use('image', { deploymentId: lacking.id, daysAgo: 2, unpricedQuantity: 0 });
      const old = await makeDeployment(root, named('long-ago'), priced());
      await use('search', { deploymentId: old.id, daysAgo: 31 });
      const mended = await makeDeployment(root, named('mended'), priced({ per_unit: { search: '0.01' } }));
      await use('search', { deploymentId: mended.id });
      const tier = await makeDeployment(root, named('tier'), priced({ service_tiers: { flex: {} } }));
      await use('service_tier:flex', { deploymentId: tier.id });
      await use('service_tier:priority', { deploymentId: tier.id });
      const free = await makeDeployment(root, named('free'), { prices: { input_per_million: '0' } });
      for (const unit of ['service_tier:priority', 'service_tier', 'context_tier', 'cache_write'])
        await use(unit, { deploymentId: free.id });
      const tools = await makeDeployment(root, named('tools'), priced());
      for (const unit of ['tool', 'beta', 'mcp_servers', 'other']) await use(unit, { deploymentId: tools.id });
      const region = await makeDeployment(root, named('region'), priced());
      await use('service_tier', { deploymentId: region.id, daysAgo: -0.001 });
      const before = await makeDeployment(root, named('before'), priced());
      await use('service_tier', { deploymentId: before.id });
      const context = await makeDeployment(root, named('context'), priced());
      await use('context_tier', { deploymentId: context.id });
      const bucket = await makeDeployment(root, named('bucket'), priced({ audio_input_per_million: '2' }));
      await use('cache_write_1h', { deploymentId: bucket.id });
      await use('cache_write', { deploymentId: bucket.id });
      await use('image_input', { deploymentId: bucket.id });
      await use('audio_input', { deploymentId: bucket.id });
      const later = await makeDeployment(root, named('later'), priced());
      const effective_from = new Date(world().time.nowMs + DAY_MS).toISOString();
      must(await root('POST', '/prices', { deployment_id: later.id, prices: null, effective_from }));
      const gone = await makeDeployment(root, named('gone'));
      must(await root('DELETE', `/deployments/${gone.id}`));
    });

    test('without a price, or with one that lacks what was used lately, are found; the others are the rest', async () => {
      expect(await found('unpriced=true')).toEqual(FOUND);
      expect(await found('unpriced=false')).toEqual(REST);
      expect(await found('')).toHaveLength(13);
      expect(await found('unpriced=true', 'models')).toEqual(FOUND);
      expect(await found('unpriced=false', 'models')).toEqual(REST);
      for (const path of ['deployments', 'models', 'organizations'])
        expect((await world().root('GET', `/${path}?unpriced=perhaps`)).status).toBe(400);
    });

    test('say what they lack, and no longer once it has a price', async () => {
      const { root } = world();
      const lacked = async (name: string) => must(await root('GET', `/deployments/${await idOf(name)}`)).unpriced_units;
      expect(await lacked('searches')).toEqual(['search']);
      expect(await lacked('tier')).toEqual(['service_tier:priority']);
      expect(await lacked('context')).toEqual(['context_tier']);
      expect(await lacked('bucket')).toEqual(['cache_write', 'cache_write_1h']);
      expect(await lacked('region')).toEqual(['service_tier']);
      for (const name of ['none', 'whole', 'mended', 'long-ago', 'free', 'tools', 'before'])
        expect(await lacked(name)).toEqual([]);
      const id = await idOf('searches');
      must(await root('PATCH', `/deployments/${id}`, { prices: { per_unit: { search: '0' } } }));
      expect(await lacked('searches')).toEqual([]);
      expect(await found('unpriced=true')).not.toContain('searches');
      must(await root('PATCH', `/deployments/${id}`, { prices: { per_unit: null } }));
      expect(await found('unpriced=true')).toContain('searches');
    });

    test('a model is found by any of its deployments', async () => {
      const { root } = world();
      await makeDeployment(root, named('whole'), { prices: null });
      expect(await found('unpriced=true', 'models')).toContain('whole');
      expect((await found('unpriced=true')).filter((name: string) => name === 'whole')).toHaveLength(1);
    });

    test('a page of them goes on under the filter', async () => {
      const { root } = world();
      const first = must(await root('GET', `/deployments?search=${prefix}&unpriced=true&sort=model&limit=2`));
      const second = must(
        await root('GET', `/deployments?search=${prefix}&unpriced=true&sort=model&limit=200&cursor=${first.next_cursor}`),
      );
      expect(first.data.length + second.data.length).toBe(first.total);
    });
  });

  describe('organizations', () => {
    const budgets = [{ amount: '10', period: 'month' }];
    const ids = async (client: Client, flag: boolean) =>
      must(await client('GET', `/organizations?unpriced=${flag}&limit=200`)).data.map((row: { id: string }) => row.id);

    test('with a budget that may miss something are found, and only where the caller may read usage', async () => {
      const { root, as, time } = world();
      const [units, requests, whole, old, without] = await Promise.all(
        [{ budgets }, { budgets }, { budgets }, { budgets }, {}].map((more) => makeOrganization(root, more)),
      );
      const team = await makeTeam(root, {}, { budgets });
      await use('search', { organizationId: units.id });
      await use('search', { organizationId: team.organization.id });
      await use('search', { organizationId: without.id });
      await use('search', { organizationId: old.id, daysAgo: 31 });
      await use('search', { organizationId: whole.id, unpricedQuantity: 0 });
      await storeRecords(given(), [
        givenEnd({ organizationId: requests.id, admittedAtMs: time.nowMs - DAY_MS, entries: [givenEntry({ nanoUsd: null })] }),
      ]);
      const found = await ids(root, true);
      expect(found).toEqual(expect.arrayContaining([units.id, requests.id, team.organization.id]));
      for (const { id } of [whole, old, without]) expect(found).not.toContain(id);
      const rest = await ids(root, false);
      expect(rest).toEqual(expect.arrayContaining([whole.id, old.id, without.id]));
      expect(rest.filter((id: string) => found.includes(id))).toEqual([]);
      const roles: RoleGrant[] = [
        { role: 'org_owner', organizationId: units.id },
        { role: 'org_member', organizationId: requests.id },
        { role: 'team_admin', organizationId: team.organization.id, teamId: team.team.id },
      ];
      expect(await ids(as(roles), true)).toEqual([units.id]);
      expect(await ids(as(roles), false)).toEqual([]);
      const csv = await root('GET', '/organizations/export?unpriced=true');
      expect([csv.text.includes(units.id), csv.text.includes(whole.id)]).toEqual([true, false]);
    });
  });

  describe('the history of a budget', () => {
    test('says of each period what its spend misses, and is narrowed to budgets that miss something now', async () => {
      const { root, time } = world();
      const { id } = await makeOrganization(root, {
        budgets: [
          { amount: '10', period: 'day' },
          { amount: '10', period: 'day', target: 'plain' },
          { amount: '10', period: 'day', target: 'odd' },
        ],
      });
      const other = await makeOrganization(root, { budgets: [{ amount: '10', period: 'day' }] });
      const at = time.nowMs - 3_600_000;
      await use('search', { organizationId: id, calledName: 'odd', daysAgo: 0.05, unpricedQuantity: 4 });
      await use('image', { organizationId: id, calledName: 'odd', daysAgo: 1.05 });
      await storeRecords(given(), [
        givenEnd({ organizationId: id, calledName: 'odd', admittedAtMs: at, entries: [givenEntry({ nanoUsd: null })] }),
        givenEnd({ organizationId: id, calledName: 'odd', admittedAtMs: at - DAY_MS, entries: [givenEntry({ nanoUsd: 1 })] }),
        givenEnd({ organizationId: id, calledName: 'plain', admittedAtMs: at, entries: [givenEntry({ nanoUsd: 7 })] }),
      ]);
      const history = async (query = '', of = id) =>
        must(await root('GET', `/organizations/${of}/limits/history${query}`)).budgets;
      const [all, plain, odd] = await history();
      const missed = { unpriced_requests: 1, unpriced_units: { search: 4 } };
      expect(all.periods[0]).toMatchObject({ ...missed, spent: '0.000000007', requests: 2 });
      expect(all.periods[1]).toMatchObject({ unpriced_requests: 0, unpriced_units: { image: 3 }, spent: '0.000000001' });
      expect(plain.periods[0]).toMatchObject({ unpriced_requests: 0, unpriced_units: {} });
      expect(odd.periods[0]).toMatchObject({ ...missed, spent: '0.00' });
      expect((await history('?unpriced=true')).map((one: { id: string }) => one.id)).toEqual([all.id, odd.id]);
      expect((await history('?unpriced=false')).map((one: { id: string }) => one.id)).toEqual([plain.id]);
      expect(await history('?unpriced=true', other.id)).toEqual([]);
      expect((await root('GET', `/organizations/${id}/limits/history?unpriced=1`)).status).toBe(400);
    });
  });
});
