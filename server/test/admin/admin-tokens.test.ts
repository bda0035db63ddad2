/** An admin token is never more than its maker: whose it is, and what it may do when its maker is less than before. */
import { describe, expect, test } from 'vitest';
import { makePerson, signedIn } from '../identity/support.ts';
import { actionsOf, freshEmail, makeMember } from '../invitations/support.ts';
import { onOneDatabase } from '../support/database.ts';
import { type Client, makeOrganization, makeTeam, must, withAdmin } from './support.ts';

const DAY_MS = 86_400_000;

onOneDatabase('an admin token', (given) => {
  const world = withAdmin(given);

  /** An organization with an owner, and somebody in a role who made a token of a role. */
  async function tokenOf(maker: string, role = maker, more: object = {}) {
    const { root, withToken } = world();
    const organization = await makeOrganization(root);
    await makeMember(world(), organization.id, 'org_owner');
    const person = await makeMember(world(), organization.id, maker);
    const browser = await signedIn(world(), person.account);
    const made = must(await browser('POST', '/admin-tokens', { name: 't', role, organization_id: organization.id, ...more }));
    const client = withToken(made.token);
    const status = async () => (await client('GET', `/organizations/${organization.id}`)).status;
    const at = `/organizations/${organization.id}/members/${person.memberId}`;
    return { organization, ...person, browser, made, client, status, at };
  }

  describe('of a person', () => {
    // promise: An admin token belongs to the account that made it
    test('belongs to who made it and is shown so, with its last use and the address', async () => {
      const { made, account, client, organization } = await tokenOf('org_admin');
      expect(made).toMatchObject({
        owner: { kind: 'account', id: account.id, name: account.name },
        maker_account_id: account.id,
      });
      must(await client('GET', `/organizations/${organization.id}`));
      const read = must(await world().root('GET', `/admin-tokens/${made.id}`));
      expect(read).toMatchObject({ last_used_at: expect.any(String), last_used_ip: '127.0.0.1', status: 'active' });
    });

    test.each([
      ['is removed', 'DELETE', undefined],
      ['is demoted below it', 'PATCH', { role: 'org_member' }],
      ['is disabled in the organization', 'PATCH', { status: 'disabled' }],
    ])('ends at once when they: %s; it does not come back with them', async (_, method, body) => {
      const { root } = world();
      const { status, at, made, client, organization, account, memberId } = await tokenOf('org_admin');
      must(await client('POST', '/invitations', { email: freshEmail(), organization_id: organization.id, role: 'org_member' }));
      expect(await status()).toBe(200);
      must(await root(method, at, body));
      expect(await status()).toBe(401);
      expect(
        (await client('POST', `/organizations/${organization.id}/members`, { account_id: account.id, role: 'org_admin' })).status,
      ).toBe(401);
      expect((await client('GET', `/organizations/${organization.id}/members`)).status).toBe(401);
      const back = { account_id: account.id, role: 'org_admin' };
      if (method === 'DELETE') must(await root('POST', `/organizations/${organization.id}/members`, back));
      else
        must(
          await root('PATCH', `/organizations/${organization.id}/members/${memberId}`, { role: 'org_admin', status: 'active' }),
        );
      expect(await status()).toBe(401);
      expect(must(await root('GET', `/admin-tokens/${made.id}`)).status).toBe('revoked');
      const actions = await actionsOf(root, organization.id);
      expect(actions.filter((action) => action === 'admin_token.end' || action === 'invitation.cancel')).toHaveLength(2);
    });

    test('ends when their account is disabled, and cannot enable it again', async () => {
      const { root, withToken } = world();
      const account = await makePerson(world(), { platformRole: 'platform_admin' });
      await makePerson(world(), { platformRole: 'platform_admin' });
      const browser = await signedIn(world(), account);
      const token = withToken(must(await browser('POST', '/admin-tokens', { name: 't', role: 'platform_admin' })).token);
      expect((await token('GET', `/accounts/${account.id}`)).status).toBe(200);
      must(await root('PATCH', `/accounts/${account.id}`, { status: 'disabled' }));
      expect((await token('PATCH', `/accounts/${account.id}`, { status: 'active' })).status).toBe(401);
      must(await root('PATCH', `/accounts/${account.id}`, { status: 'active' }));
      expect((await token('GET', `/accounts/${account.id}`)).status).toBe(401);
    });

    test('goes on when their role changes and still covers it', async () => {
      const { status, at } = await tokenOf('org_owner', 'org_admin');
      must(await world().root('PATCH', at, { role: 'org_admin' }));
      expect(await status()).toBe(200);
    });

    test('is judged by their roles as they are, whoever changed them: a replica of an older version ends nothing', async () => {
      const { status, memberId } = await tokenOf('org_admin');
      expect(await status()).toBe(200);
      await given().pool.query({ text: "update memberships set role = 'org_billing' where id = $1", values: [memberId] });
      expect(await status()).toBe(401);
    });

    test('stands still while its organization is suspended, and goes on afterwards', async () => {
      const { root } = world();
      const { organization, status, browser, made } = await tokenOf('org_admin');
      must(await root('POST', `/organizations/${organization.id}/suspend`));
      expect(await status()).toBe(403);
      expect((await browser('GET', `/organizations/${organization.id}`)).status).toBe(200);
      expect(must(await root('GET', `/admin-tokens/${made.id}`))).toMatchObject({
        status: 'stopped',
        stopped_by: 'organization',
      });
      must(await root('POST', `/organizations/${organization.id}/reactivate`));
      expect(await status()).toBe(200);
    });

    test('that listens to a stream hears nothing more within a second', async () => {
      const { organization, made, at } = await tokenOf('org_admin');
      const path = `${world().address}/api/v1/organizations/${organization.id}/limits/stream`;
      const response = await fetch(path, { headers: { authorization: `Bearer ${made.token}` } });
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      await reader.read();
      must(await world().root('DELETE', at));
      const endedMs = performance.now();
      while (!(await reader.read()).done);
      // A second by the gateway's clock, and what a busy machine adds; what is not cut goes on without an end.
      expect(performance.now() - endedMs).toBeLessThan(10_000);
    });

    test('made by a token belongs to that token’s owner', async () => {
      const { root, withToken } = world();
      const { client, organization, account, at } = await tokenOf('org_admin');
      const body = { name: 'second', role: 'org_admin', organization_id: organization.id };
      const second = must(await client('POST', '/admin-tokens', body));
      expect(second.owner).toMatchObject({ kind: 'account', id: account.id });
      must(await root('DELETE', at));
      expect((await withToken(second.token)('GET', `/organizations/${organization.id}`)).status).toBe(401);
      expect(must(await root('POST', '/admin-tokens', body)).owner.kind).toBe('installation');
    });

    test('lasts 90 days unless said, never where null is said, and makes none that outlives it', async () => {
      const { client, organization, made, browser } = await tokenOf('org_admin');
      const { time, root } = world();
      expect(Date.parse(made.expires_at)).toBe(time.nowMs + 90 * DAY_MS);
      const body = { name: 'n', role: 'org_admin', organization_id: organization.id };
      const never = must(await browser('POST', '/admin-tokens', { ...body, expires_at: null }));
      expect(never.expires_at).toBeNull();
      expect(must(await root('GET', `/admin-tokens/${never.id}`)).expires_at).toBeNull();
      expect((await client('POST', '/admin-tokens', { ...body, expires_at: null })).status).toBe(403);
      expect((await client('PATCH', `/admin-tokens/${made.id}`, { expires_at: null })).status).toBe(403);
      expect(must(await client('POST', '/admin-tokens', body)).expires_at).toBe(made.expires_at);
    });
  });

  describe('of a machine', () => {
    async function machine(responsible: string, role = responsible, more: object = {}) {
      const { root, withToken } = world();
      const organization = await makeOrganization(root);
      const owner = await makeMember(world(), organization.id, 'org_owner');
      const person = await makeMember(world(), organization.id, responsible);
      const asOwner = await signedIn(world(), owner.account);
      const account = must(
        await asOwner('POST', `/organizations/${organization.id}/service-accounts`, {
          name: 'ops',
          responsible_account_id: person.account.id,
        }),
      );
      const body = { name: 'm', role, organization_id: organization.id, service_account_id: account.id, ...more };
      const made = must(await asOwner('POST', '/admin-tokens', body));
      const status = async () => (await withToken(made.token)('GET', `/organizations/${organization.id}`)).status;
      const at = `/organizations/${organization.id}/members/${person.memberId}`;
      return { organization, owner, asOwner, person, account, made, body, status, at };
    }

    // promise: A token for a machine belongs to a service account
    test('belongs to a service account of the organization, which an admin makes, hands over and ends', async () => {
      const { root } = world();
      const { account, made, asOwner, status, organization, person, owner } = await machine('org_admin');
      expect(account.id).toMatch(/^svc_/);
      expect(made.owner).toMatchObject({
        kind: 'service_account',
        id: account.id,
        name: 'ops',
        responsible_account_id: person.account.id,
      });
      expect(made.maker_account_id).toBe(owner.account.id);
      expect(must(await asOwner('GET', `/organizations/${organization.id}/service-accounts`)).data).toMatchObject([
        { id: account.id },
      ]);
      expect(must(await asOwner('GET', `/service-accounts/${account.id}`)).responsible_account_id).toBe(person.account.id);
      expect(await status()).toBe(200);
      // Its maker may go: the token is not theirs.
      await makeMember(world(), organization.id, 'org_owner');
      must(await root('DELETE', `/organizations/${organization.id}/members/${owner.memberId}`));
      expect(await status()).toBe(200);
      must(await root('PATCH', `/service-accounts/${account.id}`, { status: 'disabled' }));
      expect(await status()).toBe(401);
      must(await root('PATCH', `/service-accounts/${account.id}`, { status: 'active' }));
      expect(await status()).toBe(200);
      const gone = must(await root('DELETE', `/service-accounts/${account.id}`));
      expect(gone.admin_tokens_revoked).toEqual([made.id]);
      expect(await status()).toBe(401);
      expect((await root('GET', `/service-accounts/${account.id}`)).status).toBe(404);
    });

    test('of the platform, likewise', async () => {
      const { root, withToken } = world();
      const admin = await makePerson(world(), { platformRole: 'platform_admin' });
      const organization = await makeOrganization(root);
      const { account: member } = await makeMember(world(), organization.id, 'org_owner');
      expect((await root('POST', '/service-accounts', { name: 'ops', responsible_account_id: member.id })).status).toBe(400);
      expect((await root('POST', '/service-accounts', { name: 'ops' })).status, 'the installation is no person').toBe(400);
      const account = must(await root('POST', '/service-accounts', { name: 'ops', responsible_account_id: admin.id }));
      const body = { name: 'm', role: 'platform_admin', service_account_id: account.id };
      const made = must(await root('POST', '/admin-tokens', body));
      const other = { ...body, role: 'org_admin', organization_id: organization.id };
      expect((await root('POST', '/admin-tokens', other)).status, 'acts on the platform alone').toBe(400);
      const status = async () => (await withToken(made.token)('GET', '/accounts')).status;
      expect(await status()).toBe(200);
      must(await root('PATCH', `/accounts/${admin.id}`, { status: 'disabled' }));
      expect(await status()).toBe(401);
      must(await root('PATCH', `/accounts/${admin.id}`, { status: 'active' }));
      expect(must(await root('GET', '/service-accounts/platform')).data).toMatchObject([
        { id: account.id, organization_id: null },
      ]);
    });

    // promise: It never has a role above that of the person who makes or widens it
    test('has no role above who makes it or who answers for it, and lasts 90 days without an owner’s consent', async () => {
      const { organization, asOwner, account, body, made, person } = await machine('org_admin');
      expect((await asOwner('POST', '/admin-tokens', { ...body, role: 'org_owner' })).body.errors[0].pointer).toBe(
        '/service_account_id',
      );
      const asAdmin = await signedIn(world(), person.account);
      expect((await asAdmin('POST', '/admin-tokens', { ...body, role: 'org_owner' })).status).toBe(403);
      expect((await asAdmin('POST', '/admin-tokens', { ...body, expires_at: null })).status).toBe(403);
      const inDays = (days: number) => new Date(world().time.nowMs + days * DAY_MS).toISOString();
      expect((await asAdmin('POST', '/admin-tokens', { ...body, expires_at: inDays(91) })).status).toBe(403);
      expect((await asAdmin('PATCH', `/admin-tokens/${made.id}`, { expires_at: inDays(91) })).status).toBe(403);
      expect(must(await asAdmin('POST', '/admin-tokens', { ...body, expires_at: inDays(90) })).expires_at).toBe(inDays(90));
      expect(must(await asOwner('PATCH', `/admin-tokens/${made.id}`, { expires_at: null })).expires_at).toBeNull();
      expect(must(await asOwner('POST', '/admin-tokens', { ...body, expires_at: null })).expires_at).toBeNull();
      expect(
        must(await asAdmin('GET', `/admin-tokens?organization_id=${organization.id}&service_account_id=${account.id}`)).total,
      ).toBe(3);
    });

    // promise: When that person is removed, demoted below it or disabled, the token stops
    test.each([
      ['removed', 'DELETE', undefined],
      ['demoted below it', 'PATCH', { role: 'org_auditor' }],
      ['disabled', 'PATCH', { status: 'disabled' }],
    ])('stops when who answers for it is %s, until an owner takes it over', async (_, method, body) => {
      const { root } = world();
      const { organization, asOwner, owner, status, at, made, account } = await machine('org_admin');
      const other = await makeMember(world(), organization.id, 'org_admin');
      const asOther = await signedIn(world(), other.account);
      must(await root(method, at, body));
      expect(await status()).toBe(401);
      expect(must(await asOwner('GET', `/admin-tokens/${made.id}`))).toMatchObject({
        status: 'stopped',
        stopped_by: 'responsible',
      });
      expect((await asOther('POST', `/admin-tokens/${made.id}/take-over`)).status, 'an admin is no owner').toBe(403);
      expect(
        (await asOther('PATCH', `/service-accounts/${account.id}`, { responsible_account_id: other.account.id })).status,
      ).toBe(403);
      const taken = must(await asOwner('POST', `/admin-tokens/${made.id}/take-over`));
      expect(taken).toMatchObject({ status: 'active', owner: { responsible_account_id: owner.account.id } });
      expect(await status()).toBe(200);
      must(await asOwner('POST', `/admin-tokens/${made.id}/take-over`, { responsible_account_id: other.account.id }));
      expect(await status()).toBe(200);
      const actions = await actionsOf(root, organization.id);
      expect(actions).toEqual(expect.arrayContaining(['admin_token.stop', 'admin_token.take_over']));
    });
  });

  describe('that is narrowed', () => {
    test('does what it keeps, where it keeps it, from where it may, and nothing else', async () => {
      const { root, withToken } = world();
      const [kept, other] = [await makeOrganization(root), await makeOrganization(root)];
      const make = async (more: object) =>
        withToken(must(await root('POST', '/admin-tokens', { name: 'n', role: 'platform_admin', ...more })).token);
      const readsOnly = await make({ permissions: ['organization.read', 'teams.manage'] });
      expect((await readsOnly('GET', `/organizations/${kept.id}`)).status).toBe(200);
      expect((await readsOnly('POST', `/organizations/${kept.id}/teams`, { name: 'T' })).status).toBe(201);
      expect((await readsOnly('PATCH', `/organizations/${kept.id}`, { name: 'x' })).status).toBe(403);
      expect((await readsOnly('GET', '/accounts')).status).toBe(403);
      const inOne = await make({ organization_ids: [kept.id] });
      expect((await inOne('PATCH', `/organizations/${kept.id}`, { name: 'x' })).status).toBe(200);
      expect((await inOne('GET', `/organizations/${other.id}`)).status).toBe(404);
      expect(must(await inOne('GET', '/organizations')).data.map((row: { id: string }) => row.id)).toEqual([kept.id]);
      for (const path of ['/accounts', '/credentials', '/settings', '/audit-events'])
        expect([path, (await inOne('GET', path)).status]).toEqual([path, 403]);
      const elsewhere = await make({ networks: ['10.0.0.0/8', '2001:db8::/32'] });
      expect((await elsewhere('GET', '/organizations')).status).toBe(403);
      expect((await (await make({ networks: ['127.0.0.0/8'] }))('GET', '/organizations')).status).toBe(200);
    });

    test('makes, widens and takes over no token, and gives no role that it does not keep', async () => {
      const { root, withToken } = world();
      const { organization } = await makeTeam(root);
      const token = async (more: object) =>
        must(await root('POST', '/admin-tokens', { name: 'n', role: 'org_owner', organization_id: organization.id, ...more }));
      const plain = await token({});
      for (const more of [
        { permissions: ['admin_tokens.manage', 'members.manage', 'organization.read'] },
        { networks: ['127.0.0.1'] },
      ]) {
        const narrowed = await token(more);
        const client: Client = withToken(narrowed.token);
        const body = { name: 'wide', role: 'org_owner', organization_id: organization.id };
        expect((await client('POST', '/admin-tokens', body)).status).toBe(403);
        expect((await client('PATCH', `/admin-tokens/${narrowed.id}`, { permissions: null, networks: null })).status).toBe(403);
        expect((await client('PATCH', `/admin-tokens/${plain.id}`, { name: 'x' })).status).toBe(403);
        expect((await client('POST', `/organizations/${organization.id}/service-accounts`, { name: 'x' })).status).toBe(403);
      }
      const manager = withToken((await token({ permissions: ['members.manage', 'organization.read'] })).token);
      const { account } = await makeMember(world(), (await makeOrganization(root)).id, 'org_member');
      const add = (role: string) =>
        manager('POST', `/organizations/${organization.id}/members`, { account_id: account.id, role });
      expect((await add('org_admin')).status).toBe(403);
    });

    test('is narrowed and widened by who could make it; a faulty narrowing is 400 at its field', async () => {
      const { made, browser } = await tokenOf('org_admin');
      const patch = (body: object) => browser('PATCH', `/admin-tokens/${made.id}`, body);
      expect(must(await patch({ permissions: ['organization.read'], networks: ['127.0.0.1/32'] }))).toMatchObject({
        permissions: ['organization.read'],
        networks: ['127.0.0.1/32'],
        version: 2,
      });
      expect((await browser('PATCH', `/admin-tokens/${made.id}`, { name: 'x' }, { 'if-match': '"1"' })).status).toBe(412);
      expect(must(await patch({ permissions: null })).permissions).toBeNull();
      for (const [body, pointer] of [
        [{ permissions: ['content.read'] }, '/permissions/0'],
        [{ organization_ids: ['org_x'] }, '/organization_ids'],
        [{ networks: ['example.com'] }, '/networks/0'],
        [{ permissions: [] }, '/permissions'],
      ] as const) {
        const refused = await patch(body);
        expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, pointer]);
      }
    });
  });
});
