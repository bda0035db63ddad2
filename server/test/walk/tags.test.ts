import { describe, expect, test } from 'vitest';
import { askedOf, tagShapeIdOf } from '../../src/domain/access/tag-routing.ts';
import type { TagPolicy } from '../../src/domain/access/tags.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { type AskOptions, deployment, type House, model, type WalkHouse } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const { open: openHouse } = withHouse();

const eu = deployment({ id: 'dep_eu', tags: ['eu'] });
const euGpu = deployment({ id: 'dep_gpu', tags: ['eu', 'gpu'], priority: 1 });
const us = deployment({ id: 'dep_us', tags: ['us'] });
const plain = deployment({ id: 'dep_plain' });
const TARGETS = [model('fast', [eu, euGpu, us, plain])];

/** A house that keeps what was sent, and to which deployment. */
async function open(plan: House = {}) {
  const fake = createFakeProvider();
  const sent: { to: string; body: string }[] = [];
  const provider: Provider = {
    ...fake,
    open: (request, sink) => {
      sent.push({ to: request.deployment.id, body: request.body.toString() });
      return fake.open(request, sink);
    },
  };
  return Object.assign(await openHouse({ targets: TARGETS, provider, ...plan }), { sent });
}

const tagged = (text: string): AskOptions => ({ headers: ['x-headgate-tags', text] });
const policy = (defaults: string[], required: string[] = []): { tags: TagPolicy } => ({ tags: { defaults, required } });

/** What the journal keeps of a row's tags: those it named, all of them, and what they made of the called name. */
function keptOf({ journal }: WalkHouse, row: EndRecord | undefined) {
  const { tags = [], tagRoute = '' } = row ?? {};
  const shape = journal.findShape('org_1', tagShapeIdOf(tagRoute) ?? '');
  return { asked: askedOf({ tags, tagRoute }), tags, shape: shape === null ? null : JSON.parse(shape) };
}

// promise: **Tags route, they never authorize.**
// promise: Among the candidates that access leaves
test.each([
  ['no tag', {}, 'dep_plain', []],
  ['a tag', tagged('eu'), 'dep_eu', ['eu']],
  ['two', tagged('gpu,eu'), 'dep_gpu', ['gpu', 'eu']],
  ['a tag that nobody carries', tagged('project-x'), 'dep_plain', ['project-x']],
  ['one that somebody carries and one that nobody does', tagged('project-x,us'), 'dep_us', ['project-x', 'us']],
  ['two that nobody carries together', tagged('us,gpu'), 'dep_plain', ['us', 'gpu']],
])('%s: one deployment serves, and the row keeps the tags', async (_name, options, served, tags) => {
  const one = await open();
  const said = await one.ask(HELLO, options);
  expect([said.status, said.headers['x-headgate-deployment']]).toEqual([200, served]);
  expect(one.sent.map(({ to }) => to)).toEqual([served]);
  expect(one.rows[0]).toMatchObject({ deploymentId: served, tags });
  expect(keptOf(one, one.rows[0]).asked).toEqual(tags);
});

// promise: The decision names the tags asked
test('the row names the shape that says which tags routed and which deployments they left', async () => {
  const one = await open();
  await one.ask(HELLO, tagged('eu,project-x'));
  await one.ask(HELLO, tagged('req-1'));
  await one.ask(HELLO, tagged('req-2'));
  await one.ask(HELLO);
  const [first, second, third, last] = one.rows.map((row) => keptOf(one, row));
  const left = (routed: string[], deployments: string[]) => [{ target: 'fast', routed, deployments }];
  expect(first?.shape).toEqual({ defaults: [], required: [], targets: left(['eu'], ['dep_eu', 'dep_gpu']) });
  expect(second?.shape).toEqual({ defaults: [], required: [], targets: left([], ['dep_plain']) });
  // Tags that do not route make no shapes of their own: callers may make up as many as they like.
  expect(one.rows[2]?.tagRoute).toBe(one.rows[1]?.tagRoute);
  expect(third?.tags).toEqual(['req-2']);
  expect(last).toEqual({ asked: [], tags: [], shape: null });
  expect(one.rows[3]?.tagRoute).toBe('');
});

describe('tags in the body', () => {
  const said = (metadata: unknown) => ({ model: 'fake-small', metadata, messages: HELLO.messages, max_tokens: 50 });

  // promise: `metadata.tags` counts only
  test('are not sent on, and the rest is sent as it came', async () => {
    const one = await open({ targets: [model('fake-small', [eu, plain])] });
    expect((await one.ask(said({ a: 'b', tags: ['eu'] }))).status).toBe(200);
    expect((await one.ask(said({ tags: ['eu'] }))).status).toBe(200);
    const { metadata: _, ...without } = said(null);
    expect(one.sent).toEqual([
      { to: 'dep_eu', body: JSON.stringify(said({ a: 'b' })) },
      { to: 'dep_eu', body: JSON.stringify(without) },
    ]);
  });

  test.each([['a text'], [{ eu: true }], [['eu', 7]], [null]])('%j is the provider’s', async (tags) => {
    const one = await open({ targets: [model('fake-small', [eu, plain])] });
    expect((await one.ask(said({ tags }))).status).toBe(200);
    expect(one.sent).toEqual([{ to: 'dep_plain', body: JSON.stringify(said({ tags })) }]);
    expect(one.rows[0]).toMatchObject({ tags: [], tagRoute: '' });
  });

  test('count with those of the header', async () => {
    const one = await open({ targets: [model('fake-small', [eu, euGpu, plain])] });
    await one.ask(said({ tags: ['gpu'] }), tagged('eu'));
    expect(one.rows[0]).toMatchObject({ deploymentId: 'dep_gpu', tags: ['eu', 'gpu'] });
  });
});

// promise: A request names at most 8 tags
test.each([
  ['nine tags', tagged('1,2,3,4,5,6,7,8,9'), HELLO],
  ['bad characters', tagged('eu,a b'), HELLO],
  ['bad characters in the body', {}, { ...HELLO, metadata: { tags: ['é'] } }],
])('%s: 400 that names `tags`, nothing sent, held or charged, and a row', async (_name, options, body) => {
  const one = await open({ key: { rateLimits: { rpm: 1 } } });
  const said = await one.ask(body, options);
  expect([said.status, said.headers['x-should-retry']]).toEqual([400, 'false']);
  expect(said.json().error).toMatchObject({ code: 'invalid_request', param: 'tags' });
  expect(one.sent).toEqual([]);
  expect(one.rows).toMatchObject([
    { status: 'refused', code: 'invalid_request', param: 'tags', calledName: 'fast', entries: [] },
  ]);
  expect((await one.ask(HELLO)).status).toBe(200);
  expect((await one.ask(HELLO)).status).toBe(429);
});

// promise: A key may say that the tags its requests name
describe('a key decides about the tags that its requests name', () => {
  test('`attribute`: they are labels, and what is required or a default still chooses', async () => {
    const one = await open({ key: { callerTags: 'attribute' } });
    await one.ask(HELLO, tagged('us'));
    await one.change({ key: { callerTags: 'attribute', ...policy(['us'], ['eu']) } });
    const body = { ...HELLO, metadata: { tags: ['gpu'] } };
    await one.ask(body);
    expect(one.sent.map(({ to }) => to)).toEqual(['dep_plain', 'dep_eu']);
    expect(one.sent[1]?.body).not.toContain('gpu');
    expect(one.rows.map(({ tags }) => tags)).toEqual([['us'], ['gpu', 'us', 'eu']]);
    expect(keptOf(one, one.rows[1])).toMatchObject({ asked: ['gpu'] });
  });

  test('`attribute`: a refusal does not blame the tags that the request named', async () => {
    const one = await open({ targets: [model('fast', [eu])], key: { callerTags: 'attribute', ...policy([], ['zdr']) } });
    const said = await one.ask(HELLO, tagged('eu,project-x'));
    expect(said.json().error).toMatchObject({ code: 'no_deployment_for_tags' });
    expect(said.text).not.toContain('project-x');
    expect(one.sent).toEqual([]);
  });

  test('`refuse`: 400 that names `tags`, nothing sent, held or charged; a request without tags is served', async () => {
    const one = await open({ key: { callerTags: 'refuse', rateLimits: { rpm: 1 }, ...policy([], ['eu']) } });
    for (const [body, options] of [
      [HELLO, tagged('eu')],
      [HELLO, tagged('project-x')],
      [{ ...HELLO, metadata: { tags: ['eu'] } }, {}],
    ] as const) {
      const said = await one.ask(body, options);
      expect([said.status, said.json().error.code, said.json().error.param]).toEqual([400, 'invalid_request', 'tags']);
    }
    expect(one.sent).toEqual([]);
    expect(one.rows.map(({ status, entries }) => [status, entries])).toEqual(Array(3).fill(['refused', []]));
    expect((await one.ask(HELLO)).headers['x-headgate-deployment']).toBe('dep_eu');
  });
});

describe('what organization, team and key add', () => {
  // promise: Required tags are always added
  test.each([
    ['the organization', { organization: policy([], ['eu']) }],
    ['the team', { team: policy([], ['eu']) }],
    ['the key', { key: policy([], ['eu']) }],
  ])('a tag that %s requires is never left, whatever is named', async (_level, plan) => {
    const one = await open(plan);
    for (const options of [{}, tagged('us'), tagged('gpu'), tagged('project-x')]) await one.ask(HELLO, options);
    expect(one.sent.map(({ to }) => to)).toEqual(['dep_eu', 'dep_eu', 'dep_gpu', 'dep_eu']);
    expect(one.rows.map(({ tags }) => tags)).toEqual([['eu'], ['us', 'eu'], ['gpu', 'eu'], ['project-x', 'eu']]);
    expect(keptOf(one, one.rows[0])).toMatchObject({ asked: [], shape: { required: ['eu'] } });
  });

  // promise: Those of organization, team and key count together
  test('required tags of all levels count together: 400 where nobody carries all of them, and nothing is sent or charged', async () => {
    const one = await open({ organization: policy([], ['eu']), team: policy([], ['gpu']), key: policy([], ['gpu']) });
    await one.ask(HELLO);
    await one.change({ key: policy([], ['us']) });
    const said = await one.ask(HELLO);
    expect([said.status, said.headers['x-should-retry']]).toEqual([400, 'false']);
    expect(said.json().error).toMatchObject({ code: 'no_deployment_for_tags', param: 'tags', type: 'invalid_request_error' });
    expect(said.text).toContain('eu, gpu, us');
    expect(one.sent.map(({ to }) => to)).toEqual(['dep_gpu']);
    expect(one.rows[1]).toMatchObject({
      status: 'refused',
      code: 'no_deployment_for_tags',
      entries: [],
      tags: ['eu', 'gpu', 'us'],
    });
    expect(one.gateway.traffic.inFlight()).toHaveLength(0);
  });

  // promise: Default tags stand in
  test('default tags stand in where a request names none that routes, the nearest level’s alone', async () => {
    const one = await open({ organization: policy(['us']), team: policy(['gpu', 'cost-7']) });
    for (const options of [{}, tagged('project-x'), tagged('eu')]) await one.ask(HELLO, options);
    expect(one.sent.map(({ to }) => to)).toEqual(['dep_gpu', 'dep_gpu', 'dep_eu']);
    expect(one.rows.map(({ tags }) => tags)).toEqual([['gpu', 'cost-7'], ['project-x', 'gpu', 'cost-7'], ['eu']]);
    await one.change({ key: policy(['us']) });
    await one.ask(HELLO);
    expect(one.sent.at(-1)?.to).toBe('dep_us');
  });

  test('a change of tags is in force with the next request', async () => {
    const one = await open();
    await one.ask(HELLO);
    await one.change({ organization: policy([], ['us']) });
    await one.ask(HELLO);
    await one.change({ organization: { tags: null } });
    await one.ask(HELLO);
    await one.change({ targets: [model('fast', [deployment({ ...plain, tags: ['eu'] }), us])] });
    await one.ask(HELLO, tagged('us'));
    expect(one.sent.map(({ to }) => to)).toEqual(['dep_plain', 'dep_us', 'dep_plain', 'dep_us']);
  });
});

describe('what a deployment carries is judged', () => {
  // promise: What a deployment carries is judged
  test('not whether it is healthy: a request waits for those that carry its tag, and goes to nobody else', async () => {
    const sick = [deployment({ ...eu, upstreamModel: 'fake-500' }), deployment({ ...euGpu, upstreamModel: 'fake-500' })];
    const one = await open({ targets: [model('fast', [...sick, plain])] });
    for (let i = 0; i < 12; i += 1) await one.ask(HELLO, tagged('eu'));
    expect(one.gateway.health.fitness('dep_eu')).toBe('cooling');
    const last = await one.ask(HELLO, tagged('eu'));
    expect([502, 503]).toContain(last.status);
    expect(one.sent.map(({ to }) => to)).not.toContain('dep_plain');
    expect((await one.ask(HELLO)).status).toBe(200);
  });

  test('a request without tags is not served by a deployment with some while the one without rests', async () => {
    const one = await open({ targets: [model('fast', [eu, deployment({ ...plain, upstreamModel: 'fake-500' })])] });
    for (let i = 0; i < 3; i += 1) await one.ask(HELLO);
    expect(one.sent.map(({ to }) => to)).not.toContain('dep_eu');
  });

  // promise: A deployment with tags never serves
  // promise: Where no deployment carries all routing tags and each has some
  test('with all deployments tagged a request without tags goes to any of them, and one whose tags nobody has together to none', async () => {
    const one = await open({ targets: [model('fast', [eu, us])] });
    expect((await one.ask(HELLO)).status).toBe(200);
    const said = await one.ask(HELLO, tagged('eu,us'));
    expect(said.json().error).toMatchObject({ code: 'no_deployment_for_tags', param: 'tags' });
    expect(one.sent).toHaveLength(1);
  });

  // promise: A disabled deployment is judged as if it were not there.
  test('disabled deployments are not there; with none in service it is an outage and no fault of the tags', async () => {
    const off = deployment({ ...eu, enabled: false });
    const one = await open({ targets: [model('fast', [off, plain]), model('dark', [off])], organization: policy([], ['eu']) });
    expect((await one.ask(HELLO)).json().error).toMatchObject({ code: 'no_deployment_for_tags' });
    expect((await one.ask({ ...HELLO, model: 'dark' })).json().error).toMatchObject({ code: 'no_healthy_deployment' });
  });
});

describe('fallbacks', () => {
  const broken = (one: typeof eu) => deployment({ ...one, upstreamModel: 'fake-500' });
  const other = [deployment({ id: 'dep_eu2', tags: ['eu'] }), deployment({ id: 'dep_plain2' })];

  // promise: each target of a fallback chain is judged by itself
  test('are judged by themselves, with the required tags', async () => {
    const targets = [
      model('fast', [broken(eu), broken(plain)], { fallbacks: ['slow', 'spare'] }),
      model('slow', [deployment({ id: 'dep_slow' })]),
      model('spare', other),
    ];
    const one = await open({ targets });
    await one.ask(HELLO, tagged('eu'));
    // Nobody at `slow` carries the tag, so there it does not route.
    expect(one.sent.map(({ to }) => to)).toEqual(['dep_eu', 'dep_slow']);
    await one.change({ organization: policy([], ['eu']) });
    await one.ask(HELLO);
    expect(one.sent.slice(2).map(({ to }) => to)).toEqual(['dep_eu', 'dep_eu2']);
  });

  test('serve where the called name has nobody with the required tags', async () => {
    const targets = [model('fast', [plain], { fallbacks: ['spare'] }), model('spare', other)];
    const one = await open({ targets, key: policy([], ['eu']) });
    expect((await one.ask(HELLO)).status).toBe(200);
    expect(one.sent.map(({ to }) => to)).toEqual(['dep_eu2']);
    expect(keptOf(one, one.rows[0]).shape.targets).toEqual([
      { target: 'fast', routed: [], deployments: [] },
      { target: 'spare', routed: ['eu'], deployments: ['dep_eu2'] },
    ]);
  });

  test('a deployment that two targets share is asked only at the one where tags leave it', async () => {
    const targets = [model('fast', [broken(plain), eu], { fallbacks: ['spare'] }), model('spare', [eu])];
    const one = await open({ targets });
    await one.ask(HELLO);
    expect(one.sent.map(({ to }) => to)).toEqual(['dep_plain', 'dep_eu']);
  });
});

test('tags authorize nothing: a name that is not granted stays unknown, whatever is named', async () => {
  const access = { mode: 'selected', targets: [], accessGroups: ['eu'] } as const;
  const one = await open({ organization: { access } });
  const said = await one.ask(HELLO, tagged('eu'));
  expect(said.json().error).toMatchObject({ code: 'model_not_found' });
  expect(one.rows[0]).toMatchObject({ tags: ['eu'] });
});

describe('every endpoint', () => {
  test.each([
    ['a streamed chat', '/v1/chat/completions', { ...HELLO, stream: true }],
    ['messages', '/v1/messages', HELLO],
    ['streamed messages', '/v1/messages', { ...HELLO, stream: true }],
    ['counting tokens', '/v1/messages/count_tokens', { model: 'fast', messages: HELLO.messages }],
  ])('%s: by tags', async (_name, path, body) => {
    const one = await open();
    for (const options of [{}, tagged('us'), tagged('mars,eu,gpu')])
      expect((await one.ask(body, { path, ...options })).status).toBe(200);
    expect(one.rows.map(({ deploymentId }) => deploymentId)).toEqual(['dep_plain', 'dep_us', 'dep_gpu']);
    expect((await one.ask({ ...body, metadata: { tags: ['a b'] } }, { path })).status).toBe(400);
  });

  test('embeddings: by tags', async () => {
    const embedding = { mode: 'embedding', maxOutputTokens: null } as const;
    const members = [deployment({ ...eu, ...embedding }), deployment({ ...plain, ...embedding })];
    const one = await open({ targets: [model('fast', members, { mode: 'embedding' })] });
    const body = { model: 'fast', input: 'hello' };
    await one.ask(body, { path: '/v1/embeddings' });
    await one.ask({ ...body, metadata: { tags: ['eu'] } }, { path: '/v1/embeddings' });
    expect(one.sent.map(({ to }) => to)).toEqual(['dep_plain', 'dep_eu']);
    expect(one.sent[1]?.body).not.toContain('metadata');
  });
});

test('what a crash leaves behind names the tags too', async () => {
  const one = await open({ key: policy([], ['eu']) });
  const begins: string[] = [];
  const begin = one.journal.begin.bind(one.journal);
  one.journal.begin = (record) => {
    begins.push(JSON.stringify({ tags: record.tags, tagRoute: record.tagRoute }));
    begin(record);
  };
  await one.ask(HELLO, tagged('x'));
  expect(begins).toEqual([JSON.stringify({ tags: one.rows[0]?.tags, tagRoute: one.rows[0]?.tagRoute })]);
});
