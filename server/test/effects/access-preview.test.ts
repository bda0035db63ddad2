import { beforeAll, expect, test } from 'vitest';
import { type Answer, makeOrganization, makeTeam, must, withAdmin } from '../admin/support.ts';
import { withDatabase } from '../support/database.ts';

const world = withAdmin(withDatabase());
const names = (list: readonly { name: string }[]) => list.map((one) => one.name);

beforeAll(async () => {
  for (const model of ['preview-a', 'preview-b', 'preview-c']) {
    const deployment = { model, provider: 'fake', upstream_model: 'fake-small', mode: 'chat' };
    must(await world().root('POST', '/deployments', deployment));
  }
  must(await world().root('PUT', '/callable-targets/preview-c/access-groups', { access_groups: ['preview-group'] }));
});

const preview = (body: object): Promise<Answer> => world().root('POST', '/access/preview', body);

test('of grants counts targets and says through what, also for an organization that is not created yet', async () => {
  const all = must(await preview({ level: 'organization', asset_access: { mode: 'all' } }));
  expect(all).toMatchObject({ count: 3, outside: [], targets: [{ name: 'preview-a', type: 'model', through: 'all' }, {}, {}] });
  const some = { mode: 'selected', targets: ['preview-a', 'nowhere'], access_groups: ['preview-group', 'empty'] };
  expect(must(await preview({ level: 'organization', asset_access: some }))).toMatchObject({
    count: 2,
    targets: [
      { name: 'preview-a', through: 'target', access_group: null },
      { name: 'preview-c', through: 'access_group', access_group: 'preview-group' },
    ],
  });
  expect(must(await preview({ level: 'organization', asset_access: { mode: 'selected' } })).count).toBe(0);
});

test('below says what the levels above removed, and which of them', async () => {
  const settings = { asset_access: { mode: 'selected', targets: ['preview-a', 'preview-b'] } };
  const { organization, team } = await makeTeam(world().root, settings, {
    asset_access: { mode: 'restrict', targets: ['preview-a'] },
  });
  const key = { level: 'key', organization_id: organization.id, team_id: team.id };
  const inherited = must(await preview({ ...key, asset_access: { mode: 'inherit' } }));
  expect(names(inherited.targets)).toEqual(['preview-a']);
  expect(inherited.outside).toEqual([
    { name: 'preview-b', type: 'model', removed_by: 'team' },
    { name: 'preview-c', type: 'model', removed_by: 'organization' },
  ]);
  const outside = must(await preview({ ...key, asset_access: { mode: 'restrict', targets: ['preview-b'] } }));
  expect(outside.count).toBe(0);
});

test('tells a tenant nothing of names it is not granted, and nothing of other tenants', async () => {
  const { organization, team } = await makeTeam(world().root, { asset_access: { mode: 'selected', targets: ['preview-a'] } });
  const other = await makeOrganization(world().root);
  const owner = world().as([{ role: 'org_owner', organizationId: organization.id }]);
  const body = { level: 'team', organization_id: organization.id, asset_access: { mode: 'inherit' } };
  const seen = await owner('POST', '/access/preview', body);
  expect(must(seen)).toMatchObject({ count: 1, outside: [], outside_count: 0 });
  expect(seen.text).not.toContain('preview-b');
  expect((await owner('POST', '/access/preview', { ...body, organization_id: other.id })).status).toBe(404);
  expect((await owner('POST', '/access/preview', { level: 'organization', asset_access: { mode: 'all' } })).status).toBe(403);
  const elsewhere = { ...body, level: 'key', organization_id: other.id, team_id: team.id };
  expect((await preview(elsewhere)).status).toBe(404);
});

test('refuses a mode of another level, and a level below without an organization', async () => {
  const { id } = await makeOrganization(world().root);
  expect((await preview({ level: 'organization', asset_access: { mode: 'inherit' } })).status).toBe(400);
  expect((await preview({ level: 'team', organization_id: id, asset_access: { mode: 'all' } })).status).toBe(400);
  expect((await preview({ level: 'team', asset_access: { mode: 'inherit' } })).status).toBe(400);
});
