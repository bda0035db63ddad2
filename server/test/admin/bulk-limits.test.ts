/** Limits of many organizations at once, templates of organizations, and organizations that are made like another. */
import { describe, expect, test } from 'vitest';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd } from '../support/records.ts';
import { makeModel } from './catalogue-support.ts';
import { makeOrganization, makeTeam, must, withAdmin } from './support.ts';
import { storeRecords } from './usage-support.ts';

onOneDatabase('many organizations', (given) => {
  const world = withAdmin(given);
  const send = (body: object, query = '') => world().root('PATCH', `/organizations${query}`, body);
  const read = async (id: string) => must(await world().root('GET', `/organizations/${id}`));
  const updates = async (id: string) =>
    must(await world().root('GET', `/organizations/${id}/audit-events`)).data.filter(
      ({ action }: { action: string }) => action === 'organization.update',
    );
  const month = { amount: '10.00', period: 'month' };

  describe('limits', () => {
    test('are previewed for each, with who is over a new one, and nothing is stored', async () => {
      const { root } = world();
      const { organization, team } = await makeTeam(root, { rate_limits: { rpd: 100, rpm: 7 } });
      const key = must(await root('POST', '/keys', { team_id: team.id, name: 'busy' }));
      const same = await makeOrganization(root, { rate_limits: { rpd: 2 } });
      const admittedAtMs = world().time.nowMs - 60_000;
      const of = { organizationId: organization.id, teamId: team.id, keyId: key.id, admittedAtMs };
      await storeRecords(
        given(),
        [1, 2, 3].map(() => givenEnd(of)),
      );
      const body = { organizations: [{ id: organization.id }, { id: same.id }], rate_limits: { rpd: 2 } };
      const preview = must(await send(body, '?dry_run=true'));
      expect(preview.dry_run).toBe(true);
      const of1 = preview.data.find(({ id }: { id: string }) => id === organization.id);
      expect(of1).toMatchObject({
        ...{ is_changed: true, version: organization.version },
        before: { rate_limits: { rpd: 100, rpm: 7 } },
        after: { rate_limits: { rpd: 2, rpm: 7 } },
      });
      expect(of1.keys_over_new_limit).toEqual([
        { scope: 'organization', limit: 'rpd', value: 2, used: 3 },
        { key_id: key.id, scope: 'organization', limit: 'rpd', value: 2, used: 3 },
      ]);
      expect(preview.data.find(({ id }: { id: string }) => id === same.id)).toMatchObject({
        is_changed: false,
        keys_over_new_limit: [],
      });
      expect(await read(organization.id)).toMatchObject({ rate_limits: { rpd: 100 }, version: organization.version });
      expect(await updates(organization.id)).toEqual([]);
    });

    test('are changed in one transaction, with an audit event for each that changes, and are live', async () => {
      const { root, changes } = world();
      const [one, two, same] = [
        await makeOrganization(root, { budgets: [month] }),
        await makeOrganization(root),
        await makeOrganization(root, { rate_limits: { rpm: 5 }, budgets: [{ amount: '20.00', period: 'month' }] }),
      ];
      const all = [one, two, same].map(({ id, version }) => ({ id, version }));
      const body = { organizations: all, rate_limits: { rpm: 5 }, budgets: [{ amount: '20.00', period: 'month' }] };
      const { data } = must(await send(body));
      expect(data.filter((row: { is_changed: boolean }) => row.is_changed)).toHaveLength(2);
      for (const { id } of [one, two])
        expect(await read(id)).toMatchObject({ rate_limits: { rpm: 5 }, budgets: [{ amount: '20.00' }], version: 2 });
      expect(await read(same.id)).toMatchObject({ version: 1 });
      expect([(await updates(one.id)).length, (await updates(two.id)).length, (await updates(same.id)).length]).toEqual([
        1, 1, 0,
      ]);
      expect(changes.at(-1)?.organizationIds?.toSorted()).toEqual([one.id, two.id].toSorted());
    });

    test('are changed nowhere if one was changed meanwhile, is gone, or may not be changed', async () => {
      const { root } = world();
      const [one, two] = [await makeOrganization(root), await makeOrganization(root)];
      must(await root('PATCH', `/organizations/${two.id}`, { name: 'Another name' }));
      const organizations = [one, two].map(({ id, version }) => ({ id, version }));
      const stale = await send({ organizations, rate_limits: { rpm: 1 } });
      expect(stale.status).toBe(412);
      expect(stale.body.detail).toContain('Another name');
      const gone = await send({ organizations: [{ id: one.id }, { id: 'org_gone' }], rate_limits: { rpm: 1 } });
      expect(gone.status).toBe(404);
      expect(await read(one.id)).toMatchObject({ rate_limits: { rpm: null }, version: 1 });
      const owner = world().as([{ role: 'org_owner', organizationId: one.id }]);
      expect((await owner('PATCH', '/organizations', { organizations: [{ id: one.id }], rate_limits: { rpm: 1 } })).status).toBe(
        403,
      );
    });

    test('take all that a filter finds, at most 200, and bounded input', async () => {
      const { root } = world();
      for (const name of ['Filtered one', 'Filtered two']) await makeOrganization(root, { name });
      const { data } = must(await send({ filter: { search: 'filtered' }, rate_limits: { tpm: 9 } }));
      expect(data.map(({ name }: { name: string }) => name)).toEqual(['Filtered one', 'Filtered two']);
      const [one] = data;
      const organizations = [{ id: one.id }];
      for (const bad of [
        { organizations },
        { rate_limits: { rpm: 1 } },
        { organizations, filter: {}, rate_limits: { rpm: 1 } },
        { organizations: [], rate_limits: { rpm: 1 } },
        { organizations: Array.from({ length: 201 }, (_, nth) => ({ id: `org_${nth}` })), rate_limits: { rpm: 1 } },
        { organizations, budgets: [{ ...month, id: 'bud_x' }] },
        { organizations, rate_limits: { rpm: -1 } },
      ])
        expect((await send(bad)).status).toBe(400);
    });
  });

  describe('templates', () => {
    const settings = { time_zone: 'Europe/Paris', rate_limits: { rpm: 60 }, budgets: [month], audit: { content: 'metadata' } };

    test('make organizations that are independent of them afterwards', async () => {
      const { root } = world();
      const template = must(
        await root('POST', '/organization-templates', { name: 'Small', description: 'For trials', settings }),
      );
      const made = must(
        await root('POST', '/organizations', {
          name: 'A',
          slug: 'from-small',
          template_id: template.id,
          rate_limits: { rpm: 90 },
        }),
      );
      expect(made).toMatchObject({
        time_zone: 'Europe/Paris',
        rate_limits: { rpm: 90 },
        budgets: [{ amount: '10.00' }],
        audit: { content: 'metadata' },
      });
      must(await root('PATCH', `/organization-templates/${template.id}`, { settings: { rate_limits: { rpm: 1 } } }));
      must(await root('DELETE', `/organization-templates/${template.id}`));
      expect(await read(made.id)).toMatchObject({ rate_limits: { rpm: 90 }, budgets: [{ amount: '10.00' }], version: 1 });
      const { data } = must(await root('GET', `/organizations/${made.id}/audit-events`));
      expect(data[0].after).toMatchObject({ template: { id: template.id, name: 'Small' } });
      expect((await root('POST', '/organizations', { name: 'B', slug: 'from-gone', template_id: template.id })).status).toBe(400);
    });

    test('have one name each in any case, a version, and are the platform’s', async () => {
      const { root } = world();
      const template = must(await root('POST', '/organization-templates', { name: 'Named' }));
      expect((await root('POST', '/organization-templates', { name: 'NAMED' })).status).toBe(409);
      const path = `/organization-templates/${template.id}`;
      expect((await root('PATCH', path, { name: 'x' }, { 'if-match': '"9"' })).status).toBe(412);
      expect((await root('PATCH', path, { settings: { rate_limits: { rpm: -1 } } })).status).toBe(400);
      expect((await root('PATCH', path, { settings: { metadata: {} } })).status).toBe(400);
      const auditor = world().as([{ role: 'platform_auditor' }]);
      expect([(await auditor('GET', path)).status, (await auditor('DELETE', path)).status]).toEqual([200, 403]);
      const owner = world().as([{ role: 'org_owner', organizationId: 'org_any' }]);
      expect((await owner('GET', path)).status).toBe(403);
      const actions = must(await root('GET', '/audit-events?limit=5')).data.map(({ action }: { action: string }) => action);
      expect(actions).toContain('organization_template.create');
    });

    test('and an organization like another have its settings without people, keys, ids of budgets, and models that are gone', async () => {
      const { root } = world();
      const [model, gone] = [await makeModel(root), await makeModel(root)];
      const { organization, team } = await makeTeam(root, {
        ...settings,
        metadata: { cost_centre: 7 },
        asset_access: { mode: 'selected', targets: [model, gone], access_groups: [] },
      });
      must(await root('POST', '/keys', { team_id: team.id, name: 'theirs' }));
      const { data } = must(await root('GET', `/deployments?model=${gone}`));
      must(await root('DELETE', `/deployments/${data[0].id}`));
      const like = must(
        await root('POST', '/organizations', { name: 'Like', slug: 'made-like', like_organization_id: organization.id }),
      );
      expect(like).toMatchObject({
        ...{ time_zone: 'Europe/Paris', rate_limits: { rpm: 60 }, audit: { content: 'metadata' }, metadata: {} },
        asset_access: { mode: 'selected', targets: [model] },
        ...{ team_count: 0, member_count: 0, key_count: 0, owners: [] },
      });
      expect(like.budgets).toMatchObject([{ amount: '10.00', period: 'month' }]);
      expect(like.budgets[0].id).not.toBe((await read(organization.id)).budgets[0].id);
      const template = must(await root('POST', '/organization-templates', { name: 'Taken', organization_id: organization.id }));
      expect(template.settings).toMatchObject({ rate_limits: { rpm: 60 }, budgets: [{ amount: '10.00' }] });
      expect(JSON.stringify(template.settings)).not.toContain('bud_');
      expect(template.settings.metadata).toBeUndefined();
      expect(
        (await root('POST', '/organizations', { name: 'x', slug: 'like-none', like_organization_id: 'org_none' })).status,
      ).toBe(404);
    });
  });
});
