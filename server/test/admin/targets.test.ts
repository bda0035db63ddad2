import { describe, expect, test } from 'vitest';
import { loadCatalogue, withoutSecret } from '../../src/store/configuration/config.ts';
import { onOneDatabase } from '../support/database.ts';
import { freshName, labelTarget, makeDeployment, makeModel, upstream } from './catalogue-support.ts';
import { makeOrganization, must, withAdmin } from './support.ts';

onOneDatabase('models and route groups', (given) => {
  const world = withAdmin(given, { upstream });
  const catalogue = () => loadCatalogue(given().db, withoutSecret);

  describe('share one namespace', () => {
    // promise: Keep route-group keys and public model names unique because both
    test('a route group cannot take a model’s name', async () => {
      const { root } = world();
      const model = await makeModel(root);
      const answer = await root('POST', '/route-groups', { key: model });
      expect(answer.status).toBe(409);
      expect(answer.body.errors[0].pointer).toBe('/key');
    });

    // promise: Keep route-group keys and public model names unique because both are callable targets.
    test('a model cannot take a route group’s name', async () => {
      const { root } = world();
      const key = freshName('group');
      must(await root('POST', '/route-groups', { key }));
      const answer = await root('POST', '/deployments', { model: key, provider: 'fake', upstream_model: 'fake-small' });
      expect(answer.status).toBe(409);
      expect(answer.body.errors[0].pointer).toBe('/model');
      expect((await root('POST', '/route-groups', { key })).status).toBe(409);
    });

    test('also when both are made at once', async () => {
      const { root } = world();
      const name = freshName();
      const answers = await Promise.all([
        root('POST', '/route-groups', { key: name }),
        root('POST', '/deployments', { model: name, provider: 'fake', upstream_model: 'fake-small' }),
        root('POST', '/route-groups', { key: name }),
      ]);
      expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409]);
    });
  });

  describe('fallbacks', () => {
    test('are kept in their order and reach the catalogue', async () => {
      const { root } = world();
      const [a, b, c] = [await makeModel(root), await makeModel(root), await makeModel(root)];
      expect(must(await root('PATCH', `/models/${a}`, { fallbacks: [c, b] }))).toMatchObject({ fallbacks: [c, b], version: 2 });
      expect((await catalogue()).targets.get(a)?.fallbacks).toEqual([c, b]);
      expect(must(await root('PATCH', `/models/${a}`, { fallbacks: null })).fallbacks).toEqual([]);
    });

    test('that go in a circle are 400, however long it is, also through a route group', async () => {
      const { root } = world();
      const [a, b] = [await makeModel(root), await makeModel(root)];
      const group = must(await root('POST', '/route-groups', { key: freshName('group'), fallbacks: [a] }));
      must(await root('PATCH', `/models/${b}`, { fallbacks: [group.key] }));
      const circle = await root('PATCH', `/models/${a}`, { fallbacks: [b] });
      expect(circle.status).toBe(400);
      expect(circle.body.errors[0]).toMatchObject({ pointer: '/fallbacks' });
      for (const name of [a, b, group.key]) expect(circle.body.detail).toContain(name);
      expect((await root('PATCH', `/models/${a}`, { fallbacks: [a] })).status).toBe(400);
      expect((await root('GET', `/models/${a}`)).body.fallbacks).toEqual([]);
    });

    test('two halves of a circle set at once do not close it', async () => {
      const { root } = world();
      const [a, b] = [await makeModel(root), await makeModel(root)];
      const answers = await Promise.all([
        root('PATCH', `/models/${a}`, { fallbacks: [b] }),
        root('PATCH', `/models/${b}`, { fallbacks: [a] }),
      ]);
      expect(answers.map((answer) => answer.status).sort()).toEqual([200, 400]);
    });

    test('that do not exist, come twice or serve something else are 400, each named', async () => {
      const { root } = world();
      const [a, b] = [await makeModel(root), await makeModel(root)];
      const embedding = await makeModel(root, { upstream_model: 'fake-embedding', mode: 'embedding' });
      const answer = await root('PATCH', `/models/${a}`, { fallbacks: [b, 'nowhere', b, embedding] });
      expect(answer.status).toBe(400);
      expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer)).toEqual([
        '/fallbacks/1',
        '/fallbacks/2',
        '/fallbacks/3',
      ]);
    });
  });

  describe('a route group', () => {
    test('has members with their own weights, and becomes callable', async () => {
      const { root, changes } = world();
      const { id } = await makeDeployment(root, freshName());
      const key = freshName('group');
      const answer = await root('POST', '/route-groups', {
        key,
        strategy: 'weighted',
        members: [{ deployment_id: id, weight: 3, priority: 0 }],
        fallbacks: [],
      });
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({
        id: expect.stringMatching(/^rg_/),
        key,
        members: [{ deployment_id: id, weight: 3, priority: 0 }],
      });
      expect(changes.at(-1)).toMatchObject({ catalogue: true });
      expect((await catalogue()).targets.get(key)).toMatchObject({ kind: 'route_group', members: [{ weight: 3 }] });
      expect(must(await root('GET', `/route-groups/${answer.body.id}/members`)).data).toHaveLength(1);
      expect(must(await root('GET', `/route-groups?search=${key}`)).total).toBe(1);
    });

    test('keeps its key, and a PATCH replaces lists whole', async () => {
      const { root } = world();
      const [one, two] = [await makeDeployment(root, freshName()), await makeDeployment(root, freshName())];
      const group = must(await root('POST', '/route-groups', { key: freshName('group'), members: [{ deployment_id: one.id }] }));
      expect((await root('PATCH', `/route-groups/${group.id}`, { key: 'other' })).status).toBe(400);
      const patched = must(
        await root('PATCH', `/route-groups/${group.id}`, { members: [{ deployment_id: two.id }], strategy: 'priority' }),
      );
      expect(patched).toMatchObject({
        strategy: 'priority',
        members: [{ deployment_id: two.id, weight: 1, priority: 0 }],
        version: 2,
      });
    });

    test('names each member that is not there, is listed twice or serves something else', async () => {
      const { root } = world();
      const chat = await makeDeployment(root, freshName());
      const embedding = await makeDeployment(root, freshName(), { upstream_model: 'fake-embedding', mode: 'embedding' });
      const answer = await root('POST', '/route-groups', {
        key: freshName('group'),
        members: [chat.id, 'dep_nowhere', chat.id, embedding.id].map((deployment_id) => ({ deployment_id })),
      });
      expect(answer.status).toBe(400);
      expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer)).toEqual([
        '/members/1/deployment_id',
        '/members/2/deployment_id',
        '/members/3/deployment_id',
      ]);
    });

    test('that is deleted frees its name and leaves its deployments', async () => {
      const { root } = world();
      const { id, model } = await makeDeployment(root, freshName());
      const group = must(await root('POST', '/route-groups', { key: freshName('group'), members: [{ deployment_id: id }] }));
      expect((await root('DELETE', `/route-groups/${group.id}`)).status).toBe(204);
      expect((await root('GET', `/models/${model}`)).status).toBe(200);
      await makeDeployment(root, group.key);
    });
  });

  // promise: A model name in a path is percent-encoded.
  test('names of any form are reached percent-encoded', async () => {
    const { root } = world();
    for (const name of ['a/b', 'p%2Fq', '@cf/meta/llama', '模'.repeat(200), 'x?y#z', '100%']) {
      const model = `${name.slice(0, 180)}${freshName('-')}`.slice(-200);
      await makeDeployment(root, model);
      expect((await root('GET', `/models/${encodeURIComponent(model)}`)).body?.name).toBe(model);
      expect(must(await labelTargetOf(model, 'forms')).access_groups).toEqual(['forms']);
    }
  });

  const labelTargetOf = (name: string, ...access_groups: string[]) =>
    world().root('PUT', `/callable-targets/${encodeURIComponent(name)}/access-groups`, { access_groups });

  describe('callable targets', () => {
    test('are listed with type, provider, access groups and price', async () => {
      const { root } = world();
      const prefix = freshName('listed');
      const model = await makeDeployment(root, `${prefix}-a`, {
        prices: { input_per_million: '1.00', output_per_million: '2.00' },
      });
      await makeDeployment(root, `${prefix}-a`, { prices: { input_per_million: '3.00' } });
      must(await root('POST', '/route-groups', { key: `${prefix}-b`, members: [{ deployment_id: model.id }] }));
      await labelTarget(root, `${prefix}-a`, 'listed');
      const { data, total } = must(await root('GET', `/callable-targets?search=${prefix}`));
      expect(total).toBe(2);
      expect(data[0]).toMatchObject({
        name: `${prefix}-a`,
        type: 'model',
        providers: ['fake'],
        deployment_count: 2,
        access_groups: ['listed'],
        prices: { input_per_million: '3.00', output_per_million: '2.00' },
        unpriced_deployment_count: 0,
      });
      expect(data[1]).toMatchObject({ name: `${prefix}-b`, type: 'route_group', access_groups: [] });
      expect(must(await root('GET', `/callable-targets?search=${prefix}&type=model`)).total).toBe(1);
      expect(must(await root('GET', '/callable-targets?access_group=listed')).total).toBe(1);
    });

    test('show a tenant only what its organization is granted', async () => {
      const { root, as } = world();
      const prefix = freshName('seen');
      await makeDeployment(root, `${prefix}-a`);
      await makeDeployment(root, `${prefix}-b`);
      const { id } = await makeOrganization(root, { asset_access: { mode: 'selected', targets: [`${prefix}-a`] } });
      const admin = as([{ role: 'org_admin', organizationId: id }]);
      const names = (answer: { data: { name: string }[] }) => answer.data.map((target) => target.name);
      expect(names(must(await admin('GET', '/callable-targets')))).toEqual([`${prefix}-a`]);
      expect(names(must(await root('GET', `/callable-targets?search=${prefix}`)))).toHaveLength(2);
      expect(names(must(await root('GET', `/callable-targets?search=${prefix}&organization_id=${id}`)))).toEqual([`${prefix}-a`]);
      const stranger = as([{ role: 'org_admin', organizationId: 'org_other' }]);
      expect((await stranger('GET', `/callable-targets?organization_id=${id}`)).status).toBe(404);
      expect((await admin('PUT', `/callable-targets/${prefix}-b/access-groups`, { access_groups: ['x'] })).status).toBe(403);
    });
  });
});
