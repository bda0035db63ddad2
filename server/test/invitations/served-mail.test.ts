import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gateway, startGateway } from '../prove/gateway.ts';
import { type MailSink, openMailSink } from './mail-sink.ts';
import { freshEmail, tokenIn } from './support.ts';

const MS_MAX = 120_000;
const PUBLIC_URL = 'https://gate.example.com';

describe('a gateway with a mail server', { timeout: MS_MAX }, () => {
  let sink: MailSink;
  let gateway: Gateway | null = null;
  beforeAll(async () => {
    sink = await openMailSink();
    gateway = await startGateway({
      env: {
        HEADGATE_SMTP_URL: sink.url,
        HEADGATE_MAIL_FROM: 'Headgate <headgate@example.com>',
        HEADGATE_PUBLIC_URL: PUBLIC_URL,
      },
    });
  }, MS_MAX);
  afterAll(async () => {
    await gateway?.stop();
    await sink.close();
  });

  test('mails the invitation; whoever reads the mail comes in by the link in it', async () => {
    if (gateway === null) throw new Error('the gateway starts in beforeAll');
    const email = freshEmail();
    const sent = await gateway.admin('POST', '/invitations', { email, organization_id: null, role: 'platform_auditor' });
    expect(sent).toMatchObject({ mailed: true, status: 'pending' });
    const [mail] = sink.mails;
    expect(mail).toMatchObject({ from: 'headgate@example.com', to: [email] });
    const [link = ''] = mail?.text.match(/https:\/\/gate\.example\.com\/invitation\?token=[\w-]+/) ?? [];
    const accepted = await fetch(`${gateway.base}/api/v1/invitations/accept`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: PUBLIC_URL },
      body: JSON.stringify({ token: tokenIn(link), name: 'Ada', password: 'seven green umbrellas' }),
    });
    expect(accepted.status).toBe(200);
    expect(accepted.headers.get('set-cookie')).toMatch(/HttpOnly/i);
    const settings = JSON.stringify(await gateway.admin('GET', '/settings'));
    expect(settings).not.toContain(sink.url);
    expect(gateway.output()).not.toContain(tokenIn(link));
  });
});
