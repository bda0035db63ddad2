import { expect, test } from 'vitest';
import { withHouse } from '../support/with-house.ts';

const HELLO = { model: 'fast', messages: [{ role: 'user', content: 'hello' }] };
const COUNT = { path: '/v1/messages/count_tokens' };

const { open } = withHouse();

test('counting tokens is one request that owes nothing: no ledger entry, no tokens, and nothing about it is estimated', async () => {
  const { ask, rows } = await open({ organization: { rateLimits: { rpm: 10, tpm: 1_000 } } });
  const said = await ask(HELLO, COUNT);
  expect(said.status).toBe(200);
  expect(said.json()).toEqual({ input_tokens: expect.any(Number) });
  expect(rows).toMatchObject([
    { endpoint: 'count_tokens', status: 'succeeded', attempts: 1, deploymentId: 'dep_1', provider: 'fake', entries: [] },
  ]);
  expect(said.headers['x-ratelimit-remaining-requests']).toBe('9');
  expect((await ask(HELLO, COUNT)).headers['x-ratelimit-remaining-tokens']).toBe('1000');
});

test('counting tokens of a model that was taken from the key is refused, and asks nobody', async () => {
  const { ask, upstreamCalls } = await open({ key: { access: { mode: 'restrict', targets: [], accessGroups: [] } } });
  const said = await ask(HELLO, COUNT);
  expect(said.status).toBe(403);
  expect(said.json().error).toMatchObject({ type: 'permission_error' });
  expect(upstreamCalls()).toBe(0);
});
