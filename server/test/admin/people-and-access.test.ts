import { expect, test } from 'vitest';
import { onOneDatabase } from '../support/database.ts';
import { freshName, makeDeployment, makeModel, upstream } from './catalogue-support.ts';
import { freshSlug, makeAccount, makeOrganization, makeTeam, must, withAdmin } from './support.ts';

onOneDatabase('people and what they may call', (given) => {
  const world = withAdmin(given, { upstream });

  // promise: Assign platform accounts through People & Access
  test('one account is assigned to organizations, each with its own role, and is found from either side', async () => {
    const { root } = world();
    const account = await makeAccount(root, 'Ada');
    const [one, other] = [await makeOrganization(root), await makeOrganization(root)];
    const assign = (organization: { id: string }, role: string) =>
      root('POST', `/organizations/${organization.id}/members`, { account_id: account.id, role });
    const members = [must(await assign(one, 'org_owner')), must(await assign(other, 'org_billing'))];
    expect(members.map(({ role }) => role)).toEqual(['org_owner', 'org_billing']);
    for (const [at, organization] of [one, other].entries()) {
      const listed = must(await root('GET', `/organizations/${organization.id}/members`)).data;
      expect(listed).toMatchObject([{ id: members[at].id, account_id: account.id, role: members[at].role }]);
    }
    expect((await assign(one, 'org_member')).status).toBe(409);
  });

  // promise: Platform admins can bootstrap runtime model and route-group visibility directly in the create/edit dialog
  test('a platform admin grants models and route groups with the organization itself, and when it is edited; nobody below can', async () => {
    const { root, as } = world();
    const [model, later] = [await makeModel(root), await makeModel(root)];
    const routeGroup = freshName('route');
    const deployment = await makeDeployment(root, freshName());
    must(await root('POST', '/route-groups', { key: routeGroup, members: [{ deployment_id: deployment.id }] }));
    const grants = (targets: string[]) => ({ asset_access: { mode: 'selected', targets, access_groups: [] } });
    const made = await makeOrganization(root, grants([model, routeGroup]));
    const path = `/organizations/${made.id}`;
    const visible = async () =>
      must(await root('GET', `${path}/effective-access`))
        .data.map(({ target }: { target: string }) => target)
        .sort();
    expect(await visible()).toEqual([model, routeGroup].sort());
    must(await root('PATCH', path, grants([routeGroup, later])));
    expect(await visible()).toEqual([later, routeGroup].sort());
    const owner = as([{ role: 'org_owner', organizationId: made.id }]);
    expect((await owner('PATCH', path, grants([model]))).status).toBe(403);
    expect((await owner('POST', '/organizations', { slug: freshSlug(), name: 'Mine', ...grants([model]) })).status).toBe(403);
  });

  // promise: (Organization owners and admins may edit every team, also one they belong to: the organization's cap still stands above it.)
  test('owners and admins edit also the team they belong to, and never the cap above it; a team admin edits no limits', async () => {
    const { root, as } = world();
    const { organization, team } = await makeTeam(root, { rate_limits: { rpm: 100 } }, { rate_limits: { rpm: 5 } });
    const limits = { rate_limits: { rpm: 50 }, budgets: [{ amount: '10', period: 'month' }] };
    for (const role of ['org_owner', 'org_admin'] as const) {
      const account = await makeAccount(root);
      must(await root('POST', `/organizations/${organization.id}/members`, { account_id: account.id, role }));
      must(await root('POST', `/teams/${team.id}/members`, { account_id: account.id, role: 'team_developer' }));
      const grants = [
        { role, organizationId: organization.id },
        { role: 'team_developer', organizationId: organization.id, teamId: team.id },
      ] as const;
      const self = as(grants, account.id);
      expect(must(await self('PATCH', `/teams/${team.id}`, limits)).rate_limits.rpm).toBe(50);
      expect((await self('PATCH', `/organizations/${organization.id}`, { rate_limits: { rpm: 1_000 } })).status).toBe(403);
    }
    const lead = as([{ role: 'team_admin', organizationId: organization.id, teamId: team.id }], (await makeAccount(root)).id);
    expect((await lead('PATCH', `/teams/${team.id}`, { rate_limits: { rpm: 60 } })).status).toBe(403);
  });
});
