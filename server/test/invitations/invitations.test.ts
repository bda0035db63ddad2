import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Mailer } from '../../src/identity/mail/mailer.ts';
import { createSmtpMailer } from '../../src/identity/mail/smtp-mailer.ts';
import { makeOrganization, makeTeam, must, withAdmin } from '../admin/support.ts';
import { browse, makePerson, signedIn } from '../identity/support.ts';
import { onOneDatabase, withDatabase } from '../support/database.ts';
import { type MailSink, openMailSink } from './mail-sink.ts';
import { actionsOf, freshEmail, invite, makeMember, NEWCOMER, tokenIn } from './support.ts';

const DAY_MS = 86_400_000;

onOneDatabase('an invitation to an organization', (given) => {
  const world = withAdmin(given);

  test('makes the account, the membership and the place in a team, signs in, and is in the audit log', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root);
    const wanted = {
      organization_id: organization.id,
      role: 'org_member',
      teams: [{ team_id: team.id, role: 'team_developer' }],
    };
    const sent = await invite(root, wanted);
    expect(sent).toMatchObject({ ...wanted, status: 'pending', mailed: false, may_change: true });
    expect(new URL(sent.link).pathname).toBe('/invitation');
    const visitor = browse(world());
    expect((await visitor('GET', `/invitations/lookup?token=${sent.token}`)).body).toMatchObject({
      email: sent.email,
      organization_name: organization.name,
      role: 'org_member',
    });
    expect((await visitor('POST', '/invitations/accept', { token: sent.token, ...NEWCOMER })).body).toEqual({
      status: 'signed_in',
    });
    const session = must(await visitor('GET', '/session'));
    expect(session.account).toMatchObject({ email: sent.email, name: NEWCOMER.name });
    expect(session.platform_role).toBeNull();
    expect(session.memberships).toMatchObject([
      { organization_id: organization.id, role: 'org_member', teams: [{ team_id: team.id, role: 'team_developer' }] },
    ]);
    const actions = await actionsOf(root, organization.id);
    for (const action of ['invitation.create', 'invitation.accept', 'member.add', 'team_member.add'])
      expect(actions).toContain(action);
    expect(await actionsOf(root, null)).toEqual(expect.arrayContaining(['account.create', 'account.sign_in']));
    const [row] = must(await root('GET', `/invitations?organization_id=${organization.id}`)).data;
    expect(row).toMatchObject({ status: 'accepted', accepted_by: session.account.id });
  });

  test('opened twice, its second opening gets nothing', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const { token } = await invite(root, { organization_id: organization.id, role: 'org_member' });
    const answers = await Promise.all(
      [browse(world()), browse(world())].map((visitor) => visitor('POST', '/invitations/accept', { token, ...NEWCOMER })),
    );
    expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
    for (const answer of answers) if (answer.status !== 200) expect(answer.setCookies).toEqual([]);
    const late = await browse(world())('POST', '/invitations/accept', { token, ...NEWCOMER });
    expect(late).toMatchObject({ status: 404, body: { detail: 'This invitation was already accepted. Sign in instead.' } });
    expect(must(await root('GET', `/organizations/${organization.id}/members`)).data).toHaveLength(1);
  });

  test('is for its address alone', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const [invited, stranger] = [await makePerson(world()), await makePerson(world())];
    const sent = await invite(root, { email: invited.email, organization_id: organization.id, role: 'org_member' });
    const { token } = sent;
    // Nobody becomes an existing person by choosing them a password.
    expect((await browse(world())('POST', '/invitations/accept', { token, ...NEWCOMER })).status).toBe(401);
    const someoneElse = await (await signedIn(world(), stranger))('POST', '/invitations/accept', { token });
    expect(someoneElse).toMatchObject({ status: 403, body: { detail: expect.stringContaining(invited.email) } });
    const themself = await signedIn(world(), invited);
    expect((await themself('POST', '/invitations/accept', { token })).status).toBe(200);
    const { data } = must(await root('GET', `/organizations/${organization.id}/members`));
    expect(data.map((member: { account_id: string }) => member.account_id)).toEqual([invited.id]);
  });

  test('a signed-in stranger does not take it for an address that has no account', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const { token } = await invite(root, { organization_id: organization.id, role: 'org_member' });
    const stranger = await signedIn(world(), await makePerson(world()));
    expect((await stranger('POST', '/invitations/accept', { token, ...NEWCOMER })).status).toBe(403);
  });

  test('is over after seven days, after it was cancelled, and with its organization', async () => {
    const { root, time } = world();
    const organization = await makeOrganization(root);
    const wanted = { organization_id: organization.id, role: 'org_member' };
    const [late, cancelled, orphaned] = [await invite(root, wanted), await invite(root, wanted), await invite(root, wanted)];
    expect((await root('DELETE', `/invitations/${cancelled.id}`)).status).toBe(204);
    time.nowMs += 7 * DAY_MS;
    const fresh = await invite(root, wanted);
    const saying = async (token: string) => {
      const looked = await browse(world())('GET', `/invitations/lookup?token=${token}`);
      const accepted = await browse(world())('POST', '/invitations/accept', { token, ...NEWCOMER });
      expect([looked.status, accepted.status]).toEqual([404, 404]);
      expect(accepted.body.detail).toBe(looked.body.detail);
      return looked.body.detail;
    };
    expect(await saying(late.token)).toContain('expired');
    expect(await saying(cancelled.token)).toContain('cancelled');
    expect(await saying('never-was-one')).toContain('not valid');
    must(await root('POST', `/organizations/${organization.id}/archive`));
    expect(await saying(fresh.token)).toContain('archived or deleted');
    expect((await root('GET', `/invitations?organization_id=${organization.id}&status=expired`)).body.data).toMatchObject([
      { id: orphaned.id },
      { id: late.id },
    ]);
    time.nowMs -= 7 * DAY_MS;
  });

  test('sent again it has a new link, and the old one stops working', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const first = await invite(root, { organization_id: organization.id, role: 'org_member' });
    const again = must(await root('POST', `/invitations/${first.id}/resend`));
    expect(again).toMatchObject({ id: first.id, status: 'pending' });
    expect((await browse(world())('POST', '/invitations/accept', { token: first.token, ...NEWCOMER })).status).toBe(404);
    expect((await browse(world())('POST', '/invitations/accept', { token: tokenIn(again.link), ...NEWCOMER })).status).toBe(200);
    expect((await root('POST', `/invitations/${first.id}/resend`)).status).toBe(409);
    expect((await root('DELETE', `/invitations/${first.id}`)).status).toBe(409);
  });

  test('one to a place is enough: a second click and a member are 409', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const email = freshEmail();
    const body = { email, organization_id: organization.id, role: 'org_member' };
    const answers = await Promise.all([root('POST', '/invitations', body), root('POST', '/invitations', body)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    const capitals = await root('POST', '/invitations', { ...body, email: email.toUpperCase() });
    expect(capitals).toMatchObject({ status: 409, body: { errors: [{ pointer: '/email' }] } });
    const { account } = await makeMember(world(), organization.id, 'org_member');
    expect((await root('POST', '/invitations', { ...body, email: account.email })).status).toBe(409);
    const elsewhere = await makeOrganization(root);
    expect((await root('POST', '/invitations', { ...body, organization_id: elsewhere.id })).status).toBe(201);
  });

  test('opens no account that is something elsewhere: whoever sends it sees the link too', async () => {
    const { root } = world();
    const [mine, theirs] = [await makeOrganization(root), await makeOrganization(root)];
    const owner = await signedIn(world(), (await makeMember(world(), mine.id, 'org_owner')).account);
    const boss = must(await root('POST', '/accounts', { email: freshEmail(), name: 'Boss', platform_role: 'platform_admin' }));
    const stranger = must(await root('POST', '/accounts', { email: freshEmail(), name: 'Stranger' }));
    must(await root('POST', `/organizations/${theirs.id}/members`, { account_id: stranger.id, role: 'org_owner' }));
    for (const { email } of [boss, stranger]) {
      const { token } = await invite(owner, { email, organization_id: mine.id, role: 'org_member' });
      const visitor = browse(world());
      const taken = await visitor('POST', '/invitations/accept', { token, ...NEWCOMER });
      expect(taken).toMatchObject({ status: 401, setCookies: [] });
      expect((await visitor('POST', '/session/sign-in', { email, password: NEWCOMER.password })).status).toBe(401);
    }
  });

  test('a disabled person does not come in, and nobody learns from it who is disabled', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const account = must(await root('POST', '/accounts', { email: freshEmail(), name: 'Gone' }));
    const { token } = await invite(root, { email: account.email, organization_id: organization.id, role: 'org_member' });
    must(await root('PATCH', `/accounts/${account.id}`, { status: 'disabled' }));
    expect((await browse(world())('POST', '/invitations/accept', { token, ...NEWCOMER })).status).toBe(401);
    expect(must(await root('GET', `/organizations/${organization.id}/members`)).data).toEqual([]);
  });

  test('its fields are what its sender chose: a body says nothing else, and a weak password is refused at its field', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const { token, email } = await invite(root, { organization_id: organization.id, role: 'org_member' });
    const visitor = browse(world());
    for (const more of [
      { role: 'org_owner' },
      { organization_id: 'org_x' },
      { email: freshEmail() },
      { platform_role: 'platform_admin' },
    ]) {
      expect((await visitor('POST', '/invitations/accept', { token, ...NEWCOMER, ...more })).status).toBe(400);
    }
    const without = await visitor('POST', '/invitations/accept', { token });
    expect(without.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/name', '/password']);
    for (const password of ['short', email, 'aaaaaaaaaaaaaaa']) {
      const weak = await visitor('POST', '/invitations/accept', { token, name: 'Ada', password });
      expect(weak).toMatchObject({ status: 400, body: { errors: [{ pointer: '/password' }] } });
    }
    expect((await visitor('GET', '/session')).status).toBe(401);
  });
});

describe('who may invite', () => {
  const world = withAdmin(withDatabase());

  test('nobody above their own role, nobody into another tenant, nobody without the right to manage members', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root);
    const elsewhere = await makeTeam(root);
    const as = async (role: string) => signedIn(world(), (await makeMember(world(), organization.id, role)).account);
    const [owner, admin, member] = [await as('org_owner'), await as('org_admin'), await as('org_member')];
    const asking = async (who: typeof owner, body: object) =>
      (await who('POST', '/invitations', { email: freshEmail(), organization_id: organization.id, role: 'org_member', ...body }))
        .status;
    expect(await asking(owner, { role: 'org_owner' })).toBe(201);
    expect(await asking(admin, { role: 'org_admin' })).toBe(201);
    expect(await asking(admin, { role: 'org_owner' })).toBe(403);
    expect(await asking(admin, { role: 'org_auditor' })).toBe(403); // It may read content, which an admin may not.
    expect(await asking(member, {})).toBe(403);
    expect(await asking(owner, { organization_id: null, role: 'platform_admin' })).toBe(403);
    expect(await asking(owner, { organization_id: elsewhere.organization.id })).toBe(404);
    expect(await asking(owner, { teams: [{ team_id: elsewhere.team.id, role: 'team_viewer' }] })).toBe(400);
    expect(await asking(owner, { teams: [{ team_id: team.id, role: 'team_admin' }] })).toBe(201);
    expect(await asking(owner, { role: 'platform_admin' })).toBe(400);
    expect(await asking(owner, { organization_id: null })).toBe(400);
  });

  test('another tenant’s invitation is not there: neither listed, nor sent again, nor cancelled', async () => {
    const { root } = world();
    const [mine, theirs] = [await makeOrganization(root), await makeOrganization(root)];
    const owner = await signedIn(world(), (await makeMember(world(), mine.id, 'org_owner')).account);
    const [own, other] = [mine, theirs].map(({ id }) => ({ organization_id: id, role: 'org_member' }));
    const [ownSent, otherSent] = [await invite(root, own ?? {}), await invite(root, other ?? {})];
    await invite(root, { organization_id: null, role: 'platform_auditor' });
    const listed = must(await owner('GET', '/invitations'));
    expect(listed.data.map(({ id }: { id: string }) => id)).toEqual([ownSent.id]);
    expect((await owner('GET', `/invitations?organization_id=${theirs.id}`)).status).toBe(404);
    expect((await owner('POST', `/invitations/${otherSent.id}/resend`)).status).toBe(404);
    expect((await owner('DELETE', `/invitations/${otherSent.id}`)).status).toBe(404);
    expect((await owner('DELETE', `/invitations/${ownSent.id}`)).status).toBe(204);
    for (const text of [JSON.stringify(listed), JSON.stringify(must(await root('GET', '/invitations')))]) {
      expect(text).not.toContain(ownSent.token);
      expect(text).not.toContain('link');
    }
  });

  test('what is above a caller they can neither send again nor cancel', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const admin = await signedIn(world(), (await makeMember(world(), organization.id, 'org_admin')).account);
    const { id } = await invite(root, { organization_id: organization.id, role: 'org_owner' });
    expect((await admin('POST', `/invitations/${id}/resend`)).status).toBe(403);
    expect((await admin('DELETE', `/invitations/${id}`)).status).toBe(403);
    expect(must(await admin('GET', `/invitations?organization_id=${organization.id}`)).data).toMatchObject([
      { id, may_change: false },
    ]);
  });

  test('to the platform: a platform admin makes another, who is signed in as one', async () => {
    const { root } = world();
    const { token } = await invite(root, { organization_id: null, role: 'platform_admin' });
    const visitor = browse(world());
    expect((await visitor('POST', '/invitations/accept', { token, ...NEWCOMER })).status).toBe(200);
    expect(must(await visitor('GET', '/session'))).toMatchObject({ platform_role: 'platform_admin', memberships: [] });
    expect(await actionsOf(root, null)).toEqual(expect.arrayContaining(['invitation.accept', 'account.update']));
  });

  test('the word of somebody who left, lost their role or was disabled no longer lets anyone in', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    await makeMember(world(), organization.id, 'org_owner');
    const leaving: readonly ((who: { account: { id: string }; memberId: string }) => Promise<unknown>)[] = [
      ({ memberId }) => root('DELETE', `/organizations/${organization.id}/members/${memberId}`),
      ({ memberId }) => root('PATCH', `/organizations/${organization.id}/members/${memberId}`, { role: 'org_member' }),
      ({ memberId }) => root('PATCH', `/organizations/${organization.id}/members/${memberId}`, { status: 'disabled' }),
      ({ account }) => root('PATCH', `/accounts/${account.id}`, { status: 'disabled' }),
    ];
    for (const leave of leaving) {
      const owner = await makeMember(world(), organization.id, 'org_owner');
      const wanted = { organization_id: organization.id, role: 'org_owner' };
      const sent = await invite(await signedIn(world(), owner.account), wanted);
      const others = await invite(root, wanted);
      await leave(owner);
      const looked = await browse(world())('GET', `/invitations/lookup?token=${sent.token}`);
      expect(looked).toMatchObject({ status: 404, body: { detail: expect.stringContaining('cancelled') } });
      expect((await browse(world())('GET', `/invitations/lookup?token=${others.token}`)).status).toBe(200);
    }
  });

  test('a revoked admin token’s invitations are cancelled with it, those of others are not, and the audit log says so', async () => {
    const { root, withToken } = world();
    const organization = await makeOrganization(root);
    const token = async () =>
      must(await root('POST', '/admin-tokens', { name: 'ops', role: 'org_admin', organization_id: organization.id }));
    const [revoked, kept] = [await token(), await token()];
    const wanted = { organization_id: organization.id, role: 'org_member' };
    const sent = await invite(withToken(revoked.token), wanted);
    const others = [await invite(withToken(kept.token), wanted), await invite(root, wanted)];
    expect((await root('DELETE', `/admin-tokens/${revoked.id}`)).status).toBe(204);
    const looked = await browse(world())('GET', `/invitations/lookup?token=${sent.token}`);
    expect(looked).toMatchObject({ status: 404, body: { detail: expect.stringContaining('cancelled') } });
    expect((await browse(world())('POST', '/invitations/accept', { token: sent.token, ...NEWCOMER })).status).toBe(404);
    for (const other of others) {
      expect((await browse(world())('GET', `/invitations/lookup?token=${other.token}`)).status).toBe(200);
    }
    const actions = await actionsOf(root, organization.id);
    expect(actions.filter((action) => action === 'invitation.cancel')).toHaveLength(1);
  });
});

describe('an invitation by mail', () => {
  let sink: MailSink;
  beforeAll(async () => {
    sink = await openMailSink();
  });
  afterAll(() => sink.close());
  const mailer: Mailer = {
    configured: true,
    send: (mail) => createSmtpMailer({ url: sink.url, from: 'Headgate <headgate@example.com>' }).send(mail),
  };
  const world = withAdmin(withDatabase(), { mailer, publicUrl: 'https://gate.example.com' });

  test('goes to its address with the link of the public URL, which works', async () => {
    const { root } = world();
    const organization = await makeOrganization(root, { name: 'Acme & <b>Sons</b>' });
    const sent = await invite(root, { organization_id: organization.id, role: 'org_member' });
    expect(sent).toMatchObject({
      mailed: true,
      link: expect.stringMatching(/^https:\/\/gate\.example\.com\/invitation\?token=/),
    });
    const [mail] = sink.mails;
    expect(mail?.to).toEqual([sent.email]);
    expect(mail?.text).toContain(sent.link);
    expect(mail?.text).toContain('Acme &amp; &lt;b&gt;Sons&lt;/b&gt;');
    const again = must(await root('POST', `/invitations/${sent.id}/resend`));
    expect(sink.mails[1]?.text).toContain(again.link);
  });

  test('that the server refuses is an invitation all the same, and says that it was not mailed', async () => {
    const { root, logged } = world();
    const organization = await makeOrganization(root);
    await sink.close();
    const sent = await invite(root, { organization_id: organization.id, role: 'org_member' });
    expect(sent).toMatchObject({ status: 'pending', mailed: false, link: expect.stringContaining('token=') });
    const line = logged.find((text) => text.includes(sent.id));
    expect(line).toContain('the mail of an invitation could not be sent');
    expect(line).not.toContain(sent.token);
    sink = await openMailSink();
  });
});
