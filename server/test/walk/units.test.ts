import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/dialects/dialect.ts';
import type { PriceUnits } from '../../src/domain/money/price.ts';
import type { DeploymentConfig } from '../../src/domain/routing/catalogue.ts';
import { budget, readingsOf } from '../support/policies.ts';
import { completionSaying, messageSaying, scriptedProvider } from '../support/scripted-provider.ts';
import { type AskOptions, deployment, type House, model } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const USD = 1_000_000_000;
const RATES = { input: 3 * USD, output: 15 * USD };
const SEARCH = { type: 'web_search_20250305', name: 'web_search' };

const { open: openHouse, present } = withHouse();

/** A deployment at Anthropic's with a price of 3 and 15 USD, and what is said of units. */
function claude(units: PriceUnits = {}, more: Partial<DeploymentConfig> = {}): DeploymentConfig {
  const prices = [{ id: 'price_1', effectiveFromMs: 0, perMillion: { ...RATES, cache_write: 4 * USD }, units }];
  return deployment({ provider: 'anthropic', prices, ...more });
}

async function open(deployments: readonly DeploymentConfig[], usage: JsonObject, more: House = {}, said: JsonObject = {}) {
  const provider = scriptedProvider('anthropic', (_body, { wire }) =>
    wire === 'openai-chat' ? completionSaying(usage, said) : messageSaying(usage),
  );
  const house = await openHouse({ provider, targets: [model('fast', deployments)], ...more });
  const { ask } = house;
  const messages = (body: object, options: AskOptions = {}) => ask({ ...HELLO, ...body }, { path: '/v1/messages', ...options });
  const chat = (body: object) => ask({ ...HELLO, ...body });
  return { ...house, messages, chat };
}

const blocking = (usd: number) => ({ key: { budgets: [budget(usd * USD)] } });
const spent = () => readingsOf(present(), ['key', 'key_1'], blocking(1).key);
const USAGE = { input_tokens: 1_000, output_tokens: 20 };
const TOKENS_NANO = 1_000 * 3_000 + 20 * 15_000;

describe('a search that the provider makes', () => {
  const usage = { ...USAGE, server_tool_use: { web_search_requests: 8 } };
  const priced = claude({ perUnit: { search: 0.01 * USD } }, { partTokensMax: 1_000 });

  // promise: **Priced or refused.**
  // promise: What a provider bills beyond tokens
  test('has a price, is charged it, and is held for before it is made', async () => {
    const { messages, rows } = await open([priced], usage, blocking(1));
    expect((await messages({ tools: [{ ...SEARCH, max_uses: 8 }] })).status).toBe(200);
    expect(rows[0]?.entries).toMatchObject([{ usage: { search: 8 }, nanoUsd: TOKENS_NANO + 0.08 * USD, unpricedUnits: null }]);
    expect(await spent()).toEqual({ 'key_budget_month:bud_1': { used: TOKENS_NANO + 0.08 * USD, held: 0 } });
  });

  test('does not fit under a budget that eight of them exceed', async () => {
    const { messages, upstreamCalls } = await open([priced], usage, blocking(0.03));
    const refused = await messages({ tools: [{ ...SEARCH, max_uses: 8 }] });
    expect([refused.status, upstreamCalls(), await spent()]).toEqual([
      429,
      0,
      { 'key_budget_month:bud_1': { used: 0, held: 0 } },
    ]);
  });

  // promise: a unit whose count the caller cannot bound (searches) is held at the deployment's declared maximum per request
  test('is held at the deployment’s maximum where the caller bounds none, and refused where nobody does', async () => {
    const bounded = { ...priced, searchesMax: 3 };
    const { messages, upstreamCalls } = await open([bounded], usage, blocking(0.03));
    expect((await messages({ tools: [SEARCH] })).status).toBe(429);
    await present().change({ key: { budgets: [budget(0.2 * USD)] } });
    expect((await messages({ tools: [SEARCH] })).status).toBe(200);
    await present().change({ targets: [model('fast', [priced])] });
    const refused = await messages({ tools: [{ name: 'mine', input_schema: {} }, SEARCH] });
    expect([refused.status, refused.json().error.type, upstreamCalls()]).toEqual([403, 'permission_error', 1]);
    expect(refused.json().error.message).toContain('`tools[1].max_uses`');
  });

  test('without a price is refused by name before it is sent where a budget blocks, and only there', async () => {
    const { messages, rows, upstreamCalls } = await open([claude()], usage, blocking(100));
    const refused = await messages({ tools: [{ ...SEARCH, max_uses: 1 }] });
    expect([refused.status, upstreamCalls()]).toEqual([403, 0]);
    expect(refused.json().error.message).toContain('`tools[0].type`');
    expect(rows[0]).toMatchObject({ status: 'refused', code: 'unpriced_parameter', param: 'tools[0].type' });
    await present().change({ key: { budgets: [budget(100 * USD, { action: 'alert' })] } });
    expect((await messages({ tools: [{ ...SEARCH, max_uses: 1 }] })).status).toBe(200);
    expect(rows[1]?.entries).toMatchObject([{ nanoUsd: TOKENS_NANO, unpricedUnits: 'search', usage: { search: 8 } }]);
  });

  test('is made where it has a price, if somebody else could serve who has none for it', async () => {
    const cheap = claude({}, { id: 'dep_0', priority: -1 });
    const { messages, rows } = await open([cheap, priced], usage, blocking(1));
    expect((await messages({ tools: [{ ...SEARCH, max_uses: 8 }] })).status).toBe(200);
    expect((await messages({})).status).toBe(200);
    expect(rows.map(({ deploymentId }) => deploymentId)).toEqual(['dep_1', 'dep_0']);
  });
});

describe('what is billed beyond tokens', () => {
  const refusals: readonly (readonly [string, object, readonly string[], string])[] = [
    ['a service tier', { service_tier: 'priority' }, [], 'service_tier'],
    ['a speed', { speed: 'fast' }, [], 'speed'],
    ['a region', { inference_geo: 'us' }, [], 'inference_geo'],
    ['servers of tools', { mcp_servers: [{ url: 'https://x' }] }, [], 'mcp_servers'],
    ['a container', { container: 'c_1' }, [], 'container'],
    ['a server tool', { tools: [{}, {}, { type: 'code_execution_20250825' }] }, [], 'tools[2].type'],
    ['a beta that nobody knows', {}, ['anthropic-beta', 'claude-code-20250219, new-2026-01-01'], 'anthropic-beta'],
    ['a long context', {}, ['anthropic-beta', 'context-1m-2025-08-07'], 'anthropic-beta'],
    [
      'a cache of an hour',
      { system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '1h' } }] },
      [],
      'cache_control',
    ],
  ];

  // promise: Under a `block` budget an unpriced unit is refused before it is sent (`unpriced_parameter`, naming the field)
  test.each(refusals)('%s without a price is refused by its name', async (_what, body, headers, param) => {
    const { messages, rows, upstreamCalls, gateway } = await open([claude()], USAGE, blocking(100));
    const refused = await messages(body, { headers });
    expect([refused.status, upstreamCalls()]).toEqual([403, 0]);
    expect(refused.json().error.message).toContain(`\`${param}\``);
    expect(rows[0]).toMatchObject({ status: 'refused', code: 'unpriced_parameter', param });
    expect([...gateway.traffic.read().unpricedUnits.values()]).toEqual([1]);
  });

  const neutral: readonly (readonly [string, object, readonly string[]])[] = [
    [
      'tools that the client runs',
      { tools: [{ name: 'a' }, { type: 'custom' }, { type: 'bash_20250124' }, { type: 'memory_20250818' }] },
      [],
    ],
    ['the ordinary tier', { service_tier: 'standard_only', speed: 'standard', inference_geo: 'global' }, []],
    ['a choice that is left to the provider', { service_tier: 'auto', mcp_servers: [], container: null }, []],
    ['a cache of five minutes', { tools: [{ name: 'a', cache_control: { type: 'ephemeral' } }] }, []],
    [
      'what agents send',
      { context_management: { edits: [{ type: 'clear_thinking_20251015' }] }, thinking: { type: 'adaptive' } },
      ['anthropic-beta', 'claude-code-20250219,interleaved-thinking-2025-05-14,advanced-tool-use-2025-11-20,effort-2025-11-24'],
    ],
  ];

  // promise: Unknown beta headers and server-tool types count as unpriced
  test.each(neutral)('%s are not it', async (_what, body, headers) => {
    const { messages, rows } = await open([claude()], USAGE, blocking(100));
    expect((await messages(body, { headers })).status).toBe(200);
    expect(rows[0]?.entries).toMatchObject([{ nanoUsd: TOKENS_NANO, unpricedUnits: null, serviceTier: null }]);
  });

  // promise: Elsewhere it passes, is settled at its price where there is one, and marks the row `partly_priced` where there is none.
  test('passes elsewhere, and its row names what had no price', async () => {
    const { messages, rows, gateway } = await open([claude()], { ...USAGE, service_tier: 'priority' });
    const body = { service_tier: 'priority', mcp_servers: [{ url: 'https://x' }], tools: [{ type: 'code_execution_20250825' }] };
    expect((await messages(body, { headers: ['anthropic-beta', 'new-2026-01-01'] })).status).toBe(200);
    const names = 'service_tier:priority,tool:code_execution_20250825,mcp_servers,beta:new-2026-01-01';
    expect(rows[0]?.entries).toMatchObject([{ nanoUsd: TOKENS_NANO, serviceTier: 'priority', unpricedUnits: names }]);
    expect(Object.fromEntries(gateway.traffic.read().unpricedUnits)).toEqual({ tier: 1, tool: 1, beta: 1, other: 1 });
  });

  // promise: What a provider bills beyond tokens (server tools, searches,
  test.each([
    ['a tier', { service_tier: 'priority' }, { service_tier: 'priority' }, 'priority'],
    ['a speed', { speed: 'fast' }, { speed: 'fast' }, 'fast'],
    ['an account’s region', {}, { inference_geo: 'us' }, 'us'],
    ['a speed in a region', { speed: 'fast', inference_geo: 'us' }, { speed: 'fast', inference_geo: 'us' }, 'fast+us'],
  ])(
    '%s that has rates is held and charged at them, and at the ordinary ones where those answered',
    async (_what, body, said, tier) => {
      const dear = { serviceTiers: { [tier]: { perMillion: { input: 30 * USD, output: 150 * USD } } } };
      const asked = await open([claude(dear)], { ...USAGE, ...said }, blocking(0.02));
      expect((await asked.messages(body)).status).toBe(429);
      await present().change({ key: { budgets: [budget(0.1 * USD)] } });
      expect((await asked.messages(body)).status).toBe(200);
      expect(asked.rows[1]?.entries).toMatchObject([{ nanoUsd: TOKENS_NANO * 10, serviceTier: tier, unpricedUnits: null }]);
      const said0 = { service_tier: 'standard', speed: 'standard', inference_geo: 'not_available' };
      const ordinary = await open([claude(dear)], { ...USAGE, ...said0 }, blocking(0.1));
      await ordinary.messages(body);
      expect(ordinary.rows[0]?.entries).toMatchObject([{ nanoUsd: TOKENS_NANO, serviceTier: null, unpricedUnits: null }]);
    },
  );

  test('a long prompt is held and charged at the tier that its length reaches', async () => {
    const tiers = { contextTiers: [{ aboveInputTokens: 200_000, perMillion: { input: 6 * USD, output: 22 * USD } }] };
    const usage = { input_tokens: 200_001, output_tokens: 10 };
    const { messages, rows } = await open([claude(tiers)], usage, blocking(1.2));
    const long = { system: 'x'.repeat(200_001) };
    expect((await messages(long, { headers: ['anthropic-beta', 'context-1m-2025-08-07'] })).status).toBe(429);
    await present().change({ key: { budgets: [budget(1.3 * USD)] } });
    expect((await messages(long, { headers: ['anthropic-beta', 'context-1m-2025-08-07'] })).status).toBe(200);
    expect(rows[1]?.entries).toMatchObject([{ nanoUsd: 200_001 * 6_000 + 10 * 22_000, unpricedUnits: null }]);
  });

  test('a fee for the request is charged once, and held', async () => {
    const { messages, rows } = await open([claude({ perUnit: { request: 0.012 * USD } })], USAGE, blocking(0.013));
    expect((await messages({})).status).toBe(429);
    await present().change({ key: { budgets: [budget(0.1 * USD)] } });
    expect((await messages({})).status).toBe(200);
    expect(rows[1]?.entries).toMatchObject([{ usage: { request: 1 }, nanoUsd: TOKENS_NANO + 0.012 * USD }]);
  });
});

describe('over OpenAI’s dialect', () => {
  const usage = { prompt_tokens: 1_000, completion_tokens: 20, total_tokens: 1_020 };

  test.each([
    ['a hosted tool', { tools: [{ type: 'function', function: { name: 'a' } }, { type: 'browser_search' }] }, 'tools[1].type'],
    ['a web search', { web_search_options: {} }, 'web_search_options'],
    ['a search of xAI’s', { search_parameters: { mode: 'auto' } }, 'search_parameters'],
    ['plugins', { plugins: [{ id: 'web' }] }, 'plugins'],
    ['a search of Alibaba’s', { enable_search: true }, 'enable_search'],
    ['a tier', { service_tier: 'flex' }, 'service_tier'],
    ['a spoken answer', { modalities: ['text', 'audio'], audio: { voice: 'a' } }, 'modalities'],
    [
      'a spoken question',
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'x' } }] }] },
      'messages',
    ],
    ['other models to fall back to', { models: ['dear'] }, 'models'],
  ])('%s without a price is refused by its name', async (_what, body, param) => {
    const { chat, rows, upstreamCalls } = await open([claude()], usage, blocking(100));
    const refused = await chat(body);
    expect([refused.status, refused.json().error.code, refused.json().error.param, upstreamCalls()]).toEqual([
      403,
      'unpriced_parameter',
      param,
      0,
    ]);
    expect(rows[0]?.code).toBe('unpriced_parameter');
  });

  test('client tools and the ordinary tier are not billed beyond tokens', async () => {
    const tools = [
      { type: 'function' },
      { type: 'custom' },
      { type: 'namespace' },
      { type: 'local_shell' },
      { type: 'apply_patch' },
    ];
    const { chat, rows } = await open([claude()], usage, blocking(100), { service_tier: 'default' });
    const body = { tools: [...tools, { type: 'tool_search', execution: 'client' }] };
    expect((await chat({ ...body, service_tier: 'default', modalities: ['text'] })).status).toBe(200);
    expect(rows[0]?.entries).toMatchObject([{ nanoUsd: TOKENS_NANO, unpricedUnits: null, serviceTier: null }]);
  });

  test('the tier is the one that answered, wherever the answer says so', async () => {
    const tiers = { serviceTiers: { priority: { perMillion: { input: 6 * USD, output: 30 * USD } } } };
    for (const said of [{ service_tier: 'priority' }, { service_tier: 'priority', system_fingerprint: 'x'.repeat(5_000) }]) {
      const { chat, rows } = await open([claude(tiers)], usage, blocking(1), said);
      // OpenAI's `fast` is answered and billed as `priority`.
      expect((await chat({ service_tier: 'fast' })).status).toBe(200);
      expect(rows[0]?.entries).toMatchObject([{ nanoUsd: TOKENS_NANO * 2, serviceTier: 'priority' }]);
    }
  });

  test('a search whose number no answer tells is charged at the most there can have been', async () => {
    const searching = claude({ perUnit: { search: 0.025 * USD } }, { searchesMax: 2 });
    const { chat, rows } = await open([searching], usage, blocking(1));
    expect((await chat({ web_search_options: {} })).status).toBe(200);
    expect(rows[0]?.entries).toMatchObject([{ usage: { search: 2 }, nanoUsd: TOKENS_NANO + 0.05 * USD }]);
  });

  test('sources that xAI used are charged as reported', async () => {
    const searching = claude({ perUnit: { search: 0.025 * USD } }, { searchesMax: 20 });
    const { chat, rows } = await open([searching], { ...usage, num_sources_used: 4 }, blocking(10));
    expect((await chat({ search_parameters: { mode: 'on', max_search_results: 5 } })).status).toBe(200);
    expect(rows[0]?.entries).toMatchObject([{ usage: { search: 4 }, nanoUsd: TOKENS_NANO + 0.1 * USD }]);
  });
});

describe('a media part', () => {
  const picture = { role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'https://x/y.png' } }] };

  // promise: or for an image, audio or file part the deployment's declared maximum per part (undeclared: 40,000, and it counts as unbounded)
  test('is held at the deployment’s declared maximum, and at 40,000 tokens where it declares none', async () => {
    const { messages } = await open([claude({}, { partTokensMax: 2_000 })], USAGE, blocking(0.02));
    expect((await messages({ messages: [picture] })).status).toBe(200);
    await present().change({ targets: [model('fast', [claude()])], key: { budgets: [budget(0.125 * USD)] } });
    const refused = await messages({ messages: [picture] });
    expect([refused.status, refused.json().error.message]).toEqual([429, expect.stringContaining('this request needs 0.1')]);
  });
});

describe('a picture that does not look like one', () => {
  const picture = { type: 'image', source: { type: 'url', url: 'https://x/y.png' } };

  // promise: A part whose kind is not known to be text is such a part, whatever else it holds.
  test.each([
    { ...picture, content: [] },
    { ...picture, content: 'a text' },
    { ...picture, source: { ...picture.source, content: [] } },
    { type: 'image_url', image_url: { url: 'https://x/y.png' }, source: { type: 'text' } },
    { type: 'hologram', url: 'https://x/y.png' },
    { url: 'https://x/y.png' },
  ])('is held as one, and is not sent where the budget is less: %#', async (part) => {
    const { messages, upstreamCalls } = await open([claude({}, { partTokensMax: 100_000 })], USAGE, blocking(0.1));
    const refused = await messages({ messages: [{ role: 'user', content: [part] }] });
    expect([refused.status, upstreamCalls(), await spent()]).toEqual([
      429,
      0,
      { 'key_budget_month:bud_1': { used: 0, held: 0 } },
    ]);
  });

  test('does not come of what clients send as text', async () => {
    const { messages } = await open([claude({}, { partTokensMax: 100_000 })], USAGE, blocking(0.1));
    const content = [
      { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'x' }] },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x' } },
      { type: 'text', text: 'x' },
    ];
    expect((await messages({ messages: [{ role: 'user', content }] })).status).toBe(200);
  });
});

describe('a field that is not known to cost nothing', () => {
  // promise: Unknown fields of a request count as unpriced
  test('is refused by name where a budget blocks, and passed and marked elsewhere', async () => {
    const { ask, rows, upstreamCalls } = await openHouse(blocking(100));
    const openai = (more: object) => ask({ ...HELLO, ...more });
    const refused = await openai({ max_tokens: 10, n_predict: 100_000 });
    expect([refused.status, upstreamCalls()]).toEqual([403, 0]);
    expect(refused.json().error).toMatchObject({ code: 'unpriced_parameter', param: 'n_predict' });
    expect((await openai({ max_tokens: 10, min_p: 0.1 })).status).toBe(200);
    await present().change({ key: { budgets: [budget(100 * USD, { action: 'alert' })] } });
    expect((await openai({ max_tokens: 10, n_predict: 100_000 })).status).toBe(200);
    expect(rows.at(-1)?.entries[0]?.unpricedUnits).toBe('n_predict');
  });
});

describe('whatever a caller puts there', () => {
  test.each([
    { tools: Array.from({ length: 10_000 }, (_, at) => ({ type: `tool_${at}` })) },
    { tools: [{ type: 'x'.repeat(100_000) }] },
    { tools: [{ type: 7 }, null, 'x', [], { type: { a: 1 } }] },
    { tools: { type: 'x' }, mcp_servers: 'x', container: 7, service_tier: {}, speed: [], inference_geo: 1 },
    { service_tier: 'é\u0000,+priority', speed: '__proto__', inference_geo: 'constructor' },
    {
      tools: [
        { ...SEARCH, max_uses: -1 },
        { ...SEARCH, max_uses: 1e300 },
        { ...SEARCH, max_uses: '5' },
      ],
    },
    { system: [{ cache_control: 'x' }, { cache_control: { ttl: 7 } }, { cache_control: { ttl: '1y' } }] },
  ])('is bounded and answered: %#', async (body) => {
    for (const policy of [{}, blocking(100)]) {
      const { messages, rows } = await open([claude()], USAGE, policy);
      const said = await messages(body);
      expect([200, 403]).toContain(said.status);
      expect(said.text.length).toBeLessThan(1_000);
      expect(rows[0]?.param?.length ?? 0).toBeLessThan(60);
      expect(rows[0]?.entries[0]?.unpricedUnits?.length ?? 0).toBeLessThanOrEqual(1_024);
    }
  });
});
