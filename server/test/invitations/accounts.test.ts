import { describe, expect, test } from 'vitest';
import { makeOrganization, must, withAdmin } from '../admin/support.ts';
import { browse, makePerson, PASSWORD, signedIn } from '../identity/support.ts';
import { withDatabase } from '../support/database.ts';
import { actionsOf, makeMember } from './support.ts';

const SUPPORTS_NO_ONE = { two_factor: false, passkeys: 0, last_sign_in_at: null, memberships: [] };

describe('accounts', () => {
  const world = withAdmin(withDatabase());
  const admin = async () => {
    const account = await makePerson(world(), { platformRole: 'platform_admin' });
    return { account, browser: await signedIn(world(), account) };
  };

  test('are listed with where they belong and how they sign in', async () => {
    const { root } = world();
    const organization = await makeOrganization(root, { name: 'Where they belong' });
    const { account } = await makeMember(world(), organization.id, 'org_billing');
    const idle = await makePerson(world());
    await signedIn(world(), account);
    const { data } = must(await root('GET', '/accounts?limit=200'));
    const found = (id: string) => data.find((row: { id: string }) => row.id === id);
    expect(found(account.id)).toMatchObject({
      memberships: [{ organization_id: organization.id, organization_name: 'Where they belong', role: 'org_billing' }],
      last_sign_in_at: new Date(world().time.nowMs).toISOString(),
    });
    expect(found(idle.id)).toMatchObject(SUPPORTS_NO_ONE);
    expect(JSON.stringify(data)).not.toMatch(/password|hash|token/);
  });

  test('say when somebody last signed in also after they signed out', async () => {
    const account = await makePerson(world());
    const browser = await signedIn(world(), account);
    expect((await browser('DELETE', '/session')).status).toBe(204);
    expect(must(await world().root('GET', `/accounts/${account.id}`)).last_sign_in_at).not.toBeNull();
  });

  test('disabled, one is signed out everywhere at once and cannot come back until active again', async () => {
    const { root } = world();
    const account = await makePerson(world());
    const browser = await signedIn(world(), account);
    expect((await browser('GET', '/session')).status).toBe(200);
    expect(must(await root('PATCH', `/accounts/${account.id}`, { status: 'disabled' })).status).toBe('disabled');
    expect((await browser('GET', '/session')).status).toBe(401);
    const again = () => browse(world())('POST', '/session/sign-in', { email: account.email, password: PASSWORD });
    expect((await again()).status).toBeGreaterThanOrEqual(400);
    must(await root('PATCH', `/accounts/${account.id}`, { status: 'active' }));
    expect((await browser('GET', '/session')).status).toBe(401); // The old session stays ended.
    expect((await again()).status).toBe(200);
  });

  test('nobody disables themself, and the last platform admin stays', async () => {
    const { root } = world();
    const [one, two] = [await admin(), await admin()];
    expect((await one.browser('PATCH', `/accounts/${one.account.id}`, { status: 'disabled' })).status).toBe(409);
    must(await one.browser('PATCH', `/accounts/${two.account.id}`, { platform_role: null }));
    expect((await two.browser('GET', '/accounts')).status).toBe(403); // Their session lost the role at once.
    for (const change of [{ platform_role: null }, { platform_role: 'platform_auditor' }, { status: 'disabled' }]) {
      expect((await root('PATCH', `/accounts/${one.account.id}`, change)).status).toBe(409);
    }
    expect((await one.browser('GET', '/accounts')).status).toBe(200);
  });

  test('two of the last platform admins cannot leave at the same moment', async () => {
    const { root } = world();
    const admins = must(await root('GET', '/accounts?limit=200')).data.filter(
      (row: { platform_role: string | null }) => row.platform_role === 'platform_admin',
    );
    const ids: string[] = [...admins.map((row: { id: string }) => row.id), (await admin()).account.id];
    const answers = await Promise.all(ids.map((id) => root('PATCH', `/accounts/${id}`, { platform_role: null })));
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(1);
  });

  test('a platform role is given by platform admins alone', async () => {
    const account = await makePerson(world());
    const auditor = await signedIn(world(), await makePerson(world(), { platformRole: 'platform_auditor' }));
    for (const body of [{ platform_role: 'platform_admin' }, { name: 'Renamed' }]) {
      expect((await auditor('PATCH', `/accounts/${account.id}`, body)).status).toBe(403);
    }
    const themself = await signedIn(world(), account);
    expect((await themself('PATCH', `/accounts/${account.id}`, { platform_role: 'platform_admin' })).status).toBe(403);
    const { browser } = await admin();
    expect(must(await browser('PATCH', `/accounts/${account.id}`, { platform_role: 'platform_auditor' })).platform_role).toBe(
      'platform_auditor',
    );
    expect((await browser('PATCH', `/accounts/${account.id}`, { is_platform_admin: true })).status).toBe(400);
  });

  test('an admin ends somebody’s sessions and takes lost second factors away; both are audited', async () => {
    const { browser } = await admin();
    const account = await makePerson(world());
    const [here, there] = [await signedIn(world(), account), await signedIn(world(), account)];
    expect((await browser('DELETE', `/accounts/${account.id}/sessions`)).status).toBe(204);
    for (const ended of [here, there]) expect((await ended('GET', '/session')).status).toBe(401);
    expect((await browser('POST', `/accounts/${account.id}/reset-second-factor`)).status).toBe(204);
    expect(await actionsOf(world().root, null)).toEqual(
      expect.arrayContaining(['account.sessions_end', 'account.second_factor_reset']),
    );
    expect((await here('DELETE', `/accounts/${account.id}/sessions`)).status).toBe(401);
    const stranger = await signedIn(world(), await makePerson(world()));
    expect((await stranger('DELETE', `/accounts/${account.id}/sessions`)).status).toBe(403);
    expect((await stranger('POST', `/accounts/${account.id}/reset-second-factor`)).status).toBe(403);
    expect((await browser('DELETE', '/accounts/acct_none/sessions')).status).toBe(404);
  });

  test('an open browser is not enough to take one’s own second factors away', async () => {
    const { account, browser } = await admin();
    expect((await browser('POST', `/accounts/${account.id}/reset-second-factor`)).status).toBe(409);
  });
});
