import { describe, expect, test } from 'vitest';
import type { RateLimits } from '../../src/domain/limits/rate-limit.ts';
import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { createDecisionLookup } from '../../src/proxy/decisions/decision-lookup.ts';
import { budget } from '../support/policies.ts';
import { deployment, type House, model, type Said, type WalkHouse } from '../support/walk.ts';
import { withHouse } from '../support/with-house.ts';

const HELLO = { model: 'fast', messages: [{ role: 'user', content: 'hello' }] };
const INPUT = Math.ceil(Buffer.byteLength(JSON.stringify(HELLO)) / 4);

const { open, present } = withHouse();

/** What each request held of tokens, by the decision its row keeps. */
const held = ({ rows }: WalkHouse) => rows.map(({ decision }) => Number(decision.split('|')[2]?.split(',')[0]));

/** Answers with so many output tokens, whatever was asked. */
function longWinded(outputTokens: number): Provider {
  const answer = {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 0,
    model: 'fake-small',
    choices: [{ index: 0, message: { role: 'assistant', content: 'long' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 9, completion_tokens: outputTokens, total_tokens: 9 + outputTokens },
  };
  return {
    ...createFakeProvider(),
    open: (_request, sink) => {
      setImmediate(() => {
        sink.head(200, { 'content-type': 'application/json' });
        sink.data(Buffer.from(JSON.stringify(answer)));
        sink.end();
      });
      return { abort: () => {}, resume: () => {}, sent: true };
    },
  };
}

describe('a first call without `max_tokens`', () => {
  const anywhere: [string, House][] = [
    ['a key’s minute', { key: { rateLimits: { tpm: 4_000 } } }],
    ['a team’s hour', { team: { rateLimits: { tph: 4_000, tpm: 9_000 } } }],
    ['an organization’s day', { organization: { rateLimits: { tpd: 4_000 } }, key: { rateLimits: { tpm: 9_000 } } }],
    [
      'a limit for one model',
      {
        key: { modelLimits: [{ match: { is: 'exact', name: 'fast' }, rateLimits: { tpm: 4_000 } }], rateLimits: { tpm: 9_000 } },
      },
    ],
  ];

  // promise: **The expected output never fills a limit**: with or without history it is at most half of what
  // promise: So a request whose input fits is never refused for ever.
  test.each(anywhere)('passes under a small limit on the tokens of %s', async (_whose, plan) => {
    const { ask, upstreamCalls } = await open(plan);
    expect((await ask(HELLO)).status).toBe(200);
    expect([held(present()), upstreamCalls()]).toEqual([[INPUT + Math.floor((4_000 - INPUT) / 2)], 1]);
  });

  test('passes for each model that the key has never called', async () => {
    const names = ['fast', 'smart', 'small'];
    const { ask } = await open({
      key: { rateLimits: { tpm: 9_000 } },
      targets: names.map((name) => model(name, [deployment({ maxOutputTokens: null })])),
    });
    for (const name of names) expect((await ask({ ...HELLO, model: name })).status).toBe(200);
  });

  test.each([2, 8, 100])('passes when %i answers are asked for at once', async (n) => {
    const body = { ...HELLO, n };
    const input = Math.ceil(Buffer.byteLength(JSON.stringify(body)) / 4);
    for (const tpm of [4_000, input + n, input]) {
      const { ask } = await open({ key: { rateLimits: { tpm } } });
      expect((await ask(body)).status).toBe(200);
      expect(held(present())[0]).toBeLessThanOrEqual(tpm);
    }
  });
});

// promise: A decision keeps every rule as (rule id, limit, used, held)
test('the decision shows what was held of the limit, and of what never passes what to change', async () => {
  const decisions = createDecisionLookup({
    inMemory: (id) => present().rows.find(({ requestId }) => requestId === id) ?? null,
    shapeInMemory: (organizationId, shapeId) => present().journal.findShape(organizationId, shapeId) ?? null,
    inStore: async () => null,
    shapeInStore: async () => null,
    ownAmong: async () => new Set(),
  });
  const { ask, change } = await open({ key: { rateLimits: { tpm: 4_000 } }, gateway: { decisions } });
  const decisionOf = async ({ headers }: Said) =>
    (await ask(null, { method: 'GET', path: `/v1/decisions/${headers['x-request-id']}` })).json();
  const tokens = INPUT + Math.floor((4_000 - INPUT) / 2);
  expect(await decisionOf(await ask(HELLO))).toMatchObject({
    verdict: 'admitted',
    requested: { tokens },
    rules: [{ rule: 'key_tpm', limit_value: 4_000, held: tokens, verdict: 'passed' }],
  });
  await change({ key: { rateLimits: { tpm: INPUT - 1 } } });
  expect(await decisionOf(await ask(HELLO))).toMatchObject({
    verdict: 'refused',
    requested: { tokens: INPUT },
    rules: [{ limit_value: INPUT - 1, verdict: 'refused', retry_after_ms: null, deciding: true }],
    sentence: expect.stringMatching(
      /so it can never pass; to let it pass, send less input or ask an admin to raise the limit\.$/,
    ),
  });
});

describe('a history of long answers', () => {
  const lowered: RateLimits[] = [{ tpm: 4_000 }, { tph: 1_000 }, { tpd: 30_000 }];

  // promise: **The expected output never fills a limit**: with or without history it is at most half of what
  test('does not close a limit that was lowered since', async () => {
    const { ask, change } = await open({
      provider: longWinded(20_000),
      key: { rateLimits: { tpm: 1_000_000 } },
      targets: [model('fast', [deployment({ maxOutputTokens: null })])],
    });
    for (let i = 0; i < 20; i += 1) expect((await ask(HELLO)).status).toBe(200);
    for (const rateLimits of lowered) {
      // A window that is new begins empty, and so does a day nothing was written of.
      await change({ key: { rateLimits: {} } });
      await change({ key: { rateLimits } });
      expect([rateLimits, (await ask(HELLO)).status]).toEqual([rateLimits, 200]);
    }
    const room = (limit: number) => INPUT + Math.floor((limit - INPUT) / 2);
    expect(held(present()).slice(19)).toEqual([INPUT + 4_096, room(4_000), room(1_000), room(30_000)]);
  });
});

describe('what can still never pass', () => {
  const say = async (plan: House, body: object) => {
    const { ask, upstreamCalls, rows } = await open(plan);
    const said = await ask(body);
    expect([said.status, said.headers['x-should-retry'], said.headers['retry-after'], upstreamCalls()]).toEqual([
      429,
      'false',
      undefined,
      0,
    ]);
    expect(rows).toMatchObject([{ status: 'refused', entries: [] }]);
    return said.json().error.message as string;
  };
  const LONG = { ...HELLO, messages: [{ role: 'user', content: 'x'.repeat(400) }] };
  const long = Math.ceil(Buffer.byteLength(JSON.stringify(LONG)) / 4);

  test.each([{}, { max_tokens: 1 }, { n: 8 }])('is an input above the whole limit, with %o', async (more) => {
    const body = { ...LONG, ...more };
    const input = Math.ceil(Buffer.byteLength(JSON.stringify(body)) / 4);
    expect(await say({ key: { rateLimits: { tpm: 100 } } }, body)).toBe(
      `The limit of key key_1 is 100 tokens per minute; this request needs ${input} for its input alone, so it can never pass. Send less input or ask an admin to raise the limit.`,
    );
  });

  test('is anything under a limit of 0', async () => {
    expect(await say({ team: { rateLimits: { tph: 0 } } }, LONG)).toBe(
      `The limit of team team_1 is 0 tokens per hour; this request needs ${long} for its input alone, so it can never pass. Ask an admin to raise the limit.`,
    );
    expect(await say({ key: { rateLimits: { rpm: 0 } } }, HELLO)).toBe(
      'The limit of key key_1 is 0 requests per minute; this request needs 1, so it can never pass. Ask an admin to raise the limit.',
    );
    expect(await say({ key: { budgets: [budget(0)] } }, HELLO)).toMatch(
      / is 0\.00 USD; .* needs [\d.]+ USD, so it can never pass\. Ask an admin to raise the budget\.$/,
    );
  });

  test.each([
    ['its cap', { max_tokens: 3_000 }, false, 'Lower `max_tokens`, send less input or ask an admin to raise the budget.'],
    ['the cap it lacks', {}, false, 'Set `max_tokens`, send less input or ask an admin to raise the budget.'],
    ['its input, where the budget lowers the cap', {}, true, 'Send less input or ask an admin to raise the budget.'],
  ])('is what holds more than a whole budget, which says %s', async (_what, more, clampOutput, wayOut) => {
    const message = await say({ key: { budgets: [budget(1_000, { clampOutput })] } }, { ...LONG, ...more });
    expect(message).toMatch(
      /^The month budget of key key_1 is 0\.000001 USD; .* this request needs 0\.\d+ USD, so it can never pass\. /,
    );
    expect(message.endsWith(wayOut)).toBe(true);
  });

  test.each([
    ['/v1/responses', { model: 'fast', input: 'hello', max_output_tokens: 3_000 }, 'max_output_tokens'],
    ['/v1/messages', { ...HELLO, max_tokens: 3_000 }, 'max_tokens'],
    [
      '/v1beta/models/fast:generateContent',
      { contents: [{ role: 'user', parts: [{ text: 'hello' }] }], generationConfig: { maxOutputTokens: 3_000 } },
      'generationConfig.maxOutputTokens',
    ],
  ])('is told at %s with that dialect’s name of the cap', async (path, body, field) => {
    const { ask } = await open({ key: { budgets: [budget(1_000)] } });
    expect((await ask(body, { path })).json().error.message).toContain(`so it can never pass. Lower \`${field}\`, `);
  });

  test('names one request a minute in the singular', async () => {
    const { ask } = await open({ key: { rateLimits: { rpm: 1 } } });
    await ask(HELLO);
    expect((await ask(HELLO)).json().error.message).toMatch(/^The limit of key key_1 is 1 request per minute; 1 /);
  });
});
