/** Mirrors: which requests are copied, and what a copy never does to its original. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { CallableTarget, DeploymentConfig } from '../../src/domain/routing/catalogue.ts';
import { isMirrored } from '../../src/domain/routing/mirror.ts';
import { COPIED_BYTES_MAX, COPIES_MAX } from '../../src/proxy/mirror/consider-copy.ts';
import { stopCopies } from '../../src/proxy/mirror/copy-state.ts';
import { answersByModel } from '../support/answers-by-model.ts';
import { chatAnswer, chatUsage, playedProvider } from '../support/played-provider.ts';
import { budget } from '../support/policies.ts';
import { deployment, type House, model } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const { open: openHouse } = withHouse();

const PRICES = [{ id: 'price_1', effectiveFromMs: 0, perMillion: { input: 1e9, output: 1e10 } }];
const answers = {
  up: { json: chatAnswer('Hello.', chatUsage(20, 6)) },
  copy: { json: chatAnswer('A copy.', chatUsage(30, 7)) },
  fails: { status: 500, json: { error: { message: 'down' } } },
};
const at = (id: string, more: Partial<DeploymentConfig> = {}) => deployment({ id, upstreamModel: 'up', prices: PRICES, ...more });
const SERVING = at('dep_old');
const NEW = at('dep_new', { upstreamModel: 'copy', model: 'new' });
const ALL = { target: 'new', permille: 1_000 };
const ALLOWED = { mirroring: 'allow' } as const;

async function open(more: Partial<CallableTarget> = {}, plan: House = {}, copy: DeploymentConfig = NEW) {
  const { provider, sent } = answersByModel(answers);
  const targets = [model('fast', [SERVING], { mirror: ALL, ...more }), model('new', [copy])];
  const house = await openHouse({ targets, provider, organization: ALLOWED, ...plan });
  return Object.assign(house, { sent, to: () => sent.map(({ to }) => to) });
}

/** Waits until so many records of copies were written. */
async function copied(house: { readonly copies: readonly unknown[] }, count: number) {
  for (let tries = 0; house.copies.length < count && tries < 200; tries += 1) await sleep(5);
  expect(house.copies).toHaveLength(count);
  return house.copies;
}

const ofSession = (session: string) => ({ headers: ['x-headgate-session', session] });

describe('a mirror', () => {
  test('gets a copy of a request, which the platform alone pays for', async () => {
    const house = await open({}, { key: { budgets: [budget(1e12)] } });
    const answer = await house.ask(HELLO);
    expect([answer.status, answer.text]).toEqual([200, JSON.stringify(answers.up.json)]);
    const [copy] = await copied(house, 1);
    expect(copy).toMatchObject({
      ...{ organizationId: 'org_1', requestId: house.rows[0]?.requestId, calledName: 'fast', outcome: 'answered', reason: null },
      sent: {
        ...{ deploymentId: 'dep_new', provider: 'fake', upstreamModel: 'copy', httpStatus: 200, priceId: 'price_1' },
        ...{ usage: { input: 30, output: 7 }, nanoUsd: 30 * 1_000 + 7 * 10_000, isEstimated: false },
      },
    });
    expect(JSON.stringify(copy)).not.toContain('hello');
    expect(JSON.stringify(copy)).not.toContain('A copy');
    expect(house.rows).toHaveLength(1);
    expect(house.rows[0]).toMatchObject({ deploymentId: 'dep_old', attempts: 1, tried: null });
    expect(house.rows[0]?.entries).toMatchObject([{ deploymentId: 'dep_old', nanoUsd: 20 * 1_000 + 6 * 10_000 }]);
  });

  test('gets streams too, in the format of its provider', async () => {
    const played = playedProvider();
    const house = await open({}, { provider: played.provider });
    const asking = house.ask({ ...HELLO, stream: true });
    const [first, second] = [await played.call(0), await played.call(1)];
    const [original, copy] = first.request.deployment.id === 'dep_old' ? [first, second] : [second, first];
    const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [] };
    const says = (content: string) => ({ ...chunk, choices: [{ index: 0, delta: { content }, finish_reason: null }] });
    const stops = { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: chatUsage(40, 8) };
    original.events(says('Hi.'), stops, 'data: [DONE]\n\n');
    original.end();
    // The original is complete while its copy has not begun.
    expect((await asking).text).toContain('Hi.');
    expect(house.copies).toHaveLength(0);
    copy.events(says('Ho.'), stops, 'data: [DONE]\n\n');
    copy.end();
    expect(await copied(house, 1)).toMatchObject([
      { outcome: 'answered', reason: null, sent: { usage: { input: 40, output: 8 } } },
    ]);
  });

  test.each([
    ['does not allow it', { organization: {} }],
    ['uses its own deployments alone', { organization: { ...ALLOWED, own: { mode: 'own_only', byModel: new Map() } } }],
  ] as const)('gets nothing of an organization that %s', async (_, plan) => {
    const house = await open({}, plan);
    await house.ask(HELLO);
    await sleep(20);
    expect([house.copies, house.to().filter((one) => one === 'dep_new')]).toEqual([[], []]);
  });

  test('gets nothing where an organization’s own deployment may serve', async () => {
    const own = at('dep_own', { organizationId: 'org_1' });
    const organization = { ...ALLOWED, own: { mode: 'own_first' as const, byModel: new Map([['fast', [own]]]) } };
    const house = await open({}, { organization });
    await house.ask(HELLO);
    await sleep(20);
    expect([house.copies, house.to()]).toEqual([[], ['dep_own']]);
  });

  test('gets the sessions of its share, each with all of its requests', async () => {
    const house = await open({ mirror: { target: 'new', permille: 300 } });
    const sessions = Array.from({ length: 40 }, (_, index) => `session ${index}`);
    const isIn = (session: string) =>
      isMirrored({ permille: 300 }, { organizationId: 'org_1', calledName: 'fast', session, requestId: '' });
    const expected = sessions.filter(isIn).length * 2;
    for (const session of [...sessions, ...sessions]) await house.ask(HELLO, ofSession(session));
    await copied(house, expected);
    expect(expected).toBeGreaterThan(10);
    expect(expected).toBeLessThan(40);
  });

  test('gets one copy of a request that was tried at several deployments', async () => {
    const house = await open({ members: [at('dep_bad', { upstreamModel: 'fails' }), SERVING].map(memberOf) });
    expect((await house.ask(HELLO)).status).toBe(200);
    await copied(house, 1);
    expect(house.to().filter((one) => one === 'dep_new')).toHaveLength(1);
  });

  test('may be a deployment, and the key needs no access to it', async () => {
    const house = await open(
      { mirror: { deploymentId: 'dep_new', permille: 1_000 } },
      { organization: { ...ALLOWED, access: { mode: 'selected', targets: ['fast'], accessGroups: [] } } },
    );
    await house.ask(HELLO);
    await copied(house, 1);
    expect((await house.ask({ ...HELLO, model: 'new' })).status).toBe(404);
  });
});

const memberOf = (one: DeploymentConfig, priority: number) => ({ deployment: one, weight: 1, priority });

describe('tags', () => {
  const inEurope = at('dep_eu', { tags: ['eu'] });
  const copyInEurope = { ...NEW, tags: ['eu'] };

  test('that are required bind the copy', async () => {
    const required = { tags: { defaults: [], required: ['eu'] } };
    const members = [memberOf(inEurope, 0)];
    const outside = await open({ members }, { key: required });
    await outside.ask(HELLO);
    expect(await copied(outside, 1)).toMatchObject([{ outcome: 'skipped', reason: 'tags', sent: null }]);
    expect(outside.to()).toEqual(['dep_eu']);
    const inside = await open({ members }, { key: required }, copyInEurope);
    await inside.ask(HELLO);
    expect(await copied(inside, 1)).toMatchObject([{ outcome: 'answered' }]);
  });

  test('that a request names, and that chose its deployment, bind the copy', async () => {
    const members = [memberOf(SERVING, 0), memberOf(inEurope, 1)];
    const house = await open({ members });
    const named = { headers: ['x-headgate-tags', 'eu,project-x'] };
    await house.ask(HELLO, named);
    expect(await copied(house, 1)).toMatchObject([{ outcome: 'skipped', reason: 'tags' }]);
    // A tag that routes nowhere binds nothing.
    await house.ask(HELLO, { headers: ['x-headgate-tags', 'project-x'] });
    expect((await copied(house, 2))[1]).toMatchObject({ outcome: 'answered' });
  });
});

describe('a copy that fails', () => {
  test('changes nothing for its original, and cools nothing down that serves originals', async () => {
    const house = await open({}, {}, { ...NEW, upstreamModel: 'fails' });
    for (let n = 0; n < 5; n += 1) {
      expect((await house.ask(HELLO)).status).toBe(200);
      await copied(house, n + 1);
    }
    expect(house.copies.slice(0, 3)).toMatchObject(
      Array(3).fill({ outcome: 'failed', reason: 'unavailable', sent: { httpStatus: 500, nanoUsd: 0 } }),
    );
    // After three failures it gets no copies for a while. The deployment serves its own name all the same.
    expect(house.copies.slice(3)).toMatchObject(Array(2).fill({ outcome: 'skipped', reason: 'unavailable', sent: null }));
    expect(house.gateway.health.fitness('dep_new')).toBe('fit');
  });

  test('is not sent to a deployment that is cooling down, or whose part of the capacity is used', async () => {
    const house = await open({}, {}, { ...NEW, limits: { rpm: 4, tpm: null } });
    for (let n = 1; n <= 3; n += 1) {
      await house.ask(HELLO);
      await copied(house, n);
    }
    expect(house.copies.map((one) => one.reason)).toEqual([null, null, 'unavailable']);
    const cooling = await open();
    for (let n = 0; n < 3; n += 1) cooling.gateway.health.failed('dep_new', null);
    await cooling.ask(HELLO);
    expect(await copied(cooling, 1)).toMatchObject([{ reason: 'unavailable', sent: null }]);
  });
});

describe('the bounds', () => {
  test('leave out what is large, what is stored, and what is no work of a model', async () => {
    const house = await open({}, { organization: { ...ALLOWED, responses: 'team' } });
    await house.ask({ ...HELLO, messages: [{ role: 'user', content: 'x'.repeat(COPIED_BYTES_MAX) }] });
    await house.ask({ model: 'fast', input: 'hello' }, { path: '/v1/responses' });
    await house.ask({ model: 'fast', messages: HELLO.messages }, { path: '/v1/messages/count_tokens' });
    await sleep(20);
    expect(house.copies).toMatchObject([{ reason: 'too_large' }, { reason: 'stored' }]);
    expect(house.to()).not.toContain('dep_new');
  });

  test('leave out copies beyond the most in flight, and end all when the process stops', async () => {
    const played = playedProvider();
    const direct = answersByModel(answers).provider;
    const provider = {
      ...direct,
      open: (...[request, sink]: Parameters<typeof direct.open>) =>
        (request.deployment.id === 'dep_new' ? played.provider : direct).open(request, sink),
    };
    const house = await open({}, { provider });
    for (let n = 0; n < COPIES_MAX + 3; n += 1) {
      expect((await house.ask(HELLO)).status).toBe(200);
      await sleep(1);
    }
    expect(await copied(house, 3)).toMatchObject(Array(3).fill({ outcome: 'skipped', reason: 'busy' }));
    expect([house.gateway.mirrors.cuts.size, played.calls.length]).toEqual([COPIES_MAX, COPIES_MAX]);
    stopCopies(house.gateway.mirrors);
    await copied(house, COPIES_MAX + 3);
    expect(house.copies.at(-1)).toMatchObject({ outcome: 'cut', reason: 'stopped' });
    expect([house.gateway.mirrors.cuts.size, played.calls.every((call) => call.isAborted)]).toEqual([0, true]);
    expect((await house.ask(HELLO)).status).toBe(200);
    await sleep(20);
    expect(played.calls).toHaveLength(COPIES_MAX);
  });
});
