/** Search over HTTP: everything by name or id, and for each role nothing it may not read. */
import { beforeAll, expect, test } from 'vitest';
import type { RoleGrant } from '../../src/domain/tenancy/permission.ts';
import { makeDeployment, upstream } from '../admin/catalogue-support.ts';
import { type Client, makeTeam, makeTeamMember, must, withAdmin } from '../admin/support.ts';
import { onOneDatabase } from '../support/database.ts';

interface Tenant {
  readonly organizationId: string;
  readonly teamId: string;
  readonly otherTeamId: string;
  readonly memberId: string;
  readonly accountId: string;
  readonly keyId: string;
  readonly otherKeyId: string;
}

onOneDatabase('search', (given) => {
  const world = withAdmin(given, { upstream });
  let acme: Tenant;
  let other: Tenant;

  beforeAll(async () => {
    const { root } = world();
    await makeDeployment(root, 'zebra-model');
    await makeDeployment(root, 'vendor/zebra-large');
    await makeDeployment(root, 'granted-zebra');
    const deployment = await makeDeployment(root, 'plain');
    must(await root('POST', '/access-groups', { key: 'zebra-group', name: 'Zebra group' }));
    must(await root('POST', '/credentials', { name: 'Zebra credential', provider: 'openai', api_key: 'sk-secret-0123456789' }));
    must(await root('POST', '/route-groups', { key: 'zebra-route', members: [{ deployment_id: deployment.id }] }));
    acme = await makeTenant(root);
    other = await makeTenant(root);
  });

  const ids = async (client: Client, q: string) =>
    must(await client('GET', `/search?q=${encodeURIComponent(q)}`)).data.map((one: { id: string }) => one.id) as string[];
  const kinds = async (client: Client, q: string) =>
    new Set(must(await client('GET', `/search?q=${encodeURIComponent(q)}`)).data.map((one: { kind: string }) => one.kind));

  test('a platform admin finds every kind by the beginning of its name, and at most 20', async () => {
    const { root } = world();
    const answer = must(await root('GET', '/search?q=ZEBRA'));
    expect(new Set(answer.data.map((one: { kind: string }) => one.kind))).toEqual(
      new Set([
        'organization',
        'team',
        'member',
        'account',
        'key',
        'model',
        'route_group',
        'access_group',
        'credential',
        'deployment',
      ]),
    );
    expect(answer.data.length).toBeLessThanOrEqual(20);
    expect(answer.data).toContainEqual({
      kind: 'organization',
      id: acme.organizationId,
      name: 'Zebra',
      detail: expect.any(String),
      organization_id: acme.organizationId,
      team_id: null,
      match: 'name',
    });
  });

  test('a whole id finds exactly that object', async () => {
    const { root } = world();
    for (const id of [acme.organizationId, acme.teamId, acme.memberId, acme.keyId, acme.accountId]) {
      expect(await ids(root, id)).toEqual([id]);
    }
    expect(await ids(root, `${acme.keyId}x`)).toEqual([]);
  });

  test('a wild card finds itself and nothing else, and nothing finds nothing', async () => {
    const { root } = world();
    for (const q of ['%', 'z_b', '  ', '\\']) expect(await ids(root, q)).toEqual([]);
    expect((await root('GET', `/search?q=${'x'.repeat(101)}`)).status).toBe(400);
  });

  test.each(['org_owner', 'org_admin', 'org_billing', 'org_auditor'] as const)(
    'as %s one finds what the organization has and nothing of another or of the platform',
    async (role) => {
      const client = world().as([{ role, organizationId: acme.organizationId }]);
      const seen = await ids(client, 'zebra');
      expect(seen).toEqual(
        expect.arrayContaining([acme.organizationId, acme.teamId, acme.keyId, acme.otherKeyId, acme.memberId]),
      );
      expect(seen).toContain('granted-zebra');
      for (const id of [...Object.values(other), 'zebra-model', 'zebra-group']) expect(seen).not.toContain(id);
      expect([...(await kinds(client, 'zebra'))].sort()).toEqual(['key', 'member', 'model', 'organization', 'team']);
      for (const id of Object.values(other)) expect(await ids(client, id)).toEqual([]);
    },
  );

  test('as org_member one finds the organization and its models, and of its people and keys one’s own', async () => {
    const client = world().as([{ role: 'org_member', organizationId: acme.organizationId }], acme.accountId);
    const seen = await ids(client, 'zebra');
    expect(seen).toEqual(expect.arrayContaining([acme.organizationId, 'granted-zebra', acme.memberId]));
    for (const id of [acme.teamId, acme.otherKeyId, ...Object.values(other), 'zebra-model']) expect(seen).not.toContain(id);
  });

  test.each(['team_admin', 'team_developer', 'team_viewer'] as const)('as %s one finds what one’s team has', async (role) => {
    const grant: RoleGrant = { role, organizationId: acme.organizationId, teamId: acme.teamId };
    const client = world().as([grant], acme.accountId);
    const seen = await ids(client, 'zebra');
    expect(seen).toEqual(expect.arrayContaining([acme.teamId, acme.keyId, acme.memberId]));
    for (const id of [acme.organizationId, acme.otherTeamId, acme.otherKeyId, ...Object.values(other)]) {
      expect(await ids(client, id)).toEqual([]);
    }
  });

  test('as platform_auditor one finds everything, and without a role the question is refused', async () => {
    const auditor = world().as([{ role: 'platform_auditor' }]);
    expect(await kinds(auditor, 'zebra')).toContain('credential');
    expect(await ids(auditor, other.keyId)).toEqual([other.keyId]);
    expect((await world().as([])('GET', '/search?q=zebra')).status).toBe(403);
  });

  test('what is revoked, deleted or removed is not found', async () => {
    const { root } = world();
    const gone = await makeTenant(root);
    must(await root('DELETE', `/keys/${gone.keyId}`));
    expect(await ids(root, gone.keyId)).toEqual([]);
    must(await root('POST', `/organizations/${gone.organizationId}/archive`));
    must(await root('DELETE', `/organizations/${gone.organizationId}`));
    for (const id of [gone.organizationId, gone.teamId, gone.memberId, gone.otherKeyId]) expect(await ids(root, id)).toEqual([]);
  });
});

async function makeTenant(root: Client): Promise<Tenant> {
  const access = { mode: 'selected', targets: ['granted-zebra'], access_groups: [] };
  const { organization, team } = await makeTeam(root, { name: 'Zebra', asset_access: access }, { name: 'Zebra team' });
  const second = must(await root('POST', `/organizations/${organization.id}/teams`, { name: 'Zebra two' }));
  const { account, memberId } = await makeTeamMember(root, team.id);
  must(await root('PATCH', `/accounts/${account.id}`, { name: 'Zebra Person' }));
  const key = must(await root('POST', '/keys', { team_id: team.id, name: 'Zebra key', owner: { account_id: account.id } }));
  const service = must(await root('POST', `/teams/${second.id}/service-accounts`, { name: 'ci' }));
  const otherKey = must(
    await root('POST', '/keys', { team_id: second.id, name: 'Zebra key two', owner: { service_account_id: service.id } }),
  );
  return {
    organizationId: organization.id,
    teamId: team.id,
    otherTeamId: second.id,
    memberId,
    accountId: account.id,
    keyId: key.id,
    otherKeyId: otherKey.id,
  };
}
