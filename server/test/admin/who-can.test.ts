import { expect, test } from 'vitest';
import { onOneDatabase } from '../support/database.ts';
import { makeAccount, makeTeam, makeTeamMember, must, withAdmin } from './support.ts';

onOneDatabase('who can do something', (given) => {
  const world = withAdmin(given);

  async function scene() {
    const { root, as } = world();
    const { organization, team } = await makeTeam(root);
    const organizationId = organization.id as string;
    for (const [name, role] of [
      ['Ada', 'org_owner'],
      ['Grace', 'org_admin'],
      ['Bill', 'org_billing'],
    ]) {
      const { id } = await makeAccount(root, name as string);
      must(await root('POST', `/organizations/${organizationId}/members`, { account_id: id, role }));
    }
    const ask = (client: ReturnType<typeof as>, permission: string, more = '') =>
      client('GET', `/access/who-can?permission=${permission}&organization_id=${organizationId}${more}`);
    return { organizationId, team, ask };
  }

  test('is answered with roles, and with names for those who may see the members', async () => {
    const { as } = world();
    const { organizationId, ask } = await scene();
    const billing = as([{ role: 'org_billing', organizationId }]);
    const answer = must(await ask(billing, 'teams.manage'));
    expect(answer).toMatchObject({ allowed: false, roles: ['org_owner', 'org_admin'] });
    expect(answer.people.map(({ name }: { name: string }) => name)).toEqual(['Ada', 'Grace']);
    // A member without a role in the whole organization learns the roles and no names.
    const member = as([{ role: 'org_member', organizationId }]);
    expect(must(await ask(member, 'teams.manage'))).toMatchObject({ roles: ['org_owner', 'org_admin'], people: null });
  });

  test('names no platform people to a tenant, and nobody to whoever may do it', async () => {
    const { as } = world();
    const { organizationId, ask } = await scene();
    const owner = as([{ role: 'org_owner', organizationId }]);
    expect(must(await ask(owner, 'organizations.cap'))).toEqual({ allowed: false, roles: ['platform_admin'], people: null });
    expect(must(await ask(owner, 'teams.manage'))).toMatchObject({ allowed: true, people: null });
    const platform = must(await owner('GET', '/access/who-can?permission=catalogue.manage'));
    expect(platform).toEqual({ allowed: false, roles: ['platform_admin'], people: null });
  });

  test('has a team’s admins for a team, and hides other organizations', async () => {
    const { root, as } = world();
    const { organizationId, team, ask } = await scene();
    await makeTeamMember(root, team.id, 'team_admin');
    const developer = as([{ role: 'team_developer', organizationId, teamId: team.id }]);
    const answer = must(await ask(developer, 'keys.manage', `&team_id=${team.id}`));
    expect(answer.roles).toContain('team_admin');
    expect(answer.people.map(({ role }: { role: string }) => role)).toEqual(['team_admin']);
    expect((await ask(as([{ role: 'org_owner', organizationId: 'org_other' }]), 'teams.manage')).status).toBe(404);
    expect((await root('GET', `/access/who-can?permission=teams.manage&team_id=${team.id}`)).status).toBe(400);
    expect((await root('GET', '/access/who-can?permission=everything')).status).toBe(400);
  });
});
