/** The targets beside the fallbacks of models and route groups, and their place in the versions of a policy. */
import { describe, expect, test } from 'vitest';
import { loadCatalogue, withoutSecret } from '../../src/store/configuration/config.ts';
import { onOneDatabase } from '../support/database.ts';
import { freshName, makeDeployment, makeModel, upstream } from './catalogue-support.ts';
import { must, withAdmin } from './support.ts';

onOneDatabase('routing policies', (given) => {
  const world = withAdmin(given, { upstream });
  const catalogue = () => loadCatalogue(given().db, withoutSecret);

  async function makeGroup(more: object = {}) {
    const { root } = world();
    const { id: deployment_id } = await makeDeployment(root, freshName());
    const body = { key: freshName('group'), members: [{ deployment_id }], ...more };
    const { id, key } = must(await root('POST', '/route-groups', body));
    return { path: `/route-groups/${id}`, key, members: [{ deployment_id, weight: 1, priority: 0 }] };
  }

  describe.each(['context_fallbacks', 'policy_fallbacks'] as const)('%s', (field) => {
    const ofTarget = { context_fallbacks: 'contextFallbacks', policy_fallbacks: 'policyFallbacks' } as const;

    test('of a model are kept in their order, reach the catalogue, and are in the audit log', async () => {
      const { root } = world();
      const [a, b, c] = [await makeModel(root), await makeModel(root), await makeModel(root)];
      expect(must(await root('PATCH', `/models/${a}`, { [field]: [c, b] }))).toMatchObject({ [field]: [c, b], fallbacks: [] });
      expect((await catalogue()).targets.get(a)?.[ofTarget[field]]).toEqual([c, b]);
      expect(must(await root('PATCH', `/models/${a}`, { sticky: true }))[field]).toEqual([c, b]);
      expect(must(await root('PATCH', `/models/${a}`, { [field]: null }))[field]).toEqual([]);
      const events = must(await root('GET', `/audit-events?object_id=${a}&action=model.update`)).data;
      expect(events[0]).toMatchObject({ before: { [field]: [c, b] }, after: { [field]: [] } });
    });

    test('must exist, be other targets of the same mode, and be listed once; a cycle of them is none', async () => {
      const { root } = world();
      const [a, b] = [await makeModel(root), await makeModel(root)];
      const embedding = await makeModel(root, { mode: 'embedding', upstream_model: 'fake-embedding' });
      const group = await makeGroup();
      for (const path of [`/models/${a}`, group.path])
        for (const list of [[b, b], ['nowhere'], [embedding], [path === group.path ? group.key : a]]) {
          const answer = await root('PATCH', path, { [field]: list });
          expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, `/${field}/${list.length - 1}`]);
        }
      must(await root('PATCH', `/models/${a}`, { [field]: [b] }));
      must(await root('PATCH', `/models/${b}`, { [field]: [a] }));
    });

    test('of a route group are a part of its policy: each change is a version, and comes back with it', async () => {
      const { root } = world();
      const model = await makeModel(root);
      const { path, key, members } = await makeGroup({ [field]: [model] });
      expect(must(await root('GET', `${path}/policy`)).published).toMatchObject({ version: 1, policy: { [field]: [model] } });
      must(await root('POST', `${path}/policy/publish`, { policy: { strategy: 'weighted', members, [field]: [] } }));
      expect((await catalogue()).targets.get(key)?.[ofTarget[field]]).toEqual([]);
      // What a policy does not name stays.
      must(await root('PATCH', path, { [field]: [model] }));
      must(await root('POST', `${path}/policy/publish`, { policy: { strategy: 'priority', members } }));
      expect(must(await root('GET', path))).toMatchObject({ strategy: 'priority', [field]: [model] });
      const back = must(await root('POST', `${path}/policy/rollback`, { version: 2 }));
      expect(back.published).toMatchObject({ version: 5, rolled_back_to: 2, policy: { [field]: [] } });
      expect((await catalogue()).targets.get(key)?.[ofTarget[field]]).toEqual([]);
    });

    test('are not touched by a change of the version before, whose versions of a policy have none', async () => {
      const { root } = world();
      const model = await makeModel(root);
      const { path, key } = await makeGroup({ [field]: [model] });
      const { pool } = given();
      await pool.query(`update route_groups set strategy = 'priority', version = version + 1 where key = $1`, [key]);
      await pool.query(
        `insert into route_group_policies (route_group_id, version, strategy, members, published_at, published_by_name)
         select id, 2, 'priority', '[]', now(), 'before' from route_groups where key = $1`,
        [key],
      );
      expect((await catalogue()).targets.get(key)?.[ofTarget[field]]).toEqual([model]);
      expect(must(await root('GET', `${path}/policy`)).published).toMatchObject({ version: 2, policy: { [field]: [] } });
    });
  });

  describe('a canary', () => {
    test('of a route group is a part of its policy: simulated, published, rolled back', async () => {
      const { root } = world();
      const { id: canary } = await makeDeployment(root, freshName());
      const { path, key, members: first } = await makeGroup();
      const members = [...first, { deployment_id: canary, weight: 0, priority: 0 }];
      const policy = { strategy: 'weighted', members, canary: { deployment_id: canary, percent: 2.5 } };
      const simulated = must(await root('POST', `${path}/policy/simulate`, { ...policy, requests: 10_000 }));
      expect(simulated.canary.share).toBe(0.025);
      expect(simulated.shares).toEqual([
        { deployment_id: first[0]?.deployment_id, share: 0.975, first_choice: 10_000 - simulated.canary.first_choice },
        { deployment_id: canary, share: 0.025, first_choice: simulated.canary.first_choice },
      ]);
      expect(Math.abs(simulated.canary.first_choice - 250)).toBeLessThan(60);
      const shown = { deployment_id: canary, target: null, percent: 2.5 };
      expect(must(await root('POST', `${path}/policy/publish`, { policy })).published).toMatchObject({
        version: 2,
        policy: { canary: shown },
      });
      expect((await catalogue()).targets.get(key)?.canary).toEqual({ deploymentId: canary, permille: 25 });
      // A change of the share is the next version, and so is the way back.
      must(await root('PATCH', path, { canary: { deployment_id: canary, percent: 50 } }));
      expect(must(await root('POST', `${path}/policy/rollback`, { version: 2 })).published).toMatchObject({
        version: 4,
        policy: { canary: shown },
      });
      expect(must(await root('POST', `${path}/policy/rollback`, { version: 1 })).published).toMatchObject({
        version: 5,
        policy: { canary: null },
      });
      expect((await catalogue()).targets.get(key)?.canary).toBe(null);
    });

    test('of a model, or at another target', async () => {
      const { root } = world();
      const [name, other] = [freshName(), await makeModel(root)];
      const { id: deployment_id } = await makeDeployment(root, name);
      const set = async (canary: object | null) => must(await root('PATCH', `/models/${name}`, { canary })).canary;
      expect(await set({ target: other, percent: 0.1 })).toEqual({ deployment_id: null, target: other, percent: 0.1 });
      expect((await catalogue()).targets.get(name)?.canary).toEqual({ target: other, permille: 1 });
      expect(await set({ deployment_id, percent: 100 })).toEqual({ deployment_id, target: null, percent: 100 });
      expect(must(await root('PATCH', `/models/${name}`, { sticky: true })).canary).toMatchObject({ deployment_id });
      expect(await set(null)).toBe(null);
    });

    test('must be a deployment of the name or another target of its mode, with a share of whole tenths', async () => {
      const { root } = world();
      const { id: stranger } = await makeDeployment(root, freshName());
      const embedding = await makeModel(root, { mode: 'embedding', upstream_model: 'fake-embedding' });
      const { path, key, members } = await makeGroup();
      const pointerOf = async (canary: object) => {
        const answer = await root('PATCH', path, { canary });
        expect(answer.status).toBe(400);
        return answer.body.errors[0].pointer;
      };
      expect(await pointerOf({ deployment_id: stranger, percent: 1 })).toBe('/canary/deployment_id');
      for (const target of [key, 'nowhere', embedding]) expect(await pointerOf({ target, percent: 1 })).toBe('/canary/target');
      const deployment_id = members[0]?.deployment_id;
      for (const percent of [0.05, -1, 100.1, '5']) await pointerOf({ deployment_id, percent });
      await pointerOf({ deployment_id, target: key, percent: 1 });
      await pointerOf({ percent: 1 });
      // The members may not leave the canary without its deployment.
      must(await root('PATCH', path, { canary: { deployment_id, percent: 1 } }));
      const answer = await root('PUT', `${path}/members`, { members: [{ deployment_id: stranger }] });
      expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, '/canary/deployment_id']);
    });

    test('of a form that a later version wrote counts as none', async () => {
      const { key } = await makeGroup();
      const { pool } = given();
      await pool.query(`update route_groups set canary = '{"permille": 5, "region": "eu"}' where key = $1`, [key]);
      expect((await catalogue()).targets.get(key)?.canary).toBe(null);
    });
  });

  test('a deployment declares a context window, which keys see in their lists', async () => {
    const { root } = world();
    const made = await makeDeployment(root, freshName(), { context_window: 8_192 });
    expect(made.context_window).toBe(8_192);
    expect((await catalogue()).targets.get(made.model)?.members[0]?.deployment.contextWindow).toBe(8_192);
    expect(must(await root('PATCH', `/deployments/${made.id}`, { context_window: null })).context_window).toBe(null);
    expect((await root('PATCH', `/deployments/${made.id}`, { context_window: 0 })).status).toBe(400);
  });
});
