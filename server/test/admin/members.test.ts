import { describe, expect, test } from 'vitest';
import { onOneDatabase } from '../support/database.ts';
import { makeAccount, makeOrganization, makeTeam, makeTeamMember, must, withAdmin } from './support.ts';

onOneDatabase('members', (given) => {
  const world = withAdmin(given);

  test('the last owner cannot be removed, demoted or disabled, also not by two requests at once', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const path = `/organizations/${organization.id}/members`;
    const owner = async () => {
      const account = await makeAccount(root);
      return must(await root('POST', path, { account_id: account.id, role: 'org_owner' }));
    };
    const first = await owner();
    expect((await root('DELETE', `${path}/${first.id}`)).status).toBe(409);
    expect((await root('PATCH', `${path}/${first.id}`, { role: 'org_admin' })).status).toBe(409);
    expect((await root('PATCH', `${path}/${first.id}`, { status: 'disabled' })).status).toBe(409);
    const second = await owner();
    const both = await Promise.all([first, second].map((member) => root('DELETE', `${path}/${member.id}`)));
    expect(both.map((answer) => answer.status).sort()).toEqual([200, 409]);
    expect(must(await root('GET', `/organizations/${organization.id}`)).owners).toHaveLength(1);
  });

  // promise: Removing a member revokes their keys unless the request reassigns
  test('whose removal revokes their keys, after a report that says so', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root);
    const { account, memberId } = await makeTeamMember(root, team.id);
    const key = must(await root('POST', '/keys', { team_id: team.id, name: 'own', owner: { account_id: account.id } }));
    const path = `/organizations/${organization.id}/members/${memberId}`;
    const report = must(await root('DELETE', `${path}?dry_run=true`));
    expect(report).toEqual({
      member_id: memberId,
      dry_run: true,
      teams_left: [team.id],
      keys_revoked: [key.id],
      keys_reassigned: [],
    });
    expect(must(await root('GET', `/keys/${key.id}`)).status).toBe('active');
    expect(must(await root('DELETE', path))).toEqual({ ...report, dry_run: false });
    expect(must(await root('GET', `/keys/${key.id}`)).status).toBe('revoked');
    expect(world().changes.at(-1)).toEqual({ catalogue: false, organizationIds: [organization.id], keyIds: [key.id] });
    expect((await root('GET', path)).status).toBe(404);
    expect(must(await root('GET', `/teams/${team.id}/members`)).total).toBe(0);
  });

  // promise: Removing a member revokes their keys unless the request reassigns them
  test('whose keys are reassigned in the same step keep working, to an owner who is in their team', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root);
    const { account, memberId } = await makeTeamMember(root, team.id);
    const heir = await makeTeamMember(root, team.id);
    const stranger = await makeAccount(root);
    const key = must(await root('POST', '/keys', { team_id: team.id, name: 'own', owner: { account_id: account.id } }));
    const path = `/organizations/${organization.id}/members/${memberId}`;
    for (const to of [stranger.id, memberId, account.id, 'svc_nothing']) {
      const refused = await root('DELETE', `${path}?reassign_keys_to=${to}`);
      expect([to, refused.status, refused.body.errors[0]?.pointer]).toEqual([to, 400, '?reassign_keys_to']);
    }
    expect(must(await root('DELETE', `${path}?reassign_keys_to=${heir.account.id}`)).keys_reassigned).toEqual([key.id]);
    expect(must(await root('GET', `/keys/${key.id}`))).toMatchObject({ status: 'active', owner: { member_id: heir.memberId } });
    const last = `/organizations/${organization.id}/members/${heir.memberId}?reassign_keys_to=team_default`;
    expect(must(await root('DELETE', last)).keys_reassigned).toEqual([key.id]);
    expect(must(await root('GET', `/keys/${key.id}`)).owner).toMatchObject({ member_id: null, name: 'default' });
  });

  // promise: A key's owner must be in the key's team; leaving
  test('who leave a team lose the keys they own there, and no others', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root);
    const other = must(await root('POST', `/organizations/${organization.id}/teams`, { name: 'Other' }));
    const { account, memberId } = await makeTeamMember(root, team.id);
    must(await root('POST', `/teams/${other.id}/members`, { account_id: account.id, role: 'team_viewer' }));
    const make = async (teamId: string) =>
      must(await root('POST', '/keys', { team_id: teamId, name: 'own', owner: { account_id: account.id } }));
    const [here, there] = [await make(team.id), await make(other.id)];
    const left = must(await root('DELETE', `/teams/${team.id}/members/${memberId}`));
    expect(left).toMatchObject({ teams_left: [team.id], keys_revoked: [here.id] });
    expect(must(await root('GET', `/keys/${here.id}`)).status).toBe('revoked');
    expect(must(await root('GET', `/keys/${there.id}`)).status).toBe('active');
    const outsider = await root('POST', '/keys', { team_id: team.id, name: 'x', owner: { account_id: account.id } });
    expect([outsider.status, outsider.body.errors[0].pointer]).toEqual([400, '/owner/account_id']);
  });

  test('who come back have their old id and their old limits', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const account = await makeAccount(root);
    const path = `/organizations/${organization.id}/members`;
    const body = {
      account_id: account.id,
      role: 'org_member',
      rate_limits: { rpm: 5 },
      budgets: [{ amount: '1', period: 'day' }],
    };
    const member = must(await root('POST', path, body));
    expect((await root('POST', path, body)).status).toBe(409);
    must(await root('DELETE', `${path}/${member.id}`));
    const back = must(await root('POST', path, { account_id: account.id, role: 'org_member' }));
    expect(back).toMatchObject({ id: member.id, rate_limits: { rpm: 5 }, budgets: member.budgets });
  });

  describe('roles and caps', () => {
    test('nobody grants or takes a role above their own', async () => {
      const { root, as } = world();
      const organization = await makeOrganization(root);
      const path = `/organizations/${organization.id}/members`;
      const boss = must(await root('POST', path, { account_id: (await makeAccount(root)).id, role: 'org_owner' }));
      must(await root('POST', path, { account_id: (await makeAccount(root)).id, role: 'org_owner' }));
      const second = await makeOrganization(root);
      const admin = as([organization, second].map(({ id }) => ({ role: 'org_admin', organizationId: id }) as const));
      const account = await makeAccount(root);
      must(await root('POST', `/organizations/${second.id}/members`, { account_id: account.id, role: 'org_member' }));
      for (const role of ['org_owner', 'org_auditor']) {
        expect((await admin('POST', path, { account_id: account.id, role })).status).toBe(403);
      }
      const wanted = { account_id: account.id, role: 'org_member' };
      expect((await admin('POST', path, wanted)).status, 'its address is not proved').toBe(409);
      must(await root('POST', `/accounts/${account.id}/vouch`, { reason: 'met in person' }));
      const member = must(await admin('POST', path, wanted));
      expect((await admin('PATCH', `${path}/${member.id}`, { role: 'org_owner' })).status).toBe(403);
      expect((await admin('PATCH', `${path}/${boss.id}`, { role: 'org_member' })).status).toBe(403);
      expect((await admin('DELETE', `${path}/${boss.id}`)).status).toBe(403);
      expect((await admin('PATCH', `${path}/${member.id}`, { role: 'org_admin' })).status).toBe(200);
    });

    // promise: Nobody changes their own user limits or their own
    test('nobody changes their own limits, budgets or access, whatever their role', async () => {
      const { root, as } = world();
      const organization = await makeOrganization(root);
      const account = await makeAccount(root);
      const path = `/organizations/${organization.id}/members`;
      const member = must(await root('POST', path, { account_id: account.id, role: 'org_owner' }));
      for (const roles of [[{ role: 'org_owner', organizationId: organization.id }], [{ role: 'platform_admin' }]] as const) {
        const self = as([...roles], account.id);
        for (const cap of [{ rate_limits: { rpm: null } }, { budgets: [] }, { asset_access: { mode: 'inherit' } }]) {
          expect((await self('PATCH', `${path}/${member.id}`, cap)).status).toBe(403);
        }
        expect((await self('PATCH', `${path}/${member.id}`, { metadata: { desk: '4' } })).status).toBe(200);
      }
      expect((await root('PATCH', `${path}/${member.id}`, { rate_limits: { rpm: 5 } })).status).toBe(200);
    });

    test('a team admin adds members of the organization to the team, and no strangers', async () => {
      const { root, as } = world();
      const { organization, team } = await makeTeam(root);
      const lead = as([{ role: 'team_admin', organizationId: organization.id, teamId: team.id }]);
      const [member, stranger] = [await makeAccount(root), await makeAccount(root)];
      must(await root('POST', `/organizations/${organization.id}/members`, { account_id: member.id, role: 'org_member' }));
      const add = (account: { id: string }) =>
        lead('POST', `/teams/${team.id}/members`, { account_id: account.id, role: 'team_developer' });
      expect((await add(member)).status).toBe(201);
      expect((await add(member)).status).toBe(409);
      expect([(await add(stranger)).status, (await add({ id: 'acct_nothing' })).status]).toEqual([400, 400]);
    });
  });

  test('a disabled account touches every organization it is in', async () => {
    const { root } = world();
    const account = await makeAccount(root);
    const organizations = [await makeOrganization(root), await makeOrganization(root)];
    for (const { id } of organizations)
      must(await root('POST', `/organizations/${id}/members`, { account_id: account.id, role: 'org_member' }));
    must(await root('PATCH', `/accounts/${account.id}`, { status: 'disabled' }));
    expect(new Set(world().changes.at(-1)?.organizationIds)).toEqual(new Set(organizations.map(({ id }) => id)));
    const taken = await root('POST', '/accounts', { email: account.email.toUpperCase(), name: 'Twin' });
    expect(taken.status).toBe(409);
  });
});
