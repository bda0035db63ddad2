/** Workloads exchange their own tokens for short secrets, with the SDKs of two vendors as they are, at a real gateway. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Gateway, startGateway } from '../prove/gateway.ts';
import { makeModel, makeTenant, type Tenant } from '../prove/tenant.ts';
import { newSigningKey, startIssuer, type TokenIssuer } from '../support/token-issuer.ts';
import { hostileTokens } from './hostile-tokens.ts';
import { BEARER, EXCHANGE, exchange, PUBLIC_URL, slugOf, TRUST_SETTINGS, trust } from './trusting.ts';

let gateway: Gateway;
let issuer: TokenIssuer;
let acme: Tenant;
const directory = mkdtempSync(path.join(tmpdir(), 'headgate-workload-'));

beforeAll(async () => {
  issuer = await startIssuer();
  gateway = await startGateway({ env: TRUST_SETTINGS });
  await makeModel(gateway, { model: 'fast', provider: 'fake', upstreamModel: 'fake-small' });
  acme = await makeTenant(gateway);
});
afterAll(async () => {
  await gateway.stop();
  await issuer.close();
  rmSync(directory, { recursive: true });
});

const audience = async (tenant: Tenant) => `${PUBLIC_URL}/trust/${await slugOf(gateway, tenant)}`;
const claims = async (tenant: Tenant, more: object = {}) => ({
  aud: await audience(tenant),
  sub: 'job',
  repository_id: '42',
  ...more,
});
const call = (secret: string, header = 'authorization'): Promise<Answer> =>
  fetch(`${gateway.base}/v1/messages`, {
    method: 'POST',
    headers: { [header]: header === 'authorization' ? `Bearer ${secret}` : secret, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fast', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] }),
  }).then(async (response) => ({ status: response.status, headers: response.headers, body: await response.json() }));

describe('the SDK of Anthropic, as it is', () => {
  const NAMES = ['ANTHROPIC_FEDERATION_RULE_ID', 'ANTHROPIC_ORGANIZATION_ID', 'ANTHROPIC_IDENTITY_TOKEN_FILE'] as const;
  afterEach(() => {
    for (const name of NAMES) delete process.env[name];
  });

  test('exchanges the token of a file, and calls with the secret that it gets', async () => {
    const { ruleId } = await trust(gateway, acme, issuer);
    const file = path.join(directory, 'token');
    writeFileSync(file, await issuer.sign(await claims(acme)));
    process.env.ANTHROPIC_FEDERATION_RULE_ID = ruleId;
    process.env.ANTHROPIC_ORGANIZATION_ID = acme.organizationId;
    process.env.ANTHROPIC_IDENTITY_TOKEN_FILE = file;
    const client = new Anthropic({ baseURL: gateway.base, maxRetries: 0 });
    const message = await client.messages.create({ model: 'fast', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] });
    expect(message.role).toBe('assistant');
    const { data } = await gateway.admin<{ data: { key_id: string; last_exchanged_at: string }[] }>(
      'GET',
      `/organizations/${acme.organizationId}/trust-rules/${ruleId}/keys`,
    );
    expect(data).toHaveLength(1);
    expect(data[0]?.last_exchanged_at).not.toBeNull();
    const key = await gateway.admin<{ kind: string; owner: { service_account_id: string } }>('GET', `/keys/${data[0]?.key_id}`);
    expect(key.owner.service_account_id).not.toBeNull();
  });

  test('gets the reason of a refusal, and no secret', async () => {
    const { ruleId } = await trust(gateway, acme, issuer);
    const file = path.join(directory, 'other');
    writeFileSync(file, await issuer.sign(await claims(acme, { repository_id: '43' })));
    process.env.ANTHROPIC_FEDERATION_RULE_ID = ruleId;
    process.env.ANTHROPIC_ORGANIZATION_ID = acme.organizationId;
    process.env.ANTHROPIC_IDENTITY_TOKEN_FILE = file;
    const client = new Anthropic({ baseURL: gateway.base, maxRetries: 0 });
    const asked = client.messages.create({ model: 'fast', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] });
    await expect(asked).rejects.toThrow(/does not take this token/);
  });
});

test('the SDK of OpenAI calls with a secret that a function fetches', async () => {
  await trust(gateway, acme, issuer);
  const token = await issuer.sign(await claims(acme));
  const client = new OpenAI({
    baseURL: `${gateway.base}/v1`,
    maxRetries: 0,
    apiKey: async () =>
      (await exchange(gateway, { grant_type: EXCHANGE, subject_token: token, subject_token_type: JWT })).body.access_token,
  });
  const answer = await client.chat.completions.create({ model: 'fast', messages: [{ role: 'user', content: 'hi' }] });
  expect(answer.choices[0]?.message.role).toBe('assistant');
});

const JWT = 'urn:ietf:params:oauth:token-type:jwt';

test('no hostile token is exchanged, or accepted in place of a key', async () => {
  const other = await makeTenant(gateway);
  await trust(gateway, acme, issuer, { direct: true });
  const good = await claims(acme);
  const tokens = await hostileTokens(issuer, good, await audience(other));
  expect(tokens.length).toBeGreaterThan(24);
  const accepted: string[] = [];
  for (const { name, token } of tokens) {
    const exchanged = await exchange(gateway, { grant_type: BEARER, assertion: token });
    if (exchanged.status !== 400 || exchanged.body.access_token !== undefined) accepted.push(`${name}: ${exchanged.status}`);
    const direct = await call(token);
    if (direct.status !== 401 && direct.status !== 431) accepted.push(`${name}, directly: ${direct.status}`);
  }
  expect(accepted).toEqual([]);
  expect((await exchange(gateway, { grant_type: BEARER, assertion: await issuer.sign(good) })).status).toBe(200);
  expect((await call(await issuer.sign(good))).status).toBe(200);
});

test('two organizations that trust the same issuer cannot use each other’s tokens', async () => {
  const other = await makeTenant(gateway);
  await trust(gateway, acme, issuer);
  const { ruleId } = await trust(gateway, other, issuer);
  const ours = await issuer.sign(await claims(acme));
  for (const more of [{ organization_id: other.organizationId }, { federation_rule_id: ruleId }]) {
    const answer = await exchange(gateway, { grant_type: BEARER, assertion: ours, ...more });
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_grant']);
  }
  const answer = await exchange(gateway, { grant_type: BEARER, assertion: ours, organization_id: acme.organizationId });
  expect(answer.body.organization_id).toBe(acme.organizationId);
});

test('an issuer that cannot be reached is 503, and its known keys count on', async () => {
  const own = await startIssuer();
  try {
    const tenant = await makeTenant(gateway);
    await trust(gateway, tenant, own, { direct: true });
    own.fail();
    const early = await own.sign(await claims(tenant));
    expect((await exchange(gateway, { grant_type: BEARER, assertion: early })).status).toBe(503);
    expect((await call(early)).status).toBe(503);
    own.recover();
    const ready = await makeTenant(gateway);
    await trust(gateway, ready, own, { direct: true });
    expect((await exchange(gateway, { grant_type: BEARER, assertion: await own.sign(await claims(ready)) })).status).toBe(200);
    own.fail();
    expect((await exchange(gateway, { grant_type: BEARER, assertion: await own.sign(await claims(ready)) })).status).toBe(200);
    const rolled = await newSigningKey('second');
    const later = await own.sign(await claims(ready), {}, rolled);
    const answer = await exchange(gateway, { grant_type: BEARER, assertion: later });
    // Within 30 seconds of the last try nobody asks again, so that it is not known whether there is such a key.
    expect([400, 503]).toContain(answer.status);
    expect(own.asked.filter((at) => at === '/keys').length).toBeLessThan(4);
  } finally {
    await own.close();
  }
});

describe('secrets and direct tokens of a rule end at once', () => {
  test.each([
    ['the rule is disabled', 'PATCH', 'trust-rules', { status: 'disabled' }],
    [
      'the rule wants another value',
      'PATCH',
      'trust-rules',
      { conditions: [{ claim: 'repository_id', match: 'equals', values: ['7'] }] },
    ],
    ['the rule is deleted', 'DELETE', 'trust-rules', undefined],
    ['the issuer is disabled', 'PATCH', 'trusted-issuers', { status: 'disabled' }],
    ['the issuer is deleted', 'DELETE', 'trusted-issuers', undefined],
  ] as const)('%s', async (_, method, of, body) => {
    const tenant = await makeTenant(gateway);
    const made = await trust(gateway, tenant, issuer, { direct: true });
    const token = await issuer.sign(await claims(tenant));
    const secret = (await exchange(gateway, { grant_type: BEARER, assertion: token })).body.access_token;
    expect([(await call(secret)).status, (await call(token)).status]).toEqual([200, 200]);
    const id = of === 'trust-rules' ? made.ruleId : made.issuerId;
    const changed = await gateway.ask(method, `/organizations/${tenant.organizationId}/${of}/${id}`, body);
    expect(changed.status).toBeLessThan(300);
    expect([(await call(secret)).status, (await call(token)).status]).toEqual([401, 401]);
    expect((await exchange(gateway, { grant_type: BEARER, assertion: token })).status).toBe(400);
  });

  test('the service account is disabled, and works again when it is active', async () => {
    const tenant = await makeTenant(gateway);
    const { serviceAccountId } = await trust(gateway, tenant, issuer, { direct: true });
    const token = await issuer.sign(await claims(tenant));
    const secret = (await exchange(gateway, { grant_type: BEARER, assertion: token })).body.access_token;
    expect((await call(token)).status).toBe(200);
    await gateway.admin('PATCH', `/service-accounts/${serviceAccountId}`, { status: 'disabled' });
    expect([(await call(secret)).status, (await call(token)).status]).not.toContain(200);
    expect((await exchange(gateway, { grant_type: BEARER, assertion: token })).status).toBe(400);
    await gateway.admin('PATCH', `/service-accounts/${serviceAccountId}`, { status: 'active' });
    expect([(await call(secret)).status, (await call(token)).status]).toEqual([200, 200]);
  });

  test.each(['suspended organization', 'suspended team'] as const)('a %s', async (what) => {
    const tenant = await makeTenant(gateway);
    await trust(gateway, tenant, issuer, { direct: true });
    const token = await issuer.sign(await claims(tenant));
    const secret = (await exchange(gateway, { grant_type: BEARER, assertion: token })).body.access_token;
    expect((await call(token)).status).toBe(200);
    if (what === 'suspended team') await gateway.admin('PATCH', `/teams/${tenant.teamId}`, { status: 'suspended' });
    else await gateway.admin('POST', `/organizations/${tenant.organizationId}/suspend`);
    expect([(await call(secret)).status, (await call(token)).status]).not.toContain(200);
    expect((await exchange(gateway, { grant_type: BEARER, assertion: token })).status).toBe(400);
  });
});

interface KeyWithLimits {
  readonly rate_limits: { readonly rpm: number };
  readonly budgets: readonly { readonly id: string; readonly amount: string }[];
}

test('each combination of values has a key of its own, with the limits of the rule', async () => {
  const tenant = await makeTenant(gateway);
  const limits = { rate_limits: { rpm: 2 }, budgets: [{ amount: '5.00', period: 'month', action: 'block' }] };
  const { ruleId } = await trust(gateway, tenant, issuer, { rule: { key_by: ['sub'], ...limits } });
  const keyOf = async (sub: string) =>
    (await exchange(gateway, { grant_type: BEARER, assertion: await issuer.sign(await claims(tenant, { sub })) })).body.key_id;
  const [a, again, b] = [await keyOf('a'), await keyOf('a'), await keyOf('b')];
  expect(again).toBe(a);
  expect(b).not.toBe(a);
  const key = await gateway.admin<KeyWithLimits>('GET', `/keys/${a}`);
  expect([key.rate_limits.rpm, key.budgets.map(({ amount }) => amount)]).toEqual([2, ['5.00']]);
  await gateway.admin('PATCH', `/organizations/${tenant.organizationId}/trust-rules/${ruleId}`, { rate_limits: { rpm: 1 } });
  expect((await gateway.admin<KeyWithLimits>('GET', `/keys/${b}`)).rate_limits.rpm).toBe(1);
  // A new budget would announce its passed thresholds again, for each key of the rule.
  expect((await gateway.admin<KeyWithLimits>('GET', `/keys/${a}`)).budgets).toEqual(key.budgets);
  const events = await gateway.admin<{ data: { action: string; actor: { id: string } }[] }>(
    'GET',
    `/organizations/${tenant.organizationId}/audit-events?object_type=key`,
  );
  expect(events.data.filter(({ action, actor }) => action === 'key.create' && actor.id === ruleId)).toHaveLength(2);
});

test('a rule that wants each token once takes no token twice, and none without jti', async () => {
  const tenant = await makeTenant(gateway);
  await trust(gateway, tenant, issuer, { direct: true, rule: { once: true } });
  const token = await issuer.sign(await claims(tenant, { jti: 'one' }));
  const tries = await Promise.all(Array.from({ length: 8 }, () => exchange(gateway, { grant_type: BEARER, assertion: token })));
  expect(tries.filter(({ status }) => status === 200)).toHaveLength(1);
  expect((await exchange(gateway, { grant_type: BEARER, assertion: await issuer.sign(await claims(tenant)) })).status).toBe(400);
  expect((await call(await issuer.sign(await claims(tenant, { jti: 'two' })))).status).toBe(401);
});

test('tokens are not accepted in place of a key unless the issuer says so', async () => {
  const tenant = await makeTenant(gateway);
  await trust(gateway, tenant, issuer);
  const answer = await call(await issuer.sign(await claims(tenant)));
  expect(answer.status).toBe(401);
  expect(JSON.stringify(answer.body)).toContain('Exchange the token at /v1/oauth/token');
});

test('a token waits for the keys of a slow issuer, together with all that present it meanwhile', async () => {
  const slow = await startIssuer();
  try {
    const tenant = await makeTenant(gateway);
    await trust(gateway, tenant, slow, { direct: true });
    slow.delay(900);
    const token = await slow.sign(await claims(tenant));
    const answers = await Promise.all([call(token), call(token), call(token)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(slow.asked).toEqual(['/.well-known/openid-configuration', '/keys']);
  } finally {
    await slow.close();
  }
});

test('a token that was refused in place of a key is taken as soon as a rule takes it', async () => {
  const tenant = await makeTenant(gateway);
  const { issuerId } = await trust(gateway, tenant, issuer, { direct: true });
  const token = await issuer.sign(await claims(tenant, { repository_id: '43' }));
  for (let tries = 0; tries < 3; tries += 1) {
    const refused = await call(token);
    expect(refused.status).toBe(401);
    expect(JSON.stringify(refused.body)).toContain('No active trust rule of the organization takes this token.');
  }
  const rule = { name: 'later', issuer_id: issuerId, team_id: tenant.teamId };
  const conditions = [{ claim: 'repository_id', match: 'equals', values: ['43'] }];
  const { id } = await gateway.admin<{ id: string }>('POST', `/organizations/${tenant.organizationId}/trust-rules`, {
    ...rule,
    conditions,
  });
  expect((await call(token)).status).toBe(200);
  await gateway.admin('PATCH', `/organizations/${tenant.organizationId}/trust-rules/${id}`, { status: 'disabled' });
  expect([(await call(token)).status, (await call(token)).status]).toEqual([401, 401]);
});

test('the audience follows the slug, and the form with the id survives a rename', async () => {
  const tenant = await makeTenant(gateway);
  await trust(gateway, tenant, issuer);
  const before = await issuer.sign(await claims(tenant));
  const byId = await issuer.sign({ ...(await claims(tenant)), aud: `${PUBLIC_URL}/trust/${tenant.organizationId}` });
  await gateway.admin('PATCH', `/organizations/${tenant.organizationId}`, { slug: `renamed-${Date.now()}` });
  const status = async (assertion: string) => (await exchange(gateway, { grant_type: BEARER, assertion })).status;
  expect(await status(before)).toBe(400);
  expect(await status(byId)).toBe(200);
  expect(await status(await issuer.sign(await claims(tenant)))).toBe(200);
});

test('the check of a token names what each rule wanted, and makes no key', async () => {
  const tenant = await makeTenant(gateway);
  const { ruleId } = await trust(gateway, tenant, issuer);
  const at = `/organizations/${tenant.organizationId}/trust-rules`;
  const token = await issuer.sign(await claims(tenant, { repository_id: '43' }));
  const checked = await gateway.admin<Checked>('POST', `${at}/check`, { token });
  expect([checked.accepted, checked.rule_id, checked.words]).toEqual([false, null, 'No active rule takes these claims.']);
  expect(checked.rules[0]?.checks.map(({ words }) => words)).toEqual(['repository_id: wanted 42, got 43']);
  const good = await gateway.admin<Checked>('POST', `${at}/check`, { token: await issuer.sign(await claims(tenant)) });
  expect([good.accepted, good.rule_id]).toEqual([true, ruleId]);
  expect(good.checks.every(({ ok }) => ok)).toBe(true);
  expect((await gateway.admin<{ data: unknown[] }>('GET', `${at}/${ruleId}/keys`)).data).toEqual([]);
});

interface Checked {
  readonly accepted: boolean;
  readonly words: string;
  readonly rule_id: string | null;
  readonly checks: readonly { ok: boolean }[];
  readonly rules: readonly { checks: readonly { words: string }[] }[];
}
