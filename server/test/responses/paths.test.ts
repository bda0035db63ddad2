/** The paths of one stored response, without a database: pages, methods, and what they answer while it cannot be reached. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { newId } from '../../src/lib/id.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import type { ResponseStore, ResponsesState } from '../../src/proxy/responses/responses-state.ts';
import { StoreUnavailable } from '../../src/store/errors.ts';
import type { NewStoredResponse } from '../../src/store/responses/stored-responses.ts';
import { until } from '../jobs/support.ts';
import { memoryResponses } from '../support/stored-responses.ts';
import type { WalkHouse } from '../support/walk.ts';
import { allStored, callerAt, openState, openTenant, response } from './site.ts';

let open: { house: WalkHouse; state: ResponsesState }[] = [];
afterEach(async () => {
  for (const { house, state } of open) {
    await house.close();
    await state.close();
  }
  open = [];
});

async function tenant(state: ResponsesState): Promise<WalkHouse> {
  const house = await openTenant('org_a', 'team', state);
  open.push({ house, state });
  return house;
}

const at = (path: string, method = 'GET', query = '') => ({ path: `/v1/responses/${path}`, method, query });

test('input items are listed by pages, newest first unless asked otherwise, with ids that stay', async () => {
  const state = memoryResponses();
  const house = await tenant(state);
  const input: readonly Readonly<Record<string, unknown>>[] = [
    { role: 'user', content: 'one' },
    { id: 'fc_mine', type: 'function_call', name: 'f', call_id: 'c', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c', output: 'two' },
    { type: 'message', role: 'user', content: 'three' },
  ];
  const kept = response({ input });
  state.keep(await callerAt(house, 0), kept);
  await allStored(state);
  const list = async (query = '') =>
    (await house.ask(null, at(`${kept.id}/input_items`, 'GET', query))).json() as unknown as List;
  interface List {
    readonly object: string;
    readonly data: { id: string; content?: string }[];
    readonly first_id: string;
    readonly last_id: string;
    readonly has_more: boolean;
  }
  const all = await list('order=asc');
  expect(all.data.map(({ id: _, ...item }) => item)).toEqual(input.map(({ id: _, ...item }) => item));
  expect(all).toMatchObject({ object: 'list', has_more: false, first_id: all.data[0]?.id, last_id: all.data[3]?.id });
  expect(all.data.map(({ id }) => id.split('_')[0])).toEqual(['msg', 'fc', 'item', 'msg']);
  expect(all.data[1]?.id).toBe('fc_mine');
  expect(new Set(all.data.map(({ id }) => id)).size).toBe(4);
  expect((await list()).data).toEqual([...all.data].reverse());
  const pages: string[] = [];
  for (let after = ''; ; ) {
    const page = await list(`limit=3&order=asc&include[]=x${after}`);
    pages.push(...page.data.map(({ id }) => id));
    if (!page.has_more) break;
    after = `&after=${page.last_id}`;
  }
  expect(pages).toEqual(all.data.map(({ id }) => id));
});

test.each([
  ['limit=0', 'limit'],
  ['limit=101', 'limit'],
  ['limit=-1', 'limit'],
  ['limit=1e1', 'limit'],
  ['limit=', 'limit'],
  ['order=up', 'order'],
  ['after=msg_none', 'after'],
])('a page with %s is refused by name', async (query, param) => {
  const state = memoryResponses();
  const house = await tenant(state);
  const kept = response();
  state.keep(await callerAt(house, 0), kept);
  await allStored(state);
  const said = await house.ask(null, at(`${kept.id}/input_items`, 'GET', query));
  expect([said.status, said.json().error.code, said.json().error.param]).toEqual([400, 'invalid_request', param]);
});

test('a path says which methods it supports, and what it does not offer', async () => {
  const state = memoryResponses();
  const house = await tenant(state);
  const kept = response();
  state.keep(await callerAt(house, 0), kept);
  await allStored(state);
  for (const [path, method, allow] of [
    [kept.id, 'POST', 'GET, DELETE'],
    [`${kept.id}/input_items`, 'DELETE', 'GET'],
    [`${kept.id}/cancel`, 'GET', 'POST'],
  ] as const) {
    const said = await house.ask({}, at(path, method));
    expect([said.status, said.headers.allow]).toEqual([405, allow]);
  }
  for (const path of [`${kept.id}/`, `${kept.id}/response`, `${kept.id}/input_items/x`, `${kept.id}/other`, '']) {
    const said = await house.ask(null, at(path));
    expect([path, said.status, said.json().error.message]).toEqual([path, 404, expect.stringContaining('There is nothing at ')]);
  }
  const cancelled = await house.ask({}, at(`${kept.id}/cancel`, 'POST'));
  expect([cancelled.status, cancelled.json().error.message]).toEqual([400, expect.stringContaining('background')]);
  const streamed = await house.ask(null, at(kept.id, 'GET', 'stream=true'));
  expect([streamed.status, streamed.json().error.param]).toEqual([400, 'stream']);
  const read = await house.ask(null, at(kept.id, 'GET', 'include[]=reasoning.encrypted_content'));
  expect([read.status, read.json(), read.headers['cache-control']]).toEqual([200, kept.response, 'no-store']);
  expect((await house.ask(null, { ...at(kept.id), secret: null })).status).toBe(401);
});

function brokenStore(): { store: ResponseStore; rows: NewStoredResponse[]; isAway: boolean; hangs: boolean; chains: number } {
  const site = { rows: [] as NewStoredResponse[], isAway: true, hangs: false, chains: 0 };
  const here = async <T>(value: T): Promise<T> => {
    if (site.hangs) await sleep(5_000);
    if (site.isAway) throw new StoreUnavailable('the database cannot be reached', '08006');
    return value;
  };
  const store: ResponseStore = {
    insert: async (rows) => void site.rows.push(...(await here(rows))),
    find: ({ id }) => here(site.rows.find((row) => row.id === id) ?? null),
    findChain: async ({ id }) => {
      site.chains += 1;
      await sleep(10);
      return here({ links: site.rows.filter((row) => row.id === id), isTooLong: false });
    },
    remove: () => here(true),
    end: async () => here(undefined),
    renew: async (addresses) => here(addresses.map(({ id }) => id)),
    cancel: () => here(true),
  };
  return Object.assign(site, { store });
}

test('while the database is away, reads are 503 and other requests are served; answers wait and are stored when it is back', async () => {
  const site = brokenStore();
  const state = openState({ store: site.store });
  const house = await tenant(state);
  const caller = await callerAt(house, 0);
  const unknown = newId('resp');
  for (const [path, method] of [
    [unknown, 'GET'],
    [unknown, 'DELETE'],
    [`${unknown}/input_items`, 'GET'],
    [`${unknown}/cancel`, 'POST'],
  ] as const) {
    const said = await house.ask(null, at(path, method));
    expect([said.status, said.json().error.code, said.headers['retry-after']]).toEqual([503, 'service_unavailable', '1']);
  }
  await expect(state.history(caller, unknown)).rejects.toMatchObject({ status: 503, code: 'service_unavailable' });
  expect((await house.ask({ model: 'fast', messages: [{ role: 'user', content: 'hello' }] })).status).toBe(200);
  const kept = response();
  state.keep(caller, kept);
  await sleep(20);
  // What waits is found meanwhile.
  expect((await house.ask(null, at(kept.id))).json()).toEqual(kept.response);
  expect((await state.history(caller, kept.id)).items).toHaveLength(2);
  expect(state.read()).toMatchObject({ waiting: 1, outcomes: { stored: 0, database: 0 } });
  site.isAway = false;
  await allStored(state);
  expect([site.rows.map(({ id }) => id), state.read().outcomes.stored, state.read().waitingBytes]).toEqual([[kept.id], 1, 0]);
});

test('an answer that the database does not take within a minute is given up, counted and said', async () => {
  const site = brokenStore();
  const lost: unknown[] = [];
  let aheadMs = 0;
  const clock = { nowMs: systemClock.nowMs, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
  const state = openState({ store: site.store, clock, onLost: (facts) => void lost.push(facts) });
  const house = await tenant(state);
  const kept = response();
  state.keep(await callerAt(house, 0), kept);
  await sleep(20);
  aheadMs = 60_001;
  await until(() => state.read().waiting === 0);
  expect(lost).toMatchObject([{ response_id: kept.id, outcome: 'database' }]);
  expect(state.read()).toMatchObject({ waitingBytes: 0, outcomes: { stored: 0, database: 1 } });
});

test('answers that wait have a bound, and one organization takes at most a share of it', async () => {
  const site = brokenStore();
  const state = openState({ store: site.store });
  const house = await tenant(state);
  const caller = await callerAt(house, 0);
  for (let count = 0; count < 8; count += 1) state.keep(caller, response({ input: [{ content: 'x'.repeat(3 * 1024 * 1024) }] }));
  await sleep(100);
  const { waiting, waitingBytes, outcomes } = state.read();
  expect([waiting, outcomes.no_room]).toEqual([5, 3]);
  expect(waitingBytes).toBeLessThan(16 * 1024 * 1024);
  site.isAway = false;
  await allStored(state);
});

test('a database that hangs is 503 after a second', async () => {
  const site = brokenStore();
  Object.assign(site, { isAway: false, hangs: true });
  const state = openState({ store: site.store });
  const house = await tenant(state);
  const startedMs = performance.now();
  const said = await house.ask(null, at(newId('resp')));
  expect(said.status).toBe(503);
  expect(performance.now() - startedMs).toBeLessThan(2_500);
});

// promise: Exceptions to "nothing synchronous on Postgres": a key-cache miss makes one coalesced lookup
test('many requests that continue one response read its chain once', async () => {
  const site = brokenStore();
  site.isAway = false;
  const state = openState({ store: site.store });
  const house = await tenant(state);
  const caller = await callerAt(house, 0);
  const kept = response();
  state.keep(caller, kept);
  await allStored(state);
  const read = await Promise.all(Array.from({ length: 50 }, () => state.history(caller, kept.id)));
  expect(read.every(({ items }) => items.length === 2)).toBe(true);
  expect(site.chains).toBe(1);
});

test('stopping stores what waits, and gives up what cannot be stored', async () => {
  const [working, broken] = [brokenStore(), brokenStore()];
  working.isAway = false;
  for (const [site, expected] of [
    [working, { stored: 1, database: 0 }],
    [broken, { stored: 0, database: 1 }],
  ] as const) {
    const state = openState({ store: site.store });
    const house = await tenant(state);
    state.keep(await callerAt(house, 0), response());
    await new Promise((resolve) => setImmediate(resolve));
    await state.close();
    expect(state.read().outcomes).toMatchObject(expected);
  }
});
