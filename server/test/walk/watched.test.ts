/** What somebody should hear of: charges that are estimates, with the reason, and holds that nothing in flight accounts for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ESTIMATE_REASONS, type EstimateReason } from '../../src/domain/usage/estimate-reason.ts';
import { type MetricsSources, renderMetrics } from '../../src/observe/metrics.ts';
import { methodsOf } from '../support/methods-of.ts';
import { chat, chatAnswer, chatUsage, type PlayedCall } from '../support/played-provider.ts';
import { budget } from '../support/policies.ts';
import { asking, HELLO, type Scene } from '../support/scene.ts';
import { serveHouse } from '../support/served-house.ts';
import type { WalkHouse } from '../support/walk.ts';
import { withHouse, withScene } from '../support/with-house.ts';

const { stream: _, ...WHOLE } = HELLO;

const open = withScene();
const { open: openPlain, keep } = withHouse();

/** The values of a metric, by its labels. */
async function scrape({ gateway, counters }: WalkHouse, name: string): Promise<Record<string, number>> {
  const sources: MetricsSources = {
    version: '1.2.3',
    traffic: gateway.traffic,
    snapshot: gateway.snapshot,
    ledger: () => ({ rows: 0, bytes: 0, ageMs: 0, stored: 0, rejected: 0, database: 'ok' }),
    coolingDeployments: () => 0,
    counters: () => counters.size(),
    coldCounters: () => counters.cold(),
    holds: () => counters.inFlight(),
    shared: () => null,
    journalBytes: () => 0,
    journalBytesMax: 1,
    journalSyncFailures: () => 0,
    redisMemory: () => ({ usedBytes: 1, maxBytes: 2, mayEvict: false }),
    journalWritable: () => true,
    caDaysLeft: () => [{ server: 'redis', days: 40 }],
    volume: () => ({ bytes: 100, freeBytes: 50 }),
    bufferedBytes: () => ({ bytes: 0, bytesMax: 1 }),
    spoolBytes: () => ({ bytes: 0, bytesMax: 1 }),
    storedResponses: () => gateway.responses.read(),
    databaseConnections: () => ({ total: 0, idle: 0, waiting: 0 }),
    jobs: () => ({
      drifts: { open: 0, lastDay: 0 },
      folds: { behindMs: 0, unfilled: 0 },
      deliveries: { pending: 0, lost: 0 },
      unownedTokens: 0,
      jobs: [],
    }),
  };
  const lines = (await renderMetrics(sources)).matchAll(new RegExp(`^${name}(?:\\{([^}]*)\\})? (\\S+)$`, 'gm'));
  return Object.fromEntries([...lines].map(([, labels = '', value]) => [labels, Number(value)]));
}

describe('headgate_settled_estimated_total', () => {
  const NAME = 'headgate_settled_estimated_total';
  const none = Object.fromEntries(ESTIMATE_REASONS.map((reason) => [`reason="${reason}"`, 0]));

  async function expectOne(now: Scene, reason: EstimateReason): Promise<void> {
    expect(now.house.rows.flatMap(({ entries }) => entries.map(({ kind }) => kind))).toEqual(['estimated']);
    expect(await scrape(now.house, NAME)).toEqual({ ...none, [`reason="${reason}"`]: 1 });
  }

  test('has every reason from the start, and no answer that says its usage counts', async () => {
    const now = await open();
    expect(await scrape(now.house, NAME)).toEqual(none);
    const { call, row } = asking(now, WHOLE);
    (await call).json(chatAnswer('Hello.', chatUsage(20, 3)));
    await row();
    expect(await scrape(now.house, NAME)).toEqual(none);
  });

  const played: Record<
    string,
    readonly [EstimateReason, object, (call: PlayedCall, now: Scene, leave: () => Promise<void>) => unknown]
  > = {
    'a whole answer without usage': ['no_usage', WHOLE, (call) => call.json(chatAnswer('Hello.', null))],
    'a stream without usage': [
      'no_usage',
      HELLO,
      (call) => {
        call.events(chat.text('Hello.'), chat.finish(), chat.done);
        call.end();
      },
    ],
    'usage that cannot be': ['implausible', WHOLE, (call) => call.json(chatAnswer('Hello.', chatUsage(-20, 3)))],
    'a stream that broke off': [
      'broken',
      HELLO,
      async (call) => {
        call.events(chat.text('Hello.'));
        await sleep(2);
        call.fail('reset');
      },
    ],
    'a whole answer that broke off': [
      'broken',
      WHOLE,
      (call) => {
        call.bytes('{"choices":[{"message":');
        call.end();
      },
    ],
    'an answer that never came': ['timeout', WHOLE, (call) => call.fail('timeout')],
    'a stream whose client hung up': [
      'hang_up',
      HELLO,
      async (call, _now, leave) => {
        call.events(chat.text('Hello.'));
        await sleep(2);
        await leave();
      },
    ],
    'a stream whose client hung up behind the finish, of a provider that says no more': [
      'hang_up',
      HELLO,
      async (call, now, leave) => {
        call.events(chat.text('Hello.'), chat.finish());
        await sleep(2);
        await leave();
        now.time.pass(5_000);
      },
    ],
    'a stream that was cut by the end of the process': [
      'drain',
      HELLO,
      async (call, now) => {
        call.events(chat.text('Hello.'));
        await sleep(2);
        for (const { cutShort } of now.house.gateway.traffic.inFlight()) cutShort?.();
      },
    ],
  };

  test.each(Object.entries(played))('says why: %s', async (_name, [reason, body, play]) => {
    const now = await open();
    const { call, leave, row } = asking(now, body);
    await play(await call, now, leave);
    await row();
    await expectOne(now, reason);
  });

  test('counts each attempt that was estimated, and a whole answer that nobody waited for', async () => {
    const now = await open({ isBudgeted: false, others: [{ id: 'dep_2' }] });
    const { call: called, leave, row } = asking(now, WHOLE);
    (await called).fail('timeout');
    const second = await now.played.call(1);
    second.bytes('{"choices":');
    await sleep(2);
    await leave();
    await row();
    expect(now.house.rows[0]?.entries.map(({ kind }) => kind)).toEqual(['estimated', 'estimated']);
    expect(await scrape(now.house, NAME)).toEqual({ ...none, 'reason="timeout"': 1, 'reason="hang_up"': 1 });
  });
});

describe('headgate_holds_without_request', () => {
  const NAME = 'headgate_holds_without_request';

  test('is 0 while requests are in flight, while they settle and when they have', async () => {
    const now = await open();
    const { call, row } = asking(now, WHOLE);
    const answering = await call;
    expect(await scrape(now.house, NAME)).toEqual({ '': 0 });
    const seen: Record<string, number>[] = [];
    const { end } = now.house.journal;
    now.house.journal.end = (record) => {
      // The row is being written: what it holds is given back when it is in the file.
      setImmediate(() => void scrape(now.house, NAME).then((values) => seen.push(values)));
      return end.call(now.house.journal, record);
    };
    answering.json(chatAnswer('Hello.', chatUsage(20, 3)));
    await row();
    await expect.poll(() => seen).toEqual([{ '': 0 }]);
    expect(now.house.counters.inFlight()).toBe(0);
    expect(await scrape(now.house, NAME)).toEqual({ '': 0 });
  });

  test('counts what a defect left held', async () => {
    const now = await openPlain({
      expectsDefects: true,
      counters: (counters) => ({
        ...methodsOf(counters),
        settle: () => {
          throw new TypeError('a defect of ours');
        },
      }),
    });
    for (let count = 0; count < 3; count += 1) await now.ask({ model: 'fast', messages: [{ role: 'user', content: 'hello' }] });
    expect([now.counters.inFlight(), now.gateway.traffic.inFlight()]).toEqual([3, []]);
    expect(await scrape(now, NAME)).toEqual({ '': 3 });
  });
});

describe('headgate_counters_cold', () => {
  const NAME = 'headgate_counters_cold';

  test('counts what waits for its past, as /health/ready does, until the ledger has told it', async () => {
    const asked = Promise.withResolvers<readonly { readonly atMs: number; readonly amount: number }[]>();
    const served = keep(await serveHouse({ seedFrom: () => asked.promise, organization: { budgets: [budget(1_000_000_000)] } }));
    const ready = async () => (await fetch(`http://127.0.0.1:${served.port}/health/ready`)).json();
    expect([await scrape(served, NAME), await ready()]).toEqual([{ '': 0 }, { status: 'ready', cold_counters: 0 }]);
    const answer = served.ask({ model: 'fast', messages: [{ role: 'user', content: 'hello' }] });
    await expect.poll(() => scrape(served, NAME)).toEqual({ '': 1 });
    expect(await ready()).toEqual({ status: 'ready', cold_counters: 1 });
    asked.resolve([]);
    expect((await answer).status).toBe(200);
    expect([await scrape(served, NAME), await ready()]).toEqual([{ '': 0 }, { status: 'ready', cold_counters: 0 }]);
  });
});
