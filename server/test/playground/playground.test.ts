/** The playground on a whole gateway: the data plane's own answer, as one of the keys the caller may use. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listenTo } from '../live/listen.ts';
import { type Gateway, startGateway } from '../prove/gateway.ts';
import { type Key, makeKey, makeModel, makeTenant, type Tenant } from '../prove/tenant.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of four dialects
type Answer = any;

let gateway: Gateway;
let acme: Tenant;
let other: Tenant;
let key: Key;
let tokens: Readonly<Record<string, string>>;

beforeAll(async () => {
  gateway = await startGateway();
  await makeModel(gateway, { model: 'fast', provider: 'fake', upstreamModel: 'fake-small' });
  await makeModel(gateway, { model: 'slow', provider: 'fake', upstreamModel: 'fake-slow' });
  acme = await makeTenant(gateway);
  other = await makeTenant(gateway);
  key = await makeKey(gateway, acme, { rate_limits: { rpm: 100 } });
  const token = async (role: string, organization_id: string) =>
    (await gateway.admin<{ token: string }>('POST', '/admin-tokens', { name: role, role, organization_id })).token;
  tokens = {
    owner: await token('org_owner', acme.organizationId),
    auditor: await token('org_auditor', acme.organizationId),
    stranger: await token('org_owner', other.organizationId),
  };
}, 60_000);
afterAll(() => gateway?.stop());

const STREAM = { stream: true, stream_options: { include_usage: true } };
const CHAT = '/v1/chat/completions';

/** A call of the playground. `body`: further fields of a chat completion. */
const asked = ({ body, ...more }: { readonly body?: object; readonly [field: string]: unknown } = {}) => ({
  key_id: key.id,
  path: CHAT,
  body: { model: 'fast', messages: [{ role: 'user', content: 'Say hello.' }], ...body },
  ...more,
});

/** One row for each dialect: its paths and bodies, how its text is read, the end of its stream, and a refusal in its form. */
const DIALECTS = [
  {
    name: 'chat completions',
    path: CHAT,
    body: { model: 'fast', messages: [{ role: 'user', content: 'Hi.' }] },
    streamed: { path: CHAT, body: { stream: true }, event: 'data: [DONE]' },
    text: (answer: Answer) => answer.choices[0].message.content,
    refused: { error: expect.objectContaining({ code: 'rate_limit_exceeded' }) },
  },
  {
    name: 'responses',
    path: '/v1/responses',
    body: { model: 'fast', input: [{ role: 'user', content: 'Hi.' }] },
    streamed: { path: '/v1/responses', body: { stream: true }, event: 'event: response.completed' },
    text: (answer: Answer) => answer.output[0].content[0].text,
    refused: { error: expect.objectContaining({ code: 'rate_limit_exceeded' }) },
  },
  {
    name: 'messages',
    path: '/v1/messages',
    body: { model: 'fast', max_tokens: 50, messages: [{ role: 'user', content: 'Hi.' }] },
    streamed: { path: '/v1/messages', body: { stream: true }, event: 'event: message_stop' },
    text: (answer: Answer) => answer.content[0].text,
    refused: { type: 'error', error: expect.objectContaining({ type: 'rate_limit_error' }) },
  },
  {
    name: 'Gemini’s API',
    path: '/v1beta/models/fast:generateContent',
    body: { contents: [{ role: 'user', parts: [{ text: 'Hi.' }] }] },
    streamed: { path: '/v1beta/models/fast:streamGenerateContent?alt=sse', body: {}, event: '"finishReason":"STOP"' },
    text: (answer: Answer) => answer.candidates[0].content.parts[0].text,
    refused: { error: expect.objectContaining({ status: 'RESOURCE_EXHAUSTED' }) },
  },
  {
    name: 'completions',
    path: '/v1/completions',
    body: { model: 'fast', prompt: 'Hi.' },
    streamed: { path: '/v1/completions', body: { stream: true }, event: 'data: [DONE]' },
    text: (answer: Answer) => answer.choices[0].text,
    refused: { error: expect.objectContaining({ code: 'rate_limit_exceeded' }) },
  },
];

function play(body: object, token = gateway.adminToken, signal?: AbortSignal): Promise<Response> {
  return fetch(`${gateway.base}/api/v1/playground`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function rowOf(id: string) {
  for (let tries = 0; tries < 50; tries += 1) {
    const found = await gateway.ask<{ key_id: string; spend: string; stream: boolean; status: string }>('GET', `/requests/${id}`);
    if (found.status === 200) return found.body;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no row of ${id}`);
}

describe('the playground', () => {
  test('answers what an application with the key would hear, and charges and logs it', async () => {
    const answer = await play(asked({ body: { max_tokens: 20 } }));
    const body = (await answer.json()) as { choices: { message: { content: string } }[]; usage: object };
    expect(answer.status).toBe(200);
    expect(body.choices[0]?.message.content).not.toBe('');
    expect(answer.headers.get('x-headgate-organization')).toBe(acme.organizationId);
    expect(answer.headers.get('x-headgate-deployment')).toMatch(/^dep_/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const row = await rowOf(answer.headers.get('x-request-id') ?? '');
    expect(row).toMatchObject({ key_id: key.id, stream: false, status: 'succeeded' });
    expect(Number(row.spend)).toBeGreaterThan(0);
  });

  test('streams, with the usage at the end', async () => {
    const answer = await play(asked({ body: STREAM }));
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    const text = await answer.text();
    expect(text).toMatch(/data: \[DONE\]\s*$/);
    expect(text).toContain('"usage":{');
    expect(await rowOf(answer.headers.get('x-request-id') ?? '')).toMatchObject({ key_id: key.id, stream: true });
  });

  describe.each(DIALECTS)('$name', ({ path, streamed, body, text, refused }) => {
    test('answers, streams and refuses as it does for an application', async () => {
      const whole = await play({ ...asked(), path, body });
      expect([whole.status, text(await whole.json())]).toEqual([200, expect.stringMatching(/./)]);
      const stream = await play({ ...asked(), path: streamed.path, body: { ...body, ...streamed.body } });
      expect(await stream.text()).toContain(streamed.event);
      expect(await rowOf(stream.headers.get('x-request-id') ?? '')).toMatchObject({ stream: true, status: 'succeeded' });
      const tight = await makeKey(gateway, acme, { rate_limits: { rpm: 0 } });
      const refusal = await play({ ...asked(), key_id: tight.id, path, body });
      expect([refusal.status, await refusal.json()]).toEqual([429, expect.objectContaining(refused)]);
    });
  });

  test('a field that the provider’s dialect lacks is named, as for an application', async () => {
    const body = { model: 'fast', max_tokens: 20, top_k: 5, messages: [{ role: 'user', content: 'Hi.' }] };
    const answer = await play({ ...asked(), path: '/v1/messages', body });
    expect([answer.status, answer.headers.get('x-headgate-dropped')]).toEqual([200, 'top_k']);
  });

  test('a path at which nothing is posted is refused as the data plane refuses it, and leaves no row', async () => {
    const unused = await makeKey(gateway, acme);
    for (const path of ['/v1/models', '/v1/chat/completion', '/api/v1/keys', 'https://example.com/v1/chat/completions']) {
      const answer = await play(asked({ key_id: unused.id, path }));
      expect([path, answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([
        path,
        404,
        'not_found',
      ]);
    }
    // Rows are stored in order: with this one, one of those before would be there.
    await play(asked({ key_id: unused.id }));
    const total = async () => (await gateway.admin<{ total: number }>('GET', `/requests?key_id=${unused.id}`)).total;
    await expect.poll(total, { timeout: 10_000 }).toBe(1);
  });

  test('whoever goes away in the middle ends the call, and leaves a row that says so', async () => {
    const leaving = new AbortController();
    setTimeout(() => leaving.abort(), 300);
    await expect(play(asked({ body: { model: 'slow', ...STREAM } }), gateway.adminToken, leaving.signal)).rejects.toThrow();
    const cancelled = () => gateway.admin<{ total: number }>('GET', `/requests?key_id=${key.id}&status=cancelled`);
    await expect.poll(async () => (await cancelled()).total, { timeout: 15_000 }).toBe(1);
  });

  test('with tags goes where an application’s would that names them in its header', async () => {
    const tagged = await makeModel(gateway, { model: 'placed', provider: 'fake', upstreamModel: 'fake-small' }, { tags: ['eu'] });
    await makeModel(gateway, { model: 'placed', provider: 'fake', upstreamModel: 'fake-small' });
    const answer = await play(asked({ body: { model: 'placed' }, tags: ['eu', 'project-x'] }));
    expect([answer.status, answer.headers.get('x-headgate-deployment')]).toEqual([200, tagged]);
    const row = await rowOf(answer.headers.get('x-request-id') ?? '');
    expect(row).toMatchObject({ tags: ['eu', 'project-x'], decision: { tags: { routed: ['eu'], deployments: [tagged] } } });
    expect((await play(asked({ body: { model: 'placed' } }))).headers.get('x-headgate-deployment')).not.toBe(tagged);
    expect((await play(asked({ tags: ['a b'] }))).status).toBe(400);
  });

  test('a refusal comes as the data plane says it', async () => {
    const tight = await makeKey(gateway, acme, { rate_limits: { rpm: 0 } });
    const answer = await play(asked({ key_id: tight.id }));
    const body = (await answer.json()) as { error: { code: string; param: string }; headgate: object };
    expect([answer.status, body.error.code, body.error.param]).toEqual([429, 'rate_limit_exceeded', 'key_rpm']);
    expect(body.headgate).toMatchObject({ scope: 'key', limit: 'rpm', limit_value: 0 });
    const unknown = await play(asked({ body: { model: 'nobody-has-this' } }));
    expect([unknown.status, ((await unknown.json()) as { error: { code: string } }).error.code]).toEqual([
      404,
      'model_not_found',
    ]);
  });

  test('a suspended organization, and a disabled or revoked key, refuse as ever', async () => {
    const tenant = await makeTenant(gateway);
    const its = await makeKey(gateway, tenant);
    const codeNow = async () =>
      ((await (await play(asked({ key_id: its.id }))).json()) as { error: { code: string } }).error.code;
    await gateway.admin('POST', `/organizations/${tenant.organizationId}/suspend`);
    expect(await codeNow()).toBe('organization_suspended');
    await gateway.admin('POST', `/organizations/${tenant.organizationId}/reactivate`);
    await gateway.admin('POST', `/keys/${its.id}/disable`);
    expect(await codeNow()).toBe('key_disabled');
    await gateway.admin('POST', `/keys/${its.id}/enable`);
    expect((await play(asked({ key_id: its.id }))).status).toBe(200);
    await gateway.admin('DELETE', `/keys/${its.id}`);
    expect(await codeNow()).toBe('invalid_api_key');
  });

  test('only for who manages the key: others are refused, another tenant does not learn that it exists', async () => {
    expect((await play(asked(), tokens.owner)).status).toBe(200);
    expect((await play(asked(), tokens.auditor)).status).toBe(403);
    expect((await play(asked(), tokens.stranger)).status).toBe(404);
    expect((await play(asked({ key_id: 'key_nothing' }))).status).toBe(404);
    const withKey = await fetch(`${gateway.base}/api/v1/playground`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify(asked()),
    });
    expect(withKey.status).toBe(401);
  });

  test('leaves nothing in the audit log, and takes only what it names', async () => {
    const events = await gateway.admin<{ total: number }>('GET', `/organizations/${acme.organizationId}/audit-events`);
    await play(asked());
    const after = await gateway.admin<{ total: number }>('GET', `/organizations/${acme.organizationId}/audit-events`);
    expect(after.total).toBe(events.total);
    for (const more of [{ tools: [] }, { model: 'fast' }, { path: '' }, { path: 7 }, { headers: {} }, { body: undefined }])
      expect((await play({ ...asked(), ...more })).status).toBe(400);
  });

  test('a page that follows requests hears of it within a second of its end', async () => {
    const headers = { authorization: `Bearer ${tokens.owner}` };
    const stranger = await listenTo(gateway.base, '/requests/stream', { authorization: `Bearer ${tokens.stranger}` });
    const listening = await listenTo(gateway.base, `/requests/stream?key_id=${key.id}`, headers);
    const id = (await play(asked())).headers.get('x-request-id');
    await expect.poll(() => listening.told.map((one) => one.data.id), { timeout: 15_000 }).toEqual([id]);
    listening.close();
    stranger.close();
    expect(stranger.told).toEqual([]);
  });

  test('a published policy is served by the next request, and so is the one brought back', async () => {
    const [one, two] = [
      await makeModel(gateway, { model: 'one', provider: 'fake', upstreamModel: 'fake-small' }),
      await makeModel(gateway, { model: 'two', provider: 'fake', upstreamModel: 'fake-small' }),
    ];
    const members = [{ deployment_id: one }];
    const group = await gateway.admin<{ id: string }>('POST', '/route-groups', { key: 'either', members });
    const servedBy = async () => (await play(asked({ body: { model: 'either' } }))).headers.get('x-headgate-deployment');
    expect(await servedBy()).toBe(one);
    const policy = { strategy: 'weighted', members: [{ deployment_id: two }] };
    await gateway.admin('POST', `/route-groups/${group.id}/policy/publish`, { policy });
    expect(await servedBy()).toBe(two);
    await gateway.admin('POST', `/route-groups/${group.id}/policy/rollback`, { version: 1 });
    expect(await servedBy()).toBe(one);
  });
});
