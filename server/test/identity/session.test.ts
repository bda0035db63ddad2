import { describe, expect, test } from 'vitest';
import * as accounts from '../../src/store/accounts/accounts.ts';
import { makeOrganization, makeTeamMember, must, withAdmin } from '../admin/support.ts';
import { withDatabase } from '../support/database.ts';
import { browse, makePerson, PASSWORD, signedIn } from './support.ts';

const world = withAdmin(withDatabase());

/** The events of the platform's chain about one account, oldest first. */
async function eventsAbout(accountId: string): Promise<readonly string[]> {
  const { body } = await world().root('GET', `/audit-events?object_id=${accountId}&limit=200`);
  return body.data.map((event: { action: string }) => event.action).reverse();
}

describe('signing in with a password', () => {
  test('gives a cookie that scripts cannot read, and is an event', async () => {
    const person = await makePerson(world());
    const browser = browse(world());
    const answer = await browser('POST', '/session/sign-in', { email: person.email.toUpperCase(), password: PASSWORD });
    expect([answer.status, answer.body]).toEqual([200, { status: 'signed_in' }]);
    const [cookie = ''] = answer.setCookies.filter((text) => text.startsWith('headgate_session='));
    expect(cookie).toMatch(/; HttpOnly/i);
    expect(cookie).toMatch(/; SameSite=Lax/i);
    expect(cookie).toMatch(/; Path=\//i);
    expect(cookie).not.toMatch(/; Secure/i);
    expect((await browser('GET', '/session')).body).toMatchObject({ account: { id: person.id, email: person.email } });
    expect(await eventsAbout(person.id)).toEqual(['account.sign_in']);
  });

  test('says the same of a wrong password and an address nobody has, and records both without the password', async () => {
    const person = await makePerson(world());
    const wrong = await browse(world())('POST', '/session/sign-in', { email: person.email, password: 'not this one' });
    const unknown = await browse(world())('POST', '/session/sign-in', { email: 'nobody@example.com', password: 'not this one' });
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(wrong.body.detail).toBe(unknown.body.detail);
    expect(wrong.setCookies).toEqual([]);
    const { text } = await world().root('GET', '/audit-events?limit=200');
    expect(text).toContain('nobody@example.com');
    expect(text).not.toContain('not this one');
    expect(await eventsAbout(person.id)).toEqual(['account.sign_in_refused']);
  });

  test.each(['role', 'organization_id', 'is_platform_admin', 'platform_role'])('takes no %s from the body', async (field) => {
    const person = await makePerson(world());
    const body = { email: person.email, password: PASSWORD, [field]: 'platform_admin' };
    const answer = await browse(world())('POST', '/session/sign-in', body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual([{ pointer: `/${field}`, message: 'unknown field' }]);
  });

  test('refuses a disabled account, whose sessions are over at once', async () => {
    const person = await makePerson(world());
    const browser = await signedIn(world(), person);
    await accounts.update(world().deps.db, person.id, { status: 'disabled' }, new Date());
    expect((await browser('GET', '/session')).status).toBe(401);
    const answer = await browse(world())('POST', '/session/sign-in', { email: person.email, password: PASSWORD });
    expect([answer.status, answer.body.detail]).toEqual([403, expect.stringContaining('disabled')]);
    expect(answer.setCookies.join()).not.toContain('headgate_session=ey');
    const wrong = await browse(world())('POST', '/session/sign-in', { email: person.email, password: 'wrong password' });
    expect(wrong.status).toBe(401);
  });
});

describe('a session', () => {
  test('shows where the account belongs and what it may do there', async () => {
    const { root } = world();
    const organization = await makeOrganization(root, { name: 'Acme' });
    const team = must(await root('POST', `/organizations/${organization.id}/teams`, { name: 'Support' }));
    const person = await makePerson(world());
    must(await root('POST', `/teams/${team.id}/members`, { account_id: person.id, role: 'team_developer' }));
    const browser = await signedIn(world(), person);
    const { body } = await browser('GET', '/session');
    expect(body).toMatchObject({
      actor_kind: 'account',
      platform_role: null,
      platform_capabilities: [],
      memberships: [
        {
          organization_id: organization.id,
          organization_name: 'Acme',
          organization_status: 'active',
          role: 'org_member',
          teams: [{ team_id: team.id, team_name: 'Support', role: 'team_developer' }],
        },
      ],
      two_factor: { enabled: false, recovery_codes_left: 0 },
      passkeys: 0,
    });
    expect(body.capabilities_by_organization[organization.id]).toContain('organization.read');
    expect(body.capabilities_by_organization[organization.id]).not.toContain('usage.read');
    expect(body.capabilities_anywhere).toEqual(['organization.read', 'teams.read', 'keys.manage_own', 'usage.read']);
    expect((await browser('GET', `/teams/${team.id}`)).status).toBe(200);
    expect((await browser('GET', '/admin-tokens')).body.data ?? []).toEqual([]);
    const elsewhere = await makeOrganization(root);
    expect((await browser('GET', `/organizations/${elsewhere.id}`)).status).toBe(404);
  });

  // promise: Removing a member revokes their keys unless the request reassigns them; their sessions stay but lose that organization at once.
  test('loses a role the moment it is taken away, and stays a session', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const person = await makePerson(world());
    const member = must(
      await root('POST', `/organizations/${organization.id}/members`, { account_id: person.id, role: 'org_admin' }),
    );
    const browser = await signedIn(world(), person);
    const rename = (name: string) => browser('PATCH', `/organizations/${organization.id}`, { name });
    expect((await rename('First')).status).toBe(200);
    must(await root('PATCH', `/organizations/${organization.id}/members/${member.id}`, { role: 'org_member' }));
    expect((await rename('Second')).status).toBe(403);
    must(await root('DELETE', `/organizations/${organization.id}/members/${member.id}`));
    expect((await browser('GET', `/organizations/${organization.id}`)).status).toBe(404);
    expect((await browser('GET', '/session')).body).toMatchObject({ account: { id: person.id }, memberships: [] });
    expect((await root('GET', `/organizations/${organization.id}`)).body.name).toBe('First');
  });

  test('is over after signing out, also for a copy of its cookie', async () => {
    const person = await makePerson(world());
    const browser = await signedIn(world(), person);
    const copy = browse(world(), new Map(browser.cookies));
    expect((await copy('GET', '/session')).status).toBe(200);
    expect((await browser('DELETE', '/session')).status).toBe(204);
    expect(browser.cookies.has('headgate_session')).toBe(false);
    expect([(await browser('GET', '/session')).status, (await copy('GET', '/session')).status]).toEqual([401, 401]);
    expect(await eventsAbout(person.id)).toEqual(['account.sign_in', 'account.sign_out']);
  });

  test('does not open with a cookie that was changed, cut or made up', async () => {
    const browser = await signedIn(world(), await makePerson(world()));
    const good = browser.cookies.get('headgate_session') ?? '';
    for (const bad of [`x${good}`, good.slice(0, -6), good.split('.')[0] ?? '', 'made.up', '%', '', 'a'.repeat(5_000)]) {
      const thief = browse(world(), new Map([['headgate_session', bad]]));
      expect([bad.slice(0, 12), (await thief('GET', '/session')).status]).toEqual([bad.slice(0, 12), 401]);
    }
    expect((await browser('GET', '/session')).status).toBe(200);
  });

  test('is weighed less than an admin token sent beside it', async () => {
    const browser = await signedIn(world(), await makePerson(world()));
    const both = await browser('GET', '/session', undefined, { authorization: 'Bearer hgadm_nonsense' });
    expect(both.status).toBe(401);
    expect((await browse(world())('GET', '/session')).status).toBe(401);
    const { body } = await world().root('GET', '/session');
    expect(body).toMatchObject({ actor_kind: 'admin_token', platform_role: 'platform_admin', memberships: [] });
  });
});

describe('a request of another site', () => {
  // promise: a session cookie (HttpOnly, SameSite, Secure, CSRF-checked)
  test('changes nothing, whatever the session may do', async () => {
    const person = await makePerson(world(), { platformRole: 'platform_admin' });
    const browser = await signedIn(world(), person);
    const make = (headers: Record<string, string>) =>
      browser('POST', '/organizations', { slug: `cross-${Math.random().toString(36).slice(2)}`, name: 'Cross' }, headers);
    const evil = 'https://evil.example';
    const refused = [
      await make({ origin: evil, 'sec-fetch-site': 'cross-site' }),
      await make({ origin: evil, 'sec-fetch-site': 'none' }),
      await make({ 'sec-fetch-site': 'same-site' }),
      await make({ origin: 'null', 'sec-fetch-site': 'none' }),
      await make({ origin: '', referer: `${evil}/page`, 'sec-fetch-site': 'none' }),
      await make({ origin: '', 'sec-fetch-site': 'none' }),
    ];
    expect(refused.map((answer) => answer.status)).toEqual([403, 403, 403, 403, 403, 403]);
    expect(refused[0]?.headers['content-type']).toContain('problem+json');
    expect((await world().root('GET', '/organizations?search=Cross')).body.data).toEqual([]);
    expect((await make({})).status).toBe(201);
    expect((await browser('GET', '/session', undefined, { origin: evil, 'sec-fetch-site': 'cross-site' })).status).toBe(200);
  });

  test('signs nobody in', async () => {
    const person = await makePerson(world());
    const browser = browse(world());
    const answer = await browser(
      'POST',
      '/session/sign-in',
      { email: person.email, password: PASSWORD },
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    );
    expect([answer.status, answer.setCookies]).toEqual([403, []]);
  });

  test('is nothing an admin token has to fear', async () => {
    const answer = await world().root('POST', '/organizations', { slug: `token-${Date.now()}`, name: 'By a program' });
    expect(answer.status).toBe(201);
    await makeTeamMember(
      world().root,
      must(await world().root('POST', `/organizations/${answer.body.id}/teams`, { name: 'T' })).id,
    );
  });
});

describe('signing in where somebody is signed in already', () => {
  test('ends the session that was there, and no other', async () => {
    const [first, second] = [await makePerson(world()), await makePerson(world())];
    const elsewhere = await signedIn(world(), first);
    const browser = await signedIn(world(), first);
    const before = browse(world(), new Map(browser.cookies));
    await browser('POST', '/session/sign-in', { email: second.email, password: 'not this one' });
    expect((await before('GET', '/session')).status, 'a failed try changes nothing').toBe(200);
    await browser('POST', '/session/sign-in', { email: second.email, password: PASSWORD });
    expect((await browser('GET', '/session')).body.account.id).toBe(second.id);
    expect([(await before('GET', '/session')).status, (await elsewhere('GET', '/session')).status]).toEqual([401, 200]);
  });
});
