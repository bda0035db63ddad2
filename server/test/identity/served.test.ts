import { afterAll, expect, test } from 'vitest';
import { type Gateway, startGateway } from '../prove/gateway.ts';
import { PASSWORD } from './support.ts';

/** A gateway as people start it: a process of its own on the embedded database. */
const started: Gateway[] = [];
afterAll(async () => {
  await Promise.all(started.map((gateway) => gateway.kill()));
});

async function start(options: Parameters<typeof startGateway>[0] = {}): Promise<Gateway> {
  const gateway = await startGateway(options);
  started.push(gateway);
  return gateway;
}

const linkIn = (output: string) => /http:\/\/127\.0\.0\.1:\d+\/first-admin\?token=([\w-]+)/.exec(output)?.[1] ?? null;

async function ask(gateway: Gateway, method: string, at: string, body?: unknown, cookie?: string) {
  const response = await fetch(`${gateway.base}${at}`, {
    method,
    headers: {
      'content-type': 'application/json',
      origin: gateway.base,
      ...(cookie === undefined ? {} : { cookie }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, cookies: response.headers.getSetCookie(), body: text === '' ? null : JSON.parse(text) };
}

// promise: a session can never call `/v1`
test('the first start prints a link; its admin stays signed in over a restart, and their session opens nothing on /v1', async () => {
  const first = await start();
  const token = linkIn(first.output());
  expect(token).not.toBeNull();
  const person = { email: 'ada@example.com', name: 'Ada Lovelace', password: PASSWORD };
  const made = await ask(first, 'POST', '/api/v1/session/first-admin', { token, ...person });
  expect(made.body).toEqual({ status: 'signed_in' });
  const cookie = made.cookies.map((text) => text.split(';')[0]).join('; ');
  const seen = await ask(first, 'GET', '/api/v1/session', undefined, cookie);
  expect(seen.body).toMatchObject({
    account: { email: 'ada@example.com' },
    platform_role: 'platform_admin',
    public_url: first.base,
  });
  expect((await ask(first, 'GET', '/api/v1/organizations', undefined, cookie)).status).toBe(200);
  for (const at of ['/v1/models', '/v1/chat/completions']) {
    const answer = await ask(first, at === '/v1/models' ? 'GET' : 'POST', at, at === '/v1/models' ? undefined : {}, cookie);
    expect([at, answer.status, answer.body.error.code]).toEqual([at, 401, 'invalid_api_key']);
  }
  expect(first.output()).not.toContain(PASSWORD);
  await first.stop();
  const second = await start({
    dataDir: first.dataDir,
    env: { HEADGATE_PORT: String(first.port) },
    adminToken: first.adminToken,
  });
  expect(linkIn(second.output())).toBeNull();
  expect((await ask(second, 'GET', '/api/v1/session', undefined, cookie)).body.account.email).toBe('ada@example.com');
  expect((await ask(second, 'DELETE', '/api/v1/session', undefined, cookie)).status).toBe(204);
  expect((await ask(second, 'GET', '/api/v1/session', undefined, cookie)).status).toBe(401);
  const again = await ask(second, 'POST', '/api/v1/session/sign-in', { email: person.email, password: PASSWORD });
  expect(again.body).toEqual({ status: 'signed_in' });
}, 120_000);

test('in production nothing is printed that lets anybody in', async () => {
  const gateway = await start({
    env: { HEADGATE_MODE: 'production', HEADGATE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'), HEADGATE_LOG: 'text' },
  });
  expect(gateway.output()).toContain('Headgate is ready');
  expect(gateway.output()).not.toContain('first-admin');
}, 120_000);
