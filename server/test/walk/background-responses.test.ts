/** Responses in the background through the whole walk: what their client gets at once, and what they end as. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/dialects/dialect.ts';
import { BACKGROUND_BOUNDS } from '../../src/proxy/responses/background-runs.ts';
import { StoreUnavailable } from '../../src/store/errors.ts';
import { until } from '../jobs/support.ts';
import { chatAnswer, chatUsage, type PlayedCall } from '../support/played-provider.ts';
import { asking, type Scene, type Setting } from '../support/scene.ts';
import { memoryResponses } from '../support/stored-responses.ts';
import { withScene } from '../support/with-house.ts';

const openScene = withScene();
const open = (setting: Setting = {}) =>
  openScene({ speaks: 'openai-responses', ...setting, organization: { responses: 'team', ...setting.organization } });
const PATH = { path: '/v1/responses' };
const HELLO = { model: 'fast', input: 'hello', max_output_tokens: 50, background: true };
const SAID = { type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: 'Hello.' }] };
const RAW = 'resp_0123456789abcdef';
const response = (more: object = {}) => ({
  ...{ id: RAW, object: 'response', status: 'completed', background: false, store: false, output: [SAID] },
  ...{ usage: { input_tokens: 20, output_tokens: 6, total_tokens: 26 }, ...more },
});
const OURS = /^resp_[0-9a-f]{32}$/;
const sentBody = (call: PlayedCall) => JSON.parse(String(call.request.body)) as JsonObject;
const get = (now: Scene, id: unknown) => now.house.ask(null, { path: `/v1/responses/${id}`, method: 'GET' });
const cancel = (now: Scene, id: unknown) => now.house.ask(null, { path: `/v1/responses/${id}/cancel` });
const inFlight = (now: Scene) => now.house.gateway.traffic.inFlight().length;

/** Waits until a response has this status, and returns it. */
async function ended(now: Scene, id: unknown, status: string): Promise<JsonObject> {
  await until(async () => (await get(now, id)).json().status === status);
  return (await get(now, id)).json();
}

describe('a response in the background', () => {
  test('is answered as queued at once, and is found in progress and then complete; its hold lasts until then', async () => {
    const now = await open();
    const { call, said, row } = asking(now, { ...HELLO, metadata: { a: 'b' }, instructions: 'Be brief.' }, PATH);
    const first = await said;
    const { id } = first.json();
    expect([first.status, first.json()]).toEqual([
      200,
      expect.objectContaining({
        ...{ id: expect.stringMatching(OURS), status: 'queued', background: true, store: true, output: [], usage: null },
        ...{ model: 'fast', metadata: { a: 'b' }, instructions: 'Be brief.', previous_response_id: null },
      }),
    ]);
    expect(sentBody(await call)).toMatchObject({ store: false });
    expect(sentBody(await call)).not.toHaveProperty('background');
    expect((await get(now, id)).json()).toEqual({ ...first.json(), status: 'in_progress' });
    expect([inFlight(now), now.house.gateway.responses.read().background]).toEqual([1, 1]);
    (await call).json(response());
    expect(await ended(now, id, 'completed')).toEqual({
      ...response(),
      ...{ id, background: true, store: true, previous_response_id: null },
    });
    expect(await row()).toMatchObject({ status: 'succeeded', httpStatus: 200, entries: [{ usage: { input: 20, output: 6 } }] });
    expect([inFlight(now), now.house.gateway.responses.read().background, now.house.rows.length]).toEqual([0, 0, 1]);
  });

  test('is made by a translated deployment too, and continued', async () => {
    const now = await open({ speaks: 'openai-chat' });
    const { call, said } = asking(now, HELLO, PATH);
    const { id } = (await said).json();
    const early = await now.house.ask({ ...HELLO, previous_response_id: id }, PATH);
    expect([early.status, early.json().error.param]).toEqual([400, 'previous_response_id']);
    expect(early.json().error.message).toContain('its status is in_progress');
    (await call).json(chatAnswer('Hello.', chatUsage(20, 6)));
    expect(await ended(now, id, 'completed')).toMatchObject({ background: true, output: [{ role: 'assistant' }] });
    const next = asking(now, { ...HELLO, background: false, previous_response_id: id }, PATH);
    expect(sentBody(await next.call).messages).toHaveLength(3);
    (await next.call).json(chatAnswer('Yes.', chatUsage(20, 6)));
    await next.said;
  });

  test('goes on when its client vanishes before it was answered', async () => {
    let stored: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      stored = resolve;
    });
    const rows: string[] = [];
    const responses = memoryResponses();
    const begin = responses.background.begin.bind(responses.background);
    responses.background.begin = async (caller, kept, bytes) => {
      rows.push(kept.id);
      await held;
      return begin(caller, kept, bytes);
    };
    const now = await open();
    Object.assign(now.house.gateway, { responses });
    const { call, leave, row } = asking(now, HELLO, PATH);
    await until(() => rows.length === 1);
    await leave();
    stored();
    (await call).json(response());
    expect(await row()).toMatchObject({ status: 'succeeded' });
    expect(await ended(now, rows[0], 'completed')).toMatchObject({ output: [SAID] });
  });

  test.each([true, false])(
    'is cancelled: its call is ended, what it used is charged, and no deployment is blamed (budget: %s)',
    async (isBudgeted) => {
      const now = await open({ isBudgeted });
      const { call, said, row } = asking(now, HELLO, PATH);
      const { id } = (await said).json();
      await call;
      const cancelled = await cancel(now, id);
      expect([cancelled.status, cancelled.json()]).toMatchObject([200, { id, status: 'cancelled', background: true }]);
      expect((await call).isAborted).toBe(true);
      expect(await row()).toMatchObject({ status: 'cancelled', httpStatus: 499, entries: [{ kind: 'estimated' }] });
      expect((await get(now, id)).json()).toEqual(cancelled.json());
      // A second time it answers the same, and a late answer of the provider changes nothing.
      expect((await cancel(now, id)).json()).toEqual(cancelled.json());
      expect([inFlight(now), now.house.gateway.responses.read().background]).toEqual([0, 0]);
      const next = asking(now, { ...HELLO, background: false }, PATH);
      (await next.call).json(response());
      expect((await next.said).status).toBe(200);
    },
  );

  test('is ended when it is deleted', async () => {
    const now = await open();
    const { call, said, row } = asking(now, HELLO, PATH);
    const { id } = (await said).json();
    await call;
    expect((await now.house.ask(null, { path: `/v1/responses/${id}`, method: 'DELETE' })).status).toBe(200);
    expect(await row()).toMatchObject({ status: 'cancelled' });
    expect((await call).isAborted).toBe(true);
    expect((await get(now, id)).status).toBe(404);
  });

  test('that fails says so, and how', async () => {
    const now = await open();
    const { call, said, row } = asking(now, HELLO, PATH);
    const { id } = (await said).json();
    (await call).json({ error: { message: 'max_output_tokens is too small' } }, 400);
    const failed = await ended(now, id, 'failed');
    expect(failed.error).toEqual({ code: 'server_error', message: expect.stringContaining('max_output_tokens is too small') });
    expect(await row()).toMatchObject({ status: 'failed', httpStatus: 400 });
    expect((await cancel(now, id)).json()).toEqual(failed);
  });

  test('that is incomplete says so', async () => {
    const now = await open();
    const { call, said } = asking(now, HELLO, PATH);
    (await call).json(response({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }));
    expect(await ended(now, (await said).json().id, 'incomplete')).toMatchObject({ background: true });
  });

  test('with a stream sends its events, and goes on when nobody reads them', async () => {
    const now = await open();
    const { call, leave, row } = asking(now, { ...HELLO, stream: true }, PATH);
    const created = { type: 'response.created', sequence_number: 0, response: response({ status: 'in_progress', output: [] }) };
    (await call).events(created, { type: 'response.output_text.delta', sequence_number: 1, delta: 'Hel' });
    await sleep(5);
    await leave();
    (await call).events({ type: 'response.completed', sequence_number: 2, response: response() });
    (await call).end();
    expect(await row()).toMatchObject({ status: 'succeeded', stream: true });
    const stored = now.house.gateway.responses;
    expect(stored.read().background).toBe(0);
    const heard = asking(now, { ...HELLO, stream: true }, PATH);
    (await heard.call).events(created, { type: 'response.completed', sequence_number: 2, response: response() });
    (await heard.call).end();
    const { text } = await heard.said;
    const [, id] = /"id":"(resp_[0-9a-f]{32})"/.exec(text) ?? [];
    expect(text).not.toContain(RAW);
    expect(await ended(now, id, 'completed')).toMatchObject({ id, background: true });
  });

  test('with a stream is cancelled in the middle', async () => {
    const now = await open();
    const { call, said, row } = asking(now, { ...HELLO, stream: true }, PATH);
    (await call).events(
      { type: 'response.created', sequence_number: 0, response: response({ status: 'in_progress', output: [] }) },
      { type: 'response.output_text.delta', sequence_number: 1, delta: 'Hel' },
    );
    await sleep(5);
    const [run] = now.house.gateway.traffic.inFlight();
    expect(run).toBeDefined();
    const ids = now.house.gateway.responses.background.ids();
    expect((await cancel(now, ids[0])).json()).toMatchObject({ status: 'cancelled' });
    expect(await row()).toMatchObject({ status: 'cancelled', httpStatus: 499 });
    expect((await call).isAborted).toBe(true);
    await said;
  });

  test('that still runs when the process stops is failed, and charged as estimated', async () => {
    const now = await open();
    const { call, said, row } = asking(now, HELLO, PATH);
    const { id } = (await said).json();
    await call;
    // As the end of the drain does.
    for (const request of now.house.gateway.traffic.inFlight()) request.cutShort?.();
    expect(await row()).toMatchObject({ status: 'failed', httpStatus: 503, entries: [{ kind: 'estimated' }] });
    expect((await call).isAborted).toBe(true);
    const failed = await ended(now, id, 'failed');
    expect(failed.error).toMatchObject({ message: expect.stringContaining('The gateway is restarting') });
  });

  test('beyond the bound of its organization is 429, and has a place again when one ends', async () => {
    const now = await open();
    const made: { id: unknown; call: PlayedCall }[] = [];
    for (let count = 0; count < BACKGROUND_BOUNDS.ofOrganization; count += 1) {
      const { call, said } = asking(now, HELLO, PATH);
      made.push({ id: (await said).json().id, call: await call });
    }
    const refused = await now.house.ask(HELLO, PATH);
    expect([refused.status, refused.json().error.code, refused.json().error.param, refused.headers['retry-after']]).toEqual([
      ...[429, 'rate_limit_exceeded', 'background', '5'],
    ]);
    expect([inFlight(now), now.played.calls.length]).toEqual([made.length, made.length]);
    made[0]?.call.json(response());
    await ended(now, made[0]?.id, 'completed');
    const next = asking(now, HELLO, PATH);
    expect((await next.said).status).toBe(200);
    for (const { call } of made.slice(1)) call.json(response());
    (await next.call).json(response());
    await until(() => inFlight(now) === 0);
  });

  test('is refused while the database is away: nothing is asked, and nothing held', async () => {
    const now = await open();
    const insert = () => Promise.reject(new StoreUnavailable('the database cannot be reached', '08006'));
    Object.assign(now.house.gateway, { responses: memoryResponses({ insert }) });
    const { status, json } = await now.house.ask(HELLO, PATH);
    expect([status, json().error.code]).toEqual([503, 'service_unavailable']);
    expect([inFlight(now), now.played.calls.length, now.house.gateway.responses.read().background]).toEqual([0, 0, 0]);
    expect(now.house.rows).toMatchObject([{ status: 'failed', entries: [] }]);
  });

  test('is admitted like any other: without access it is 403 at once', async () => {
    const now = await open({ key: { access: { mode: 'restrict', targets: [], accessGroups: [] } } });
    expect((await now.house.ask(HELLO, PATH)).status).toBe(403);
    expect(now.house.gateway.responses.read().background).toBe(0);
  });
});

test.each([
  ['in an organization that stores nothing', { responses: null }, {}, 'background'],
  ['that is not to be stored', {}, { store: false }, 'store'],
  ['that is no boolean', {}, { background: 'yes' }, 'background'],
  ['with an input that is none', {}, { input: 7 }, 'input'],
])('a response in the background %s is 400, and asks nobody', async (_, organization, more, param) => {
  const now = await open({ organization });
  const { status, json } = await now.house.ask({ ...HELLO, ...more }, PATH);
  expect([status, json().error.code, json().error.param]).toEqual([400, 'invalid_request', param]);
  expect(now.played.calls).toHaveLength(0);
});
