/** Headers, addresses, paths, words and answers that are meant for somebody else, sent to the program itself by who should not have them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROUTES } from '../../src/admin/http/app.ts';
import { type MailSink, openMailSink } from '../invitations/mail-sink.ts';
import { openReceiver, type Receiver } from '../jobs/receiver.ts';
import { until } from '../jobs/support.ts';
import { inParallel } from '../prove/data-plane.ts';
import { type Gateway, startGateway } from '../prove/gateway.ts';
import { makeCredential, makeKey, makeModel, makeTenant, PROVIDER_SECRET } from '../prove/tenant.ts';
import { postBytes, sendRaw } from '../support/raw-http.ts';
import { openRecordingProvider, PROVIDERS_OWN, PROVIDERS_WORD, type RecordingProvider } from './recording-provider.ts';

const MS_MAX = 120_000;
const CHAT = '/v1/chat/completions';
const CLIENTS_WORD = 'from-the-client';
/** Each engine of templates would make 49 of one of them, or fail. */
const TEMPLATE = `{{7*7}} \${7*7} <%= 7*7 %> #{7*7} {7*7} %s %(x)s {0} $(id)`;

let gateway: Gateway;
let provider: RecordingProvider;
let elsewhere: RecordingProvider;
let redirecting: RecordingProvider;
let receiver: Receiver;
let mails: MailSink;
let one: { readonly organizationId: string; readonly secret: string };
let other: { readonly organizationId: string; readonly secret: string };
let ids: { readonly credential: string; readonly deployment: string; readonly redirected: string };

async function openTenant(): Promise<typeof one> {
  const tenant = await makeTenant(gateway, { asset_access: { mode: 'selected', targets: [] } });
  const name = `only-${tenant.organizationId.slice(-6)}`;
  await makeModel(gateway, { model: name, provider: 'openai', upstreamModel: name, credentialId: ids.credential });
  const access = { asset_access: { mode: 'selected', targets: ['shared', name] } };
  await gateway.admin('PATCH', `/organizations/${tenant.organizationId}`, access);
  const { secret } = await makeKey(gateway, tenant);
  // A key that is not in memory yet is looked up, and a busy machine may need longer for that than a caller is made to wait.
  await until(async () => (await call('GET', '/v1/models', secret)).status === 200, 30_000);
  return { organizationId: tenant.organizationId, secret };
}

beforeAll(async () => {
  [elsewhere, provider, receiver, mails] = await Promise.all([
    openRecordingProvider(),
    openRecordingProvider(),
    openReceiver(),
    openMailSink(),
  ]);
  redirecting = await openRecordingProvider(elsewhere.base);
  const env = { HEADGATE_ALLOWED_WEBHOOKS: '127.0.0.1', HEADGATE_SMTP_URL: mails.url, HEADGATE_MAIL_FROM: 'x@example.com' };
  gateway = await startGateway({ env });
  const credential = await makeCredential(gateway, 'openai', `${provider.base}/v1`);
  const away = await makeCredential(gateway, 'openai', `${redirecting.base}/v1`);
  const deployment = await makeModel(gateway, {
    ...{ model: 'shared', provider: 'openai', upstreamModel: 'shared', credentialId: credential },
  });
  const redirected = await makeModel(gateway, {
    ...{ model: 'away', provider: 'openai', upstreamModel: 'away', credentialId: away },
  });
  ids = { credential, deployment, redirected };
  one = await openTenant();
  other = await openTenant();
}, MS_MAX);
afterAll(async () => {
  await gateway?.stop();
  for (const server of [provider, elsewhere, redirecting]) server?.close();
  await receiver?.down();
  await mails?.close();
}, MS_MAX);

function call(method: string, at: string, token: string, body?: unknown): Promise<Response> {
  return fetch(`${gateway.base}${at}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
}

const ask = (stream = false) => JSON.stringify({ model: 'shared', stream, messages: [{ role: 'user', content: 'Hello' }] });

describe('headers that are for the next hop alone', () => {
  /** Plain ones, which the fast lane takes, and ones that name themselves as for this hop, which it does not. */
  const CLIENTS_OWN: Readonly<Record<string, readonly string[]>> = {
    plain: [
      `cookie: session=${CLIENTS_WORD}`,
      `x-forwarded-for: ${CLIENTS_WORD}`,
      `x-forwarded-host: ${CLIENTS_WORD}`,
      `forwarded: for=${CLIENTS_WORD}`,
      `x-original-url: /${CLIENTS_WORD}`,
      `openai-organization: ${CLIENTS_WORD}`,
      `openai-project: ${CLIENTS_WORD}`,
      `x-headgate-organization: ${CLIENTS_WORD}`,
      `user-agent: ${CLIENTS_WORD}`,
      `origin: https://${CLIENTS_WORD}.example`,
    ],
    'for this hop': [
      'connection: keep-alive, x-hop, authorization',
      `x-hop: ${CLIENTS_WORD}`,
      `keep-alive: timeout=${CLIENTS_WORD}`,
      `te: trailers, ${CLIENTS_WORD}`,
      `proxy-authorization: Basic ${CLIENTS_WORD}`,
      `proxy-connection: ${CLIENTS_WORD}`,
      `trailer: ${CLIENTS_WORD}`,
    ],
  };

  test.each(Object.keys(CLIENTS_OWN))('reach no provider: %s', async (kind) => {
    for (const stream of [false, true]) {
      const before = provider.heard.length;
      const answer = await sendRaw(gateway.port, postBytes(CHAT, one.secret, ask(stream), CLIENTS_OWN[kind]));
      expect(answer.status).toBe(200);
      expect(provider.heard).toHaveLength(before + 1);
      const { headers, body } = provider.heard.at(-1) as (typeof provider.heard)[number];
      const text = JSON.stringify([headers, body]);
      expect(text).not.toContain(CLIENTS_WORD);
      expect(text).not.toContain(one.secret);
      const names = headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
      expect(names.filter((name) => /^(te|trailer|upgrade|keep-alive|cookie|forwarded|via|proxy-|x-)/.test(name))).toEqual([]);
      expect(headers[headers.findIndex((name) => name.toLowerCase() === 'authorization') + 1]).toBe(`Bearer ${PROVIDER_SECRET}`);
    }
  });

  test.each([false, true])('of a provider reach no client (streamed: %s)', async (stream) => {
    const answer = await sendRaw(gateway.port, postBytes(CHAT, one.secret, ask(stream)));
    expect(answer.status).toBe(200);
    expect(answer.everything).not.toContain(PROVIDERS_WORD);
    // Ours are there under some of those names.
    const ours = Object.keys(answer.headers).filter((name) => name in PROVIDERS_OWN);
    expect(ours.filter((name) => !/^(x-request-id|x-headgate-(cost|model|organization)|cache-control)$/.test(name))).toEqual([]);
    expect(answer.headers['x-headgate-organization']).toBe(one.organizationId);
  });
});

describe('what was answered to one', () => {
  test('is not given to another who asks the same, nor to the same one again', async () => {
    const said = async (secret: string) => {
      const answer = await call('POST', CHAT, secret, JSON.parse(ask()));
      return ((await answer.json()) as { choices: { message: { content: string } }[] }).choices[0]?.message.content;
    };
    const all = [await said(one.secret), await said(other.secret), await said(one.secret)];
    expect(new Set(all).size).toBe(3);
    const named = async (secret: string, headers: Readonly<Record<string, string>> = {}) => {
      const answer = await fetch(`${gateway.base}/v1/models`, { headers: { 'x-api-key': secret, ...headers } });
      return (await answer.json()) as { data: { id: string }[] };
    };
    const [first, second] = [await named(one.secret), await named(other.secret, { 'if-none-match': '*' })];
    expect(first.data.map(({ id }) => id).sort()).not.toEqual(second.data.map(({ id }) => id).sort());
    expect(second.data).toHaveLength(2);
  });

  test(
    'is kept by no cache on the way: what a key asks for, and every page of the admin API',
    async () => {
      const asked = await call('POST', CHAT, one.secret, JSON.parse(ask()));
      await asked.text();
      const id = asked.headers.get('x-request-id') ?? '';
      // A cache may keep what came without `authorization`, and a key comes in other headers too.
      for (const at of ['/v1/models', '/v1/models/shared', `/v1/decisions/${id}`, '/v1/models/nothing', '/v1/nothing']) {
        const answer = await fetch(`${gateway.base}${at}`, { headers: { 'x-api-key': one.secret } });
        await answer.text();
        expect([at, answer.status, answer.headers.get('cache-control')]).toEqual([at, answer.status, 'no-store']);
      }
      const lists = Object.entries(ROUTES).filter(
        ([name, { form }]) => name.startsWith('GET ') && !name.includes(':') && form !== 'events',
      );
      const kept = await inParallel(lists, 4, async ([name]) => {
        const answer = await call('GET', `/api/v1${name.split(' ')[1]}`, gateway.adminToken);
        await answer.text();
        return answer.headers.get('cache-control') === 'no-store' ? [] : [name];
      });
      expect(kept.flat()).toEqual([]);
    },
    MS_MAX,
  );
});

describe('a path that climbs', () => {
  const CLIMBS = ['..', '%2e%2e', '.%2e', '..%2f', '..%5c', '..\\', '%252e%252e', '..;', '....//', '%c0%ae%c0%ae', '..%00'];
  const ROOTS = ['/', '/assets/', '/api/docs/static/', '/api/v1/', '/v1/'];
  const TARGETS = ['package.json', 'etc/passwd'];

  test(
    'reads no file, whichever door it is tried at',
    async () => {
      const problems: string[] = [];
      let asked = 0;
      for (const root of ROOTS)
        for (const climb of CLIMBS)
          for (const target of TARGETS) {
            const at = `${root}${`${climb}/`.repeat(6)}${target}`;
            const bytes = `GET ${at} HTTP/1.1\r\nhost: gateway.test\r\nauthorization: Bearer ${one.secret}\r\nconnection: close\r\n\r\n`;
            const answer = await sendRaw(gateway.port, bytes);
            asked += 1;
            const isRead =
              /"dependencies"|root:x?:0|import \{|-----BEGIN/.test(answer.body) && !answer.body.includes('<!doctype html>');
            if (isRead || answer.status >= 500 || answer.status === 0)
              problems.push(`${at}: ${answer.status} ${answer.body.slice(0, 80)}`);
            if (answer.status === 200 && !/text\/html/.test(answer.headers['content-type'] ?? '')) problems.push(`${at}: a file`);
          }
      expect(problems).toEqual([]);
      expect(asked).toBe(ROOTS.length * CLIMBS.length * TARGETS.length);
    },
    MS_MAX,
  );
});

describe('a try of what is set up', () => {
  test('is for those who set it up: a tenant makes nobody call anything', async () => {
    const body = { name: 'owner', role: 'org_owner', organization_id: one.organizationId };
    const { token } = await gateway.admin<{ token: string }>('POST', '/admin-tokens', body);
    const hook = { organization_id: other.organizationId, name: 'x', url: receiver.url, events: ['budget.threshold'] };
    const foreign = await gateway.admin<{ id: string }>('POST', '/webhooks', hook);
    const before = provider.heard.length;
    const unsaved = { model: 'x', provider: 'openai', upstream_model: 'x', credential_id: ids.credential };
    const statuses = [
      await call('POST', `/api/v1/deployments/${ids.deployment}/check`, token),
      await call('POST', '/api/v1/deployments/check', token, unsaved),
      await call('GET', `/api/v1/credentials/${ids.credential}/models`, token),
      await call('POST', `/api/v1/webhooks/${foreign.id}/test`, token),
    ].map(({ status }) => status);
    expect(statuses).toEqual([403, 403, 403, 404]);
    expect(provider.heard).toHaveLength(before);
    expect(receiver.received).toEqual([]);
  });

  test('asks the stored address alone, and follows nobody elsewhere with the key', async () => {
    const tried = await gateway.ask<{ ok: boolean; message: string }>('POST', `/deployments/${ids.redirected}/check`);
    expect(tried).toMatchObject({ status: 200, body: { ok: false } });
    expect(JSON.stringify(tried.body)).not.toContain(PROVIDER_SECRET);
    expect(redirecting.heard).toHaveLength(1);
    expect(elsewhere.heard).toEqual([]);
    const extra = { base_url: elsewhere.base, api_key: 'x' };
    expect((await gateway.ask('POST', `/deployments/${ids.redirected}/check`, extra)).status).toBe(400);
    const unsaved = { model: 'x', provider: 'openai', upstream_model: 'x', credential_id: ids.credential, ...extra };
    expect((await gateway.ask('POST', '/deployments/check', unsaved)).status).toBe(400);
    expect(elsewhere.heard).toEqual([]);
  });

  test('of an address of the cloud is refused before anything is called', async () => {
    for (const base_url of ['http://169.254.169.254/latest', 'http://[fd00:ec2::254]/', 'http://metadata.google.internal/']) {
      const body = { name: `cloud ${base_url}`, provider: 'openai', api_key: 'x', base_url };
      expect([base_url, (await gateway.ask('POST', '/credentials', body)).status]).toEqual([base_url, 400]);
    }
  });
});

describe('a name that is a template', () => {
  test(
    'is text in mails, in messages to others and in answers',
    async () => {
      const { organizationId: organization_id } = one;
      await gateway.admin('PATCH', `/organizations/${organization_id}`, { name: TEMPLATE });
      await gateway.admin('POST', '/invitations', { email: 'template@example.com', organization_id, role: 'org_member' });
      await until(() => mails.mails.length === 1, 30_000);
      expect(mails.mails[0]?.text).toContain(TEMPLATE);
      const hook = { organization_id, name: TEMPLATE, url: receiver.url, events: ['budget.threshold'] };
      const { id } = await gateway.admin<{ id: string }>('POST', '/webhooks', hook);
      await gateway.admin('POST', `/webhooks/${id}/test`);
      await until(() => receiver.received.length === 1, 30_000);
      const message = receiver.received[0]?.body ?? '';
      const said = JSON.stringify([mails.mails, message, gateway.output()]);
      expect(said).not.toMatch(/\b49\b [$<#{%]/);
      expect(await gateway.admin('GET', `/organizations/${organization_id}`)).toMatchObject({ name: TEMPLATE });
    },
    MS_MAX,
  );
});
