/** Refusals by a content policy before any output: other targets serve, and both attempts are charged. */
import { describe, expect, test } from 'vitest';
import type { CallableTarget, DeploymentConfig } from '../../src/domain/routing/catalogue.ts';
import { answersByModel, type ModelAnswer } from '../support/answers-by-model.ts';
import { chat, chatAnswer, chatUsage, messages, messagesAnswer } from '../support/played-provider.ts';
import { budget } from '../support/policies.ts';
import { deployment, type House, model } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const { open: openHouse } = withHouse();

/** 20 tokens of input and 6 of output, at 50 and 400 USD for a million. */
const ANSWER_COST = 20 * 50 + 6 * 400;
const filtered = (usage: object | null): object => ({
  ...chatAnswer('', usage),
  choices: [{ index: 0, message: { role: 'assistant', content: null }, finish_reason: 'content_filter' }],
});
const FILTER_400 = {
  error: { message: 'The response was filtered', type: null, code: 'content_filter', param: 'prompt', status: 400 },
};
const finished = (reason: string) => ({
  id: 'c',
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: {}, finish_reason: reason }],
});

const ANSWERS: Readonly<Record<string, ModelAnswer>> = {
  up: { json: chatAnswer('Hello.', chatUsage(20, 6)) },
  refuses: { json: filtered(chatUsage(20, 0)) },
  'refuses-unsaid': { json: filtered(null) },
  'refuses-400': { status: 400, json: FILTER_400 },
  invalid: { status: 400, json: { error: { message: 'no such field', type: 'invalid_request_error', code: null } } },
  streams: { events: [chat.role(), chat.text('Hello.'), chat.finish(), chat.usage(20, 6), chat.done] },
  'refuses-stream': { events: [chat.role(), finished('content_filter'), chat.usage(20, 0), chat.done] },
  'refuses-late': { events: [chat.role(), chat.text('Hel'), finished('content_filter'), chat.usage(20, 2), chat.done] },
  fails: { status: 500, json: { error: { message: 'down' } } },
};

const at = (id: string, upstreamModel: string, more: Partial<DeploymentConfig> = {}) =>
  deployment({ id, upstreamModel, ...more });
const called = (upstreamModel: string, policyFallbacks: readonly string[] = ['other'], more: Partial<DeploymentConfig> = {}) =>
  model('fast', [at('dep_1', upstreamModel, more)], { policyFallbacks });
const other = (upstreamModel = 'up', more: Partial<DeploymentConfig> = {}) => model('other', [at('dep_2', upstreamModel, more)]);

async function open(targets: readonly CallableTarget[], plan: House = {}, answers = ANSWERS) {
  const { provider, sent } = answersByModel(answers);
  return Object.assign(await openHouse({ targets, provider, ...plan }), { sent, to: () => sent.map(({ to }) => to) });
}

const STREAM = { ...HELLO, stream: true };
const costsOf = (house: Awaited<ReturnType<typeof open>>) =>
  house.rows[0]?.entries.map(({ deploymentId, nanoUsd, kind }) => [deploymentId, nanoUsd, kind]);

describe('a refusal before output', () => {
  // promise: A refusal before any output may go to another target
  test('of a whole answer: the next target answers, and both are charged what they report', async () => {
    const house = await open([called('refuses'), other()]);
    const said = await house.ask(HELLO);
    expect([said.status, said.headers['x-headgate-deployment']]).toEqual([200, 'dep_2']);
    expect(said.text).toContain('Hello.');
    expect(costsOf(house)).toEqual([
      ['dep_1', 20 * 50, 'usage'],
      ['dep_2', ANSWER_COST, 'usage'],
    ]);
    expect(house.rows[0]?.tried).toMatchObject([
      { result: 'error', status: 200, code: 'refused', next: 'fell_back', nextReason: 'policy_fallback' },
      { result: 'answered' },
    ]);
  });

  test('that reports no usage is charged the input as an estimate', async () => {
    const house = await open([called('refuses-unsaid'), other()]);
    await house.ask(HELLO);
    const [first, second] = costsOf(house) ?? [];
    expect(first?.[0]).toBe('dep_1');
    expect(first?.[1]).toBeGreaterThan(0);
    expect(first?.[2]).toBe('estimated');
    expect(second).toEqual(['dep_2', ANSWER_COST, 'usage']);
  });

  test('with a status of its own costs nothing, and goes on too', async () => {
    const house = await open([called('refuses-400'), other()]);
    expect((await house.ask(HELLO)).status).toBe(200);
    expect(costsOf(house)).toEqual([['dep_2', ANSWER_COST, 'usage']]);
    expect(house.rows[0]?.tried?.[0]).toMatchObject({ status: 400, code: 'refused', nextReason: 'policy_fallback' });
  });

  test('of a stream: nothing of it reaches the client', async () => {
    const house = await open([called('refuses-stream'), other('streams')]);
    const said = await house.ask(STREAM);
    expect(said.text).toContain('Hello.');
    expect(said.text).not.toContain('content_filter');
    expect(costsOf(house)).toEqual([
      ['dep_1', 20 * 50, 'usage'],
      ['dep_2', ANSWER_COST, 'usage'],
    ]);
  });

  test('of Anthropic’s format, whole and streamed', async () => {
    const refusal = [messages.start(20), messages.delta(0, 'refusal'), messages.end()];
    const answer = [
      messages.start(20),
      messages.begin(),
      messages.text('Hello.'),
      messages.stop(),
      messages.delta(6),
      messages.end(),
    ];
    const whole = { ...messagesAnswer('', { input_tokens: 20, output_tokens: 0 }), content: [], stop_reason: 'refusal' };
    const answers = {
      ...{
        'refuses-whole': { json: whole },
        'answers-whole': { json: messagesAnswer('Hello.', { input_tokens: 20, output_tokens: 6 }) },
      },
      ...{ 'refuses-stream': { events: refusal }, 'answers-stream': { events: answer } },
    };
    for (const way of ['whole', 'stream']) {
      const house = await open([called(`refuses-${way}`), other(`answers-${way}`)], {}, answers);
      const said = await house.ask({ ...HELLO, stream: way === 'stream' }, { path: '/v1/messages' });
      expect(said.text).toContain('Hello.');
      expect(said.text).not.toContain('refusal');
      expect(costsOf(house)?.map(([id]) => id)).toEqual(['dep_1', 'dep_2']);
    }
  });
});

describe('what a client gets as it came', () => {
  test('a refusal where no policy fallbacks are set, streamed too: nothing else is tried', async () => {
    for (const [upstream, body] of [
      ['refuses', HELLO],
      ['refuses-stream', STREAM],
    ] as const) {
      const house = await open([model('fast', [at('dep_1', upstream)], { fallbacks: ['other'] }), other()]);
      const said = await house.ask(body);
      expect([said.status, said.text.includes('content_filter'), house.to()]).toEqual([200, true, ['dep_1']]);
      expect(house.rows[0]?.tried).toBe(null);
    }
  });

  test('a refusal after output: nothing is taken back', async () => {
    const house = await open([called('refuses-late'), other('streams')]);
    const said = await house.ask(STREAM);
    expect(said.text).toContain('Hel');
    expect(said.text).toContain('content_filter');
    expect(house.to()).toEqual(['dep_1']);
    expect(costsOf(house)).toEqual([['dep_1', 20 * 50 + 2 * 400, 'usage']]);
  });

  test('the last target’s own refusal', async () => {
    const third = model('third', [at('dep_3', 'refuses')]);
    const house = await open([called('refuses', ['other', 'third']), other('refuses'), third]);
    const said = await house.ask(HELLO);
    expect([said.status, said.headers['x-headgate-deployment']]).toEqual([200, 'dep_3']);
    expect(said.text).toContain('content_filter');
    expect(costsOf(house)?.map(([id, cost]) => [id, cost])).toEqual([
      ['dep_1', 1_000],
      ['dep_2', 1_000],
      ['dep_3', 1_000],
    ]);
  });

  test('the refusal of several answers, of the last attempt, and where the others are cooling down', async () => {
    const several = await open([called('refuses'), other()]);
    expect((await several.ask({ ...HELLO, n: 2 })).text).toContain('content_filter');
    const settings = { ...several.gateway.settings, attemptsMax: 1 };
    const last = await open([called('refuses'), other()], { gateway: { settings } });
    expect((await last.ask(HELLO)).text).toContain('content_filter');
    const cooling = await open([called('refuses'), other()]);
    for (let n = 0; n < 3; n += 1) cooling.gateway.health.failed('dep_2', null);
    expect((await cooling.ask(HELLO)).text).toContain('content_filter');
    for (const house of [several, last, cooling]) expect(house.to()).toEqual(['dep_1']);
  });

  test('another fault of the request', async () => {
    const house = await open([called('invalid'), other()]);
    expect((await house.ask(HELLO)).status).toBe(400);
    expect(house.to()).toEqual(['dep_1']);
  });
});

describe('the targets for refusals', () => {
  // promise: Fallback to another *target* needs that target in the effective set.
  test('need the access of the key', async () => {
    const key = { access: { mode: 'restrict', targets: ['fast'], accessGroups: [] } } as const;
    const house = await open([called('refuses'), other()], { key });
    expect((await house.ask(HELLO)).text).toContain('content_filter');
    expect(house.to()).toEqual(['dep_1']);
  });

  // promise: each target of a fallback chain is judged by itself, and required tags hold there too.
  test('never leave a required tag', async () => {
    const key = { tags: { defaults: [], required: ['eu'] } };
    const house = await open([called('refuses', ['other'], { tags: ['eu'] }), other()], { key });
    expect((await house.ask(HELLO)).text).toContain('content_filter');
    expect(house.to()).toEqual(['dep_1']);
  });

  test('serve nothing else: neither failures nor requests that are too long', async () => {
    const failing = await open([called('fails'), other()], { gateway: { random: () => 0 } });
    expect((await failing.ask(HELLO)).status).toBe(502);
    expect(failing.to()).not.toContain('dep_2');
  });

  test('say no to the health of nobody', async () => {
    const house = await open([called('refuses'), other()]);
    for (let n = 0; n < 6; n += 1) await house.ask(HELLO);
    expect(house.to().filter((to) => to === 'dep_1')).toHaveLength(6);
  });

  test('are not called if the budget has no room for both attempts: 400, and the first is charged', async () => {
    const house = await open([called('refuses'), other()]);
    await house.ask(HELLO);
    expect(house.rows[0]?.entries).toHaveLength(2);
    // Just the hold of one attempt: 512 + bytes of input, and 50 tokens of output.
    const held = (512 + JSON.stringify(HELLO).length) * 50 + 50 * 400;
    const poor = await open([called('refuses'), other()], { key: { budgets: [budget(held + 100)] } });
    const said = await poor.ask(HELLO);
    expect([said.status, said.json().error.code]).toEqual([400, 'invalid_request']);
    expect(poor.to()).toEqual(['dep_1']);
    expect(costsOf(poor)).toEqual([['dep_1', 1_000, 'usage']]);
    expect(poor.rows[0]?.tried?.[0]).toMatchObject({ code: 'refused', next: 'ended', nextReason: 'hold_refused' });
  });
});
