/** The live test of a stored credential in the admin API: who may, one at a time, and what it leaves. */
import { expect, test } from 'vitest';
import type { CredentialConfig } from '../../src/domain/routing/credential.ts';
import type { CredentialTrace, TracedCall } from '../../src/providers/provider.ts';
import { withDatabase } from '../support/database.ts';
import { freshName, upstream } from './catalogue-support.ts';
import { makeOrganization, must, withAdmin } from './support.ts';

const CALL: TracedCall = {
  ...{ purpose: 'call', method: 'GET', url: 'https://api.openai.com/v1/models', status: 401, body: '{}', bodyBytes: 2 },
  ...{
    requestHeaders: [['authorization', 'Bearer [redacted]']],
    answerHeaders: [['x-request-id', 'req-1']],
    ms: 12,
    failure: null,
  },
};
const ACCEPTED: CredentialTrace = { result: { ok: true, models: ['gpt-5'] }, meaning: 'It works.', ms: 7, calls: [] };

const tested: CredentialConfig[] = [];
let answer: () => Promise<CredentialTrace> = async () => ACCEPTED;
const traceCredential = (credential: CredentialConfig) => {
  tested.push(credential);
  return answer();
};
const world = withAdmin(withDatabase(), { upstream: { ...upstream, traceCredential } });

const body = () => ({ name: freshName('credential'), provider: 'openai', api_key: 'sk-0123456789abcdef' });
const make = async (): Promise<string> => must(await world().root('POST', '/credentials', body())).id;

test('returns each call, keeps the result as the last check, and is an audit event', async () => {
  const id = await make();
  answer = async () => ({
    result: { ok: false, status: 500, message: 'failing' },
    meaning: 'The vendor is failing.',
    ms: 12,
    calls: [CALL],
  });
  const result = must(await world().root('POST', `/credentials/${id}/test`));
  expect(result).toMatchObject({
    ...{ ok: false, meaning: 'The vendor is failing.', latency_ms: 12, models: null },
    calls: [
      { purpose: 'call', status: 401, request_headers: [{ name: 'authorization', value: 'Bearer [redacted]' }], body_bytes: 2 },
    ],
  });
  expect(must(await world().root('GET', `/credentials/${id}`)).last_check).toMatchObject({ ok: false, message: 'failing' });
  const { data } = must(await world().root('GET', '/audit-events/all?action=provider.call'));
  expect(data[0]).toMatchObject({ action: 'provider.call' });
});

test('runs one at a time for a credential, and again after a failure', async () => {
  const [one, other] = [await make(), await make()];
  let end = () => {};
  answer = () =>
    new Promise((resolve) => {
      end = () => resolve(ACCEPTED);
    });
  const before = tested.length;
  const first = world().root('POST', `/credentials/${one}/test`);
  await expect.poll(() => tested.length).toBe(before + 1);
  expect((await world().root('POST', `/credentials/${one}/test`)).status).toBe(409);
  const endOfOne = end;
  const beside = world().root('POST', `/credentials/${other}/test`);
  await expect.poll(() => tested.length).toBe(before + 2);
  endOfOne();
  end();
  expect([(await first).status, (await beside).status]).toEqual([200, 200]);
  answer = () => Promise.reject(new Error('a defect'));
  expect((await world().root('POST', `/credentials/${one}/test`)).status).toBe(500);
  answer = async () => ACCEPTED;
  expect((await world().root('POST', `/credentials/${one}/test`)).status).toBe(200);
});

test('is for whoever may change the credential, and tests an organization’s own one as its own', async () => {
  answer = async () => ACCEPTED;
  const [mine, theirs] = [await makeOrganization(world().root), await makeOrganization(world().root)];
  for (const { id } of [mine, theirs])
    must(await world().root('PATCH', `/organizations/${id}/own-providers`, { own_deployments: 'own_first' }));
  const { id } = must(await world().root('POST', `/organizations/${mine.id}/own-credentials`, body()));
  const as = (role: 'org_owner' | 'org_auditor', organizationId: string) =>
    world().as([{ role, organizationId }], `acct_${role}`);
  expect((await as('org_owner', mine.id)('POST', `/own-credentials/${id}/test`)).status).toBe(200);
  expect(tested.at(-1)).toMatchObject({ id, organizationId: mine.id });
  expect((await as('org_auditor', mine.id)('POST', `/own-credentials/${id}/test`)).status).toBe(403);
  expect((await as('org_owner', theirs.id)('POST', `/own-credentials/${id}/test`)).status).toBe(404);
  expect((await as('org_owner', mine.id)('POST', `/credentials/${await make()}/test`)).status).not.toBe(200);
  // The platform's path does not reach what an organization brought.
  expect((await world().root('POST', `/credentials/${id}/test`)).status).toBe(404);
});
