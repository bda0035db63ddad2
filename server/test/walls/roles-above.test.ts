/** Nobody gives or takes a role above their own, in whatever way: by disabling and enabling, by a machine's tokens, or by a way into an account. */
import { describe, expect, test } from 'vitest';
import type { OrganizationRole } from '../../src/domain/tenancy/permission.ts';
import { type Client, makeAccount, makeOrganization, must, withAdmin } from '../admin/support.ts';
import { makePerson, signedIn } from '../identity/support.ts';
import { freshEmail } from '../invitations/support.ts';
import { withDatabase } from '../support/database.ts';

const world = withAdmin(withDatabase());

/** An organization with two owners and an admin. */
async function makeHouse() {
  const { root, as } = world();
  const organization = await makeOrganization(root);
  const organizationId: string = organization.id;
  const join = async (role: OrganizationRole) => {
    const account = await makeAccount(root);
    const path = `/organizations/${organizationId}/members`;
    const { id } = must(await root('POST', path, { account_id: account.id, role }));
    return { account, at: `${path}/${id}`, client: as([{ role, organizationId }], account.id) };
  };
  return {
    organizationId,
    owner: await join('org_owner'),
    other: await join('org_owner'),
    admin: await join('org_admin'),
  };
}

describe('an organization’s admin', () => {
  test('neither disables an owner nor enables one whom an owner disabled', async () => {
    const { owner, other, admin } = await makeHouse();
    expect((await admin.client('PATCH', other.at, { status: 'disabled' })).status).toBe(403);
    must(await owner.client('PATCH', other.at, { status: 'disabled' }));
    expect((await admin.client('PATCH', other.at, { status: 'active' })).status).toBe(403);
    expect(must(await world().root('GET', other.at)).status).toBe('disabled');
    for (const status of ['active', 'disabled']) {
      expect(must(await owner.client('PATCH', other.at, { status })).status).toBe(status);
      expect(must(await other.client('PATCH', admin.at, { status })).status).toBe(status);
    }
  });

  test('neither stops, starts nor deletes a machine that has an owner’s token', async () => {
    const { organizationId, other, owner, admin } = await makeHouse();
    const made = async (role: string) => {
      const body = { name: role, responsible_account_id: other.account.id };
      const { id } = must(await owner.client('POST', `/organizations/${organizationId}/service-accounts`, body));
      const token = { name: role, role, organization_id: organizationId, service_account_id: id };
      must(await owner.client('POST', '/admin-tokens', token));
      return `/service-accounts/${id}`;
    };
    const [owners, admins] = [await made('org_owner'), await made('org_admin')];
    for (const [method, path, body] of [
      ['PATCH', owners, { status: 'disabled' }],
      ['DELETE', owners],
      ['DELETE', `${owners}?dry_run=true`],
    ] as const)
      expect((await admin.client(method, path, body)).status).toBe(403);
    must(await owner.client('PATCH', owners, { status: 'disabled' }));
    expect((await admin.client('PATCH', owners, { status: 'active' })).status).toBe(403);
    expect(must(await admin.client('PATCH', owners, { name: 'renamed' })).name).toBe('renamed');
    for (const status of ['disabled', 'active']) must(await admin.client('PATCH', admins, { status }));
    must(await admin.client('DELETE', admins));
  });
});

describe('a platform token that is narrowed to accounts', () => {
  /** The ways into an account, or out of it, that its admins have. */
  async function triesOn(client: Client, id: string): Promise<readonly number[]> {
    const tries = [
      ['PATCH', '', { email: freshEmail() }],
      ['POST', '/password-reset', {}],
      ['POST', '/reset-second-factor', {}],
      ['PATCH', '', { status: 'disabled' }],
    ] as const;
    const statuses: number[] = [];
    for (const [method, path, body] of tries) statuses.push((await client(method, `/accounts/${id}${path}`, body)).status);
    return statuses;
  }

  // promise: **A token is never more than its maker.**
  test('opens no account that may do more than the token', async () => {
    const { root, withToken } = world();
    const { owner } = await makeHouse();
    const permissions = ['accounts.manage', 'platform.read'];
    const client = withToken(
      must(await root('POST', '/admin-tokens', { name: 'people', role: 'platform_admin', permissions })).token,
    );
    const admin = must(await root('POST', '/accounts', { email: freshEmail(), name: 'Admin', platform_role: 'platform_admin' }));
    for (const id of [admin.id, owner.account.id]) expect(await triesOn(client, id)).toEqual([403, 403, 403, 403]);
    expect(must(await client('PATCH', `/accounts/${owner.account.id}`, { name: 'Renamed' })).name).toBe('Renamed');
    const nobody = await makeAccount(root);
    expect(await triesOn(client, nobody.id)).toEqual([200, 201, 204, 200]);
    const whole = withToken(must(await root('POST', '/admin-tokens', { name: 'all', role: 'platform_admin' })).token);
    expect(await triesOn(whole, owner.account.id)).toEqual([200, 201, 204, 200]);
  });

  test('of a person does not vouch for that person’s address', async () => {
    const { root, withToken } = world();
    const admin = await makePerson(world(), { platformRole: 'platform_admin' });
    const browser = await signedIn(world(), admin);
    const own = withToken(must(await browser('POST', '/admin-tokens', { name: 'own', role: 'platform_admin' })).token);
    const path = `/accounts/${admin.id}`;
    must(await root('PATCH', path, { email: freshEmail() }));
    for (const client of [browser, own]) expect((await client('POST', `${path}/vouch`, { reason: 'it is me' })).status).toBe(409);
    expect(must(await root('GET', path)).address_proof).toBeNull();
  });
});
