/** Versions of a route group's policy: tried, published, brought back, and served at once. */
import { describe, expect, test } from 'vitest';
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
