/** What the audit log says of group mappings: people read it after group and team are gone. */
import { beforeEach, expect, test } from 'vitest';
import { must, withAdmin } from '../admin/support.ts';
import { directoryOf, makeGroup } from '../scim/support.ts';
import { withDatabase } from '../support/database.ts';
import { SAYING } from '../support/saying-protocol.ts';
import { makeTenant, PUBLIC_URL, useWorld } from './support.ts';

const given = withDatabase();
const world = withAdmin(given, { publicUrl: PUBLIC_URL, protocols: { oidc: SAYING } });

beforeEach(() => {
  useWorld(world()).time.nowMs = Date.now();
});

test('the audit log names the group and the team of a mapping, not their ids alone', async () => {
  const { root } = world();
  const tenant = await makeTenant(world(), { groups_claim: 'groups' });
  const organization = `/organizations/${tenant.id}`;
  const { token } = must(await root('POST', `${organization}/scim-tokens`, { name: 'Okta' }));
  const scim = directoryOf(world().address, token);
  const group = await makeGroup({ organizationId: tenant.id, domain: tenant.domain, token, scim }, 'Engineering');
  const team = must(await root('POST', `${organization}/teams`, { name: 'Builders' })).id;
  const of = (source: string, value: string) => ({ source, value, team_id: team, team_role: 'team_viewer' });
  const { id } = must(await root('POST', `${organization}/group-mappings`, of('scim', group)));
  must(await root('POST', `${organization}/group-mappings`, of(tenant.idp, 'claimed')));
  expect((await root('DELETE', `${organization}/group-mappings/${id}`)).status).toBe(204);
  const { data } = must(await root('GET', `${organization}/audit-events?object_type=group_mapping&limit=10`));
  const facts = { value: group, group_name: 'Engineering', team_name: 'Builders', team_role: 'team_viewer' };
  expect(data).toMatchObject([
    { action: 'group_mapping.delete', object: { id, name: 'Engineering' }, before: facts, after: null },
    { action: 'group_mapping.create', object: { name: 'claimed' }, after: { value: 'claimed', group_name: null } },
    { action: 'group_mapping.create', object: { id, name: 'Engineering' }, before: null, after: facts },
  ]);
});
