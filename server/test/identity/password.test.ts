import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { renderLetter } from '../../src/identity/mail/letter.ts';
import { createSmtpMailer } from '../../src/identity/mail/smtp-mailer.ts';
import * as accounts from '../../src/store/accounts/accounts.ts';
import { must, withAdmin } from '../admin/support.ts';
import { openMailSink, type Received } from '../invitations/mail-sink.ts';
import { withDatabase } from '../support/database.ts';
import { browse, makePerson, PASSWORD, signedIn } from './support.ts';

const PUBLIC_URL = 'https://gateway.example';
const sink = await openMailSink();
afterAll(() => sink.close());
const mailer = createSmtpMailer({ url: sink.url, from: 'Headgate <gate@gateway.example>' });
const world = withAdmin(withDatabase(), { mailer, publicUrl: PUBLIC_URL }, { hasSlowPasswords: true });
beforeEach(() => {
  world().time.nowMs = Date.now();
  sink.mails.length = 0;
});

/** Behind the proxy of the public URL every browser says it comes from there. */
const HERE = { origin: PUBLIC_URL };
const NEW = 'eleven purple bicycles';

async function mailTo(email: string): Promise<Received> {
  for (let tries = 0; tries < 100; tries += 1) {
    const mail = sink.mails.find(({ to }) => to.includes(email));
    if (mail !== undefined) return mail;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no mail to ${email}`);
}

const tokenIn = (text: string) => /reset-password\?token=([\w-]+)/.exec(text)?.[1] ?? '';

async function inBrowser(email: string, password: string) {
  const browser = browse(world());
  return { browser, answer: await browser('POST', '/session/sign-in', { email, password }, HERE) };
}

describe('a lost password', () => {
  test('is set anew by a mailed link that works once, and every session ends', async () => {
    const person = await makePerson(world());
    const { browser } = await inBrowser(person.email, PASSWORD);
    expect((await browser('GET', '/session')).status).toBe(200);
    const asked = await browse(world())('POST', '/session/password-reset', { email: person.email }, HERE);
    expect([asked.status, asked.text]).toEqual([204, '']);
    const mail = await mailTo(person.email);
    expect(mail.text).toContain(`${PUBLIC_URL}/reset-password?token=`);
    const token = tokenIn(mail.text);
    const weak = await browse(world())('POST', '/session/password-reset/confirm', { token, password: 'Password123' }, HERE);
    expect([weak.status, weak.body.errors[0].pointer]).toEqual([400, '/password']);
    const set = (password: string) => browse(world())('POST', '/session/password-reset/confirm', { token, password }, HERE);
    expect((await set(NEW)).status).toBe(204);
    expect((await browser('GET', '/session')).status).toBe(401);
    expect((await inBrowser(person.email, PASSWORD)).answer.status).toBe(401);
    expect((await inBrowser(person.email, NEW)).answer.status).toBe(200);
    expect((await set('another fine password')).status).toBe(409);
    expect((await inBrowser(person.email, NEW)).answer.status).toBe(200);
  });

  test('is asked for alike whether there is such an account or not, and mails strangers nothing', async () => {
    const disabled = await makePerson(world());
    await accounts.update(world().deps.db, disabled.id, { status: 'disabled' }, new Date());
    const known = await makePerson(world());
    for (const email of ['nobody@example.com', disabled.email, known.email]) {
      const answer = await browse(world())('POST', '/session/password-reset', { email }, HERE);
      expect([answer.status, answer.text]).toEqual([204, '']);
    }
    await mailTo(known.email);
    expect(sink.mails.flatMap(({ to }) => to)).toEqual([known.email]);
  });

  test('holds an hour by mail, a day by an admin; a newer link replaces an older one', async () => {
    const person = await makePerson(world());
    const link = () => world().root('POST', `/accounts/${person.id}/password-reset`, {});
    const set = (token: string, password: string) =>
      browse(world())('POST', '/session/password-reset/confirm', { token, password }, HERE);
    await browse(world())('POST', '/session/password-reset', { email: person.email }, HERE);
    const mailed = tokenIn((await mailTo(person.email)).text);
    world().time.nowMs += 3_600_001;
    expect((await set(mailed, NEW)).status).toBe(409);
    const first = must(await link());
    expect(first).toEqual({ link: expect.stringMatching(`^${PUBLIC_URL}/reset-password`), mailed: true });
    const second = must(await link());
    expect((await set(tokenIn(first.link), NEW)).status).toBe(409);
    world().time.nowMs += 23 * 3_600_000;
    expect((await set(tokenIn(second.link), NEW)).status).toBe(204);
    const third = must(await link());
    world().time.nowMs += 24 * 3_600_000 + 1;
    expect((await set(tokenIn(third.link), 'another fine password')).status).toBe(409);
    expect((await set('made-up', NEW)).status).toBe(409);
  });

  test('is reset for others only by who manages accounts', async () => {
    const person = await makePerson(world());
    const auditor = await makePerson(world(), { platformRole: 'platform_auditor' });
    const { browser } = await inBrowser(auditor.email, PASSWORD);
    const answer = await browser('POST', `/accounts/${person.id}/password-reset`, {}, HERE);
    expect(answer.status).toBe(403);
  });

  test('keeps the secret of the link out of rows, logs and audit', async () => {
    const person = await makePerson(world());
    const { link } = must(await world().root('POST', `/accounts/${person.id}/password-reset`, {}));
    const token = tokenIn(link);
    const { rows } = await world().deps.db.execute('select * from one_time_links');
    const audit = await world().root('GET', '/audit-events?limit=200');
    expect(JSON.stringify(rows) + audit.text + world().logged.join()).not.toContain(token);
  });
});

describe('a new password', () => {
  test('needs the old one, must be a good one, and ends the other sessions alone', async () => {
    const person = await makePerson(world());
    const { browser } = await inBrowser(person.email, PASSWORD);
    const { browser: other } = await inBrowser(person.email, PASSWORD);
    const set = (current: string, next: string) =>
      browser('POST', '/session/password', { current_password: current, new_password: next }, HERE);
    expect((await set('not this one', NEW)).body.errors).toEqual([{ pointer: '/current_password', message: 'is wrong' }]);
    expect((await set(PASSWORD, person.email)).body.errors[0].pointer).toBe('/new_password');
    expect((await other('GET', '/session')).status).toBe(200);
    expect((await set(PASSWORD, NEW)).status).toBe(204);
    expect([(await browser('GET', '/session')).status, (await other('GET', '/session')).status]).toEqual([200, 401]);
    expect((await inBrowser(person.email, NEW)).answer.status).toBe(200);
  });

  test('cannot be reached by guessing the old one from a session', async () => {
    const person = await makePerson(world());
    const { browser } = await inBrowser(person.email, PASSWORD);
    const set = (current: string) => browser('POST', '/session/password', { current_password: current, new_password: NEW }, HERE);
    const statuses: number[] = [];
    for (let guess = 0; guess < 7; guess += 1) statuses.push((await set(`guess ${guess}`)).status);
    expect(statuses.slice(0, 5)).toEqual([400, 400, 400, 400, 400]);
    expect(statuses[6]).toBe(429);
    expect((await set(PASSWORD)).status, 'the right one has to wait as well').toBe(429);
  });
});

describe('guessing passwords', () => {
  test('takes longer and longer, alike for who exists and who does not; success starts anew', async () => {
    const person = await makePerson(world());
    for (const email of [person.email, 'never-there@example.com']) {
      const statuses: number[] = [];
      for (let guess = 0; guess < 7; guess += 1) statuses.push((await inBrowser(email, `guess ${guess}`)).answer.status);
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    }
    const { answer } = await inBrowser(person.email, PASSWORD);
    expect(answer.status, 'also the right one').toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    world().time.nowMs += 2_001;
    expect((await inBrowser(person.email, PASSWORD)).answer.status).toBe(200);
    expect((await inBrowser(person.email, 'one slip')).answer.status).toBe(401);
    expect((await inBrowser(person.email, PASSWORD)).answer.status).toBe(200);
  });

  test('many at once is no way around', async () => {
    const person = await makePerson(world());
    const answers = await Promise.all(Array.from({ length: 20 }, (_, guess) => inBrowser(person.email, `guess ${guess}`)));
    expect(answers.filter(({ answer }) => answer.status === 401).length).toBeLessThanOrEqual(5);
  });
});

describe('behind a public URL of https', () => {
  test('cookies are for TLS alone, and only its own origin changes anything', async () => {
    const person = await makePerson(world());
    const { answer } = await inBrowser(person.email, PASSWORD);
    expect(answer.setCookies.find((cookie) => cookie.startsWith('headgate_session='))).toMatch(/; Secure/i);
    const elsewhere = await browse(world())('POST', '/session/sign-in', { email: person.email, password: PASSWORD });
    expect(elsewhere.status, 'its own socket is not its address').toBe(403);
    expect((await signedIn(world(), person).catch((error: Error) => error.message)) as string).toContain('403');
  });
});

test('a letter names the person as text', () => {
  const link = { label: 'Open', url: 'https://gateway.example/x' };
  const { html } = renderLetter({
    to: 'a@b.c',
    subject: 's',
    paragraphs: ['Hello <script>alert(1)</script>'],
    link,
    closing: [],
  });
  expect(html).not.toContain('<script>');
});
