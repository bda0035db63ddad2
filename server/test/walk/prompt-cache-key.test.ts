/** Prompt cache keys: what a provider sees of two tenants that name the same one. */
import { describe, expect, test } from 'vitest';
import type { JsonObject, ServerWire } from '../../src/dialects/dialect.ts';
import type { DeploymentConfig } from '../../src/domain/routing/catalogue.ts';
import { createOpenAiProvider } from '../../src/providers/openai/openai-provider.ts';
import type { Transport } from '../../src/upstream/transport.ts';
import { chatAnswer, playedProvider } from '../support/played-provider.ts';
import { deployment, model } from '../support/walk.ts';
import { withHouse } from '../support/with-house.ts';

const { open: openHouse } = withHouse();

const CHAT = { path: '/v1/chat/completions', body: { model: 'fast', messages: [{ role: 'user', content: 'hello' }] } };
const RESPONSES = { path: '/v1/responses', body: { model: 'fast', input: 'hello' } };
const MESSAGES = { path: '/v1/messages', body: { ...CHAT.body, max_tokens: 9 } };
const ANSWERED = { id: 'resp_1', object: 'response', model: 'm', status: 'completed', output: [], usage: null };
const KEYED = /^pck_[\w-]{22}$/;

interface Asked {
  readonly speaks?: ServerWire;
  readonly takes?: boolean;
  readonly deployment?: Partial<DeploymentConfig>;
  readonly organization?: string;
  readonly raw?: Buffer;
}

/** Returns what the provider gets of a request. */
async function sent(path: string, body: object, { speaks = 'openai-chat', takes = false, organization, ...more }: Asked = {}) {
  const played = playedProvider(speaks);
  const targets = [model('fast', [deployment(more.deployment)])];
  const provider = { ...played.provider, takesCacheKey: () => takes };
  const tenant = organization === undefined ? {} : { organization: { id: organization }, key: { organizationId: organization } };
  const house = await openHouse({ provider, targets, ...tenant });
  const answer = house.ask(body, { path, ...(more.raw === undefined ? {} : { raw: more.raw }) });
  const call = await played.call(0);
  const raw = String(call.request.body);
  call.json(speaks === 'openai-chat' ? chatAnswer('Hello.', null) : ANSWERED, speaks === 'anthropic-messages' ? 400 : 200);
  const { headers } = await answer;
  return { raw, json: JSON.parse(raw) as JsonObject, dropped: headers['x-headgate-dropped'] };
}

describe('the same prompt cache key of two tenants', () => {
  test.each([
    ['chat', CHAT, 'openai-chat'],
    ['responses', RESPONSES, 'openai-responses'],
    ['compactions', { ...RESPONSES, path: '/v1/responses/compact' }, 'openai-responses'],
    ['chat as responses', CHAT, 'openai-responses'],
    ['responses as chat', RESPONSES, 'openai-chat'],
    ['chat in a Responses body', { ...RESPONSES, path: '/cursor/v1/chat/completions' }, 'openai-responses'],
  ] as const)('is not the same at a vendor that takes one, nor the tenants’: %s', async (_, { path, body }, speaks) => {
    const asked = { ...body, prompt_cache_key: 'shared', user: 'u', safety_identifier: 's' };
    const [one, again, two] = [
      await sent(path, asked, { speaks, takes: true }),
      await sent(path, asked, { speaks, takes: true }),
      await sent(path, asked, { speaks, takes: true, organization: 'org_2' }),
    ];
    expect(one.json.prompt_cache_key).toMatch(KEYED);
    expect(again.json.prompt_cache_key).toBe(one.json.prompt_cache_key);
    expect(two.json.prompt_cache_key).toMatch(KEYED);
    expect(two.json.prompt_cache_key).not.toBe(one.json.prompt_cache_key);
    for (const { raw } of [one, two]) expect(raw).not.toContain('shared');
    const { user, safety_identifier } = (await sent(path, { ...body, user: 'u', safety_identifier: 's' }, { speaks })).json;
    expect(one.json).toMatchObject({
      ...(user === undefined ? {} : { user }),
      ...(safety_identifier === undefined ? {} : { safety_identifier }),
    });
    expect(String(one.dropped)).not.toContain('prompt_cache_key');
  });

  test.each([CHAT, RESPONSES])(
    'is replaced at a vendor that may not know the field, and none is added there',
    async ({ path, body }) => {
      const speaks = path === CHAT.path ? 'openai-chat' : 'openai-responses';
      const one = await sent(path, { ...body, prompt_cache_key: 'shared' }, { speaks });
      const two = await sent(path, { ...body, prompt_cache_key: 'shared' }, { speaks, organization: 'org_2' });
      expect(one.json.prompt_cache_key).toMatch(KEYED);
      expect(two.json.prompt_cache_key).not.toBe(one.json.prompt_cache_key);
      expect((await sent(path, body, { speaks })).json).not.toHaveProperty('prompt_cache_key');
      const translated = await sent(path, { ...body, prompt_cache_key: 'shared' }, { speaks: 'anthropic-messages' });
      expect(translated.json).not.toHaveProperty('prompt_cache_key');
    },
  );

  test('is replaced also where a body is so large that parts of it stay as bytes', async () => {
    const long = 'shared'.repeat(20_000);
    const body = { ...CHAT.body, messages: [{ role: 'user', content: 'x'.repeat(1_200_000) }], prompt_cache_key: long };
    const one = await sent(CHAT.path, body, { takes: true });
    const two = await sent(CHAT.path, body, { takes: true, organization: 'org_2' });
    expect(one.json).toMatchObject({ prompt_cache_key: expect.stringMatching(KEYED), messages: body.messages });
    expect(two.json.prompt_cache_key).not.toBe(one.json.prompt_cache_key);
    const translated = await sent(CHAT.path, body, { takes: true, speaks: 'openai-responses' });
    expect(translated.json.prompt_cache_key).toBe(one.json.prompt_cache_key);
  });
});

describe('a request without a prompt cache key', () => {
  test.each([
    ['chat', CHAT, 'openai-chat'],
    ['responses', RESPONSES, 'openai-responses'],
    ['messages as chat', MESSAGES, 'openai-chat'],
  ] as const)('gets its tenant’s at a vendor that takes one: %s', async (_, { path, body }, speaks) => {
    const without = await sent(path, body, { speaks, takes: true });
    expect(without.json.prompt_cache_key).toMatch(KEYED);
    for (const none of path === MESSAGES.path ? [] : [null, '']) {
      const { json } = await sent(path, { ...body, prompt_cache_key: none }, { speaks, takes: true });
      expect(json.prompt_cache_key).toBe(without.json.prompt_cache_key);
    }
    const other = await sent(path, body, { speaks, takes: true, organization: 'org_2' });
    expect(other.json.prompt_cache_key).not.toBe(without.json.prompt_cache_key);
  });

  test.each([
    ['whose model has the same name there', 'fast'],
    ['whose model has another name', 'fake-small'],
  ])('keeps its bytes behind it, %s', async (_, upstreamModel) => {
    const raw = Buffer.from('{"model":"fast","messages":[{"role":"user","content":"hello"}],"seed":7}');
    const { raw: bytes } = await sent(CHAT.path, {}, { takes: true, raw, deployment: { upstreamModel } });
    expect(bytes).toMatch(/^\{"prompt_cache_key":"pck_[\w-]{22}",/);
    const rest = String(raw).slice(1).replace('"fast"', JSON.stringify(upstreamModel));
    expect(bytes.replace(/^\{"prompt_cache_key":"[^"]*",/, '')).toBe(rest);
    const { raw: unchanged } = await sent(CHAT.path, {}, { raw, deployment: { upstreamModel } });
    expect(unchanged).toBe(`{${rest}`);
  });
});

describe('an organization’s own account', () => {
  const own = { deployment: { organizationId: 'org_1' } };

  test.each([true, false])('gets the key as it is, and no other (known to take one: %s)', async (takes) => {
    const named = await sent(CHAT.path, { ...CHAT.body, prompt_cache_key: 'mine' }, { takes, ...own });
    expect(named.json.prompt_cache_key).toBe('mine');
    expect((await sent(CHAT.path, CHAT.body, { takes, ...own })).json).not.toHaveProperty('prompt_cache_key');
    const translated = { takes, ...own, speaks: 'openai-responses' } as const;
    const { json, dropped } = await sent(CHAT.path, { ...CHAT.body, prompt_cache_key: 'mine' }, translated);
    expect([json.prompt_cache_key, dropped ?? null]).toEqual(takes ? ['mine', null] : [undefined, dropped ?? null]);
  });
});

test.each([
  [null, true],
  ['https://api.openai.com/v1', true],
  ['https://eu.api.openai.com/v1', true],
  ['https://api.openai.com.example.com/v1', false],
  ['https://example.com/api.openai.com', false],
  ['http://127.0.0.1:8000/v1', false],
] as const)('the server %s is known to take prompt cache keys: %s', (baseUrl, takes) => {
  const { takesCacheKey } = createOpenAiProvider({ transport: {} as Transport });
  const credential = { id: 'cred_1', provider: 'openai', baseUrl, apiKey: 'sk' } as const;
  expect(takesCacheKey?.(deployment({ provider: 'openai', credential }))).toBe(takes);
});
