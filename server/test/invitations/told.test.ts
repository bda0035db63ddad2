/** People who are added without an invitation are told by mail. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Mailer } from '../../src/identity/mail/mailer.ts';
import { createSmtpMailer } from '../../src/identity/mail/smtp-mailer.ts';
import { makeAccount, makeTeam, must, withAdmin } from '../admin/support.ts';
import { withDatabase } from '../support/database.ts';
import { type MailSink, openMailSink } from './mail-sink.ts';

let sink: MailSink;
beforeAll(async () => {
  sink = await openMailSink();
});
afterAll(() => sink.close());
beforeEach(() => {
  sink.mails.length = 0;
});
const mailer: Mailer = {
  configured: true,
  send: (mail) => createSmtpMailer({ url: sink.url, from: 'Headgate <headgate@example.com>' }).send(mail),
};
const world = withAdmin(withDatabase(), { mailer, publicUrl: 'https://gate.example.com' });
const mailsTo = (email: string) => sink.mails.filter(({ to }) => to.includes(email)).map(({ text }) => text);

// promise: Who is added without an invitation is told by mail
test('a person who is added to an organization or to a team is told where, by whom and with which role', async () => {
  const { root } = world();
  const { organization, team } = await makeTeam(root, { name: 'Acme' }, { name: 'Research' });
  const account = await makeAccount(root, 'Ada');
  must(await root('POST', `/organizations/${organization.id}/members`, { account_id: account.id, role: 'org_auditor' }));
  await expect.poll(() => mailsTo(account.email)).toHaveLength(1);
  const [first = ''] = mailsTo(account.email);
  expect(first).toContain('root added your Headgate account to Acme as an auditor.');
  expect(first).toContain(`https://gate.example.com/organizations/${organization.id}`);
  must(await root('POST', `/teams/${team.id}/members`, { account_id: account.id, role: 'team_developer' }));
  await expect.poll(() => mailsTo(account.email)).toHaveLength(2);
  expect(mailsTo(account.email)[1]).toContain('root added your Headgate account to the team Research of Acme as a developer.');
});

test('nobody is told of a refusal, and nobody of what they did themselves', async () => {
  const { root, as } = world();
  const { organization, team } = await makeTeam(root);
  const account = await makeAccount(root);
  const path = `/organizations/${organization.id}/members`;
  const body = { account_id: account.id, role: 'org_member' };
  expect((await root('POST', path, { ...body, teams: [{ team_id: 'team_none', role: 'team_viewer' }] })).status).toBe(400);
  must(await as([{ role: 'platform_admin' }], account.id)('POST', path, body));
  expect((await root('POST', path, body)).status).toBe(409);
  // A later mail of the same sender has arrived, so earlier ones would have as well.
  must(await root('POST', `/teams/${team.id}/members`, { account_id: account.id, role: 'team_viewer' }));
  await expect.poll(() => mailsTo(account.email)).toHaveLength(1);
});

test('an account is added although the mail server is away, and the log says that the person was not told', async () => {
  const { root, logged } = world();
  const { organization } = await makeTeam(root);
  const account = await makeAccount(root);
  await sink.close();
  must(await root('POST', `/organizations/${organization.id}/members`, { account_id: account.id, role: 'org_member' }));
  await expect.poll(() => logged.join()).toContain('the mail about a new membership could not be sent');
  expect(logged.join()).not.toContain(account.email);
  sink = await openMailSink();
});
