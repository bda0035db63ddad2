import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderLetter } from '../../src/identity/mail/letter.ts';
import { noMailer } from '../../src/identity/mail/mailer.ts';
import { createSmtpMailer } from '../../src/identity/mail/smtp-mailer.ts';
import { type MailSink, openMailSink } from './mail-sink.ts';

const FROM = 'Headgate <headgate@example.com>';
const letter = renderLetter({
  to: 'ada@example.com',
  subject: 'Join <b>Acme</b>\r\nBcc: everyone@example.com',
  paragraphs: ['<script>alert(1)</script> invites you to “Acme”.'],
  link: { label: 'Accept', url: 'https://gate.example.com/accept?token=abc&x="y"' },
  closing: ['It holds for 7 days.'],
});

describe('mail over SMTP', () => {
  let sink: MailSink;
  beforeAll(async () => {
    sink = await openMailSink();
  });
  afterAll(() => sink.close());

  test('arrives as text and as HTML, from the sender that was set, to one recipient', async () => {
    expect(await createSmtpMailer({ url: sink.url, from: FROM }).send(letter)).toEqual({ is: 'sent' });
    const [mail] = sink.mails;
    expect(mail).toMatchObject({ from: 'headgate@example.com', to: ['ada@example.com'] });
    expect(mail?.text).toContain('https://gate.example.com/accept?token=abc&x="y"');
    expect(mail?.raw).toContain('multipart/alternative');
  });

  test('a name people chose is text in the HTML, and no line of the head', async () => {
    const [mail] = sink.mails;
    expect(mail?.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt; invites you');
    expect(mail?.raw).not.toMatch(/^Bcc:/im);
    expect(letter.html).not.toContain('<script>');
    expect(letter.subject).not.toMatch(/[\r\n]/);
  });

  test('an address with a comma in it is not two recipients', async () => {
    const before = sink.mails.length;
    await createSmtpMailer({ url: sink.url, from: FROM }).send({ ...letter, to: 'ada@example.com,eve@example.com' });
    for (const mail of sink.mails.slice(before)) expect(mail.to).not.toContain('eve@example.com');
  });
});

describe('mail that cannot be sent', () => {
  test('is said with a reason and without a secret: refused, unreachable, silent', async () => {
    const refusing = await openMailSink({ refuse: true });
    const refused = await createSmtpMailer({ url: refusing.url, from: FROM }).send(letter);
    await refusing.close();
    expect(refused).toMatchObject({ is: 'failed', reason: expect.stringContaining('550') });
    const gone = await createSmtpMailer({ url: refusing.url.replace('//', '//user:canary@'), from: FROM }).send(letter);
    expect(gone).toMatchObject({ is: 'failed', reason: expect.stringContaining('ESOCKET') });
    expect(JSON.stringify(gone)).not.toContain('canary');
  });

  test('a server that says nothing does not hold anyone up', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const startedMs = performance.now();
    const sent = await createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from: FROM, timeoutMs: 300 }).send(letter);
    silent.close();
    expect(sent.is).toBe('failed');
    expect(performance.now() - startedMs).toBeLessThan(20_000);
  });

  test('without a server nothing is sent and everyone can know beforehand', async () => {
    expect(noMailer.configured).toBe(false);
    expect(await noMailer.send(letter)).toMatchObject({ is: 'failed' });
  });
});
