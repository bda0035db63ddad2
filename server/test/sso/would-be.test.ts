/** Who a test of an identity provider says that a person would be: what the next sign-in then does, whoever else gives roles. */
import { and, eq } from 'drizzle-orm';
import { beforeEach, expect, test } from 'vitest';
import { memberships } from '../../src/store/schema.ts';
import { must, withAdmin } from '../admin/support.ts';
import { browse } from '../identity/support.ts';
import { directoryOf, makeGroup, makeOwner, mapGroup, mustScim, personBody } from '../scim/support.ts';
import { withDatabase } from '../support/database.ts';
import { SAYING } from '../support/saying-protocol.ts';
import { arrive, beginTest, codeOf, comeBack, makeTenant, PUBLIC_URL, useWorld } from './support.ts';

const given = withDatabase();
const world = withAdmin(given, { publicUrl: PUBLIC_URL, protocols: { oidc: SAYING } });

beforeEach(() => {
  useWorld(world()).time.nowMs = Date.now();
});

test('a directory, a person and the groups of the answer each give what they give, and the test changes nothing', async () => {
  const { root, deps } = world();
  const tenant = await makeTenant(world(), { groups_claim: 'groups' });
  const organization = `/organizations/${tenant.id}`;
  const team = must(await root('POST', `${organization}/teams`, { name: 'Engineering' })).id;
  const other = must(await root('POST', `${organization}/teams`, { name: 'Support' })).id;
  const map = (gives: object) => root('POST', `${organization}/group-mappings`, { source: tenant.idp, value: 'all', ...gives });
  must(await map({ team_id: team, team_role: 'team_admin' }));
  must(await map({ team_id: other, team_role: 'team_viewer' }));
  must(await map({ role: 'org_auditor' }));
  const said = (name: string, groups: readonly string[] | null) => ({
    ...{ subject: name, email: `${name}@${tenant.domain}`, name, groups },
  });
  const wouldBe = async (name: string, groups: readonly string[] | null) => {
    const path = `${organization}/identity-providers/${tenant.idp}`;
    const { browser, location, id } = await beginTest(world(), path);
    await comeBack(browser, location, said(name, groups));
    return must(await root('GET', `${path}/test-result?id=${id}`)).would_be;
  };
  const isThere = async (name: string) =>
    must(await root('GET', `${organization}/members?limit=200`)).data.find(
      ({ email }: { email: string }) => email === `${name}@${tenant.domain}`,
    );

  // Nobody knows this person yet.
  expect(await wouldBe('ada', ['all'])).toBe('ada would be org_auditor, Engineering: admin, Support: viewer.');
  expect(await wouldBe('ada', [])).toBe('ada would be org_member.');
  expect(await isThere('ada')).toBeUndefined();

  const { token } = must(await root('POST', `${organization}/scim-tokens`, { name: 'Okta' }));
  const scim = directoryOf(world().address, token);
  const site = { organizationId: tenant.id, domain: tenant.domain, token, scim };
  const editor = await makeOwner(world(), tenant.id);
  const id = mustScim(await scim('POST', '/Users', personBody(`ada@${tenant.domain}`, { externalId: 'ada' }))).id;
  const group = await makeGroup(site, 'engineering', id);
  await mapGroup(world(), site, { group, teamId: team, teamRole: 'team_developer', createdBy: editor.accountId });
  const eventsOf = async () => must(await root('GET', `${organization}/audit-events?limit=200&object_type=team_member`)).data;
  const before = JSON.stringify([await eventsOf(), await isThere('ada')]);
  const expected = 'ada would be org_auditor, Engineering: developer (by the directory), Support: viewer.';
  expect(await wouldBe('ada', ['all'])).toBe(expected);
  expect(await wouldBe('ada', null)).toBe(
    'ada would be org_member (by the directory), Engineering: developer (by the directory): the answer has no complete list of groups, so it changes no roles.',
  );
  expect(JSON.stringify([await eventsOf(), await isThere('ada')])).toBe(before);
  // The sign-in does what the test said.
  expect(codeOf(await arrive(browse(world()), tenant.idp, said('ada', ['all'])))).toBeNull();
  expect(await wouldBe('ada', ['all'])).toBe(expected);
  expect(await isThere('ada')).toMatchObject({ role: 'org_auditor' });

  await deps.db
    .update(memberships)
    .set({ role: 'org_billing', managedBy: null })
    .where(and(eq(memberships.organizationId, tenant.id), eq(memberships.id, id)));
  expect(await wouldBe('ada', [])).toBe(
    'ada would be org_billing (given by a person), Engineering: developer (by the directory).',
  );
}, 60_000);
