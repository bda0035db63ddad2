/** Logins on replicas with a plane each: one serves the admin plane, two the data plane, all on one PostgreSQL and one Redis. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../jobs/support.ts';
import { type Fleet, startFleet } from '../prove/fleet.ts';
import type { Gateway } from '../prove/gateway.ts';
import { openClient } from '../support/pg-client.ts';
import { freePort } from '../support/ports.ts';
import { hasRedis } from '../support/redis.ts';
import { makeTenant, type Person, signUp, type Tenant } from '../support/tenants.ts';
import { asPerson, DEVICE_GRANT, form, must, withToken } from './site.ts';

const MS_MAX = 240_000;
/** The time after which a change is live everywhere. */
const LIVE_MS_MAX = 5_000;
let fleet: Fleet | null = null;
let tenant: Tenant;
let ada: Person;

beforeAll(async () => {
  const roles = ['admin', 'data', 'data'] as const;
  // Browsers open the admin plane at the public address.
  const port = String(await freePort());
  fleet = await startFleet({
    env: { HEADGATE_PUBLIC_URL: `http://127.0.0.1:${port}` },
    envOf: (index) => ({ HEADGATE_ROLE: roles[index] as string, ...(index === 0 ? { HEADGATE_PORT: port } : {}) }),
  });
  if (fleet === null) return;
  const [admin] = fleet.replicas as readonly [Gateway];
  tenant = await makeTenant(admin.admin);
  ada = await signUp({ base: admin.base, root: admin.admin }, 'team_developer', tenant.teams[0]);
}, MS_MAX);
afterAll(() => fleet?.stop(), MS_MAX);

const replicas = () => (fleet as Fleet).replicas as readonly [Gateway, Gateway, Gateway];

async function login(deviceName: string) {
  const [admin, one] = replicas();
  const { user_code, device_code } = (await form(one, 'device', { device_name: deviceName })).body;
  must(await asPerson(admin, ada, 'POST', '/logins/device/lookup', { user_code }));
  must(await asPerson(admin, ada, 'POST', '/logins/device/approve', { user_code, team_id: tenant.teams[0].teamId }));
  return must(await form(one, 'token', { grant_type: DEVICE_GRANT, device_code }));
}

// promise: A login that ends at one replica ends at every other within 5 s, with its access tokens.
test.skipIf(!hasRedis('Redis'))(
  'a login that ends at one replica ends at every other within 5 s, however it ends',
  async () => {
    const [admin, one, two] = replicas();
    const statuses = async (token: string) => [(await withToken(one, token)).status, (await withToken(two, token)).status].join();
    const first = await login('signs out');
    expect(await statuses(first.access_token)).toBe('200,200');
    await form(one, 'revoke', { token: first.refresh_token });
    expect((await withToken(one, first.access_token)).status).toBe(401);
    await until(async () => (await withToken(two, first.access_token)).status === 401, LIVE_MS_MAX);
    const second = await login('is ended');
    expect(await statuses(second.access_token)).toBe('200,200');
    must(await asPerson(admin, ada, 'DELETE', `/logins/${second.key_id}`));
    await until(async () => (await statuses(second.access_token)) === '401,401', LIVE_MS_MAX);
    expect((await form(two, 'token', { grant_type: 'refresh_token', refresh_token: second.refresh_token })).status).toBe(401);
  },
  MS_MAX,
);

test.skipIf(!hasRedis('Redis'))(
  'a hundred refreshes of one token at two replicas make one family',
  async () => {
    const [, one, two] = replicas();
    const first = await login('at both');
    const refresh = (at: Gateway) => form(at, 'token', { grant_type: 'refresh_token', refresh_token: first.refresh_token });
    const answers = await Promise.all(Array.from({ length: 100 }, (_, nth) => refresh(nth % 2 === 0 ? one : two)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.refresh_token} ${body.access_token}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(200);
  },
  MS_MAX,
);

test.skipIf(!hasRedis('Redis'))(
  'an access token that ended says so for a day, and is unknown afterwards; the secret of an ordinary key is unknown at once',
  async () => {
    const [, one, two] = replicas();
    const { access_token, key_id } = await login('is old');
    const client = await openClient((fleet as Fleet).postgres.url);
    const endSecrets = (keyId: string, ago: string) =>
      client.query('update key_secrets set valid_until = now() - $2::interval where key_id = $1', [keyId, ago]);
    const codeAt = async (at: Gateway, token: string) => {
      const { status, body } = await withToken(at, token);
      return `${status} ${body.error.code}`;
    };
    try {
      await endSecrets(key_id, '23 hours');
      expect(await codeAt(two, access_token)).toBe('401 api_key_expired');
      await endSecrets(key_id, '25 hours');
      expect(await codeAt(one, access_token)).toBe('401 invalid_api_key');
      const { id, secret } = tenant.teams[1].key;
      await endSecrets(id, '1 second');
      expect(await codeAt(one, secret)).toBe('401 invalid_api_key');
    } finally {
      await client.end();
    }
  },
  MS_MAX,
);

test.skipIf(!hasRedis('Redis'))(
  'each path is on its plane, and the other plane says where',
  async () => {
    const [admin, one] = replicas();
    for (const path of ['/.well-known/oauth-authorization-server', '/managed/settings', '/api/oauth/usage']) {
      const foreign = await withToken(admin, 'sk-hg-x', path);
      expect([foreign.status, JSON.stringify(foreign.body)]).toEqual([404, expect.stringContaining('HEADGATE_ROLE=all or data')]);
      expect((await withToken(one, 'sk-hg-x', path)).status).not.toBe(404);
    }
    expect((await form(admin, 'device', {})).status).toBe(404);
    expect((await withToken(one, 'hgadm_x', '/api/v1/logins')).status).toBe(404);
  },
  MS_MAX,
);
