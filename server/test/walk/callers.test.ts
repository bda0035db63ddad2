import { describe, expect, test, vi } from 'vitest';
import { newKeySecret } from '../../src/lib/secrets.ts';
import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts';
import { gatedProvider } from '../support/gated-provider.ts';
import { type Change, deployment, type House, model, OWNED_BY_MEMBER } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const { open } = withHouse();

describe('a key', () => {
  const CARRIERS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'] as const;
  const carried = (name: (typeof CARRIERS)[number], secret: string) => [
    name,
    name === 'authorization' ? `Bearer ${secret}` : secret,
  ];
  const pairs = CARRIERS.flatMap((one) => CARRIERS.map((other) => [one, other] as const));

  // promise: Several key carriers with different values: 400.
  test.each(pairs)('in %s and another in %s is 400, and the same in both is one key', async (one, other) => {
    const { ask, secret, rows, upstreamCalls } = await open();
    const said = await ask(HELLO, { secret: null, headers: [...carried(one, secret), ...carried(other, newKeySecret())] });
    expect([said.status, said.json().error.code]).toEqual([400, 'invalid_request']);
    expect([rows, upstreamCalls()]).toEqual([[], 0]);
    const same = await ask(HELLO, { secret: null, headers: [...carried(one, secret), ...carried(other, secret)] });
    expect(same.status).toBe(200);
  });

  // promise: Secrets carry a checksum, so garbage never reaches Postgres.
  test('that is none by its form alone is refused without asking the store', async () => {
    const { ask, gateway, secret } = await open();
    const asked = vi.spyOn(gateway.snapshot, 'keyBySecret');
    const last = secret.at(-1) === 'A' ? 'B' : 'A';
    for (const garbage of ['', 'sk-hg-', `${secret}x`, secret.slice(0, -1), `${secret.slice(0, -1)}${last}`, 'sk-proj-abc'])
      expect((await ask(HELLO, { secret: garbage })).status).toBe(401);
    expect(asked).not.toHaveBeenCalled();
    expect((await ask(HELLO, { secret: newKeySecret() })).status).toBe(401);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  // promise: a key not in the cache: 503 `service_unavailable`, never 401
  test('that is not in memory while the store is away is 503 and never called unknown', async () => {
    const { ask, gateway } = await open();
    vi.spyOn(gateway.snapshot, 'keyBySecret').mockReturnValue(Promise.reject(new Error('away')));
    const said = await ask(HELLO);
    expect([said.status, said.json().error.code, said.headers['retry-after']]).toEqual([503, 'service_unavailable', '1']);
  });
});

describe('a status that is not active', () => {
  const disabledService = { id: 'svc_1', teamId: 'team_1', name: 'ci', status: 'disabled' } as const;
  const table: readonly (readonly [string, House, number, string])[] = [
    ['a suspended organization', { organization: { status: 'suspended' } }, 403, 'organization_suspended'],
    ['an archived organization', { organization: { status: 'archived' } }, 403, 'organization_archived'],
    ['a deleted organization', { organization: { status: 'deleted' } }, 401, 'invalid_api_key'],
    ['a suspended team', { team: { status: 'suspended' } }, 403, 'key_disabled'],
    ['a team that is gone', { organization: { teams: new Map() } }, 401, 'invalid_api_key'],
    ['a disabled owner', { member: { status: 'disabled' }, key: OWNED_BY_MEMBER }, 403, 'key_disabled'],
    ['an owner who left', { key: OWNED_BY_MEMBER }, 401, 'invalid_api_key'],
    [
      'a disabled service account',
      { organization: { serviceAccounts: new Map([['svc_1', disabledService]]) } },
      403,
      'key_disabled',
    ],
    ['a service account that is gone', { organization: { serviceAccounts: new Map() } }, 401, 'invalid_api_key'],
    ['a disabled key', { key: { status: { is: 'disabled' } } }, 403, 'key_disabled'],
    ['a revoked key', { key: { status: { is: 'revoked' } } }, 401, 'invalid_api_key'],
    ['an expired key', { key: { expiresAtMs: 1 } }, 401, 'api_key_expired'],
  ];

  // promise: `authenticate` enforces the status of organization, team, owner, service account and key.
  test.each(table)('%s', async (_name, plan, status, code) => {
    const { ask, upstreamCalls } = await open(plan);
    for (const path of ['/v1/chat/completions', '/v1/messages', '/v1/models']) {
      const said = await ask(HELLO, { path, method: path === '/v1/models' ? 'GET' : 'POST' });
      expect(said.status).toBe(status);
      if (path !== '/v1/messages') expect(said.json().error.code).toBe(code);
    }
    expect(upstreamCalls()).toBe(0);
  });

  // promise: Requests in flight finish.
  test.each<readonly [string, Change]>([
    ['its organization is suspended', { organization: { status: 'suspended' } }],
    ['its organization is deleted', { organization: { status: 'deleted', teams: new Map() } }],
    ['its key is revoked', { key: { status: { is: 'revoked' } } }],
    ['its access is taken away', { key: { access: { mode: 'restrict', targets: [], accessGroups: [] } } }],
  ])('a request in flight finishes when %s meanwhile, and the next one is refused', async (_name, to) => {
    const gate = gatedProvider();
    const { ask, change, rows, counters } = await open({
      provider: gate.provider,
      key: { rateLimits: { rpm: 9, max_parallel: 2 } },
    });
    const flying = [ask(HELLO), ask({ ...HELLO, stream: true })];
    await gate.waiting(2);
    await change(to);
    expect((await ask(HELLO)).status).toBeGreaterThan(400);
    gate.open();
    const [whole, stream] = await Promise.all(flying);
    expect([whole?.status, stream?.text.trimEnd().endsWith('data: [DONE]')]).toEqual([200, true]);
    expect(rows.filter(({ status }) => status === 'succeeded')).toHaveLength(2);
    expect(counters.inFlight()).toBe(0);
  });
});

// promise: A request holds one of each.
// promise: One snapshot per request
test('a request goes to its end with the catalogue and the organization it began with, and the next one with the new ones', async () => {
  const fake = createFakeProvider();
  const first = deployment({ upstreamModel: 'fake-500' });
  const targets = [model('fast', [first, deployment({ id: 'dep_old', priority: 1 })])];
  const changed: Promise<void>[] = [];
  const { ask, change, rows } = await open({
    targets,
    provider: {
      ...fake,
      open: (request, sink) => {
        if (changed.length === 0) {
          const toNew = {
            targets: [model('fast', [deployment({ id: 'dep_new' })])],
            organization: { auditContent: 'full' },
          } as const;
          changed.push(change(toNew));
        }
        return fake.open(request, sink);
      },
    },
  });
  expect((await ask(HELLO)).status).toBe(200);
  await changed[0];
  expect(rows[0]).toMatchObject({ deploymentId: 'dep_old', attempts: 2, content: null });
  expect((await ask(HELLO)).status).toBe(200);
  expect(rows[1]).toMatchObject({ deploymentId: 'dep_new', attempts: 1 });
  expect(rows[1]?.content).not.toBeNull();
});
