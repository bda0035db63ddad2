import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { releaseSso } from '../../src/cli/sso-release.ts';
import type { Mailer } from '../../src/identity/mail/mailer.ts';
import { createSmtpMailer } from '../../src/identity/mail/smtp-mailer.ts';
import { evidenceOf } from '../../src/store/identity/evidence.ts';
import { sessions } from '../../src/store/schema.ts';
import { must, withAdmin } from '../admin/support.ts';
import { type Authenticator, makeAuthenticator } from '../identity/authenticator.ts';
import { type Browser, browse, makePerson, PASSWORD } from '../identity/support.ts';
import { type MailSink, openMailSink } from '../invitations/mail-sink.ts';
import { withDatabase } from '../support/database.ts';
import { SAYING } from '../support/saying-protocol.ts';
import { arrive, begin, codeOf, comeBack, HERE, join, makeTenant, opened, PUBLIC_URL, type Tenant, useWorld } from './support.ts';

let sink: MailSink;
beforeAll(async () => {
  sink = await openMailSink();
});
afterAll(() => sink.close());
const mailer: Mailer = {
  configured: true,
  send: (mail) => createSmtpMailer({ url: sink.url, from: 'Headgate <headgate@example.com>' }).send(mail),
};
const world = withAdmin(withDatabase(), { publicUrl: PUBLIC_URL, protocols: { oidc: SAYING }, mailer });

beforeEach(() => {
  useWorld(world()).time.nowMs = Date.now();
});

async function signIn(email: string, browser = browse(world())): Promise<Browser> {
  must(await browser('POST', '/session/sign-in', { email, password: PASSWORD }, HERE));
  return browser;
}

interface Owner {
  readonly id: string;
  readonly email: string;
  readonly subject: string;
  readonly browser: Browser;
  readonly device: Authenticator;
}

/** An owner with a passkey who is linked, and is signed in in both ways. */
async function makeOwner(tenant: Tenant): Promise<Owner> {
  const { id, email } = await makePerson(world());
  await join(world(), tenant.id, id, 'org_owner');
  const browser = await signIn(email);
  const device = makeAuthenticator({ rpId: 'gate.example.com', origin: PUBLIC_URL });
  const options = must(await browser('POST', '/session/passkeys/options', { password: PASSWORD }, HERE));
  must(await browser('POST', '/session/passkeys', { name: 'Phone', response: device.create(options) }, HERE));
  const address = `${id}@${tenant.domain}`;
  const linking = must(await browser('POST', `/sso/${tenant.idp}/link`, { address }, HERE));
  await comeBack(browser, linking.location, { subject: id, email: address.toLowerCase() });
  return { id, email, subject: id, browser, device };
}

async function byPasskey({ device }: Owner): Promise<Browser> {
  const browser = browse(world());
  const options = must(await browser('POST', '/session/passkey-options', {}, HERE));
  must(await browser('POST', '/session/passkey', { response: device.get(options) }, HERE));
  return browser;
}

const RULES = {
  sign_in: 'any',
  second_factor: 'off',
  evidence_hours: 12,
  idle_minutes: null,
  asks_again: false,
  break_glass: [],
};
const policyOf = ({ id }: Tenant) => `/organizations/${id}/sign-in-policy`;
const placesOf = async (browser: Browser) => must(await browser('GET', '/session', undefined, HERE)).places;

async function enforced() {
  const tenant = await makeTenant(world());
  const owner = await makeOwner(tenant);
  const body = { ...RULES, sign_in: 'sso', break_glass: [owner.id] };
  const policy = must(await owner.browser('PUT', policyOf(tenant), body, HERE));
  return { tenant, owner, body, policy };
}

describe('requiring the identity provider', () => {
  test('needs an owner’s sign-in through it in the last day, and break-glass owners with passkeys', async () => {
    const tenant = await makeTenant(world());
    const { root } = world();
    const set = (body: object) => root('PUT', policyOf(tenant), { ...RULES, sign_in: 'sso', ...body });
    expect(await set({})).toMatchObject({ status: 400, body: { errors: [{ pointer: '/break_glass' }] } });
    const plain = await makePerson(world());
    await join(world(), tenant.id, plain.id, 'org_owner');
    expect(await set({ break_glass: [plain.id] })).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('no passkey') },
    });
    const admin = await makePerson(world());
    await join(world(), tenant.id, admin.id, 'org_admin');
    expect(await set({ break_glass: [admin.id] })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/break_glass/0' }] },
    });
    expect((await set({ break_glass: ['a', 'b', 'c', 'd'] })).status).toBe(400);
    const owner = await makeOwner(tenant);
    world().time.nowMs += 25 * 3_600_000;
    expect(await set({ break_glass: [owner.id] })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('24 hours') },
    });
    await arrive(browse(world()), tenant.idp, { subject: owner.subject });
    const tried = await root('PUT', `${policyOf(tenant)}?dry_run=true`, { ...RULES, sign_in: 'sso', break_glass: [owner.id] });
    expect(tried.body).toEqual({ effect: { members: 3, members_without_link: 2 } });
    expect(must(await root('GET', policyOf(tenant)))).toMatchObject({ sign_in: 'any', version: 0, active_providers: 1 });
    expect(must(await set({ break_glass: [owner.id] }))).toMatchObject({
      ...{ sign_in: 'sso', version: 1, enforced_at: expect.any(String) },
      break_glass: [{ account_id: owner.id, is_owner: true, passkeys: 1 }],
      owners: expect.arrayContaining([expect.objectContaining({ account_id: owner.id, passkeys: 1 })]),
    });
    const { data } = must(await root('GET', `/organizations/${tenant.id}/audit-events?action=sign_in_policy.update`));
    expect(data).toMatchObject([{ before: { sign_in: 'any' }, after: { sign_in: 'sso', break_glass: [owner.id] } }]);
  });

  test('keeps people signed in, and asks them to sign in through it to open this organization', async () => {
    const tenant = await makeTenant(world());
    const elsewhere = await makeTenant(world());
    const person = await makePerson(world());
    await join(world(), tenant.id, person.id, 'org_admin');
    await join(world(), elsewhere.id, person.id);
    const browser = await signIn(person.email);
    const owner = await makeOwner(tenant);
    must(await owner.browser('PUT', policyOf(tenant), { ...RULES, sign_in: 'sso', break_glass: [owner.id] }, HERE));
    expect(await placesOf(browser)).toEqual([
      { organization_id: tenant.id, needs: 'sso', providers: [{ id: tenant.idp, name: 'Okta' }] },
    ]);
    expect(Object.keys(await opened(browser))).toEqual([elsewhere.id]);
    const closed = await browser('GET', `/organizations/${tenant.id}`, undefined, HERE);
    expect(closed).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('requires a sign-in through its identity provider') },
    });
    // A list over all tenants has nothing to show, for the same reason.
    const alone = await makePerson(world());
    await join(world(), tenant.id, alone.id, 'org_owner');
    const list = await (await signIn(alone.email))('GET', '/organizations', undefined, HERE);
    expect(list).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('requires a sign-in through its identity provider') },
    });
    expect(must(await browser('GET', '/organizations', undefined, HERE)).data.map(({ id }: { id: string }) => id)).toEqual([
      elsewhere.id,
    ]);
    // Another tenant’s provider does not open it, and a password that is new neither.
    expect(codeOf(await arrive(browser, elsewhere.idp, { subject: 'x', email: person.email }))).toBe('domain_not_verified');
    expect(await placesOf(await signIn(person.email))).toHaveLength(1);
    const linking = must(await browser('POST', `/sso/${tenant.idp}/link`, { address: `y@${tenant.domain}` }, HERE));
    expect(codeOf(await comeBack(browser, linking.location, { subject: 'y', email: `y@${tenant.domain}` }))).toBe('linked');
    expect(await placesOf(browser)).toEqual([]);
    // Signing in by password again in the same browser forgets nothing.
    await signIn(person.email, browser);
    expect(Object.keys(await opened(browser)).sort()).toEqual([tenant.id, elsewhere.id].sort());
  });

  test('does not concern admin tokens', async () => {
    const { tenant, owner } = await enforced();
    const made = must(
      await owner.browser('POST', '/admin-tokens', { name: 'ci', role: 'org_admin', organization_id: tenant.id }, HERE),
    );
    const token = world().withToken(made.secret ?? made.token);
    expect((await token('GET', `/organizations/${tenant.id}`)).status).toBe(200);
    expect((await world().root('GET', `/organizations/${tenant.id}`)).status).toBe(200);
  });

  test('lets a break-glass owner in by passkey alone, and tells all owners', async () => {
    const tenant = await makeTenant(world());
    const other = await makeOwner(tenant);
    const owner = await makeOwner(tenant);
    must(await owner.browser('PUT', policyOf(tenant), { ...RULES, sign_in: 'sso', break_glass: [owner.id] }, HERE));
    world().time.nowMs += 1_000;
    expect(await placesOf(await signIn(owner.email))).toMatchObject([{ needs: 'sso' }]);
    expect(await placesOf(await byPasskey(other))).toMatchObject([{ needs: 'sso' }]);
    const before = sink.mails.length;
    const glass = await byPasskey(owner);
    expect(await placesOf(glass)).toEqual([]);
    const { data } = must(
      await glass('GET', `/organizations/${tenant.id}/audit-events?action=sign_in.break_glass`, undefined, HERE),
    );
    expect(data).toMatchObject([{ actor: { id: owner.id }, after: { account_id: owner.id, method: 'passkey' } }]);
    await expect
      .poll(() =>
        sink.mails
          .slice(before)
          .flatMap(({ to }) => to)
          .sort(),
      )
      .toEqual([other.email, owner.email].sort());
    // With the provider down, that is the way to lift it.
    must(await glass('PUT', policyOf(tenant), { ...RULES, break_glass: [] }, HERE));
    expect(await placesOf(await signIn(owner.email))).toEqual([]);
  });

  test('is lifted on the host by `headgate sso release`, as an audit event', async () => {
    const { tenant, owner } = await enforced();
    const { deps } = world();
    const out: string[] = [];
    const io = { out: (text: string) => out.push(text), err: () => {} };
    const given = { operand: () => tenant.id };
    const context = { db: deps.db, audit: deps.audit, io } as unknown as Parameters<typeof releaseSso>[0];
    await releaseSso(context, given as unknown as Parameters<typeof releaseSso>[1]);
    expect(out.join()).toContain('no longer requires');
    expect(await placesOf(await signIn(owner.email))).toEqual([]);
    const { data } = must(await world().root('GET', `/organizations/${tenant.id}/audit-events?action=sign_in_policy.release`));
    expect(data).toMatchObject([{ before: { sign_in: 'sso' }, after: { sign_in: 'any' } }]);
    await expect(releaseSso(context, given as unknown as Parameters<typeof releaseSso>[1])).rejects.toThrow(
      'nothing was changed',
    );
  });

  test('keeps its last active provider', async () => {
    const { tenant, owner } = await enforced();
    const path = `/organizations/${tenant.id}/identity-providers/${tenant.idp}`;
    for (const [method, where] of [
      ['POST', `${path}/switch-off`],
      ['DELETE', path],
    ] as const)
      expect(await owner.browser(method, where, undefined, HERE)).toMatchObject({
        status: 409,
        body: { detail: expect.stringContaining('last active') },
      });
  });
});

describe('what evidence counts', () => {
  test('for some hours, and until the provider says that the person signed out', async () => {
    const { owner, tenant } = await enforced();
    const browser = browse(world());
    await arrive(browser, tenant.idp, { subject: owner.subject, sid: 'sid1' });
    expect(await placesOf(browser)).toEqual([]);
    world().time.nowMs += 11 * 3_600_000;
    expect(await placesOf(browser)).toEqual([]);
    world().time.nowMs += 3_600_001;
    expect(await placesOf(browser)).toMatchObject([{ organization_id: tenant.id, needs: 'sso' }]);
  });

  test('while the browser uses the console, and never again after it was idle', async () => {
    const tenant = await makeTenant(world());
    const person = await makePerson(world());
    await join(world(), tenant.id, person.id);
    must(await world().root('PUT', policyOf(tenant), { ...RULES, idle_minutes: 10 }));
    const browser = await signIn(person.email);
    for (let at = 0; at < 3; at += 1) {
      world().time.nowMs += 9 * 60_000;
      expect(await placesOf(browser)).toEqual([]);
    }
    world().time.nowMs += 11 * 60_000;
    expect(await placesOf(browser)).toMatchObject([{ needs: 'sign_in' }]);
    // That call was a use, and the roles do not come back by it.
    expect(await placesOf(browser)).toMatchObject([{ needs: 'sign_in' }]);
    expect((await browser('GET', `/organizations/${tenant.id}`, undefined, HERE)).status).toBe(403);
    await signIn(person.email, browser);
    expect(await placesOf(browser)).toEqual([]);
  });

  test('with a second factor of the provider or of one’s own', async () => {
    const tenant = await makeTenant(world());
    const owner = await makeOwner(tenant);
    const set = async (second_factor: string) => must(await world().root('PUT', policyOf(tenant), { ...RULES, second_factor }));
    await set('idp_or_own');
    const browser = browse(world());
    await arrive(browser, tenant.idp, { subject: owner.subject });
    expect(await placesOf(browser)).toMatchObject([{ needs: 'second_factor' }]);
    await arrive(browser, tenant.idp, { subject: owner.subject, secondFactor: true });
    expect(await placesOf(browser)).toEqual([]);
    await set('own');
    expect(await placesOf(browser)).toMatchObject([{ needs: 'second_factor' }]);
    expect(await placesOf(await byPasskey(owner))).toEqual([]);
  });

  test('only if the person was asked again, where the organization wants that', async () => {
    const tenant = await makeTenant(world());
    must(await world().root('PUT', policyOf(tenant), { ...RULES, asks_again: true }));
    const browser = browse(world());
    const location = await begin(browser, tenant.idp);
    expect(location).toContain('fresh=true');
    const said = { subject: 'old', email: `old@${tenant.domain}`, authenticatedAtMs: world().time.nowMs - 3_600_000 };
    expect(await comeBack(browser, location, said)).toContain('reason=not_fresh');
    const silent = { ...said, authenticatedAtMs: null };
    expect(await comeBack(browser, await begin(browser, tenant.idp), silent)).toContain('reason=not_fresh');
  });

  test('of a session that an earlier version made is one’s own, and each way to sign in says what it was', async () => {
    const { deps } = world();
    const person = await makePerson(world());
    const browser = await signIn(person.email);
    const stored = (await deps.db.select().from(sessions)).filter(({ userId }) => userId === person.id);
    const [session] = stored as [(typeof stored)[number]];
    expect((await evidenceOf(deps.db, session)).evidence).toMatchObject([
      { source: 'own', method: 'password', secondFactor: false },
    ]);
    await deps.db.execute('delete from session_evidence');
    expect((await evidenceOf(deps.db, session)).evidence).toMatchObject([{ source: 'own', method: null, secondFactor: false }]);
    expect(must(await browser('GET', '/session', undefined, HERE))).toMatchObject({ own_sign_in: true, places: [] });
  });
});
