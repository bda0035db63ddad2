import { eq } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { effectiveAccess } from '../../src/domain/access/access.ts';
import { loadCatalogue, loadOrganization, withoutSecret } from '../../src/store/configuration/config.ts';
import * as schema from '../../src/store/schema.ts';
import { onOneDatabase } from '../support/database.ts';
import { freshName, labelTarget, makeDeployment, makeModel, upstream } from './catalogue-support.ts';
import { makeOrganization, must, withAdmin } from './support.ts';

onOneDatabase('access groups', (given) => {
  const world = withAdmin(given, { upstream });
  const effectiveOf = async (organizationId: string) => {
    const organization = await loadOrganization(given().db, organizationId);
    if (organization === null) throw new Error('no such organization');
    const levels = { organization: organization.access, team: null, user: null, key: null };
    return effectiveAccess(levels, await loadCatalogue(given().db, withoutSecret));
  };

  // promise: An unknown target is 400, an unknown group is accepted.
  // promise: Access-group grants are valid even before a group has current model members.
  // promise: When a model is later labelled with that group and the runtime reloads
  // promise: **Access only narrows** on the way down, and access-group grants reach models that are labelled later, without a restart.
  test('a grant is valid before the group exists; labelling a target later is all it takes', async () => {
    const { root, changes } = world();
    const key = freshName('later');
    const { id } = await makeOrganization(root, { asset_access: { mode: 'selected', access_groups: [key] } });
    expect(await effectiveOf(id)).toEqual([]);
    const model = await makeModel(root);
    const before = changes.length;
    const labelled = await labelTarget(root, model, key);
    expect(labelled).toMatchObject({ access_groups: [key], created_access_groups: [key], warnings: [] });
    expect(changes.slice(before)).toEqual([expect.objectContaining({ catalogue: true })]);
    expect(await effectiveOf(id)).toEqual([model]);
    expect(must(await root('GET', `/access-groups/${key}`))).toMatchObject({
      member_count: 1,
      members: [model],
      holders: [{ scope: 'organization', id }],
      more_holders: false,
    });
    await labelTarget(root, model);
    expect(await effectiveOf(id)).toEqual([]);
  });

  // promise: Access-group keys are immutable, `^[a-z0-9][a-z0-9._-]{0,63}$`; deleting one that is held is 409.
  test('a key is unique, well formed and never changes', async () => {
    const { root } = world();
    const key = freshName('fixed');
    expect((await root('POST', '/access-groups', { key, name: 'Fixed' })).status).toBe(201);
    expect((await root('POST', '/access-groups', { key, name: 'Again' })).status).toBe(409);
    expect((await root('PATCH', `/access-groups/${key}`, { key: 'other' })).status).toBe(400);
    expect(must(await root('PATCH', `/access-groups/${key}`, { name: 'Renamed' }))).toMatchObject({
      name: 'Renamed',
      version: 2,
    });
    for (const wrong of ['Beta', '-x', '', 'a b', 'x'.repeat(65)]) {
      expect((await root('POST', '/access-groups', { key: wrong, name: 'Wrong' })).status).toBe(400);
      const label = await root('PUT', `/callable-targets/${await makeModel(root)}/access-groups`, { access_groups: [wrong] });
      expect(label.status).toBe(400);
    }
  });

  // promise: deleting one that is held is 409
  describe('deleting one', () => {
    const holds: [string, (root: ReturnType<typeof world>['root'], key: string) => Promise<unknown>][] = [
      ['granted', (root, key) => makeOrganization(root, { asset_access: { mode: 'selected', access_groups: [key] } })],
      ['limited', (root, key) => makeOrganization(root, { model_limits: [{ access_group: key, rate_limits: { rpm: 1 } }] })],
      ['budgeted', (root, key) => makeOrganization(root, { budgets: [{ amount: '1', period: 'day', access_group: key }] })],
    ];
    for (const [how, hold] of holds) {
      test(`that is ${how} is 409 and names who holds it`, async () => {
        const { root } = world();
        const key = freshName('held');
        must(await root('POST', '/access-groups', { key }));
        const holder = (await hold(root, key)) as { id: string };
        const refused = await root('DELETE', `/access-groups/${key}`);
        expect(refused.status).toBe(409);
        expect(JSON.stringify(refused.body.errors)).toContain(holder.id);
      });
    }

    test('that a team keeps is 409', async () => {
      const { root } = world();
      const key = freshName('held');
      must(await root('POST', '/access-groups', { key }));
      const { id } = await makeOrganization(root);
      const team = must(
        await root('POST', `/organizations/${id}/teams`, {
          name: 'T',
          asset_access: { mode: 'restrict', access_groups: [key] },
        }),
      );
      expect(JSON.stringify((await root('DELETE', `/access-groups/${key}`)).body.errors)).toContain(team.id);
    });

    test('that nobody holds takes its labels with it', async () => {
      const { root } = world();
      const key = freshName('free');
      const model = await makeModel(root);
      await labelTarget(root, model, key);
      expect((await root('DELETE', `/access-groups/${key}`)).status).toBe(204);
      expect((await root('GET', `/access-groups/${key}`)).status).toBe(404);
      expect((await root('GET', `/models/${model}`)).body.access_groups).toEqual([]);
    });
  });

  // promise: A group key equal to a routing tag gets a warning.
  // promise: Avoid copying routing tags directly into access groups; tags control
  test('a key that is also a routing tag carries a warning, and the tag authorizes nothing', async () => {
    const { root } = world();
    const key = freshName('both');
    const tagged = freshName();
    await makeDeployment(root, tagged, { tags: [key] });
    const { id } = await makeOrganization(root, { asset_access: { mode: 'selected', access_groups: [key] } });
    const made = must(await root('POST', '/access-groups', { key }));
    expect(made.warning).toContain('authorize nothing');
    expect(await effectiveOf(id)).toEqual([]);
    expect((await labelTarget(root, tagged, key)).warnings).toHaveLength(1);
    expect((await root('POST', '/access-groups', { key: freshName('plain') })).body.warning).toBeNull();
  });

  test('labelling and the groups it makes are events of the platform’s chain', async () => {
    const { root, deps } = world();
    const model = await makeModel(root);
    const key = freshName('event');
    await labelTarget(root, model, key);
    await labelTarget(root, model, key);
    const events = await deps.db.select().from(schema.auditEvents).where(eq(schema.auditEvents.chain, 'platform'));
    const mine = events.filter((event) => event.objectId === model || event.objectId === key);
    expect(mine.map((event) => event.action)).toEqual(['model.create', 'access_group.create', 'callable_target.label']);
  });

  test('a target that does not exist is 404', async () => {
    expect((await world().root('PUT', '/callable-targets/nowhere/access-groups', { access_groups: [] })).status).toBe(404);
  });
});

onOneDatabase('access explained', (given) => {
  const world = withAdmin(given, { upstream });

  /** An organization granted a model by name and one through a group, with one team that keeps only the first. */
  async function tenancy() {
    const { root } = world();
    const group = freshName('group');
    const [byName, byGroup, ungranted] = [await makeModel(root), await makeModel(root), await makeModel(root)];
    await labelTarget(root, byGroup, group);
    const organization = await makeOrganization(root, {
      asset_access: { mode: 'selected', targets: [byName], access_groups: [group] },
    });
    const team = must(
      await root('POST', `/organizations/${organization.id}/teams`, {
        name: 'Narrow',
        asset_access: { mode: 'restrict', targets: [byName] },
      }),
    );
    const open = must(await root('POST', `/organizations/${organization.id}/teams`, { name: 'Open' }));
    const { db } = given();
    const keys = await Promise.all([
      insertKey(db, organization.id, team.id),
      insertKey(db, organization.id, open.id),
      insertKey(db, organization.id, open.id, { status: 'revoked' }),
    ]);
    return { organization, team, open, keys, byName, byGroup, ungranted, group };
  }

  test('a key: every target its organization is granted, with the grant that gives it or the level that removed it', async () => {
    const { root } = world();
    const { keys, byName, byGroup, group, organization, team } = await tenancy();
    const narrow = must(await root('GET', `/access/explain?key_id=${keys[0]}`));
    expect(narrow).toMatchObject({ key_id: keys[0], organization_id: organization.id, team_id: team.id, member_id: null });
    expect(narrow.data).toHaveLength(2);
    expect(narrow.data.find((entry: { target: string }) => entry.target === byName)).toMatchObject({
      type: 'model',
      allowed: true,
      grant: { level: 'team', through: 'target' },
      removed_by: null,
    });
    expect(narrow.data.find((entry: { target: string }) => entry.target === byGroup)).toMatchObject({
      allowed: false,
      verdict: 'removed',
      grant: null,
      removed_by: 'team',
    });
    const open = must(await root('GET', `/access/explain?key_id=${keys[1]}&target=${byGroup}`));
    expect(open.data).toEqual([
      expect.objectContaining({
        target: byGroup,
        allowed: true,
        grant: { level: 'organization', through: 'access_group', access_group: group },
      }),
    ]);
  });

  test('a tenant cannot tell a target it is not granted from one that does not exist', async () => {
    const { as } = world();
    const { keys, ungranted, organization } = await tenancy();
    const owner = as([{ role: 'org_owner', organizationId: organization.id }]);
    const [there, nowhere] = [
      must(await owner('GET', `/access/explain?key_id=${keys[1]}&target=${ungranted}`)),
      must(await owner('GET', `/access/explain?key_id=${keys[1]}&target=nowhere`)),
    ];
    expect({ ...there.data[0], target: '' }).toEqual({ ...nowhere.data[0], target: '' });
    expect(must(await owner('GET', `/access/explain?target=${ungranted}`))).toEqual({
      ...must(await owner('GET', '/access/explain?target=nowhere')),
      target: ungranted,
    });
    const root = must(await world().root('GET', `/access/explain?key_id=${keys[1]}&target=${ungranted}`));
    expect(root.data[0]).toMatchObject({ verdict: 'not_found', removed_by: 'organization', type: 'model' });
  });

  test('a target: who can call it at each level, through what, as far as the caller may see', async () => {
    const { root, as } = world();
    const one = await tenancy();
    const other = await makeOrganization(root);
    const whole = must(await root('GET', `/access/explain?target=${one.byGroup}`));
    expect(whole).toMatchObject({ type: 'model', access_groups: [one.group] });
    const ids = (list: { id: string }[]) => list.map((entry) => entry.id);
    expect(ids(whole.organizations)).toEqual(expect.arrayContaining([one.organization.id, other.id]));
    expect(whole.organizations.find((entry: { id: string }) => entry.id === one.organization.id).grant).toEqual({
      level: 'organization',
      through: 'access_group',
      access_group: one.group,
    });
    expect(ids(whole.teams)).toContain(one.open.id);
    expect(ids(whole.teams)).not.toContain(one.team.id);
    expect(ids(whole.keys)).toContain(one.keys[1]);
    for (const hidden of [one.keys[0], one.keys[2]]) expect(ids(whole.keys)).not.toContain(hidden);

    const owner = as([{ role: 'org_owner', organizationId: one.organization.id }]);
    const seen = must(await owner('GET', `/access/explain?target=${one.byGroup}`));
    expect(ids(seen.organizations)).toEqual([one.organization.id]);
    expect(ids(seen.keys)).toEqual([one.keys[1]]);
    const teamAdmin = as([{ role: 'team_admin', organizationId: one.organization.id, teamId: one.team.id }]);
    const byName = must(await teamAdmin('GET', `/access/explain?target=${one.byName}`));
    expect([byName.organizations, ids(byName.teams), ids(byName.keys)]).toEqual([[], [one.team.id], [one.keys[0]]]);
  });

  test('a target: who cannot call it at each level, each with the level that says no, and nobody who can', async () => {
    const { root, as } = world();
    const { db } = given();
    const one = await tenancy();
    const cannot = async (ask: typeof root, target: string, more = '') =>
      must(await ask('GET', `/access/explain?target=${target}&who=cannot&organization_id=${one.organization.id}${more}`));
    const said = (list: { id: string; removed_by: string; grant: unknown }[]) =>
      Object.fromEntries(list.map(({ id, removed_by, grant }) => [id, grant === null ? removed_by : 'granted']));
    const narrowKey = await insertKey(db, one.organization.id, one.open.id, {
      accessMode: 'restrict',
      accessTargets: [one.byName],
    });
    const removed = await cannot(root, one.byGroup);
    expect(removed).toMatchObject({ type: 'model', organizations: [] });
    expect(said(removed.teams)).toEqual({ [one.team.id]: 'team' });
    expect(said(removed.keys)).toEqual({ [one.keys[0] as string]: 'team', [narrowKey]: 'key' });

    const ungranted = await cannot(root, one.ungranted);
    expect(said(ungranted.organizations)).toEqual({ [one.organization.id]: 'organization' });
    expect(Object.values(said(ungranted.keys))).toEqual(['organization', 'organization', 'organization']);

    const owner = as([{ role: 'org_owner', organizationId: one.organization.id }]);
    expect(await cannot(owner, one.byGroup)).toEqual(removed);
    // What the organization is not granted looks to its owner like what is not there.
    expect(await cannot(owner, one.ungranted)).toEqual({ ...(await cannot(owner, 'nowhere')), target: one.ungranted });
    const teamAdmin = as([{ role: 'team_admin', organizationId: one.organization.id, teamId: one.team.id }]);
    const seen = await cannot(teamAdmin, one.byGroup);
    expect([said(seen.teams), said(seen.keys)]).toEqual([{ [one.team.id]: 'team' }, { [one.keys[0] as string]: 'team' }]);

    const first = await cannot(root, one.byGroup, '&level=keys&limit=1');
    const second = await cannot(root, one.byGroup, `&level=keys&limit=1&cursor=${first.next_cursors.keys}`);
    expect([...first.keys, ...second.keys]).toEqual(removed.keys);
    expect([first.keys.length, second.next_cursors.keys]).toEqual([1, null]);
    // A place in one list is none in the other.
    const other = `/access/explain?target=${one.byGroup}&level=keys&cursor=${first.next_cursors.keys}`;
    expect((await root('GET', other)).status).toBe(400);
  });

  test('one list of a target can be paged to its end', async () => {
    const { root } = world();
    const model = await makeModel(root);
    const { id } = await makeOrganization(root, { asset_access: { mode: 'selected', targets: [model] } });
    const team = must(await root('POST', `/organizations/${id}/teams`, { name: 'Many' }));
    const made: string[] = [];
    for (let index = 0; index < 7; index += 1) made.push(await insertKey(given().db, id, team.id));
    const seen: string[] = [];
    let cursor = '';
    do {
      const path = `/access/explain?target=${model}&level=keys&limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const page = must(await root('GET', path));
      seen.push(...page.keys.map((key: { id: string }) => key.id));
      cursor = page.next_cursors.keys ?? '';
    } while (cursor !== '');
    expect(seen).toEqual(made.toSorted());
  });

  test('another tenant’s key is 404, and a question without either is 400', async () => {
    const { root, as } = world();
    const { keys, organization } = await tenancy();
    const stranger = as([{ role: 'org_owner', organizationId: 'org_other' }]);
    expect((await stranger('GET', `/access/explain?key_id=${keys[0]}`)).status).toBe(404);
    expect((await stranger('GET', `/access/explain?target=x&organization_id=${organization.id}`)).status).toBe(404);
    expect((await root('GET', '/access/explain?key_id=key_nowhere')).status).toBe(404);
    expect((await root('GET', '/access/explain')).status).toBe(400);
    expect((await root('GET', `/access/explain?key_id=${keys[0]}&level=keys`)).status).toBe(400);
  });
});

let made = 0;

/** A key straight in the store: how keys are made is another suite's. */
async function insertKey(
  db: ReturnType<Parameters<Parameters<typeof onOneDatabase>[1]>[0]>['db'],
  organizationId: string,
  teamId: string,
  more: Partial<typeof schema.keys.$inferInsert> = {},
): Promise<string> {
  made += 1;
  const id = `key_${process.pid}_${String(made).padStart(6, '0')}`;
  const owner = `svc_${process.pid}_${made}`;
  await db.insert(schema.serviceAccounts).values({ organizationId, id: owner, teamId, name: 'ci' });
  await db.insert(schema.keys).values({
    organizationId,
    id,
    teamId,
    name: id,
    ownerServiceAccountId: owner,
    prefix: 'sk-hg-xxxx',
    lastFour: 'abcd',
    createdBy: 'test',
    ...more,
  });
  return id;
}
