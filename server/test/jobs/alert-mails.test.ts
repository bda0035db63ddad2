/** Alerts by mail reach owners who may act now, also when the mail server answers late. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSmtpMailer } from '../../src/identity/mail/smtp-mailer.ts';
import { deliver } from '../../src/jobs/alerts/deliver.ts';
import * as accounts from '../../src/store/accounts/accounts.ts';
import { find } from '../../src/store/alerts/alert-deliveries.ts';
import { raise } from '../../src/store/alerts/alert-events.ts';
import { makeAccount, makeOrganization, must, withAdmin } from '../admin/support.ts';
import { type MailSink, openMailSink } from '../invitations/mail-sink.ts';
import { withDatabase } from '../support/database.ts';

const given = withDatabase();
const world = withAdmin(given);
let sink: MailSink;
let refusing: MailSink;
beforeAll(async () => {
  sink = await openMailSink();
  refusing = await openMailSink({ refuse: true });
});
afterAll(async () => {
  await sink.close();
  await refusing.close();
});

const DATA = { period: 'month', threshold: 80, budget_nano_usd: '10', used_nano_usd: '8' };

/** Makes an attempt at a delivery, and returns what is stored of it. A refused mail is tried again later. */
async function attempt(id: string, { url }: MailSink) {
  const { deps } = world();
  const mailer = createSmtpMailer({ url, from: 'Headgate <headgate@example.com>' });
  const post = async () => ({ is: 'failed', reason: 'no webhook is here' }) as const;
  const options = { db: deps.db, clock: deps.clock, post, mailer, key: deps.keys.credentials, publicUrl: null };
  await deliver(options, id).catch(() => {});
  return (await find(deps.db, id))?.delivery;
}

test.each([
  ['disabled as a member', 'members'],
  ['demoted', 'role'],
  ['removed', 'removed'],
  ['disabled with the account', 'account'],
  ['given another address', 'address'],
] as const)('an owner who was %s while a mail waited gets none, and the others do', async (_, how) => {
  const { root, deps } = world();
  const { id } = await makeOrganization(root);
  const members = `/organizations/${id}/members`;
  const owners = [];
  for (const name of ['Stays', 'Goes']) {
    const account = await makeAccount(root, name);
    const member = must(await root('POST', members, { account_id: account.id, role: 'org_owner' }));
    owners.push({ ...account, memberId: member.id });
  }
  const [stays, goes] = owners as [(typeof owners)[number], (typeof owners)[number]];
  const event = { organizationId: id, teamId: null, type: 'budget.threshold', data: DATA, at: new Date(deps.clock.nowMs()) };
  const made = await deps.db.transaction((tx) => raise(tx, event, { people: true }));
  expect(made).toHaveLength(2);
  const emails = new Map<string, string>();
  for (const delivery of made) {
    expect(await attempt(delivery, refusing)).toMatchObject({ status: 'pending', attempts: 1 });
    emails.set((await find(deps.db, delivery))?.delivery.email ?? '', delivery);
  }
  const path = `${members}/${goes.memberId}`;
  if (how === 'members') must(await root('PATCH', path, { status: 'disabled' }));
  if (how === 'role') must(await root('PATCH', path, { role: 'org_admin' }));
  if (how === 'removed') must(await root('DELETE', path));
  if (how === 'account') must(await root('PATCH', `/accounts/${goes.id}`, { status: 'disabled' }));
  if (how === 'address') await accounts.update(deps.db, goes.id, { email: `new-${goes.email}` }, new Date());
  const before = sink.mails.length;
  const to = (email: string) => attempt(emails.get(email) ?? '', sink);
  expect(await to(goes.email)).toMatchObject({
    status: 'lost',
    attempts: 1,
    problem: expect.stringContaining('no longer active'),
  });
  expect(await to(stays.email)).toMatchObject({ status: 'delivered', attempts: 2 });
  expect(sink.mails.slice(before).flatMap((mail) => mail.to)).toEqual([stays.email]);
});
