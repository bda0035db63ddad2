import { describe, expect, test } from 'vitest';
import { onOneDatabase } from '../support/database.ts';
import { freshName, labelTarget, makeDeployment, makeModel, upstream } from './catalogue-support.ts';
import { freshSlug, makeAccount, makeOrganization, makeTeam, must, withAdmin } from './support.ts';

onOneDatabase('an organization filled over the API', (given) => {
  const world = withAdmin(given, { upstream });

  // promise: Create the organization
  // promise: Set the broad budget and rate limits across all time windows
  // promise: Choose which models, route groups, and access groups the organization is
  // promise: Add teams inside the organization
  test('the typical workflow: organization, limits, grants, teams, and the people and services in them', async () => {
    const { root } = world();
    const model = await makeModel(root);
    const group = freshName('group');
    const deployment = await makeDeployment(root, freshName());
    const routeGroup = freshName('route');
    must(await root('POST', '/route-groups', { key: routeGroup, members: [{ deployment_id: deployment.id }] }));
    const organization = must(
      await root('POST', '/organizations', {
        slug: freshSlug(),
        name: 'Acme',
        rate_limits: { rpm: 600, tpm: 1, rph: 2, tph: 3, rpd: 4, tpd: 5, max_parallel: 6 },
        budgets: [{ amount: '100', period: 'month' }],
        asset_access: { mode: 'selected', targets: [model, routeGroup], access_groups: [group] },
      }),
    );
    const team = must(
      await root('POST', `/organizations/${organization.id}/teams`, {
        name: 'Support',
        rate_limits: { rpm: 300 },
        budgets: [{ amount: '40', period: 'month' }],
        asset_access: { mode: 'inherit' },
      }),
    );
    expect(team.id).toMatch(/^team_/);
    const service = must(await root('POST', `/teams/${team.id}/service-accounts`, { name: 'ci' }));
    expect(service.id).toMatch(/^svc_/);
    const key = must(
      await root('POST', '/keys', { team_id: team.id, name: 'app', owner: { service_account_id: service.id }, expires_at: null }),
    );
    expect(key).toMatchObject({ id: expect.stringMatching(/^key_/), secret: expect.stringMatching(/^sk-hg-/), status: 'active' });
    const account = must(await root('POST', '/accounts', { email: `Ada-${organization.id}@acme.test`, name: 'Ada' }));
    const member = must(await root('POST', `/teams/${team.id}/members`, { account_id: account.id, role: 'team_developer' }));
    expect(member.member_id).toMatch(/^mem_/);
    const own = must(await root('POST', '/keys', { team_id: team.id, name: 'ada', owner: { account_id: account.id } }));
    expect(own.owner).toMatchObject({ account_id: account.id, member_id: member.member_id, name: 'Ada' });
    const plain = must(await root('POST', '/keys', { team_id: team.id, name: 'plain' }));
    expect(plain.owner).toMatchObject({ name: 'default', account_id: null });
    must(await root('POST', `/keys/${key.id}/rotate`, { overlap_seconds: 3600 }));
    expect(
      must(await root('GET', `/organizations/${organization.id}/audit-events?limit=200`))
        .data.map(actionOf)
        .toReversed(),
    ).toEqual([
      'organization.create',
      'team.create',
      'service_account.create',
      'key.create',
      'member.add',
      'team_member.add',
      'key.create',
      'service_account.create',
      'key.create',
      'key.rotate',
    ]);
  });

  describe('what the page of organizations manages', () => {
    // promise: Organization identity and display name
    test('identity and display name', async () => {
      const { root } = world();
      const made = await makeOrganization(root, { name: 'Before' });
      const slug = freshSlug('renamed');
      expect(must(await root('PATCH', `/organizations/${made.id}`, { name: 'After', slug }))).toMatchObject({
        id: made.id,
        name: 'After',
        slug,
      });
    });

    // promise: Top-level budgets and rate limits (RPM, TPM, RPH, RPD, TPD)
    // promise: All limits are optional.
    test('budgets and rate limits, each of them optional', async () => {
      const { root } = world();
      const none = await makeOrganization(root);
      expect([Object.values(none.rate_limits).every((value) => value === null), none.budgets, none.limits_status]).toEqual([
        true,
        [],
        { live: true, rate_limits: [], standing: { status: 'healthy', rule: null, used_ratio: null, reason: null }, budgets: [] },
      ]);
      for (const limit of ['rpm', 'tpm', 'rph', 'tph', 'rpd', 'tpd', 'max_parallel']) {
        const one = await makeOrganization(root, { rate_limits: { [limit]: 7 } });
        expect(one.limits_status.rate_limits.map((row: { limit: string; value: number }) => [row.limit, row.value])).toEqual([
          [limit, 7],
        ]);
      }
    });

    // promise: Audit content storage behavior
    test('how much of what is said is stored', async () => {
      const { root } = world();
      const made = await makeOrganization(root);
      expect(made.audit).toEqual({ content: 'off', content_retention_days: null, event_retention_days: null });
      for (const content of ['metadata', 'full', 'off']) {
        expect(must(await root('PATCH', `/organizations/${made.id}`, { audit: { content } })).audit.content).toBe(content);
      }
    });

    // promise: Team count and ownership context
    test('how many teams there are and who answers for the tenant', async () => {
      const { root } = world();
      const { organization } = await makeTeam(root);
      const account = await makeAccount(root, 'Grace');
      must(await root('POST', `/organizations/${organization.id}/members`, { account_id: account.id, role: 'org_owner' }));
      const read = must(await root('GET', `/organizations/${organization.id}`));
      expect(read).toMatchObject({ team_count: 1, owners: [{ account_id: account.id, name: 'Grace', email: account.email }] });
    });

    // promise: The tenant boundary that callable-target and access-group grants inherit from
    // promise: Organization asset access defines the parent access universe.
    // promise: Grant groups to organizations before using team, key, or user restrictions.
    test('the boundary below which nothing else can be chosen', async () => {
      const { root } = world();
      const [inside, outside] = [await makeModel(root), await makeModel(root)];
      const group = freshName('group');
      const { team } = await makeTeam(root, { asset_access: { mode: 'selected', targets: [inside], access_groups: [group] } });
      const set = (targets: string[], access_groups: string[]) =>
        root('PATCH', `/teams/${team.id}`, { asset_access: { mode: 'restrict', targets, access_groups } });
      expect((await set([inside], [group])).status).toBe(200);
      expect((await set([outside], [])).status).toBe(400);
      expect((await set([], [freshName('other')])).status).toBe(400);
    });
  });

  // promise: Below the organization, naming a group the parent does not hold is 400, unless
  test('a group the parent does not hold can be chosen once one of its members is in the parent’s set', async () => {
    const { root } = world();
    const model = await makeModel(root);
    const { team } = await makeTeam(root, { asset_access: { mode: 'selected', targets: [model] } });
    const group = freshName('group');
    const choose = () => root('PATCH', `/teams/${team.id}`, { asset_access: { mode: 'restrict', access_groups: [group] } });
    must(await root('POST', '/access-groups', { key: group, name: 'Group' }));
    expect((await choose()).status).toBe(400);
    await labelTarget(root, model, group);
    expect((await choose()).status).toBe(200);
  });

  // promise: Teams never move.
  test('a team stays in its organization', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root);
    const other = await makeOrganization(root);
    expect((await root('PATCH', `/teams/${team.id}`, { organization_id: other.id })).status).toBe(400);
    expect(must(await root('GET', `/teams/${team.id}`)).organization_id).toBe(organization.id);
  });
});

function actionOf(event: { readonly action: string }): string {
  return event.action;
}
