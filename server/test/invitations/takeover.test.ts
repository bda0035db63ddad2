/** An account that somebody made with a link of theirs opens their own organization, and nothing that its address is given elsewhere. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Mailer } from '../../src/identity/mail/mailer.ts';
import { createSmtpMailer } from '../../src/identity/mail/smtp-mailer.ts';
import { type AdminWorld, makeOrganization, must, withAdmin } from '../admin/support.ts';
import { makeAuthenticator } from '../identity/authenticator.ts';
import { browse, makePerson, PASSWORD, signedIn } from '../identity/support.ts';
import { type Cell, takeoverCells } from '../prove/takeover-table.ts';
import { onOneDatabase, withDatabase } from '../support/database.ts';
import { type MailSink, openMailSink } from './mail-sink.ts';
import { actionsOf, freshEmail, invite, NEWCOMER, tokenIn } from './support.ts';

const PUBLIC_URL = 'https://gate.example.com';
const HERE = { origin: PUBLIC_URL };
const NEW = 'eleven purple bicycles';
/** Each cell has a dozen passwords to hash, one after the other. */
const TABLE = { timeout: 240_000 };

onOneDatabase('without a mail server', (given) => {
  const world = withAdmin(given);
  beforeEach(() => {
    world().time.nowMs = Date.now();
  });

  // promise: An account made through a handed-over link
  // promise: An address is proved by mail
  test('an account made by a handed-over link comes into no other organization, by whichever invitation', async () => {
    const { root } = world();
    const [mine, theirs] = [await makeOrganization(root), await makeOrganization(root)];
    const made = await invite(root, { organization_id: mine.id, role: 'org_member' });
    const browser = browse(world());
    must(await browser('POST', '/invitations/accept', { token: made.token, ...NEWCOMER }));
    expect(must(await browser('GET', '/session')).account.address_proved).toBe(false);
    const elsewhere = await invite(root, { email: made.email, organization_id: theirs.id, role: 'org_admin' });
    const refused = await browser('POST', '/invitations/accept', { token: elsewhere.token });
    expect(refused).toMatchObject({ status: 403, body: { detail: expect.stringContaining('not proved') } });
    // Nor as if there was no account.
    const again = await browse(world())('POST', '/invitations/accept', { token: elsewhere.token, ...NEWCOMER });
    expect([again.status, again.setCookies]).toEqual([401, []]);
    // Nor to the platform, which would give them every organization.
    const platform = await invite(root, { email: made.email, organization_id: null, role: 'platform_admin' });
    expect((await browser('POST', '/invitations/accept', { token: platform.token })).status).toBe(403);
    expect(must(await root('GET', `/organizations/${theirs.id}/members`)).data).toEqual([]);
    // Into its own organization it comes back after it was removed.
    const { data } = must(await root('GET', `/organizations/${mine.id}/members`));
    must(await root('DELETE', `/organizations/${mine.id}/members/${data[0].id}`));
    const back = await invite(root, { email: made.email, organization_id: mine.id, role: 'org_member' });
    expect((await browser('POST', '/invitations/accept', { token: back.token })).status).toBe(200);
  });

  test('nobody adds such an account by its id either, to an organization, a team or a platform role', async () => {
    const { root } = world();
    const [mine, theirs] = [await makeOrganization(root), await makeOrganization(root)];
    const account = await makePerson(world(), { boundTo: mine.id });
    const team = must(await root('POST', `/organizations/${theirs.id}/teams`, { name: 'Team' }));
    const body = { account_id: account.id };
    const adding = [
      await root('POST', `/organizations/${theirs.id}/members`, { ...body, role: 'org_member' }),
      await root('POST', `/teams/${team.id}/members`, { ...body, role: 'team_viewer' }),
      await root('PATCH', `/accounts/${account.id}`, { platform_role: 'platform_auditor' }),
    ];
    for (const answer of adding)
      expect(answer).toMatchObject({ status: 409, body: { detail: expect.stringContaining('proved') } });
    expect((await root('POST', `/organizations/${mine.id}/members`, { ...body, role: 'org_member' })).status).toBe(201);
    must(await root('POST', `/accounts/${account.id}/vouch`, { reason: 'met in person' }));
    expect((await root('POST', `/organizations/${theirs.id}/members`, { ...body, role: 'org_member' })).status).toBe(201);
    expect((await root('PATCH', `/accounts/${account.id}`, { platform_role: 'platform_auditor' })).status).toBe(200);
  });

  // promise: Invitations never claim an account
  test('an account that an admin made and that belongs to nobody is claimed by no invitation', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const account = must(await root('POST', '/accounts', { email: freshEmail(), name: 'Made before' }));
    for (const place of [
      { organization_id: organization.id, role: 'org_owner' },
      { organization_id: null, role: 'platform_auditor' },
    ]) {
      const { token } = await invite(root, { email: account.email, ...place });
      const visitor = browse(world());
      const taken = await visitor('POST', '/invitations/accept', { token, ...NEWCOMER });
      expect([taken.status, taken.setCookies]).toEqual([401, []]);
      const signIn = { email: account.email, password: NEWCOMER.password };
      expect((await visitor('POST', '/session/sign-in', signIn)).status).toBe(401);
    }
    // Its first password is a platform admin's to hand over, and its place too.
    const { link } = must(await root('POST', `/accounts/${account.id}/password-reset`, {}));
    const owner = browse(world());
    const chosen = { token: tokenIn(link), password: NEW };
    expect((await owner('POST', '/session/password-reset/confirm', chosen)).status).toBe(204);
    must(await owner('POST', '/session/sign-in', { email: account.email, password: NEW }));
    const adding = { account_id: account.id, role: 'org_owner' };
    expect((await root('POST', `/organizations/${organization.id}/members`, adding)).status).toBe(201);
  });

  // promise: Without a mail server a platform admin may vouch
  test('a platform admin vouches with a reason, which is an audit event; then other organizations admit the account', async () => {
    const { root } = world();
    const [mine, theirs] = [await makeOrganization(root), await makeOrganization(root)];
    const account = await makePerson(world(), { boundTo: mine.id });
    const person = await signedIn(world(), account);
    const elsewhere = await invite(root, { email: account.email, organization_id: theirs.id, role: 'org_member' });
    const admin = await signedIn(world(), await makePerson(world(), { platformRole: 'platform_admin', name: 'Root' }));
    const auditor = await signedIn(world(), await makePerson(world(), { platformRole: 'platform_auditor' }));
    const vouch = `/accounts/${account.id}/vouch`;
    expect((await admin('POST', vouch, {})).status).toBe(400);
    expect((await admin('POST', vouch, { reason: '  ' })).status).toBe(400);
    expect((await auditor('POST', vouch, { reason: 'trust me' })).status).toBe(403);
    expect((await person('POST', vouch, { reason: 'trust me' })).status).toBe(403);
    const proved = must(await admin('POST', vouch, { reason: 'showed a passport' }));
    expect(proved).toMatchObject({
      email_verified: true,
      address_proof: { how: 'platform_admin', by_name: 'Root', reason: 'showed a passport' },
      bound_organization: null,
    });
    expect((await admin('POST', vouch, { reason: 'again' })).status).toBe(409);
    expect((await person('POST', '/invitations/accept', { token: elsewhere.token })).status).toBe(200);
    const { data } = must(await root('GET', `/audit-events?object_id=${account.id}&action=account.address_vouch`));
    expect(data).toMatchObject([{ after: { address: account.email, reason: 'showed a passport' } }]);
  });

  test('nobody vouches for themselves, and another address needs a proof of its own', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const boss = await makePerson(world(), { platformRole: 'platform_admin', boundTo: organization.id });
    const own = await signedIn(world(), boss);
    expect((await own('POST', `/accounts/${boss.id}/vouch`, { reason: 'I am me' })).status).toBe(409);
    const account = await makePerson(world());
    expect(must(await root('GET', `/accounts/${account.id}`)).email_verified).toBe(true);
    const { link } = must(await root('POST', `/accounts/${account.id}/password-reset`, {}));
    const moved = must(await root('PATCH', `/accounts/${account.id}`, { email: freshEmail() }));
    expect(moved).toMatchObject({ email_verified: false, address_proof: null });
    // A link that went to the old address opens the account no more.
    const late = { token: tokenIn(link), password: NEW };
    expect((await browse(world())('POST', '/session/password-reset/confirm', late)).status).toBe(409);
    must(await root('PATCH', `/accounts/${account.id}`, { email: account.email }));
    expect(must(await root('GET', `/accounts/${account.id}`)).email_verified, 'the old one is proved as before').toBe(true);
  });

  // promise: A password reset removes passkeys
  test('a password reset takes away what was added before the address was proved, and keeps what was added since', async () => {
    const { root, time } = world();
    const organization = await makeOrganization(root);
    const account = await makePerson(world(), { boundTo: organization.id });
    const old = await signedIn(world(), account);
    const early = await addPasskey(world(), old);
    const reset = async (password: string) => {
      const { link } = must(await root('POST', `/accounts/${account.id}/password-reset`, {}));
      const body = { token: tokenIn(link), password };
      expect((await browse(world())('POST', '/session/password-reset/confirm', body)).status).toBe(204);
    };
    await reset(NEW);
    expect((await old('GET', '/session')).status).toBe(401);
    expect(await signsInBy(world(), early)).toBe(401);
    const between = await makeSignedIn(account.email, NEW);
    const later = await addPasskey(world(), between, NEW);
    // Passkeys have the time of this machine.
    time.nowMs = Date.now() + 1;
    must(await root('POST', `/accounts/${account.id}/vouch`, { reason: 'met in person' }));
    const since = await addPasskey(world(), between, NEW);
    expect(must(await root('GET', `/accounts/${account.id}/sign-in`)).methods).toMatchObject([
      { kind: 'password', how: 'handed_reset', before_proof: true },
      { kind: 'passkey', how: 'shown_again', before_proof: true },
      { kind: 'passkey', how: 'shown_again', before_proof: false },
    ]);
    await reset('another fine password');
    expect([await signsInBy(world(), later), await signsInBy(world(), since)]).toEqual([401, 200]);
    const events = must(await root('GET', `/audit-events?object_id=${account.id}&action=account.password_reset`)).data;
    expect(events[0].after).toMatchObject({ mailed: false, removed: { passkeys: 1, two_factor: false } });
  });

  async function makeSignedIn(email: string, password: string) {
    const browser = browse(world());
    must(await browser('POST', '/session/sign-in', { email, password }));
    return browser;
  }

  test('a link tells nobody whether its address has an account, before it is used', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const known = await makePerson(world());
    const shape = async (email: string) => {
      const { token } = await invite(root, { email, organization_id: organization.id, role: 'org_member' });
      const { email: _, expires_at: __, ...rest } = must(await browse(world())('GET', `/invitations/lookup?token=${token}`));
      return rest;
    };
    expect(await shape(known.email)).toEqual(await shape(freshEmail()));
  });
});

describe('with a mail server', () => {
  let sink: MailSink;
  beforeAll(async () => {
    sink = await openMailSink();
  });
  afterAll(() => sink.close());
  const mailer: Mailer = {
    configured: true,
    send: (mail) => createSmtpMailer({ url: sink.url, from: 'Headgate <headgate@example.com>' }).send(mail),
  };
  const world = withAdmin(withDatabase(), { mailer, publicUrl: PUBLIC_URL });
  beforeEach(() => {
    world().time.nowMs = Date.now();
  });
  const mailTo = (to: string, holding: string) => newestMail(sink, to, holding);
  const mailedTokens = async (email: string) => {
    const link = /https:\S+\/invitation\?\S+/.exec(await mailTo(email, '/invitation?'))?.[0] ?? '';
    const { searchParams } = new URL(link);
    return { token: searchParams.get('token'), mail_token: searchParams.get('mail_token') };
  };

  test('the mailed link proves the address, and the sender never sees its token', async () => {
    const { root } = world();
    const [mine, theirs] = [await makeOrganization(root), await makeOrganization(root)];
    const made = await invite(root, { organization_id: mine.id, role: 'org_member' });
    const tokens = await mailedTokens(made.email);
    expect(tokens.token).toBe(made.token);
    const shown = JSON.stringify([made, must(await root('GET', '/invitations?limit=200'))]);
    expect(shown).not.toContain(tokens.mail_token);
    const { rows } = await world().deps.db.execute('select * from invitations');
    expect(JSON.stringify(rows) + world().logged.join()).not.toContain(tokens.mail_token);
    const browser = browse(world());
    const wrong = { token: made.token, mail_token: 'x'.repeat(43), ...NEWCOMER };
    expect(await browser('POST', '/invitations/accept', wrong, HERE)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/mail_token' }] },
    });
    must(await browser('POST', '/invitations/accept', { ...tokens, ...NEWCOMER }, HERE));
    expect(must(await browser('GET', '/session')).account.address_proved).toBe(true);
    const elsewhere = await invite(root, { email: made.email, organization_id: theirs.id, role: 'org_member' });
    expect((await browser('POST', '/invitations/accept', { token: elsewhere.token }, HERE)).status).toBe(200);
  });

  test('another tenant’s mailed link gives the account to who reads the mail, and to nobody who had it before', async () => {
    const { root } = world();
    const [mine, theirs] = [await makeOrganization(root), await makeOrganization(root)];
    const made = await invite(root, { organization_id: mine.id, role: 'org_member' });
    const attacker = browse(world());
    must(await attacker('POST', '/invitations/accept', { token: made.token, ...NEWCOMER }, HERE));
    const device = await addPasskey(world(), attacker);
    await invite(root, { email: made.email, organization_id: theirs.id, role: 'org_admin' });
    const tokens = await mailedTokens(made.email);
    const owner = browse(world());
    const bare = await owner('POST', '/invitations/accept', tokens, HERE);
    expect(bare).toMatchObject({ status: 400, body: { errors: [{ pointer: '/password' }] } });
    must(await owner('POST', '/invitations/accept', { ...tokens, password: NEW }, HERE));
    const session = must(await owner('GET', '/session'));
    expect(session.account).toMatchObject({ email: made.email, address_proved: true });
    expect(session.memberships).toHaveLength(2);
    expect((await attacker('GET', '/session')).status).toBe(401);
    expect(await signsInBy(world(), device)).toBe(401);
    const old = { email: made.email, password: NEWCOMER.password };
    expect((await browse(world())('POST', '/session/sign-in', old, HERE)).status).toBe(401);
    expect(await actionsOf(root, null)).toContain('account.address_prove');
  });

  test('a mailed password reset proves the address; one that an admin made does not, also where it is mailed besides', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const account = await makePerson(world(), { boundTo: organization.id });
    const isProved = async () => must(await root('GET', `/accounts/${account.id}`)).email_verified;
    const { link } = must(await root('POST', `/accounts/${account.id}/password-reset`, {}));
    const set = (token: string, password: string) =>
      browse(world())('POST', '/session/password-reset/confirm', { token, password }, HERE);
    expect((await set(tokenIn(link), NEW)).status).toBe(204);
    expect(await isProved()).toBe(false);
    sink.mails.length = 0;
    await browse(world())('POST', '/session/password-reset', { email: account.email }, HERE);
    const mailed = /https:\S+\/reset-password\?\S+/.exec(await mailTo(account.email, '/reset-password?'))?.[0] ?? '';
    expect((await set(tokenIn(mailed), 'another fine password')).status).toBe(204);
    expect(await isProved()).toBe(true);
    expect(must(await root('GET', `/accounts/${account.id}/sign-in`))).toMatchObject({
      methods: [{ kind: 'password', how: 'mailed_reset', before_proof: false }],
      proofs: [{ how: 'mail', by: account.id, address: account.email }],
    });
  });

  test('tells a person of each new way to sign in', async () => {
    const account = await makePerson(world());
    const browser = browse(world());
    must(await browser('POST', '/session/sign-in', { email: account.email, password: PASSWORD }, HERE));
    await addPasskey(world(), browser);
    expect(await mailTo(account.email, 'was added')).toContain('My phone');
    const change = { current_password: PASSWORD, new_password: NEW };
    expect((await browser('POST', '/session/password', change, HERE)).status).toBe(204);
    expect(await mailTo(account.email, 'was changed')).toContain('If you did not do this');
    const made = await invite(world().root, { organization_id: (await makeOrganization(world().root)).id, role: 'org_member' });
    must(await browse(world())('POST', '/invitations/accept', { token: made.token, ...NEWCOMER }, HERE));
    expect(await mailTo(made.email, 'not sent by mail')).toContain('only to the organization that invited it');
  });

  test('while the mail server is away people add ways to sign in all the same, and the log says what was not told', async () => {
    const account = await makePerson(world());
    const browser = browse(world());
    must(await browser('POST', '/session/sign-in', { email: account.email, password: PASSWORD }, HERE));
    await sink.close();
    const device = await addPasskey(world(), browser);
    expect(await signsInBy(world(), device)).toBe(200);
    await expect.poll(() => world().logged.join()).toContain('the mail about a new sign-in method could not be sent');
    expect(world().logged.join()).not.toContain(account.email);
    sink = await openMailSink();
  });

  test('who gets in, of everybody who could have made the account', TABLE, async () => {
    for (const cell of await takeoverCells(siteOf(world(), mailTo))) expect(cell).toMatchObject(wantedOf(cell));
  });
});

describe('without a mail server, over the whole table', () => {
  const world = withAdmin(withDatabase());

  test('who gets in, of everybody who could have made the account', TABLE, async () => {
    world().time.nowMs = Date.now();
    for (const cell of await takeoverCells(siteOf(world(), null))) expect(cell).toMatchObject(wantedOf(cell));
  });
});

function wantedOf({ then }: Pick<Cell, 'then'>) {
  return { attackerIn: false, ownerIn: then !== 'invited by another tenant' };
}

/** The newest mail to an address whose text holds this. */
async function newestMail(sink: MailSink, to: string, holding: string): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    const mail = sink.mails.findLast((one) => one.to.includes(to) && one.text.includes(holding));
    if (mail !== undefined) return mail.text;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no mail to ${to} that holds ${holding}`);
}

function siteOf(world: AdminWorld, mail: ((to: string, holding: string) => Promise<string>) | null) {
  const origin = mail === null ? world.address : PUBLIC_URL;
  return {
    address: world.address,
    origin,
    rpId: mail === null ? 'localhost' : new URL(PUBLIC_URL).hostname,
    mail,
    root: async (method: string, path: string, body?: unknown) => must(await world.root(method, path, body)),
  };
}

function originOf(world: AdminWorld): { readonly rpId: string; readonly origin: string } {
  const { publicUrl } = world.deps;
  return publicUrl === null
    ? { rpId: 'localhost', origin: world.address }
    : { rpId: new URL(publicUrl).hostname, origin: publicUrl };
}

async function addPasskey(world: AdminWorld, browser: ReturnType<typeof browse>, password = PASSWORD) {
  const { rpId, origin } = originOf(world);
  const device = makeAuthenticator({ rpId, origin });
  const options = must(await browser('POST', '/session/passkeys/options', { password }, { origin }));
  must(await browser('POST', '/session/passkeys', { name: 'My phone', response: device.create(options) }, { origin }));
  return device;
}

async function signsInBy(world: AdminWorld, device: ReturnType<typeof makeAuthenticator>): Promise<number> {
  const { origin } = originOf(world);
  const browser = browse(world);
  const options = must(await browser('POST', '/session/passkey-options', {}, { origin }));
  return (await browser('POST', '/session/passkey', { response: device.get(options) }, { origin })).status;
}
