/** Mirrors in the admin API: their place in a policy, the choice of an organization, and what the platform paid. */
import { describe, expect, test } from 'vitest';
import { sweepJob } from '../../src/jobs/sweep.ts';
import { loadCatalogue, withoutSecret } from '../../src/store/configuration/config.ts';
import { loadOrganization } from '../../src/store/configuration/load-organization.ts';
import { createCopyWriter } from '../../src/store/mirrors/copy-writer.ts';
import { insertMany, type NewMirrorCopy } from '../../src/store/mirrors/mirror-copies.ts';
import { onOneDatabase } from '../support/database.ts';
import { freshName, makeDeployment, makeModel, upstream } from './catalogue-support.ts';
import { makeOrganization, must, withAdmin } from './support.ts';

const DAY_MS = 86_400_000;

const copyOf = (requestId: string, more: Partial<NewMirrorCopy> = {}): NewMirrorCopy => ({
  ...{ organizationId: 'org_1', requestId, at: new Date('2026-03-02T00:00:00Z'), calledName: 'fast', outcome: 'answered' },
  ...{ deploymentId: 'dep_new', provider: 'fake', upstreamModel: 'new', httpStatus: 200, tookMs: 100, nanoUsd: 1_500_000 },
  ...more,
});

onOneDatabase('mirrors', (given) => {
  const world = withAdmin(given, { upstream });
  const catalogue = () => loadCatalogue(given().db, withoutSecret);

  test('of a route group are a part of its policy: simulated, published, rolled back', async () => {
    const { root } = world();
    const target = await makeModel(root);
    const { id: deployment_id } = await makeDeployment(root, freshName());
    const members = [{ deployment_id, weight: 1, priority: 0 }];
    const { id, key } = must(await root('POST', '/route-groups', { key: freshName('group'), members }));
    const path = `/route-groups/${id}`;
    const policy = { strategy: 'weighted', members, mirror: { target, percent: 2.5 } };
    const simulated = must(await root('POST', `${path}/policy/simulate`, { ...policy, requests: 10_000 }));
    expect(simulated.mirror.share).toBe(0.025);
    expect(Math.abs(simulated.mirror.copies - 250)).toBeLessThan(60);
    expect(simulated.shares).toEqual([{ deployment_id, share: 1, first_choice: 10_000 }]);
    const shown = { deployment_id: null, target, percent: 2.5 };
    expect(must(await root('POST', `${path}/policy/publish`, { policy })).published).toMatchObject({
      version: 2,
      policy: { mirror: shown, canary: null },
    });
    expect((await catalogue()).targets.get(key)?.mirror).toEqual({ target, permille: 25 });
    expect(must(await root('GET', path)).mirror).toEqual(shown);
    // What a policy does not name stays.
    must(await root('POST', `${path}/policy/publish`, { policy: { strategy: 'priority', members } }));
    expect(must(await root('GET', path)).mirror).toEqual(shown);
    must(await root('POST', `${path}/policy/rollback`, { version: 1 }));
    expect((await catalogue()).targets.get(key)?.mirror).toBe(null);
    must(await root('POST', `${path}/policy/rollback`, { version: 2 }));
    expect((await catalogue()).targets.get(key)?.mirror).toEqual({ target, permille: 25 });
  });

  test('of a model may be any deployment of the platform with its mode, and nothing else', async () => {
    const { root } = world();
    const [name, other] = [freshName(), freshName()];
    await makeDeployment(root, name);
    const { id: deployment_id } = await makeDeployment(root, other);
    const embedding = await makeDeployment(root, freshName(), { mode: 'embedding', upstream_model: 'fake-embedding' });
    const set = (mirror: object | null) => root('PATCH', `/models/${name}`, { mirror });
    expect(must(await set({ deployment_id, percent: 100 })).mirror).toEqual({ deployment_id, target: null, percent: 100 });
    const pointerOf = async (mirror: object) => {
      const answer = await set(mirror);
      expect(answer.status).toBe(400);
      return answer.body.errors[0].pointer;
    };
    for (const id of ['dep_nowhere', embedding.id])
      expect(await pointerOf({ deployment_id: id, percent: 1 })).toBe('/mirror/deployment_id');
    for (const target of [name, 'nowhere', embedding.model])
      expect(await pointerOf({ target, percent: 1 })).toBe('/mirror/target');
    for (const percent of [0.05, -1, 100.1, '5']) await pointerOf({ deployment_id, percent });
    const events = must(await root('GET', `/audit-events?object_id=${name}&action=model.update`)).data;
    expect(events[0]).toMatchObject({ before: { mirror: null }, after: { mirror: { deployment_id } } });
    expect(must(await set(null)).mirror).toBe(null);
  });

  test('need an organization that allows them, which only its owners and the platform decide', async () => {
    const { root, as } = world();
    const made = await makeOrganization(root);
    const path = `/organizations/${made.id}`;
    expect(made.mirroring).toBe('refuse');
    const admin = as([{ role: 'org_admin', organizationId: made.id }]);
    expect((await admin('PATCH', path, { mirroring: 'allow' })).status).toBe(403);
    const owner = as([{ role: 'org_owner', organizationId: made.id }]);
    expect(must(await owner('PATCH', path, { mirroring: 'allow' })).mirroring).toBe('allow');
    const events = must(await root('GET', `${path}/audit-events?action=organization.update`));
    expect(events.data[0]).toMatchObject({ before: { mirroring: 'refuse' }, after: { mirroring: 'allow' } });
    expect((await loadOrganization(given().db, made.id))?.mirroring).toBe('allow');
    expect((await makeOrganization(root, { like_organization_id: made.id })).mirroring).toBe('allow');
    expect((await root('PATCH', path, { mirroring: 'sometimes' })).status).toBe(400);
  });

  describe('the copies', () => {
    test('are summed for the platform alone, each once, and dropped after 90 days', async () => {
      const { root, as } = world();
      const { db } = given();
      const rows = [
        ...[copyOf('req_1'), copyOf('req_2', { organizationId: 'org_2', nanoUsd: 500_000, tookMs: 300 })],
        ...[
          copyOf('req_3', { outcome: 'failed', reason: 'unavailable', nanoUsd: 0, tookMs: 200 }),
          copyOf('req_4', { nanoUsd: null }),
        ],
        copyOf('req_5', {
          outcome: 'skipped',
          reason: 'busy',
          deploymentId: null,
          provider: null,
          upstreamModel: null,
          nanoUsd: null,
        }),
        copyOf('req_6', { at: new Date('2026-03-03T00:00:00Z') }),
      ];
      await insertMany(db, rows);
      await insertMany(db, rows.slice(0, 2));
      const question = '/mirror-copies?from=2026-03-01T00:00:00Z&to=2026-03-03T00:00:00Z';
      const report = must(await root('GET', question));
      const line = { model: 'fast', cut: 0 };
      expect(report).toEqual({
        cost: '0.002',
        data: [
          {
            ...{ ...line, deployment_id: 'dep_new', provider: 'fake', upstream_model: 'new', answered: 3, failed: 1, skipped: 0 },
            ...{ took_ms: 175, unpriced: 1, cost: '0.002' },
          },
          {
            ...{ ...line, deployment_id: null, provider: null, upstream_model: null, answered: 0, failed: 0, skipped: 1 },
            ...{ took_ms: 100, unpriced: 0, cost: '0.00' },
          },
        ],
      });
      const made = await makeOrganization(root);
      expect((await as([{ role: 'org_owner', organizationId: made.id }])('GET', question)).status).toBe(403);
      expect((await root('GET', '/mirror-copies?from=2026-03-03T00:00:00Z&to=2026-03-01T00:00:00Z')).status).toBe(400);
      const nowMs = Date.parse('2026-03-02T12:00:00Z') + 90 * DAY_MS;
      await sweepJob().run({ database: given(), clock: { nowMs: () => nowMs } } as never);
      expect(must(await root('GET', '/mirror-copies?from=2026-01-01T00:00:00Z')).data).toMatchObject([{ answered: 1 }]);
    });

    test('are written again after a fault, and no more than once', async () => {
      const { pool, db } = given();
      const due: (() => void)[] = [];
      const later = (_: number, run: () => void) => {
        due.push(run);
        return () => {};
      };
      const writer = createCopyWriter(db, { after: later, onLost: () => {} });
      await pool.query('alter table mirror_copies rename to mirror_copies_away');
      writer.add(copyOf('req_7', { organizationId: 'org_7' }));
      for (const run of due.splice(0)) run();
      while (due.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await pool.query('alter table mirror_copies_away rename to mirror_copies');
      writer.add(copyOf('req_8', { organizationId: 'org_7' }));
      await writer.close();
      const { rows } = await pool.query("select request_id from mirror_copies where organization_id = 'org_7' order by 1");
      expect(rows).toEqual([{ request_id: 'req_7' }, { request_id: 'req_8' }]);
    });
  });
});
