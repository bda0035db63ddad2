import { beforeAll, expect, test } from 'vitest';
import { type Answer, makeOrganization, makeTeam, makeTeamMember, must, withAdmin } from '../admin/support.ts';
import { onOneDatabase } from '../support/database.ts';

const fake = (model: string) => ({
  model,
  provider: 'fake',
  upstream_model: 'fake-small',
  mode: 'chat',
  prices: { input_per_million: '1.00', output_per_million: '1.00' },
});

onOneDatabase('the effect of taking something away', (given) => {
  const world = withAdmin(given);
  let n = 0;

  /** An organization that may call one model, through a group, with a key in a team. */
  async function newTenant() {
    n += 1;
    const { root } = world();
    const [model, group] = [`taken-${n}`, `taken-group-${n}`];
    const deployment = must(await root('POST', '/deployments', fake(model)));
    must(await root('PUT', `/callable-targets/${model}/access-groups`, { access_groups: [group] }));
    const { organization, team } = await makeTeam(root, { asset_access: { mode: 'selected', access_groups: [group] } });
    const key = must(await root('POST', '/keys', { team_id: team.id, name: 'app' }));
    return { organization, team, key, model, group, deployment };
  }

  async function effectOf(method: string, path: string, body?: object): Promise<Answer['body']> {
    return must(await world().root(method, `${path}?dry_run=true`, body)).effect;
  }

  beforeAll(() => {
    n = 0;
  });

  test('of the catalogue: a label, a deployment, a price under a blocking budget, over every organization', async () => {
    const { organization, team, key, model, deployment } = await newTenant();
    const loses = {
      targets_lost: [model],
      keys_losing_access: 1,
      key_examples: [{ key_id: key.id, name: 'app', team_name: team.name, lost: [model] }],
      organizations_losing: [{ organization_id: organization.id, keys: 1, lost: [model] }],
      organizations_losing_count: 1,
      keys_refused: 0,
    };
    const labels = `/callable-targets/${model}/access-groups`;
    expect(await effectOf('PUT', labels, { access_groups: [] })).toMatchObject(loses);
    expect(await effectOf('PATCH', `/deployments/${deployment.id}`, { enabled: false })).toMatchObject(loses);
    expect(await effectOf('DELETE', `/deployments/${deployment.id}`)).toMatchObject(loses);
    // Of two prices of one instant none is the newer one, and the clock of the test does not move by itself.
    world().time.nowMs += 1_000;
    const unpriced = { deployment_id: deployment.id, prices: null };
    expect(await effectOf('POST', '/prices', unpriced)).toMatchObject({ targets_lost: [], keys_losing_access: 0 });
    must(await world().root('PATCH', `/keys/${key.id}`, { budgets: [{ amount: '1.00', period: 'month', action: 'block' }] }));
    expect(await effectOf('POST', '/prices', unpriced)).toMatchObject(loses);
    // Nothing was stored by any of these.
    expect(must(await world().root('GET', `/deployments/${deployment.id}`))).toMatchObject({ enabled: true, version: 1 });
    expect(must(await world().root('GET', `/models/${model}`))).toMatchObject({ access_groups: [expect.any(String)] });
  });

  test('of the catalogue: not while a fallback that the key may call serves', async () => {
    const { model, group, deployment } = await newTenant();
    const { root } = world();
    const spare = `${model}-spare`;
    must(await root('POST', '/deployments', fake(spare)));
    must(await root('PATCH', `/models/${model}`, { fallbacks: [spare] }));
    expect((await effectOf('PATCH', `/deployments/${deployment.id}`, { enabled: false })).keys_losing_access).toBe(1);
    must(await root('PUT', `/callable-targets/${spare}/access-groups`, { access_groups: [group] }));
    expect((await effectOf('PATCH', `/deployments/${deployment.id}`, { enabled: false })).keys_losing_access).toBe(0);
  });

  test('of what stops keys: an organization, a team, a machine, a person, a key; one that is stopped already is not counted', async () => {
    const { organization, team, key } = await newTenant();
    const { root } = world();
    const { memberId, account } = await makeTeamMember(root, team.id);
    const own = must(await root('POST', '/keys', { team_id: team.id, name: 'own', owner: { account_id: account.id } }));
    const machine = must(await root('POST', `/teams/${team.id}/service-accounts`, { name: 'machine' }));
    must(await root('POST', '/keys', { team_id: team.id, name: 'm', owner: { service_account_id: machine.id } }));
    const refused = async (method: string, path: string, body?: object) => (await effectOf(method, path, body)).keys_refused;
    expect(await refused('POST', `/organizations/${organization.id}/suspend`)).toBe(3);
    expect(await refused('PATCH', `/teams/${team.id}`, { status: 'suspended' })).toBe(3);
    expect(await refused('PATCH', `/service-accounts/${machine.id}`, { status: 'disabled' })).toBe(1);
    const member = `/organizations/${organization.id}/members/${memberId}`;
    expect(await effectOf('PATCH', member, { status: 'disabled' })).toMatchObject({ keys_refused: 1, people_refused: 1 });
    expect(await effectOf('PATCH', `/accounts/${account.id}`, { status: 'disabled' })).toMatchObject({ keys_refused: 1 });
    expect(await refused('DELETE', `/keys/${own.id}`)).toBe(1);
    must(await root('POST', `/keys/${key.id}/disable`));
    expect(await refused('DELETE', `/keys/${key.id}`)).toBe(0);
    expect(await refused('POST', `/organizations/${organization.id}/archive`)).toBe(2);
    expect(must(await root('GET', `/organizations/${organization.id}`)).status).toBe('active');
    expect(must(await root('GET', `/keys/${own.id}`)).status).toBe('active');
  });

  test('of a role: the permissions that no other role of the person gives', async () => {
    const { organization, team } = await newTenant();
    const { root } = world();
    const { memberId } = await makeTeamMember(root, team.id);
    const member = `/organizations/${organization.id}/members/${memberId}`;
    const inTeam = `/teams/${team.id}/members/${memberId}`;
    must(await root('PATCH', inTeam, { role: 'team_admin' }));
    const lost = await effectOf('PATCH', inTeam, { role: 'team_viewer' });
    expect(lost.permissions_lost).toContain('keys.manage');
    must(await root('PATCH', member, { role: 'org_admin' }));
    expect((await effectOf('PATCH', inTeam, { role: 'team_viewer' })).permissions_lost).toEqual([]);
    const fromAdmin = await effectOf('PATCH', member, { role: 'org_member' });
    expect(fromAdmin.permissions_lost).toContain('members.manage');
    expect(fromAdmin).toMatchObject({ people_refused: 0, keys_refused: 0 });
  });

  test('of a budget and a limit that go: what no longer limits', async () => {
    const { organization } = await newTenant();
    const path = `/organizations/${organization.id}`;
    const budgets = [{ amount: '5.00', period: 'month', action: 'block' }];
    must(await world().root('PATCH', path, { budgets, rate_limits: { rpm: 7 } }));
    const effect = await effectOf('PATCH', path, { budgets: [], rate_limits: { rpm: null } });
    expect(effect.limits_removed).toEqual([
      { scope: 'organization', limit: 'rpm', value: 7 },
      { scope: 'organization', limit: 'budget', value: '5.00' },
    ]);
  });

  test('needs the permission of the change itself, and changes nothing for who lacks it', async () => {
    const { organization, model, deployment } = await newTenant();
    const admin = world().as([{ role: 'org_owner', organizationId: organization.id }]);
    const tries: readonly (readonly [string, string, object?])[] = [
      ['POST', `/organizations/${organization.id}/suspend`],
      ['PUT', `/callable-targets/${model}/access-groups`, { access_groups: [] }],
      ['PATCH', `/deployments/${deployment.id}`, { enabled: false }],
      ['DELETE', `/deployments/${deployment.id}`],
    ];
    for (const [method, path, body] of tries) expect((await admin(method, `${path}?dry_run=true`, body)).status).toBe(403);
    const other = await makeOrganization(world().root);
    const stranger = world().as([{ role: 'org_owner', organizationId: other.id }]);
    expect((await stranger('POST', `/organizations/${organization.id}/suspend?dry_run=true`)).status).toBe(404);
  });
});
