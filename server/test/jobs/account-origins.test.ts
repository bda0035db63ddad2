/** Accounts of before an upgrade: what the audit log knows of them decides whether their addresses count. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Mailer } from '../../src/identity/mail/mailer.ts';
import { createSmtpMailer } from '../../src/identity/mail/smtp-mailer.ts';
import { accountOriginsJob } from '../../src/jobs/account-origins.ts';
import { originUnknownAfter } from '../../src/store/accounts/address-origins.ts';
import { makeOrganization, must, withAdmin } from '../admin/support.ts';
import { browse, firstAdminToken, PASSWORD } from '../identity/support.ts';
import { type MailSink, openMailSink } from '../invitations/mail-sink.ts';
import { freshEmail, invite, NEWCOMER, tokenIn } from '../invitations/support.ts';
import { onOneDatabase } from '../support/database.ts';

const HERE = { origin: 'https://gate.example.com' };
const NEW = 'eleven purple bicycles';

onOneDatabase('after an upgrade', (given) => {
  let sink: MailSink;
  beforeAll(async () => {
    sink = await openMailSink();
  });
  afterAll(() => sink.close());
  const mailer: Mailer = {
    configured: true,
    send: (mail) => createSmtpMailer({ url: sink.url, from: 'Headgate <headgate@example.com>' }).send(mail),
  };
  const world = withAdmin(given, { mailer, publicUrl: HERE.origin });
  beforeEach(() => {
    world().time.nowMs = Date.now();
  });

  /** An account that an invitation made in its own browser, by the link that was handed over. */
  async function invited(organizationId: string) {
    const sent = await invite(world().root, { organization_id: organizationId, role: 'org_member' });
    const browser = browse(world());
    must(await browser('POST', '/invitations/accept', { token: sent.token, ...NEWCOMER }, HERE));
    return { id: must(await browser('GET', '/session')).account.id as string, email: sent.email as string, browser };
  }

  async function resetByMail(email: string): Promise<void> {
    await browse(world())('POST', '/session/password-reset', { email }, HERE);
    const token = await mailedToken(email);
    const done = await browse(world())('POST', '/session/password-reset/confirm', { token, password: NEW }, HERE);
    expect(done.status).toBe(204);
  }

  async function mailedToken(email: string): Promise<string> {
    for (let tries = 0; tries < 100; tries += 1) {
      const mail = sink.mails.find(({ to, text }) => to.includes(email) && text.includes('/reset-password?'));
      if (mail !== undefined) return /reset-password\?token=([\w-]+)/.exec(mail.text)?.[1] ?? '';
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no mail to ${email}`);
  }

  /** What the version before kept of all this. */
  async function forget(): Promise<void> {
    const { db } = given();
    await db.execute('update accounts set made_how = null, made_by = null, made_by_name = null, bound_organization_id = null');
    await db.execute('delete from address_proofs');
    await db.execute('update one_time_links set mailed_to = null');
  }

  const read = async (id: string) => must(await world().root('GET', `/accounts/${id}`));
  const run = () =>
    accountOriginsJob().run({
      database: given(),
      clock: world().deps.clock,
      signal: new AbortController().signal,
      warn: () => {},
    });

  test('who used a mailed link is proved, others are bound to who first invited them, and nobody is signed out', async () => {
    const { root } = world();
    const [first, second] = [await makeOrganization(root, { name: 'First' }), await makeOrganization(root)];
    const token = await firstAdminToken(world());
    const founder = browse(world());
    const email = freshEmail();
    must(await founder('POST', '/session/first-admin', { token, email, name: 'Founder', password: PASSWORD }, HERE));
    const [bound, mailed] = [await invited(first.id), await invited(first.id)];
    await resetByMail(mailed.email);
    const made = must(await root('POST', '/accounts', { email: freshEmail(), name: 'Made' }));
    const handed = must(await root('POST', '/accounts', { email: freshEmail(), name: 'Handed' }));
    const { link } = must(await root('POST', `/accounts/${handed.id}/password-reset`, {}));
    await browse(world())('POST', '/session/password-reset/confirm', { token: tokenIn(link), password: NEW }, HERE);
    // The version before let it into another organization.
    must(await root('POST', `/accounts/${bound.id}/vouch`, { reason: 'as before' }));
    must(await root('POST', `/organizations/${second.id}/members`, { account_id: bound.id, role: 'org_admin' }));
    await forget();

    expect(await run()).toBe('Determined the origin of 5 accounts.');
    const founderId = must(await founder('GET', '/session')).account.id;
    expect(await read(founderId)).toMatchObject({ address_proof: { how: 'operator' }, made: { how: 'first_admin_link' } });
    expect(await read(mailed.id)).toMatchObject({ address_proof: { how: 'mail', by: mailed.id }, bound_organization: null });
    expect(await read(bound.id)).toMatchObject({
      address_proof: null,
      bound_organization: { id: first.id, name: 'First' },
      made: { how: 'handed_link', by_name: 'root' },
    });
    for (const { id } of [made, handed]) {
      expect(await read(id)).toMatchObject({ address_proof: null, bound_organization: null, made: { how: 'platform_admin' } });
    }
    // The list for the platform's admins.
    const unproved = must(await root('GET', '/accounts?address=unproved&limit=200')).data;
    const ids = unproved.map(({ id }: { id: string }) => id);
    expect(new Set(ids)).toEqual(new Set([bound.id, made.id, handed.id]));
    const proved = must(await root('GET', '/accounts?address=proved&limit=200')).data;
    expect(proved.map(({ id }: { id: string }) => id)).not.toContain(bound.id);
    // Whoever may have been there before the owner of the address.
    await given().db.execute(
      `insert into passkeys (id, account_id, public_key, credential_id, counter, device_type, backed_up, created_at)
       values ('pass_old', '${mailed.id}', 'key', 'old', 0, 'singleDevice', false, '2026-01-01'),
              ('pass_own', '${founderId}', 'key', 'own', 0, 'singleDevice', false, now() + interval '1 day')`,
    );
    const doubtful = must(await root('GET', '/accounts?address=passkeys_before_proof')).data;
    expect(doubtful.map(({ id }: { id: string }) => id)).toEqual([mailed.id]);
    // Whoever was in is in, everywhere.
    const session = must(await bound.browser('GET', '/session'));
    expect(session.memberships).toHaveLength(2);
    expect(await run()).toBe('Determined the origin of 0 accounts.');
    expect(await originUnknownAfter(given().db, '', 10)).toEqual([]);
  });

  test('until the job comes round it is found out at the door', async () => {
    const { root } = world();
    const [mine, theirs] = [await makeOrganization(root), await makeOrganization(root)];
    const [bound, mailed] = [await invited(mine.id), await invited(mine.id)];
    await resetByMail(mailed.email);
    await forget();
    const accept = async ({ email }: { email: string }, browser: typeof bound.browser) => {
      const { token } = await invite(root, { email, organization_id: theirs.id, role: 'org_member' });
      return (await browser('POST', '/invitations/accept', { token }, HERE)).status;
    };
    expect(await accept(bound, bound.browser)).toBe(403);
    const anew = browse(world());
    must(await anew('POST', '/session/sign-in', { email: mailed.email, password: NEW }, HERE));
    expect(await accept(mailed, anew)).toBe(200);
  });
});
