/** Requests that are too long for a deployment: by what it declares, and by what its provider says. */
import { describe, expect, test } from 'vitest';
import { routingBody } from '../../src/domain/decision/attempts-made.ts';
import type { CallableTarget } from '../../src/domain/routing/catalogue.ts';
import { endLine } from '../../src/ledger/lines.ts';
import { parseEnd } from '../../src/ledger/parse-lines.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { answersByModel, type ModelAnswer } from '../support/answers-by-model.ts';
import { chat, chatAnswer, chatUsage } from '../support/played-provider.ts';
import { budget } from '../support/policies.ts';
import { deployment, type House, model } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const { open: openHouse } = withHouse();

const TOO_LONG = {
  error: { message: 'maximum context length is 8 tokens', type: 'invalid_request_error', code: 'context_length_exceeded' },
};
const ANSWERS: Readonly<Record<string, ModelAnswer>> = {
  up: { json: chatAnswer('Hello.', chatUsage(20, 6)) },
  long: { status: 400, json: TOO_LONG },
  'long-in-stream': { events: [`data: ${JSON.stringify(TOO_LONG)}\n\n`] },
  'long-after-output': { events: [chat.role(), chat.text('Hel'), `data: ${JSON.stringify(TOO_LONG)}\n\n`] },
  streams: { events: [chat.role(), chat.text('Hello.'), chat.finish(), chat.usage(20, 6), chat.done] },
  refuses: { status: 400, json: { error: { message: 'no such field', type: 'invalid_request_error', code: null } } },
};
/** 800 characters: more than 100 tokens by the estimate, whatever is around them. */
const LONG = { ...HELLO, messages: [{ role: 'user', content: 'x'.repeat(800) }] };

const at = (id: string, upstreamModel: string, more: object = {}) => deployment({ id, upstreamModel, ...more });

function open(targets: readonly CallableTarget[], plan: House = {}) {
  const { provider, sent } = answersByModel(ANSWERS);
  return openHouse({ targets, provider, ...plan }).then((house) => Object.assign(house, { sent }));
}

/** What the decision of a row says of the order, read as it is stored. */
function routingOf(row: EndRecord | undefined) {
  if (row === undefined) throw new Error('there is no row');
  return routingBody({ ...row, tried: parseEnd(endLine(row)).tried ?? null });
}

describe('a declared context window', () => {
  const two = [at('dep_small', 'up', { contextWindow: 100 }), at('dep_large', 'up', { priority: 1 })];

  test('keeps longer requests away, and the decision says why; shorter ones leave no trace of it', async () => {
    const house = await open([model('fast', two)]);
    expect((await house.ask(HELLO)).headers['x-headgate-deployment']).toBe('dep_small');
    expect((await house.ask(LONG)).headers['x-headgate-deployment']).toBe('dep_large');
    expect(house.sent.map(({ to }) => to)).toEqual(['dep_small', 'dep_large']);
    expect(house.rows[0]?.tried).toBe(null);
    expect(routingOf(house.rows[1])).toMatchObject({
      strategy: 'priority',
      by_session: false,
      candidates: [
        { deployment_id: 'dep_large', passed_over: null },
        { deployment_id: 'dep_small', passed_over: 'too_small' },
      ],
    });
  });

  test('is one reason beside the others of a comparison', async () => {
    const house = await open([model('fast', [...two, at('dep_other', 'up')], { strategy: 'least_busy' })]);
    await house.ask(LONG);
    const reasons = Object.fromEntries(
      routingOf(house.rows[0])?.candidates.map((one) => [one.deployment_id, one.passed_over]) ?? [],
    );
    expect(reasons).toEqual({ dep_small: 'too_small', dep_large: null, dep_other: null });
  });

  test('that fits nowhere: the context fallbacks serve, and nothing is sent to the others', async () => {
    const large = model('large', [at('dep_2', 'up')]);
    const house = await open([model('fast', two.slice(0, 1), { contextFallbacks: ['large'] }), large]);
    expect((await house.ask(LONG)).headers['x-headgate-deployment']).toBe('dep_2');
    expect(house.sent.map(({ to }) => to)).toEqual(['dep_2']);
    expect(routingOf(house.rows[0])?.candidates).toMatchObject([
      { deployment_id: 'dep_2', passed_over: null },
      { deployment_id: 'dep_small', passed_over: 'too_small' },
    ]);
    // A request that fits is not served there.
    expect((await house.ask(HELLO)).headers['x-headgate-deployment']).toBe('dep_small');
  });

  test('that fits nowhere and no fallback: the provider decides, because the size is an estimate', async () => {
    const house = await open([model('fast', two.slice(0, 1))]);
    expect((await house.ask(LONG)).status).toBe(200);
    expect(house.sent.map(({ to }) => to)).toEqual(['dep_small']);
  });

  test('that is too small takes no part while the larger ones are cooling down', async () => {
    const more = at('dep_third', 'up', { priority: 2 });
    const house = await open([model('fast', [...two, more])]);
    for (const id of ['dep_large', 'dep_third']) for (let n = 0; n < 3; n += 1) house.gateway.health.failed(id, null);
    expect((await house.ask(LONG)).status).toBe(503);
    expect(house.sent).toEqual([]);
  });

  test('measures text, not media', async () => {
    const house = await open([model('fast', two)]);
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(4_000)}` } };
    await house.ask({ ...HELLO, messages: [{ role: 'user', content: [{ type: 'text', text: 'hello' }, image] }] });
    expect(house.sent.map(({ to }) => to)).toEqual(['dep_small']);
  });
});

describe('a provider that says that the request is too long', () => {
  const large = model('large', [at('dep_2', 'up')]);
  const called = (upstreamModel: string, contextFallbacks = ['large'], more: object = {}) =>
    model('fast', [at('dep_1', upstreamModel, more)], { contextFallbacks });

  test('is followed by the context fallbacks, and only what answered is charged', async () => {
    const house = await open([called('long'), large]);
    const said = await house.ask(HELLO);
    expect([said.status, said.headers['x-headgate-deployment']]).toEqual([200, 'dep_2']);
    expect(house.rows[0]).toMatchObject({ attempts: 2, deploymentId: 'dep_2', entries: [{ deploymentId: 'dep_2' }] });
    expect(house.rows[0]?.tried).toMatchObject([
      { deploymentId: 'dep_1', code: 'context_length', next: 'fell_back', nextReason: 'context_fallback' },
      { deploymentId: 'dep_2', result: 'answered' },
    ]);
  });

  test('in a stream before any output counts too; after output nothing is tried', async () => {
    const streams = model('large', [at('dep_2', 'streams')]);
    const body = { ...HELLO, stream: true };
    const before = await open([called('long-in-stream'), streams]);
    expect((await before.ask(body)).text).toContain('Hello.');
    expect(before.sent.map(({ to }) => to)).toEqual(['dep_1', 'dep_2']);
    const after = await open([called('long-after-output'), streams]);
    const said = await after.ask(body);
    expect(said.text).toContain('Hel');
    expect(after.sent.map(({ to }) => to)).toEqual(['dep_1']);
  });

  test('goes through its list once, in order, and the last word reaches the client', async () => {
    const second = model('second', [at('dep_3', 'long')]);
    const third = model('third', [at('dep_4', 'long')]);
    const house = await open([called('long', ['second', 'third']), second, third]);
    const said = await house.ask(HELLO);
    expect([said.status, said.json().error.code]).toEqual([400, 'context_length_exceeded']);
    expect(house.sent.map(({ to }) => to)).toEqual(['dep_1', 'dep_3', 'dep_4']);
    expect(house.rows[0]).toMatchObject({ status: 'failed', entries: [] });
  });

  // promise: Fallback to another *target* needs that target in the effective set.
  test('goes nowhere that the key may not call', async () => {
    const key = { access: { mode: 'restrict', targets: ['fast', 'second'], accessGroups: [] } } as const;
    const second = model('second', [at('dep_3', 'up')]);
    const refused = await open([called('long'), large], { key });
    expect((await refused.ask(HELLO)).status).toBe(400);
    expect(refused.sent.map(({ to }) => to)).toEqual(['dep_1']);
    const house = await open([called('long', ['large', 'second']), large, second], { key });
    expect((await house.ask(HELLO)).headers['x-headgate-deployment']).toBe('dep_3');
  });

  // promise: each target of a fallback chain is judged by itself, and required tags hold there too.
  test('never leaves a required tag', async () => {
    const mixed = model('large', [at('dep_2', 'up'), at('dep_eu', 'up', { tags: ['eu'], priority: 1 })]);
    const plan = { key: { tags: { defaults: [], required: ['eu'] } } };
    const house = await open([called('long', ['large'], { tags: ['eu'] }), mixed], plan);
    expect((await house.ask(HELLO)).headers['x-headgate-deployment']).toBe('dep_eu');
    const outside = await open([called('long', ['large'], { tags: ['eu'] }), large], plan);
    expect((await outside.ask(HELLO)).status).toBe(400);
    expect(outside.sent.map(({ to }) => to)).toEqual(['dep_1']);
  });

  test('under a blocking budget goes nowhere without a price, and nowhere that the budget cannot pay', async () => {
    const free = model('large', [at('dep_2', 'up', { prices: [] })]);
    const unpriced = await open([called('long'), free], { key: { budgets: [budget(1e12)] } });
    expect((await unpriced.ask(HELLO)).status).toBe(400);
    expect(unpriced.sent.map(({ to }) => to)).toEqual(['dep_1']);
    const dear = model('large', [
      at('dep_2', 'up', { prices: [{ id: 'p', effectiveFromMs: 0, perMillion: { input: 9e15, output: 9e15 } }] }),
    ]);
    const poor = await open([called('up'), dear], { key: { budgets: [budget(1e9)] } });
    // The hold covers the dearest candidate, so that no fallback can spend more than is there.
    expect((await poor.ask(HELLO)).status).toBe(429);
    expect(poor.sent).toEqual([]);
  });

  test('is no reason for other deployments of the name, nor against the deployment; another fault is final', async () => {
    const both = model('fast', [at('dep_1', 'long'), at('dep_9', 'up', { priority: 1 })]);
    const house = await open([both]);
    for (let n = 0; n < 5; n += 1) expect((await house.ask(HELLO)).status).toBe(400);
    expect(new Set(house.sent.map(({ to }) => to))).toEqual(new Set(['dep_1']));
    const refused = await open([called('refuses'), large]);
    expect((await refused.ask(HELLO)).status).toBe(400);
    expect(refused.sent.map(({ to }) => to)).toEqual(['dep_1']);
  });

  test('ends at the most attempts', async () => {
    const house = await open([called('long'), large], {
      gateway: { settings: { ...(await open([large])).gateway.settings, attemptsMax: 1 } },
    });
    expect((await house.ask(HELLO)).status).toBe(400);
    expect(house.sent.map(({ to }) => to)).toEqual(['dep_1']);
  });
});
