/** Versions of a route group's policy: tried, published, brought back, and served at once. */
import { describe, expect, test } from 'vitest';
import { ROUTING_STRATEGIES } from '../../src/domain/routing/catalogue.ts';
import { freshName, makeDeployment, upstream } from '../admin/catalogue-support.ts';
import { must, withAdmin } from '../admin/support.ts';
import { onOneDatabase } from '../support/database.ts';

onOneDatabase('a route group’s policy', (given) => {
  const world = withAdmin(given, { upstream });

  async function makeGroup() {
    const { root } = world();
    const [a, b] = [(await makeDeployment(root, freshName())).id, (await makeDeployment(root, freshName())).id];
    const group = must(await root('POST', '/route-groups', { key: freshName('group'), members: [{ deployment_id: a }] }));
    return { a, b, id: group.id as string, path: `/route-groups/${group.id}/policy` };
  }
  const member = (deployment_id: string, weight = 1, priority = 0) => ({ deployment_id, weight, priority });
  const versions = (answer: { history: { version: number }[] }) => answer.history.map((one) => one.version);

  test('begins with what it was made with, and every change of it is a version', async () => {
    const { root } = world();
    const { a, b, id, path } = await makeGroup();
    const first = must(await root('GET', path));
    expect(first.published).toMatchObject({
      version: 1,
      published_by: 'root',
      policy: { strategy: 'weighted', members: [member(a)] },
    });
    must(await root('PUT', `/route-groups/${id}/members`, { members: [member(a), member(b, 3)] }));
    must(await root('PATCH', `/route-groups/${id}`, { metadata: { note: 'no policy' } }));
    const second = must(await root('GET', path));
    expect(versions(second)).toEqual([2, 1]);
  });

  test('published, it is what the group routes by, told to the data plane, and an audit event', async () => {
    const { root, changes } = world();
    const { a, b, id, path } = await makeGroup();
    const policy = { strategy: 'priority', members: [member(b, 1, 0), member(a, 1, 1)] };
    changes.length = 0;
    const published = must(await root('POST', `${path}/publish`, { policy }));
    expect(published.published).toMatchObject({ version: 2, rolled_back_to: null, policy: { strategy: 'priority' } });
    expect(changes).toEqual([expect.objectContaining({ catalogue: true })]);
    expect(must(await root('GET', `/route-groups/${id}`)).strategy).toBe('priority');
    const { data } = must(await root('GET', `/audit-events?object_id=${id}&action=route_group.publish`));
    expect(data[0]).toMatchObject({ before: { strategy: 'weighted' }, after: { strategy: 'priority' } });
    expect(versions(must(await root('POST', `${path}/publish`, { policy })))).toEqual([2, 1]);
  });

  test('brought back, an older one is the newest version and says which it was', async () => {
    const { root } = world();
    const { a, b, path } = await makeGroup();
    must(await root('POST', `${path}/publish`, { policy: { strategy: 'weighted', members: [member(b)] } }));
    const back = must(await root('POST', `${path}/rollback`, { version: 1 }));
    expect(back.published).toMatchObject({ version: 3, rolled_back_to: 1, policy: { members: [member(a)] } });
    expect((await root('POST', `${path}/rollback`, { version: 9 })).body.errors[0].pointer).toBe('/version');
  });

  test('one whose deployment is gone cannot come back, and nothing changes', async () => {
    const { root } = world();
    const { a, b, path } = await makeGroup();
    must(await root('POST', `${path}/publish`, { policy: { strategy: 'weighted', members: [member(b)] } }));
    must(await root('DELETE', `/deployments/${a}`));
    const refused = await root('POST', `${path}/rollback`, { version: 1 });
    expect([refused.status, refused.body.detail]).toEqual([
      409,
      '1 deployment of version 1 no longer exists. Publish a new policy without it.',
    ]);
    expect(versions(must(await root('GET', path)))).toEqual([2, 1]);
  });

  test('tried, it says where requests would go first, and stores nothing', async () => {
    const { root } = world();
    const { a, b, path } = await makeGroup();
    const body = { strategy: 'weighted', members: [member(a, 3), member(b, 1)], requests: 10_000 };
    const { shares } = must(await root('POST', `${path}/simulate`, body));
    expect(shares.map((one: { share: number }) => one.share)).toEqual([0.75, 0.25]);
    const [first, second] = shares.map((one: { first_choice: number }) => one.first_choice);
    expect(first + second).toBe(10_000);
    expect(Math.abs(first - 7_500)).toBeLessThan(200);
    expect(must(await root('POST', `${path}/simulate`, body)).shares).toEqual(shares);
    expect(versions(must(await root('GET', path)))).toEqual([1]);
    const fault = await root('POST', `${path}/simulate`, { ...body, members: [member('dep_nothing')] });
    expect(fault.body.errors[0].pointer).toBe('/members/0/deployment_id');
    expect((await root('POST', `${path}/simulate`, { ...body, requests: 10_001 })).status).toBe(400);
  });

  test.each(ROUTING_STRATEGIES)('of the strategy %s is simulated, published, read, and brought back', async (strategy) => {
    const { root } = world();
    const { a, b, id, path } = await makeGroup();
    const policy = { strategy, members: [member(a, 3), member(b, 1)] };
    const { shares } = must(await root('POST', `${path}/simulate`, { ...policy, requests: 1_000 }));
    expect(shares.reduce((sum: number, one: { share: number }) => sum + one.share, 0)).toBeCloseTo(1, 9);
    expect(must(await root('POST', `${path}/publish`, { policy })).published.policy.strategy).toBe(strategy);
    expect(must(await root('GET', `/route-groups/${id}`)).strategy).toBe(strategy);
    must(await root('POST', `${path}/publish`, { policy: { strategy: 'priority', members: [member(a)] } }));
    const back = must(await root('POST', `${path}/rollback`, { version: 2 }));
    expect(back.published.policy).toMatchObject({
      strategy,
      members: policy.members.toSorted((x, y) => (x.deployment_id < y.deployment_id ? -1 : 1)),
    });
    const { data } = must(await root('GET', `/callable-targets?search=${must(await root('GET', `/route-groups/${id}`)).key}`));
    expect(data[0].strategy).toBe(strategy);
  });

  test('simulated by cost goes to the deployment with the lower price, by use as the capacities say', async () => {
    const { root } = world();
    const make = async (more: object) => (await makeDeployment(root, freshName(), more)).id;
    const [cheap, dear] = [
      await make({ prices: { input_per_million: '1', output_per_million: '1' }, limits: { tpm: 1_000 } }),
      await make({ prices: { input_per_million: '2', output_per_million: '2' }, limits: { tpm: 3_000 } }),
    ];
    const group = must(await root('POST', '/route-groups', { key: freshName('group'), members: [{ deployment_id: cheap }] }));
    const firsts = async (strategy: string) => {
      const body = { strategy, members: [member(cheap), member(dear)], requests: 400 };
      const { shares } = must(await root('POST', `/route-groups/${group.id}/policy/simulate`, body));
      return shares.map((one: { first_choice: number }) => one.first_choice);
    };
    expect(await firsts('cheapest')).toEqual([400, 0]);
    const [few, many] = await firsts('usage');
    expect(few / many).toBeCloseTo(1 / 3, 1);
  });

  test('is sticky if it is said, which is no part of the policy', async () => {
    const { root } = world();
    const { id, path } = await makeGroup();
    expect(must(await root('GET', `/route-groups/${id}`)).sticky).toBe(false);
    expect(must(await root('PATCH', `/route-groups/${id}`, { sticky: true })).sticky).toBe(true);
    expect(versions(must(await root('GET', path)))).toEqual([1]);
    const { data } = must(await root('GET', `/audit-events?object_id=${id}&action=route_group.update`));
    expect(data[0]).toMatchObject({ before: { sticky: false }, after: { sticky: true } });
  });

  describe('by role', () => {
    test('an auditor of the platform reads and tries, nobody else but its admins does anything', async () => {
      const { as } = world();
      const { a, path } = await makeGroup();
      const auditor = as([{ role: 'platform_auditor' }]);
      const body = { strategy: 'weighted', members: [member(a)], requests: 1 };
      expect((await auditor('GET', path)).status).toBe(200);
      expect((await auditor('POST', `${path}/simulate`, body)).status).toBe(200);
      expect((await auditor('POST', `${path}/publish`, { policy: { strategy: 'weighted', members: [] } })).status).toBe(403);
      expect((await auditor('POST', `${path}/rollback`, { version: 1 })).status).toBe(403);
      expect((await as([{ role: 'org_owner', organizationId: 'org_x' }])('GET', path)).status).toBe(403);
    });
  });
});
