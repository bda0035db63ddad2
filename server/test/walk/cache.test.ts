/** Answers of the exact cache: who gets one again, who never does, and what it costs. */
import { describe, expect, test } from 'vitest';
import type { AnswerCachePolicy } from '../../src/domain/tenancy/tenancy.ts';
import { chat, type PlayedCall } from '../support/played-provider.ts';
import { budget } from '../support/policies.ts';
import { asking } from '../support/scene.ts';
import { type AskOptions, deployment, type House, model, type WalkHouse } from '../support/walk.ts';
import { HELLO, withHouse, withScene } from '../support/with-house.ts';

const { open: openHouse } = withHouse();
const openScene = withScene();

const TEAM: AnswerCachePolicy = { scope: 'team', epoch: 0 };
const CACHED = model('fast', [deployment()], { cacheSeconds: 60 });

function open(more: House = {}) {
  return openHouse({
    targets: [CACHED],
    moreTeams: [{ id: 'team_2' }],
    moreKeys: [{}, { teamId: 'team_2' }],
    ...more,
    organization: { answerCache: TEAM, ...more.organization },
  });
}

/** What the header says of each of several requests. */
async function outcomes(house: WalkHouse, requests: readonly (readonly [body?: object, options?: AskOptions])[]) {
  const said: (string | null)[] = [];
  for (const [body = {}, options = {}] of requests) {
    const { headers, status } = await house.ask({ ...HELLO, ...body }, options);
    said.push(status === 200 ? (headers['x-headgate-cache'] ?? null) : String(status));
  }
  return said;
}

const SAME = [[], []] as const;

describe('an answer that was kept', () => {
  // promise: An answer from our own cache: one request, no tokens, no money
  test('is given again as it was: one request, no tokens, no money, no call of a provider', async () => {
    const house = await open();
    const first = await house.ask(HELLO);
    const again = await house.ask(HELLO);
    expect([first.headers['x-headgate-cache'], first.headers.age]).toEqual(['miss', undefined]);
    expect([again.status, again.headers['x-headgate-cache'], again.headers.age]).toEqual([200, 'hit', '0']);
    expect([again.text, again.headers['content-type']]).toEqual([first.text, first.headers['content-type']]);
    expect(again.headers['x-headgate-cost']).toBe('0.00');
    expect(again.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    expect(house.upstreamCalls()).toBe(1);
    expect(house.rows).toMatchObject([
      { status: 'succeeded', attempts: 1, entries: [{ kind: 'usage' }] },
      { status: 'succeeded', httpStatus: 200, attempts: 0, entries: [], deploymentId: null, finishReason: 'stop' },
    ]);
  });

  test('of a stream is given again as the same stream, and only to one who asks for a stream', async () => {
    const house = await open();
    const first = await house.ask({ ...HELLO, stream: true });
    const again = await house.ask({ ...HELLO, stream: true });
    expect(again.headers).toMatchObject({ 'x-headgate-cache': 'hit', 'content-type': first.headers['content-type'] });
    expect(again.text).toBe(first.text);
    expect(again.text).toMatch(/data: \[DONE\]\n\n$/);
    expect(await outcomes(house, [[{ stream: false }], [{ stream: true, stream_options: { include_usage: true } }]])).toEqual([
      'miss',
      'miss',
    ]);
  });

  test.each([
    ['/v1/messages', { model: 'fast', max_tokens: 50, messages: [{ role: 'user', content: 'hello' }] }],
    ['/v1beta/models/fast:generateContent', { contents: [{ role: 'user', parts: [{ text: 'hello' }] }] }],
  ])('is given again at %s, and not at another endpoint', async (path, body) => {
    const house = await open();
    const ask = async (options: AskOptions) => (await house.ask(body, options)).headers['x-headgate-cache'];
    expect([await ask({ path }), await ask({ path })]).toEqual(['miss', 'hit']);
    expect(await outcomes(house, SAME)).toEqual(['miss', 'hit']);
    expect(house.upstreamCalls()).toBe(2);
  });

  test('says again what the translation left out', async () => {
    const house = await open();
    const body = { model: 'fast', max_tokens: 50, top_k: 3, messages: [{ role: 'user', content: 'hello' }] };
    const first = await house.ask(body, { path: '/v1/messages' });
    const again = await house.ask(body, { path: '/v1/messages' });
    expect(again.headers['x-headgate-cache']).toBe('hit');
    expect(again.headers['x-headgate-dropped']).toBe(first.headers['x-headgate-dropped']);
  });

  test('counts as a request of every limit, and needs the access that a new one needs', async () => {
    const house = await open({ key: { rateLimits: { rpm: 3 } } });
    expect(await outcomes(house, [[], [], [], []])).toEqual(['miss', 'hit', 'hit', '429']);
    await house.change({ key: { rateLimits: {}, access: { mode: 'restrict', targets: [], accessGroups: [] } } });
    expect((await house.ask(HELLO)).status).toBeGreaterThanOrEqual(400);
    expect(house.upstreamCalls()).toBe(1);
  });
});

describe('who gets an answer again', () => {
  test.each([
    ['key', ['hit', 'miss', 'miss']],
    ['team', ['hit', 'hit', 'miss']],
    ['organization', ['hit', 'hit', 'hit']],
  ] as const)('scope %s', async (scope, expected) => {
    const house = await open({ organization: { answerCache: { scope, epoch: 0 } } });
    const [first, sameTeam, otherTeam] = house.secrets as [string, string, string];
    await house.ask(HELLO, { secret: first });
    expect(
      await outcomes(
        house,
        [first, sameTeam, otherTeam].map((secret) => [{}, { secret }]),
      ),
    ).toEqual(expected);
  });

  test.each<readonly [string, House]>([
    ['the target does not allow it', { targets: [model('fast', [deployment()])] }],
    ['the organization does not want it', { organization: { answerCache: null } }],
  ])('nobody, where %s', async (_, more) => {
    const house = await open(more);
    expect(await outcomes(house, [[], []])).toEqual([null, null]);
    expect(house.upstreamCalls()).toBe(2);
    expect(house.gateway.answerCache.bytes()).toBe(0);
  });
});

describe('a request', () => {
  test('is the same whatever names its user, its metadata or its tags that are only labels', async () => {
    const house = await open();
    const same = [{ user: 'a' }, { user: 'b' }, { metadata: { run: '1' } }, { metadata: { tags: ['blue'] } }];
    expect(await outcomes(house, [[], ...same.map((body) => [body] as const)])).toEqual(['miss', 'hit', 'hit', 'hit', 'hit']);
  });

  test('is another one with any other field, header or order of fields', async () => {
    const house = await open();
    await house.ask(HELLO);
    const { model: name, ...rest } = HELLO;
    const others: readonly (readonly [object?, AskOptions?])[] = [
      [{ temperature: 0 }],
      [{ max_tokens: 51 }],
      [{ messages: [{ role: 'user', content: 'hello ' }] }],
      [{}, { headers: ['anthropic-beta', 'effort-2025-11-24'] }],
      [{}, { query: 'a=1' }],
      [{}, { raw: Buffer.from(JSON.stringify({ ...rest, model: name })) }],
    ];
    expect(await outcomes(house, others)).toEqual(others.map(() => 'miss'));
    expect(house.upstreamCalls()).toBe(1 + others.length);
  });

  test('goes to a provider again when its answer is too old, was made by another model, or was forgotten', async () => {
    let now = 1_000_000;
    const clock = { nowMs: () => now, monotonicMs: () => now };
    const house = await open({ clock });
    expect(await outcomes(house, SAME)).toEqual(['miss', 'hit']);
    now += 59_999;
    expect((await house.ask(HELLO)).headers).toMatchObject({ 'x-headgate-cache': 'hit', age: '59' });
    now += 1;
    expect(await outcomes(house, SAME)).toEqual(['miss', 'hit']);
    await house.change({ targets: [model('fast', [deployment({ upstreamModel: 'fake-large' })], { cacheSeconds: 60 })] });
    expect(await outcomes(house, SAME)).toEqual(['miss', 'hit']);
    await house.change({ organization: { answerCache: { ...TEAM, epoch: 1 } } });
    expect(await outcomes(house, SAME)).toEqual(['miss', 'hit']);
  });

  test('may ask for a new answer, which is kept, or for none that is kept', async () => {
    const house = await open();
    const header = (value: string) => [{}, { headers: ['cache-control', value] }] as const;
    expect(await outcomes(house, [header('no-store'), header('no-store'), [], header('no-cache'), []])).toEqual([
      ...['bypass', 'bypass', 'miss', 'bypass', 'hit'],
    ]);
    expect(house.upstreamCalls()).toBe(4);
  });

  test.each<readonly [string, object, AskOptions]>([
    ['asks for a tool that the provider runs', { web_search_options: {} }, {}],
    ['is large', { messages: [{ role: 'user', content: 'x'.repeat(300_000) }] }, {}],
    ['is of the Responses API', { messages: undefined, max_tokens: undefined, input: 'hello' }, { path: '/v1/responses' }],
  ])('is never cached when it %s', async (_, body, options) => {
    const house = await open();
    expect(
      await outcomes(house, [
        [body, options],
        [body, options],
      ]),
    ).toEqual(['bypass', 'bypass']);
    expect(house.upstreamCalls()).toBe(2);
    expect(house.gateway.answerCache.bytes()).toBe(0);
  });
});

describe('an answer is not kept', () => {
  const PATH = { path: '/v1/chat/completions' };
  const USAGE = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
  const answered = (finish_reason: string, more: object = { usage: USAGE }) => ({
    ...{ id: 'c', object: 'chat.completion', created: 1, model: 'm', ...more },
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason }],
  });

  test.each(['broken', 'left', 'unreported'] as const)('when its stream is %s', async (end) => {
    const scene = await openScene({ organization: { answerCache: TEAM }, cacheSeconds: 60 });
    const { call: called, leave, row } = asking(scene, { ...HELLO, stream: true }, PATH);
    const call = await called;
    call.events(chat.role(), chat.text('Hello.'));
    if (end === 'left') await leave();
    if (end === 'broken') call.fail('reset');
    if (end === 'unreported') {
      call.events(chat.finish(), chat.done);
      call.end();
    }
    await row();
    expect(scene.house.gateway.answerCache.bytes()).toBe(0);
  });

  test.each<readonly [string, (call: PlayedCall) => void, number]>([
    ['is complete, so it is kept', (call) => call.json(answered('stop')), 1],
    ['is an error', (call) => call.json({ error: { message: 'no' } }, 400), 0],
    ['was withheld', (call) => call.json(answered('content_filter')), 0],
    ['reports no usage', (call) => call.json(answered('stop', {})), 0],
    ['is larger than a mebibyte', (call) => call.json(answered('stop', { usage: USAGE, padding: 'x'.repeat(1_048_577) })), 0],
  ])('when it %s', async (_, answer, kept) => {
    const scene = await openScene({ organization: { answerCache: TEAM }, cacheSeconds: 60 });
    const { call, said } = asking(scene, { ...HELLO, stream: false }, PATH);
    answer(await call);
    expect((await said).headers['x-headgate-cache']).toBe('miss');
    expect(scene.house.gateway.answerCache.bytes() > 0).toBe(kept === 1);
  });

  test('when a budget cut its output short of what was asked', async () => {
    const house = await open({ key: { budgets: [{ ...budget(60_000), clampOutput: true }] } });
    expect(await outcomes(house, [[{ max_tokens: 4_000 }]])).toEqual(['miss']);
    expect(house.gateway.answerCache.bytes()).toBe(0);
  });

  test('and a defect of the cache costs nobody an answer', async () => {
    const throwing = () => {
      throw new Error('the cache is broken');
    };
    const broken = { nameOf: () => 'name', find: throwing, keep: throwing, bytes: () => 0 };
    const house = await open({ gateway: { answerCache: broken }, expectsDefects: true });
    expect(await outcomes(house, [[]])).toEqual(['bypass']);
    expect(house.defects).toHaveLength(1);
  });
});
