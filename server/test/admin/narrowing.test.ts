import { describe, expect, test } from 'vitest';
import { onOneDatabase } from '../support/database.ts';
import { freshName, labelTarget, makeModel, upstream } from './catalogue-support.ts';
import { makeTeam, makeTeamMember, must, withAdmin } from './support.ts';

onOneDatabase('narrowing access below the organization', (given) => {
  const world = withAdmin(given, { upstream });

  /** An organization that was granted `one` and everything in a group that `two` is in, but not `three`. */
  async function makePlace() {
    const { root } = world();
    const [one, two, three] = [await makeModel(root), await makeModel(root), await makeModel(root)];
    const group = freshName('group');
    await labelTarget(root, two, group);
    const asset_access = { mode: 'selected', targets: [one], access_groups: [group] };
    return { ...(await makeTeam(root, { asset_access })), one, two, three, group };
  }

  // promise: Choosing a target outside the parent is a 400 naming it.
  test('a choice outside the parent is 400 naming it, at every level, on creation and change', async () => {
    const { root } = world();
    const { organization, team, two, three, group } = await makePlace();
    const restrict = (targets: string[], access_groups: string[] = []) => ({
      asset_access: { mode: 'restrict', targets, access_groups },
    });
    const { account, memberId } = await makeTeamMember(root, team.id);
    const key = must(await root('POST', '/keys', { team_id: team.id, name: 'own', owner: { account_id: account.id } }));
    const member = `/organizations/${organization.id}/members/${memberId}`;
    const attempts = (change: object) => [
      root('POST', `/organizations/${organization.id}/teams`, { name: 'x', ...change }),
      root('PATCH', `/teams/${team.id}`, change),
      root('PATCH', member, change),
      root('POST', '/keys', { team_id: team.id, name: 'x', ...change }),
      root('PATCH', `/keys/${key.id}`, change),
    ];
    for (const answer of await Promise.all(attempts(restrict([two, three])))) {
      expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, '/asset_access/targets/1']);
      expect(answer.body.errors[0].message).toContain(three);
    }
    // promise: Below the organization, naming a group the parent does
    for (const answer of await Promise.all(attempts(restrict([], ['not-held'])))) {
      expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, '/asset_access/access_groups/0']);
    }
    expect((await root('PATCH', `/teams/${team.id}`, restrict([two], [group]))).status).toBe(200);
    // A key is held to its team and to its owner: what either removed is outside.
    must(await root('PATCH', member, restrict([two])));
    must(await root('PATCH', `/teams/${team.id}`, restrict([], [group])));
    expect((await root('PATCH', `/keys/${key.id}`, restrict([two]))).status).toBe(200);
    must(await root('PATCH', member, restrict([])));
    expect((await root('PATCH', `/keys/${key.id}`, { asset_access: { mode: 'inherit' } })).status).toBe(200);
    expect((await root('PATCH', `/keys/${key.id}`, restrict([two]))).status).toBe(400);
  });

  // promise: Narrowing a parent later leaves the child's choice stored and
  test('a parent narrowed later leaves the choice below stored and shown as ineffective', async () => {
    const { root } = world();
    const { organization, team, one, two, group } = await makePlace();
    const selected = { mode: 'restrict', targets: [one, two], access_groups: [group] };
    must(await root('PATCH', `/teams/${team.id}`, { asset_access: selected }));
    must(await root('PUT', `/organizations/${organization.id}/asset-access`, { mode: 'selected', targets: [one] }));
    const read = must(await root('GET', `/teams/${team.id}`));
    expect(read.asset_access).toEqual({ ...selected, ineffective: { targets: [two], access_groups: [group] } });
    // What is stored may be sent back as it is, beside another change.
    expect((await root('PATCH', `/teams/${team.id}`, { name: 'Renamed', asset_access: selected })).status).toBe(200);
    must(await root('PUT', `/organizations/${organization.id}/asset-access`, { mode: 'all' }));
    expect(must(await root('GET', `/teams/${team.id}`)).asset_access.ineffective).toEqual({ targets: [], access_groups: [] });
  });

  describe('a team admin', () => {
    // promise: `team_admin` may only narrow below what an organization admin stored.
    test('narrows what is stored for the team, and never widens it or touches its limits', async () => {
      const { root, as } = world();
      const { organization, team, one, two, group } = await makePlace();
      const lead = as([{ role: 'team_admin', organizationId: organization.id, teamId: team.id }]);
      const set = (asset_access: object) => lead('PATCH', `/teams/${team.id}`, { asset_access });
      expect((await set({ mode: 'restrict', targets: [one], access_groups: [group] })).status).toBe(200);
      expect((await set({ mode: 'restrict', targets: [one, two], access_groups: [] })).status).toBe(200);
      expect((await set({ mode: 'restrict', targets: [one], access_groups: [group] })).status).toBe(403);
      expect((await set({ mode: 'inherit' })).status).toBe(403);
      expect((await set({ mode: 'restrict', targets: [one], access_groups: [] })).status).toBe(200);
      expect((await set({ mode: 'restrict', targets: [two], access_groups: [] })).status).toBe(403);
      for (const change of [{ rate_limits: { rpm: 1 } }, { budgets: [] }, { name: 'x' }, { self_service: { enabled: true } }]) {
        expect((await lead('PATCH', `/teams/${team.id}`, change)).status).toBe(403);
      }
      expect(must(await root('PATCH', `/teams/${team.id}`, { asset_access: { mode: 'inherit' } })).asset_access.mode).toBe(
        'inherit',
      );
    });
  });

  test('the effective list names the grant that gives each target', async () => {
    const { root } = world();
    const { organization, one, two, group } = await makePlace();
    const listed = must(await root('GET', `/organizations/${organization.id}/effective-access`)).data;
    expect(listed.map((row: { target: string; through: object }) => [row.target, row.through])).toEqual(
      [
        [one, { grant: 'target', access_group: null }],
        [two, { grant: 'access_group', access_group: group }],
      ].toSorted(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
    );
  });

  test('PUT of grants replaces them whole, under the platform’s permission and the organization’s version', async () => {
    const { root, as } = world();
    const { organization, one } = await makePlace();
    const path = `/organizations/${organization.id}/asset-access`;
    expect((await as([{ role: 'org_owner', organizationId: organization.id }])('PUT', path, { mode: 'all' })).status).toBe(403);
    expect((await root('PUT', path, { mode: 'selected', targets: ['nothing'] })).status).toBe(400);
    const changed = await root('PUT', path, { mode: 'selected', targets: [one] }, { 'if-match': '"1"' });
    expect(changed.body).toMatchObject({ mode: 'selected', targets: [one], access_groups: [], version: 2 });
    expect((await root('PUT', path, { mode: 'all' }, { 'if-match': '"1"' })).status).toBe(412);
  });
});
