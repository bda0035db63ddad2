/** What a directory may not do: reach another tenant, take over accounts, or give roles that nobody gave it. */
import { eq } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { applyQueued } from '../../src/admin/scim/directory-roles.ts';
import { factsOfArrival } from '../../src/admin/sso/facts-of-arrival.ts';
import type { ProviderRow } from '../../src/store/identity/identity-providers.ts';
import { findByExternalId } from '../../src/store/identity/scim-people.ts';
import * as roleQueue from '../../src/store/identity/scim-role-queue.ts';
import { accounts, groupMappings, sessionEvidence, sessions } from '../../src/store/schema.ts';
import { makeAccount, makeOrganization, makeTeam, must, withAdmin } from '../admin/support.ts';
import { onOneDatabase } from '../support/database.ts';
import { makeGroup, makeOwner, makePerson, makeSite, mapGroup, memberOf, mustScim, patchBody, personBody } from './support.ts';

onOneDatabase('A SCIM directory', (given) => {
  const world = withAdmin(given);

  describe('and accounts', () => {
    // promise: A directory creates people only in domains
    test('creates people only in verified domains, and says the same whoever has the address', async () => {
      const site = await makeSite(world());
      const stranger = await makeAccount(world().root);
      const known = await site.scim('POST', '/Users', personBody(stranger.email));
      const unknown = await site.scim('POST', '/Users', personBody('nobody-at-all@example.com'));
      expect([known.status, known.body.scimType]).toEqual([400, 'invalidValue']);
      expect(known.text.replaceAll(stranger.email, 'X')).toBe(unknown.text.replaceAll('nobody-at-all@example.com', 'X'));
      const moved = await makePerson(site, 'moves');
      const patch = patchBody({ op: 'replace', path: 'emails[type eq "work"].value', value: stranger.email });
      expect((await site.scim('PATCH', `/Users/${moved.id}`, patch)).status).toBe(400);
    });

    test('an account that belongs elsewhere or has a platform role joins by an invitation, in the same words', async () => {
      const site = await makeSite(world());
      const { root, deps } = world();
      const other = await makeOrganization(root);
      const make = async (name: string, how: object = {}) =>
        must(await root('POST', '/accounts', { email: `${name}@${site.domain}`, name, ...how }));
      const elsewhere = await make('elsewhere');
      must(await root('POST', `/organizations/${other.id}/members`, { account_id: elsewhere.id, role: 'org_member' }));
      await make('platform', { platform_role: 'platform_auditor' });
      await make('unplaced');
      const texts: string[] = [];
      for (const name of ['elsewhere', 'platform', 'unplaced']) {
        const { status, body } = await site.scim('POST', '/Users', personBody(`${name}@${site.domain}`));
        expect([name, status, body.scimType]).toEqual([name, 409, 'uniqueness']);
        texts.push(body.detail.replaceAll(name, 'X'));
      }
      expect(new Set(texts).size).toBe(1);
      // Once the person is a member here, the directory takes the membership over, and writes nothing to the account.
      must(
        await root('POST', `/organizations/${site.organizationId}/members`, { account_id: elsewhere.id, role: 'org_billing' }),
      );
      const body = personBody(`elsewhere@${site.domain}`, { displayName: 'Renamed', externalId: 'sub-1' });
      const person = mustScim(await site.scim('POST', '/Users', body));
      const renamed = patchBody({ op: 'replace', path: 'displayName', value: 'Renamed again' });
      expect(mustScim(await site.scim('PATCH', `/Users/${person.id}`, renamed)).displayName).toBe('Renamed again');
      const [account] = await deps.db.select().from(accounts).where(eq(accounts.id, elsewhere.id));
      expect(account).toMatchObject({ name: 'elsewhere', email: `elsewhere@${site.domain}` });
      expect(await memberOf(world(), site, person.id)).toMatchObject({ role: 'org_billing', status: 'active' });
      expect(await findByExternalId(deps.db, site.organizationId, 'sub-1')).toBeNull();
    });

    test('writes name and address of accounts that it made, until they belong elsewhere too', async () => {
      const site = await makeSite(world());
      const { root, deps } = world();
      const person = await makePerson(site, 'made', { externalId: 'sub-2' });
      const { account_id: accountId } = await memberOf(world(), site, person.id);
      const found = { accountId, membershipId: person.id, isActive: true };
      expect(await findByExternalId(deps.db, site.organizationId, 'sub-2')).toEqual(found);
      // So an identity provider of this organization that asserts this subject lets the person in.
      const provider = { organizationId: site.organizationId, id: 'idp_any', createsAccounts: false } as ProviderRow;
      const asserted = { subject: 'sub-2', email: null, emailVerified: true };
      const arriving = async () => (await factsOfArrival(deps.db, provider, asserted, null)).linked?.id ?? null;
      expect(await arriving()).toBe(accountId);
      const change = (name: string) =>
        patchBody(
          { op: 'replace', path: 'displayName', value: name },
          { op: 'replace', path: 'emails[type eq "work"].value', value: `${name}@${site.domain}` },
        );
      mustScim(await site.scim('PATCH', `/Users/${person.id}`, change('first')));
      expect(await memberOf(world(), site, person.id)).toMatchObject({ name: 'first', email: `first@${site.domain}` });
      const second = await makePerson(site, 'second');
      expect((await site.scim('PATCH', `/Users/${second.id}`, change('first'))).status).toBe(409);
      const other = await makeOrganization(root);
      const account = must(await root('POST', `/accounts/${accountId}/vouch`, { reason: 'known' }));
      expect(account).not.toBeNull();
      must(await root('POST', `/organizations/${other.id}/members`, { account_id: accountId, role: 'org_member' }));
      mustScim(await site.scim('PATCH', `/Users/${person.id}`, change('third')));
      expect(await memberOf(world(), site, person.id)).toMatchObject({ name: 'first', email: `first@${site.domain}` });
      expect(await findByExternalId(deps.db, site.organizationId, 'sub-2')).toBeNull();
      expect(await arriving()).toBeNull();
    });

    // promise: A SCIM directory speaks for one organization
    // promise: Two directories never see each other's people
    test('two directories never see each other’s people and groups', async () => {
      const [one, two] = [await makeSite(world()), await makeSite(world())];
      const person = await makePerson(one, 'mine', { externalId: 'same' });
      const group = await makeGroup(one, 'Mine', person.id);
      await makePerson(two, 'mine', { externalId: 'same' });
      const foreign = [
        await two.scim('GET', `/Users/${person.id}`),
        await two.scim('PATCH', `/Users/${person.id}`, patchBody({ op: 'replace', path: 'active', value: false })),
        await two.scim('PUT', `/Users/${person.id}`, personBody(`x@${two.domain}`)),
        await two.scim('DELETE', `/Users/${person.id}`),
        await two.scim('GET', `/Groups/${group}`),
        await two.scim('PATCH', `/Groups/${group}`, patchBody({ op: 'remove', path: 'members' })),
        await two.scim('DELETE', `/Groups/${group}`),
      ];
      expect(foreign.map(({ status }) => status)).toEqual(foreign.map(() => 404));
      const taken = await two.scim('POST', '/Groups', { displayName: 'Theirs', members: [{ value: person.id }] });
      expect([taken.status, taken.body.scimType]).toEqual([400, 'invalidValue']);
      expect(mustScim(await two.scim('GET', '/Users')).totalResults).toBe(1);
      expect(mustScim(await two.scim('GET', '/Groups')).totalResults).toBe(0);
      expect(mustScim(await one.scim('GET', `/Groups/${group}`)).members).toHaveLength(1);
    });
  });

  describe('and roles', () => {
    // promise: Groups of a directory give roles by mappings alone
    test('a group has no role by its name, nor a person by what the directory says of them', async () => {
      const site = await makeSite(world());
      const person = await makePerson(site, 'climber', {
        roles: [{ value: 'org_owner', primary: true }],
        entitlements: [{ value: 'platform_admin' }],
        userType: 'org_owner',
      });
      for (const name of ['org_owner', 'platform_admin', 'org_admin', 'team_admin']) await makeGroup(site, name, person.id);
      expect(await memberOf(world(), site, person.id)).toMatchObject({ role: 'org_member', teams: [] });
    });

    test('mappings give roles, and take what they gave, never what a person gave', async () => {
      const site = await makeSite(world());
      const { root } = world();
      const owner = await makeOwner(world(), site.organizationId);
      const team = must(await root('POST', `/organizations/${site.organizationId}/teams`, { name: 'Support' }));
      const person = await makePerson(site, 'worker');
      const group = await makeGroup(site, 'Billing');
      await mapGroup(world(), site, { group, role: 'org_billing', createdBy: owner.accountId });
      await mapGroup(world(), site, { group, teamId: team.id, teamRole: 'team_developer', createdBy: owner.accountId });
      const move = async (op: string) =>
        expect(
          (await site.scim('PATCH', `/Groups/${group}`, patchBody({ op, path: 'members', value: [{ value: person.id }] })))
            .status,
        ).toBe(204);
      await move('add');
      const teams = [{ team_id: team.id, name: 'Support', role: 'team_developer' }];
      expect(await memberOf(world(), site, person.id)).toMatchObject({ role: 'org_billing', teams });
      await move('remove');
      expect(await memberOf(world(), site, person.id)).toMatchObject({ role: 'org_member', teams: [] });
      const byHand = must(await root('POST', '/accounts', { email: `hand@${site.domain}`, name: 'By hand' }));
      const given = { account_id: byHand.id, role: 'org_auditor' };
      must(await root('POST', `/organizations/${site.organizationId}/members`, given));
      const adopted = await makePerson(site, 'hand');
      for (const op of ['add', 'remove']) {
        const operation = { op, path: 'members', value: [{ value: adopted.id }] };
        expect((await site.scim('PATCH', `/Groups/${group}`, patchBody(operation))).status).toBe(204);
        expect((await memberOf(world(), site, adopted.id)).role).toBe('org_auditor');
      }
    });

    // promise: A mapping whose editor may no longer give its role
    test('a mapping whose editor may no longer give the role gives it to nobody new', async () => {
      const site = await makeSite(world());
      const { root } = world();
      const editor = await makeOwner(world(), site.organizationId);
      await makeOwner(world(), site.organizationId);
      const [early, late] = [await makePerson(site, 'early'), await makePerson(site, 'late')];
      const group = await makeGroup(site, 'Admins');
      await mapGroup(world(), site, { group, role: 'org_owner', createdBy: editor.accountId });
      const join = (id: string) =>
        site.scim('PATCH', `/Groups/${group}`, patchBody({ op: 'add', path: 'members', value: [{ value: id }] }));
      await join(early.id);
      expect((await memberOf(world(), site, early.id)).role).toBe('org_owner');
      const members = `/organizations/${site.organizationId}/members`;
      must(await root('PATCH', `${members}/${editor.memberId}`, { role: 'org_admin' }));
      await join(late.id);
      expect((await memberOf(world(), site, late.id)).role).toBe('org_member');
      expect((await memberOf(world(), site, early.id)).role).toBe('org_owner');
      const groups = must(await root('GET', `/organizations/${site.organizationId}/directory/groups`));
      expect(groups.data).toMatchObject([{ name: 'Admins', members: 2, gives: [{ role: 'org_owner', is_held: true }] }]);
    });

    test('of two mappings of one group, only the one on hold waits, and the other goes on giving and taking', async () => {
      const site = await makeSite(world());
      const { root } = world();
      const [gone, stays] = [await makeOwner(world(), site.organizationId), await makeOwner(world(), site.organizationId)];
      const team = must(await root('POST', `/organizations/${site.organizationId}/teams`, { name: 'Both' }));
      const group = await makeGroup(site, 'Both');
      await mapGroup(world(), site, { group, role: 'org_owner', createdBy: gone.accountId });
      await mapGroup(world(), site, { group, teamId: team.id, teamRole: 'team_developer', createdBy: stays.accountId });
      const move = async (op: string, id: string) => {
        const change = patchBody({ op, path: 'members', value: [{ value: id }] });
        expect((await site.scim('PATCH', `/Groups/${group}`, change)).status).toBe(204);
      };
      const [early, late] = [await makePerson(site, 'early'), await makePerson(site, 'late')];
      await move('add', early.id);
      must(await root('PATCH', `/organizations/${site.organizationId}/members/${gone.memberId}`, { role: 'org_admin' }));
      await move('add', late.id);
      const teams = [{ team_id: team.id, role: 'team_developer' }];
      expect(await memberOf(world(), site, early.id)).toMatchObject({ role: 'org_owner', teams });
      expect(await memberOf(world(), site, late.id)).toMatchObject({ role: 'org_member', teams });
      // Whoever is worked out again keeps what the mapping on hold gave.
      await roleQueue.queue(world().deps.db, site.organizationId, [early.id, late.id]);
      expect(await applyQueued(world().deps, () => {})).toBe(2);
      expect(await memberOf(world(), site, early.id)).toMatchObject({ role: 'org_owner', teams });
      await move('remove', early.id);
      expect(await memberOf(world(), site, early.id)).toMatchObject({ role: 'org_member', teams: [] });
    });

    // promise: The last owner of an organization is neither disabled
    test('the last owner is neither disabled nor deleted', async () => {
      const site = await makeSite(world());
      const { root } = world();
      const person = await makePerson(site, 'last');
      must(await root('PATCH', `/organizations/${site.organizationId}/members/${person.id}`, { role: 'org_owner' }));
      const off = await site.scim('PATCH', `/Users/${person.id}`, patchBody({ op: 'replace', path: 'active', value: 'False' }));
      expect([off.status, off.body.detail]).toEqual([409, expect.stringContaining('last owner')]);
      expect((await site.scim('DELETE', `/Users/${person.id}`)).status).toBe(409);
      expect(mustScim(await site.scim('GET', `/Users/${person.id}`))).toEqual({ ...person, meta: expect.anything() });
      const refusals = must(await root('GET', `/organizations/${site.organizationId}/directory/refusals`));
      expect(refusals.data.map((one: { method: string }) => one.method).sort()).toEqual(['DELETE', 'PATCH']);
    });

    test('a new mapping reaches those who are in the group already, by the queue', async () => {
      const site = await makeSite(world());
      const owner = await makeOwner(world(), site.organizationId);
      const ids: string[] = [];
      for (let at = 0; at < 25; at += 1) ids.push((await makePerson(site, `many-${at}`)).id);
      const group = await makeGroup(site, 'Many', ...ids);
      await mapGroup(world(), site, { group, role: 'org_auditor', createdBy: owner.accountId });
      const { deps, root } = world();
      const path = `/organizations/${site.organizationId}/directory`;
      expect(must(await root('GET', path)).waiting).toBe(25);
      expect(await applyQueued(deps, () => {})).toBe(25);
      expect(must(await root('GET', `/organizations/${site.organizationId}/members?role=org_auditor`)).total).toBe(25);
      await deps.db.delete(groupMappings).where(eq(groupMappings.organizationId, site.organizationId));
      expect((await site.scim('DELETE', `/Groups/${group}`)).status).toBe(204);
      expect(await applyQueued(deps, () => {})).toBe(25);
      expect(must(await root('GET', `/organizations/${site.organizationId}/members?role=org_auditor`)).total).toBe(0);
      expect(must(await root('GET', path)).waiting).toBe(0);
    });
  });

  describe('disables and enables', () => {
    // promise: A person whom a directory disables loses
    test('exactly what it took: the membership with its keys, teams and role, and no session’s evidence stays', async () => {
      const site = await makeSite(world());
      const { root, deps, changes } = world();
      const { organizationId } = site;
      const person = await makePerson(site, 'leaver');
      const { account_id: accountId } = await memberOf(world(), site, person.id);
      const team = must(await root('POST', `/organizations/${organizationId}/teams`, { name: 'Team' }));
      must(await root('POST', `/teams/${team.id}/members`, { account_id: accountId, role: 'team_developer' }));
      const key = must(await root('POST', '/keys', { team_id: team.id, name: 'own', owner: { account_id: accountId } }));
      const at = new Date(world().time.nowMs);
      const session = { id: 'sess_leaver', userId: accountId, token: 'leaver', expiresAt: new Date(at.getTime() + 3_600_000) };
      await deps.db.insert(sessions).values({ ...session, createdAt: at, updatedAt: at, lastUsedAt: at });
      const shown = { sessionId: session.id, secondFactor: false, shownAt: at };
      await deps.db.insert(sessionEvidence).values([
        { ...shown, source: 'idp_here', organizationId },
        { ...shown, source: 'own', organizationId: null },
        { ...shown, source: 'idp_elsewhere', organizationId: 'org_other' },
      ]);
      const before = await memberOf(world(), site, person.id);
      changes.length = 0;
      mustScim(await site.scim('PATCH', `/Users/${person.id}`, patchBody({ op: 'Replace', path: 'active', value: 'False' })));
      expect(changes).toEqual([{ catalogue: false, organizationIds: [organizationId], keyIds: [] }]);
      const left = await deps.db.select().from(sessionEvidence).where(eq(sessionEvidence.sessionId, session.id));
      const now = world().time.nowMs;
      const counts = left.filter(({ expiresAt }) => expiresAt === null || expiresAt.getTime() > now);
      expect(counts.map(({ source }) => source).sort()).toEqual(['idp_elsewhere', 'own']);
      expect(await memberOf(world(), site, person.id)).toMatchObject({ status: 'disabled' });
      mustScim(await site.scim('PATCH', `/Users/${person.id}`, patchBody({ op: 'Replace', path: 'active', value: 'True' })));
      const after = await memberOf(world(), site, person.id);
      expect(after).toEqual({ ...before, version: after.version, updated_at: after.updated_at });
      expect(must(await root('GET', `/keys/${key.id}`)).status).toBe('active');
    });

    // promise: What an admin disabled, a directory does not enable
    test('what an admin disabled, the directory does not enable', async () => {
      const site = await makeSite(world());
      const { root } = world();
      const person = await makePerson(site, 'barred');
      const member = `/organizations/${site.organizationId}/members/${person.id}`;
      must(await root('PATCH', member, { status: 'disabled' }));
      for (const active of [true, false, true]) {
        const patch = patchBody({ op: 'replace', path: 'active', value: active });
        expect(mustScim(await site.scim('PATCH', `/Users/${person.id}`, patch)).active).toBe(false);
      }
      expect(must(await root('GET', member)).status).toBe('disabled');
      const people = must(await root('GET', `/organizations/${site.organizationId}/directory/people?state=disabled_here`));
      expect(people.data).toMatchObject([{ id: person.id, state: 'disabled_here' }]);
    });

    test('and DELETE revokes the keys; the person can come again', async () => {
      const site = await makeSite(world());
      const { root } = world();
      const person = await makePerson(site, 'gone');
      const { account_id: accountId } = await memberOf(world(), site, person.id);
      const team = must(await root('POST', `/organizations/${site.organizationId}/teams`, { name: 'Team' }));
      must(await root('POST', `/teams/${team.id}/members`, { account_id: accountId, role: 'team_developer' }));
      const key = must(await root('POST', '/keys', { team_id: team.id, name: 'own', owner: { account_id: accountId } }));
      const group = await makeGroup(site, 'Group', person.id);
      expect((await site.scim('DELETE', `/Users/${person.id}`)).status).toBe(204);
      expect(must(await root('GET', `/keys/${key.id}`)).status).toBe('revoked');
      expect((await site.scim('GET', `/Users/${person.id}`)).status).toBe(404);
      expect(mustScim(await site.scim('GET', `/Groups/${group}`)).members).toEqual([]);
      expect((await makePerson(site, 'gone')).id).toBe(person.id);
      // An admin who removes a member takes the person out of the directory too.
      must(await root('DELETE', `/organizations/${site.organizationId}/members/${person.id}`));
      expect((await site.scim('GET', `/Users/${person.id}`)).status).toBe(404);
      expect((await makePerson(site, 'gone')).id).toBe(person.id);
    });
  });

  test('is managed by owners and admins of the organization only', async () => {
    const site = await makeSite(world());
    const { organization: other } = await makeTeam(world().root);
    const { organizationId } = site;
    const path = `/organizations/${organizationId}/directory`;
    const statuses: Record<string, number> = {};
    for (const role of ['org_owner', 'org_admin', 'org_billing', 'org_auditor', 'org_member'] as const)
      statuses[role] = (await world().as([{ role, organizationId }])('GET', path)).status;
    statuses.elsewhere = (await world().as([{ role: 'org_owner', organizationId: other.id }])('GET', path)).status;
    expect(statuses).toEqual({
      org_owner: 200,
      org_admin: 200,
      org_billing: 403,
      org_auditor: 403,
      org_member: 403,
      elsewhere: 404,
    });
  });
});
