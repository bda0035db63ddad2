import { beforeEach, describe, expect, test } from 'vitest';
import * as accounts from '../../src/store/accounts/accounts.ts';
import { must, withAdmin } from '../admin/support.ts';
import { type Browser, browse, makePerson, PASSWORD } from '../identity/support.ts';
import { withDatabase } from '../support/database.ts';
import { SAYING, type Said } from '../support/saying-protocol.ts';
import {
  arrive,
  begin,
  codeOf,
  comeBack,
  HERE,
  join,
  makeProvider,
  makeTenant,
  opened,
  PUBLIC_URL,
  useWorld,
} from './support.ts';

const world = withAdmin(withDatabase(), { publicUrl: PUBLIC_URL, protocols: { oidc: SAYING } });

beforeEach(() => {
  useWorld(world()).time.nowMs = Date.now();
});

async function signIn(email: string) {
  const browser = browse(world());
  must(await browser('POST', '/session/sign-in', { email, password: PASSWORD }, HERE));
  return browser;
}

type Person = Said & { readonly email: string };

async function eventsOf(organizationId: string, action: string) {
  return must(await world().root('GET', `/organizations/${organizationId}/audit-events?action=${action}&limit=100`)).data;
}

describe('a person whom nobody knows', () => {
  test('gets an account with a proved address, the default role, and this organization alone', async () => {
    const tenant = await makeTenant(world(), { default_role: 'org_billing' });
    const browser = browse(world());
    const email = `new@${tenant.domain}`;
    expect(await arrive(browser, tenant.idp, { subject: 's1', email, name: 'Ada Lovelace' }, '?return_to=/keys')).toBe('/keys');
    const session = must(await browser('GET', '/session', undefined, HERE));
    expect(session).toMatchObject({
      account: { email, name: 'Ada Lovelace', address_proved: true },
      own_sign_in: false,
      places: [],
      platform_role: null,
      memberships: [{ organization_id: tenant.id, role: 'org_billing' }],
    });
    expect((await browser('GET', `/organizations/${tenant.id}`, undefined, HERE)).status).toBe(200);
    const account = must(await world().root('GET', `/accounts/${session.account.id}`));
    expect(account).toMatchObject({
      email_verified: true,
      address_proof: { how: 'identity_provider' },
      made: { how: 'identity_provider' },
    });
    // The second time, the link is enough.
    expect(await arrive(browse(world()), tenant.idp, { subject: 's1', email: 'other@elsewhere.test' })).toBe('/');
    const { data } = must(await world().root('GET', `/organizations/${tenant.id}/identity-links`));
    expect(data).toMatchObject([{ subject: 's1', account_id: session.account.id, email: 'other@elsewhere.test' }]);
  });

  test('is refused outside the verified domains, without a verified address, and where no account is created', async () => {
    const tenant = await makeTenant(world());
    const closed = await makeTenant(world(), { creates_accounts: false });
    const codes = [
      await arrive(browse(world()), tenant.idp, { subject: 'a', email: 'a@elsewhere.test' }),
      await arrive(browse(world()), tenant.idp, { subject: 'b', email: null }),
      await arrive(browse(world()), tenant.idp, { subject: 'c', email: `c@${tenant.domain}`, emailVerified: false }),
      await arrive(browse(world()), tenant.idp, { subject: 'd', email: `d@sub.${tenant.domain}` }),
      await arrive(browse(world()), closed.idp, { subject: 'e', email: `e@${closed.domain}` }),
    ].map(codeOf);
    expect(codes).toEqual(['domain_not_verified', 'no_email', 'email_unverified', 'domain_not_verified', 'no_account']);
    const events = await eventsOf(tenant.id, 'sign_in.refused');
    expect(events.map((event: { after: { code: string } }) => event.after.code)).toContain('domain_not_verified');
  });

  // promise: An address is proved by mail
  test('arrives twenty times at once, and is one account', async () => {
    const tenant = await makeTenant(world());
    const other = await makeProvider(world(), tenant.id);
    const email = `crowd@${tenant.domain}`;
    const arrivals = Array.from({ length: 20 }, async (_, at) => {
      const idp = at % 2 === 0 ? tenant.idp : other;
      return codeOf(await arrive(browse(world()), idp, { subject: 'crowd', email }));
    });
    expect(new Set(await Promise.all(arrivals))).toEqual(new Set([null]));
    const { data } = must(await world().root('GET', `/organizations/${tenant.id}/members`));
    expect(data).toHaveLength(1);
    expect((await eventsOf(tenant.id, 'identity_link.create')).length).toBe(2);
  });
});

describe('an account that exists', () => {
  test('is linked if it belongs here only, and keeps what it had', async () => {
    const tenant = await makeTenant(world());
    const person = await makePerson(world());
    await accounts.update(world().deps.db, person.id, { email: `grace@${tenant.domain}` }, new Date());
    await join(world(), tenant.id, person.id, 'org_admin');
    const browser = browse(world());
    // The new address is proved by the provider now; before, nobody knew whose it is, so its password ends.
    expect(await arrive(browser, tenant.idp, { subject: 'grace', email: `grace@${tenant.domain}` })).toBe(
      '/?link_removed=password',
    );
    expect(Object.keys(await opened(browser))).toEqual([tenant.id]);
    const password = { email: `grace@${tenant.domain}`, password: PASSWORD };
    expect((await browse(world())('POST', '/session/sign-in', password, HERE)).status).toBe(401);
  });

  test('with a platform role or a place elsewhere is not given away by its address', async () => {
    const tenant = await makeTenant(world());
    const theirs = await makeTenant(world());
    const boss = await makePerson(world(), { platformRole: 'platform_admin' });
    const shared = await makePerson(world());
    for (const { id } of [boss, shared]) await join(world(), tenant.id, id);
    await join(world(), theirs.id, shared.id, 'org_owner');
    for (const [at, { id }] of [boss, shared].entries()) {
      const email = `vip${at}@${tenant.domain}`;
      await accounts.update(world().deps.db, id, { email }, new Date());
      const browser = browse(world());
      expect(codeOf(await arrive(browser, tenant.idp, { subject: `vip${at}`, email }))).toBe('signed_in_first');
      expect((await browser('GET', '/session', undefined, HERE)).status).toBe(401);
    }
  });

  // The table of section 8: B's provider names A's owner, and gets no role outside B.
  // promise: An identity provider opens its own organization and nothing else
  test('that is linked at several organizations gets through each provider that organization alone, and nothing of its own', async () => {
    const mine = await makeTenant(world());
    const theirs = await makeTenant(world());
    const owner = await makePerson(world(), { platformRole: 'platform_admin' });
    for (const tenant of [mine, theirs]) await join(world(), tenant.id, owner.id, 'org_owner');
    const own = await signIn(owner.email);
    expect(Object.keys(await opened(own)).sort()).toEqual([mine.id, theirs.id].sort());
    const linking = must(await own('POST', `/sso/${theirs.idp}/link`, { return_to: '/me', address: `x@${theirs.domain}` }, HERE));
    expect(codeOf(await comeBack(own, linking.location, { subject: 'evil', email: `x@${theirs.domain}` }))).toBe('linked');
    // Now the provider of that organization says it is this person, in a browser of its own.
    const browser = browse(world());
    expect(await arrive(browser, theirs.idp, { subject: 'evil', email: owner.email })).toBe('/');
    const session = must(await browser('GET', '/session', undefined, HERE));
    expect(session).toMatchObject({
      platform_role: null,
      own_sign_in: false,
      // elsewhere.test.ts asks every question.
      places: [],
      memberships: [{ organization_id: theirs.id }],
    });
    expect(Object.keys(session.capabilities_by_organization)).toEqual([theirs.id]);
    expect((await browser('GET', `/organizations/${mine.id}`, undefined, HERE)).status).toBe(404);
    const calls = [
      await browser('GET', '/accounts', undefined, HERE),
      await browser('GET', '/session/sessions', undefined, HERE),
      await browser('PATCH', '/session/account', { name: 'Mallory' }, HERE),
      await browser('POST', '/session/password', { current_password: PASSWORD, new_password: 'another good password 1' }, HERE),
      await browser('POST', '/session/totp', { password: PASSWORD }, HERE),
      await browser('POST', '/session/passkeys/options', { password: PASSWORD }, HERE),
      await browser('DELETE', '/session/sessions', undefined, HERE),
      await browser('POST', `/sso/${theirs.idp}/link`, {}, HERE),
    ];
    expect(calls.map(({ status }) => status)).toEqual(calls.map(() => 403));
    // The person's own session is as it was.
    expect(must(await own('GET', '/session', undefined, HERE))).toMatchObject({
      platform_role: 'platform_admin',
      own_sign_in: true,
    });
  });

  test('signed in in its own way gains the provider’s evidence, and another account’s session ends', async () => {
    const tenant = await makeTenant(world());
    const person = await makePerson(world());
    await join(world(), tenant.id, person.id);
    const browser = await signIn(person.email);
    const before = new Map(browser.cookies);
    const linking = must(await browser('POST', `/sso/${tenant.idp}/link`, { address: `P@${tenant.domain}` }, HERE));
    expect(codeOf(await comeBack(browser, linking.location, { subject: 'p', email: `p@${tenant.domain}` }))).toBe('linked');
    expect(must(await browser('GET', '/session', undefined, HERE))).toMatchObject({ own_sign_in: true, places: [] });
    // The token is another one, and the one before opens nothing.
    expect((await browse(world(), before)('GET', '/session', undefined, HERE)).status).toBe(401);
    const other = await makePerson(world());
    const shared = await signIn(other.email);
    const theirs = new Map(shared.cookies);
    expect(await arrive(shared, tenant.idp, { subject: 'p', email: null })).toBe('/');
    expect(must(await shared('GET', '/session', undefined, HERE))).toMatchObject({
      account: { id: person.id },
      own_sign_in: false,
    });
    expect((await browse(world(), theirs)('GET', '/session', undefined, HERE)).status).toBe(401);
  });

  test('that is signed in at the provider as somebody else links nobody, and learns so', async () => {
    const tenant = await makeTenant(world());
    const [ada, cleo] = ['ada', 'cleo'].map((name) => ({ subject: name, email: `${name}@${tenant.domain}` })) as [Person, Person];
    const owner = await makePerson(world(), { email: ada.email });
    await join(world(), tenant.id, owner.id, 'org_owner');
    const browser = await signIn(owner.email);
    const linkAs = async (body: object, said: Said) => {
      const { location } = must(await browser('POST', `/sso/${tenant.idp}/link`, body, HERE));
      return codeOf(await comeBack(browser, location, said));
    };
    expect(await linkAs({}, cleo)).toBe('linked_other_address');
    expect(await linkAs({ address: `dan@${tenant.domain}` }, cleo)).toBe('linked_other_address');
    expect(must(await browser('GET', '/session/identity-links', undefined, HERE)).data).toEqual([]);
    expect((await eventsOf(tenant.id, 'identity_link.create')).length).toBe(0);
    expect(await linkAs({}, ada)).toBe('linked');
    expect(must(await browser('GET', '/session/identity-links', undefined, HERE)).data).toMatchObject([
      { organization_id: tenant.id, provider_id: tenant.idp, ...ada },
    ]);
  });

  test('sees and removes its own links, and nobody else’s', async () => {
    const tenant = await makeTenant(world());
    const people = await Promise.all(
      ['one', 'two'].map(async (subject) => {
        const person = await makePerson(world(), { email: `${subject}@${tenant.domain}` });
        await join(world(), tenant.id, person.id);
        const browser = await signIn(person.email);
        const { location } = must(await browser('POST', `/sso/${tenant.idp}/link`, {}, HERE));
        expect(codeOf(await comeBack(browser, location, { subject, email: person.email }))).toBe('linked');
        return { ...person, subject, browser };
      }),
    );
    const [one, two] = people as [(typeof people)[number], (typeof people)[number]];
    const remove = (browser: Browser, subject: string) =>
      browser('DELETE', `/session/identity-links?provider_id=${tenant.idp}&subject=${subject}`, undefined, HERE);
    expect((await remove(one.browser, two.subject)).status).toBe(404);
    expect((await remove(one.browser, one.subject)).status).toBe(204);
    expect(must(await one.browser('GET', '/session/identity-links', undefined, HERE)).data).toEqual([]);
    expect(must(await two.browser('GET', '/session/identity-links', undefined, HERE)).data).toHaveLength(1);
    expect(await eventsOf(tenant.id, 'identity_link.delete')).toMatchObject([{ actor: { id: one.id }, object: { id: one.id } }]);
    // Whoever came through the provider alone neither sees nor changes them.
    const provided = browse(world());
    expect(await arrive(provided, tenant.idp, { subject: two.subject, email: two.email })).toBe('/');
    expect((await provided('GET', '/session/identity-links', undefined, HERE)).status).toBe(403);
    expect((await remove(provided, two.subject)).status).toBe(403);
  });

  test('that was removed or disabled does not come back by signing in', async () => {
    const tenant = await makeTenant(world());
    const email = `leaver@${tenant.domain}`;
    const browser = browse(world());
    expect(await arrive(browser, tenant.idp, { subject: 'leaver', email })).toBe('/');
    const { data } = must(await world().root('GET', `/organizations/${tenant.id}/members`));
    const member = `/organizations/${tenant.id}/members/${data[0].id}`;
    must(await world().root('PATCH', member, { status: 'disabled' }));
    expect(codeOf(await arrive(browse(world()), tenant.idp, { subject: 'leaver', email }))).toBe('membership_disabled');
    expect(must(await browser('GET', '/session', undefined, HERE))).toMatchObject({
      memberships: [],
      disabled_in: [{ organization_id: tenant.id }],
    });
    must(await world().root('DELETE', member));
    expect(codeOf(await arrive(browse(world()), tenant.idp, { subject: 'leaver', email }))).toBe('membership_ended');
    expect(must(await browser('GET', '/session', undefined, HERE)).disabled_in).toEqual([]);
  });
});

describe('a way through a provider', () => {
  test('ends once, in the browser that began, at the provider that was asked', async () => {
    const tenant = await makeTenant(world());
    const second = await makeProvider(world(), tenant.id);
    const said = { subject: 'once', email: `once@${tenant.domain}` };
    const browser = browse(world());
    const location = await begin(browser, tenant.idp);
    const cookies = new Map(browser.cookies);
    expect(codeOf(await comeBack(browse(world()), location, said))).toBe('flow_unknown');
    expect(codeOf(await comeBack(browser, location.replace(tenant.idp, second), said))).toBe('flow_unknown');
    expect(codeOf(await comeBack(browser, location.replace(/state=[^&]+/, `state=${'x'.repeat(43)}`), said))).toBe(
      'flow_unknown',
    );
    expect(await comeBack(browser, location, said)).toBe('/');
    // Twenty posts of the same answer, with the same cookie: one session.
    const again = await Promise.all(
      Array.from({ length: 20 }, () => comeBack(browse(world(), new Map(cookies)), location, said)),
    );
    expect(new Set(again.map(codeOf))).toEqual(new Set(['flow_unknown']));
  });

  test('of twenty answers at once, one makes a session', async () => {
    const tenant = await makeTenant(world());
    const browser = browse(world());
    const location = await begin(browser, tenant.idp);
    const said = { subject: 'race', email: `race@${tenant.domain}` };
    const ends = Array.from({ length: 20 }, () => comeBack(browse(world(), new Map(browser.cookies)), location, said));
    const codes = (await Promise.all(ends)).map(codeOf);
    expect(codes.filter((code) => code === null)).toHaveLength(1);
  });

  test('expires after ten minutes', async () => {
    const tenant = await makeTenant(world());
    const browser = browse(world());
    const location = await begin(browser, tenant.idp);
    world().time.nowMs += 601_000;
    expect(codeOf(await comeBack(browser, location, { subject: 'late', email: `late@${tenant.domain}` }))).toBe('flow_expired');
  });

  test.each(['//evil.test', '/\\evil.test', '%2F%5cevil.test', 'https://evil.test', '/%5cevil.test', '/api/v1/session'])(
    'leads to no other host: %s',
    async (path) => {
      const tenant = await makeTenant(world());
      const answer = await browse(world())('GET', `/sso/${tenant.idp}/start?return_to=${path}`, undefined, HERE);
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '?return_to' }] } });
    },
  );

  test('says why not, in a short code, and keeps the page that was asked for', async () => {
    const tenant = await makeTenant(world());
    const browser = browse(world());
    const denied = await comeBack(browser, await begin(browser, tenant.idp, '?return_to=/keys'), { error: 'access_denied' });
    expect(denied).toBe(`/sign-in?sso=provider_refused&provider=${tenant.idp}&reason=access_denied&return_to=%2Fkeys`);
    const forged = await comeBack(browser, await begin(browser, tenant.idp), { error: 'wrong_signature' });
    expect(codeOf(forged)).toBe('answer_refused');
    const events = await eventsOf(tenant.id, 'sign_in.refused');
    expect(events[0]).toMatchObject({
      after: { code: 'answer_refused', reason: 'wrong_signature', words: 'No.' },
      object: { id: tenant.idp },
    });
    must(await world().root('POST', `/organizations/${tenant.id}/identity-providers/${tenant.idp}/switch-off`));
    const off = await browser('GET', `/sso/${tenant.idp}/start`, undefined, HERE);
    expect(codeOf(off.headers.location ?? '')).toBe('provider_off');
  });

  test('sets a cookie with the rules of the session’s', async () => {
    const tenant = await makeTenant(world());
    const answer = await browse(world())('GET', `/sso/${tenant.idp}/start`, undefined, HERE);
    const [cookie = ''] = answer.setCookies;
    expect(cookie).toMatch(
      /^headgate_sso_[0-9a-f]{16}=[A-Za-z0-9_-]{43}; Max-Age=600; Path=\/api\/v1\/sso; HttpOnly; SameSite=Lax; Secure$/,
    );
    const { rows } = await world().deps.db.execute('select * from sign_in_flows');
    const value = cookie.split(/[=;]/)[1] ?? '';
    expect(JSON.stringify(rows)).not.toContain(value);
  });

  test('is throttled by address, and successes do not count', async () => {
    const tenant = await makeTenant(world());
    const browser = browse(world());
    for (let at = 0; at < 120; at += 1) await arrive(browser, tenant.idp, { subject: 'busy', email: `busy@${tenant.domain}` });
    const codes: (string | null)[] = [];
    for (let at = 0; at < 120; at += 1) {
      const { headers } = await browse(world())('GET', `/sso/${tenant.idp}/start`, undefined, HERE);
      codes.push((headers.location ?? '').startsWith('https://') ? null : codeOf(headers.location ?? ''));
    }
    expect(codes[0]).toBeNull();
    expect(codes.at(-1)).toBe('too_many_attempts');
    world().time.nowMs += 3_700_000;
  });
});
