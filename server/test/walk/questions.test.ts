import { expect, test } from 'vitest';
import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { withHouse } from '../support/with-house.ts';

const { open } = withHouse();

const NOTHING = { mode: 'restrict', targets: [], accessGroups: [] } as const;
const GET = { method: 'GET' };

// promise: Not granted to the organization: 404 `model_not_found`.
test('a model asked for by its name is 404 where the organization lacks it, and 403 with the level where that removed it', async () => {
  const { ask } = await open({ team: { access: NOTHING } });
  const removed = await ask(null, { ...GET, path: '/v1/models/fast' });
  expect([removed.status, removed.json().error.code, removed.json().error.param]).toEqual([
    403,
    'model_not_allowed',
    'team_access',
  ]);
  const unknown = await ask(null, { ...GET, path: '/v1/models/nowhere' });
  expect([unknown.status, unknown.json().error.code, unknown.json().error.param]).toEqual([404, 'model_not_found', 'model']);
});

test('a question is answered with our ids, the caller’s own, the organization and what we added, also when it is refused', async () => {
  const { ask } = await open();
  for (const path of ['/v1/models', '/v1/models/fast', '/v1/models/nowhere', '/v1/decisions/req_none']) {
    const { headers } = await ask(null, { ...GET, path, headers: ['x-client-request-id', 'mine-1', 'x-request-id', 'theirs'] });
    expect(headers['x-request-id']).toMatch(/^req_/);
    expect(headers).toMatchObject({
      'request-id': headers['x-request-id'],
      'x-client-request-id': 'mine-1',
      'x-headgate-organization': 'org_1',
    });
  }
  expect((await ask(null, { ...GET, path: '/v1/models' })).headers['x-headgate-overhead-ms']).toMatch(/^\d+\.\d\d$/);
});

test('a path that takes another method says which', async () => {
  const { ask } = await open();
  const asked = await ask(null, { ...GET, path: '/v1/chat/completions' });
  expect([asked.status, asked.json().error.code, asked.headers.allow]).toEqual([405, 'method_not_allowed', 'POST']);
  const upgrading = { ...GET, path: '/v1/responses', headers: ['connection', 'Upgrade', 'upgrade', 'websocket'] };
  const socket = await ask(null, upgrading);
  expect([socket.status, socket.json().error.code, socket.headers.upgrade, socket.headers.connection]).toEqual([
    ...[426, 'upgrade_required', 'HTTP/1.1', 'Upgrade'],
  ]);
  const told = await ask({}, { path: '/v1/models' });
  expect([told.status, told.json().error.code, told.headers.allow]).toEqual([405, 'method_not_allowed', 'GET']);
});

test('a defect of ours is said as an outage that passes, with when to come again, and without its words', async () => {
  const defects: unknown[] = [];
  const broken: Provider = {
    ...createFakeProvider(),
    wireFor: () => {
      throw new Error('a secret word');
    },
  };
  const { ask } = await open({ provider: broken, gateway: { defect: (error) => void defects.push(error) } });
  const said = await ask({ model: 'fast', messages: [{ role: 'user', content: 'hello' }] });
  expect([said.status, said.json().error.code, said.headers['retry-after']]).toEqual([503, 'service_unavailable', '1']);
  expect(said.text).not.toContain('secret word');
  expect(defects).toHaveLength(1);
});
