/** Which deployment a request goes to, by each strategy, and what its row keeps of the comparison. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { routingBody } from '../../src/domain/decision/attempts-made.ts';
import type { DeploymentConfig, RoutingStrategy } from '../../src/domain/routing/catalogue.ts';
import { endLine } from '../../src/ledger/lines.ts';
import { parseEnd } from '../../src/ledger/parse-lines.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { handTime } from '../support/hand-time.ts';
import { chatAnswer, chatUsage, playedProvider } from '../support/played-provider.ts';
import { budget } from '../support/policies.ts';
import { deployment, type House, model } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const { open: openHouse } = withHouse();

const PLENTY = 1e12;
const price = (perMillion: number) => [
  { id: `price_${perMillion}`, effectiveFromMs: 0, perMillion: { input: perMillion, output: perMillion } },
];

/** Opens a house with `dep_a` and `dep_b` behind one name, whose provider and time are played by hand. */
async function open(strategy: RoutingStrategy, two: readonly Partial<DeploymentConfig>[] = [{}, {}], plan: Partial<House> = {}) {
  const played = playedProvider();
  const time = handTime();
  const deployments = two.map((more, at) => deployment({ id: `dep_${'ab'[at]}`, upstreamModel: `up-${'ab'[at]}`, ...more }));
  const house = await openHouse({
    provider: played.provider,
    clock: time.clock,
    targets: [model('fast', deployments, { strategy })],
    ...plan,
    gateway: { after: time.after, ...plan.gateway },
  });
  let asked = 0;
  /** Asks once. The call waits for its answer. */
  const begin = async (body: object = HELLO, headers: readonly string[] = []) => {
    const said = house.ask(body, { headers });
    const call = await played.call(asked++);
    return { said, call, at: call.request.deployment.id };
  };
  /** Asks, and answers after `ms`. Returns the deployment that served. */
  const ask = async (ms = 0, headers: Readonly<Record<string, string>> = {}) => {
    const { said, call, at } = await begin();
    time.pass(ms);
    call.json(chatAnswer('Hello.', chatUsage(20, 6)), 200, headers);
    await said;
    return at;
  };
  const routingOf = (row: EndRecord | undefined) => {
    if (row === undefined) throw new Error('there is no row');
    return routingBody({ ...row, tried: parseEnd(endLine(row)).tried ?? null });
  };
  return { house, time, begin, ask, routing: () => routingOf(house.rows.at(-1)) };
}

const limits = (remaining: number) => ({
  'x-ratelimit-limit-requests': '100',
  'x-ratelimit-remaining-requests': String(remaining),
  'x-ratelimit-reset-requests': '60s',
});

describe('least_busy', () => {
  test('goes where fewer requests are in flight, and an attempt that fails is in flight no longer', async () => {
    const { house, begin } = await open('least_busy');
    const [first, second] = [await begin(), await begin()];
    expect(new Set([first.at, second.at])).toEqual(new Set(['dep_a', 'dep_b']));
    first.call.json({ error: { message: 'Slow down' } }, 429);
    for (let turns = 0; house.upstreamCalls() < 3 && turns < 1_000; turns += 1) await sleep(1);
    // The first request is at the other deployment now.
    const { inFlight } = house.gateway.measures;
    expect([inFlight(first.call.request.deployment), inFlight(second.call.request.deployment)]).toEqual([0, 2]);
  });

  test('counts by weight', async () => {
    const { begin } = await open('least_busy', [{ weight: 3 }, { weight: 1 }]);
    const places: string[] = [];
    for (let n = 0; n < 8; n += 1) places.push((await begin()).at);
    expect(places.filter((at) => at === 'dep_a')).toHaveLength(6);
  });

  test('a client that hangs up is in flight no longer', async () => {
    const { house, begin } = await open('least_busy');
    let leave = () => {};
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const one = await begin();
    one.call.json(chatAnswer('Hello.', chatUsage(20, 6)));
    await one.said;
    const said = house.ask({ ...HELLO, stream: true }, { hangUpWhen: left });
    for (let turns = 0; house.upstreamCalls() < 2 && turns < 500; turns += 1) await sleep(1);
    leave();
    await said;
    for (let turns = 0; house.rows.length < 2 && turns < 500; turns += 1) await sleep(1);
    for (const { members } of house.gateway.snapshot.catalogue().targets.values())
      for (const each of members) expect(house.gateway.measures.inFlight(each.deployment)).toBe(0);
  });
});

describe('latency', () => {
  test('tries what is unknown, then stays with the faster one until it is slow', async () => {
    const { ask, routing } = await open('latency', [{ weight: 100 }, { weight: 1 }]);
    expect(await ask(800)).toBe('dep_a');
    expect(routing()?.candidates.every(({ score }) => score === null)).toBe(true);
    const places = new Set<string>();
    for (let n = 0; n < 5; n += 1) places.add(await ask(800));
    expect(places).toEqual(new Set(['dep_a']));
    expect(routing()).toMatchObject({ strategy: 'latency', by_session: false });
    expect(routing()?.candidates.find(({ deployment_id: id }) => id === 'dep_a')?.score).toBeCloseTo(800, 3);
  });

  test('goes to the faster of two that are known, and back when it has become the slower', async () => {
    const { house, ask } = await open('latency');
    const [a, b] = [...house.gateway.snapshot.catalogue().targets.values()][0]?.members ?? [];
    if (a === undefined || b === undefined) throw new Error('there are no members');
    house.gateway.measures.answered(a.deployment, 'whole', 900);
    house.gateway.measures.answered(b.deployment, 'whole', 300);
    expect(await ask(2_000)).toBe('dep_b');
    expect(await ask(100)).toBe('dep_a');
  });
});

describe('cheapest', () => {
  test('goes where the request costs least, at the prices in force, and to what has no price last', async () => {
    const { ask, routing } = await open('cheapest', [{ prices: price(2_000_000) }, { prices: price(1_000_000) }]);
    expect([await ask(), await ask()]).toEqual(['dep_b', 'dep_b']);
    const [first, second] = routing()?.candidates ?? [];
    expect([first?.deployment_id, second?.deployment_id]).toEqual(['dep_b', 'dep_a']);
    expect(second?.score).toBeCloseTo(2 * (first?.score ?? 0), -1);
    const unpriced = await open('cheapest', [{ prices: [], weight: 100 }, {}]);
    expect([await unpriced.ask(), await unpriced.ask()]).toEqual(['dep_b', 'dep_b']);
  });

  test('under a budget that blocks names what has no price', async () => {
    const three = [{ prices: [] }, {}];
    const { house, ask, routing } = await open('cheapest', [...three], {
      key: { budgets: [budget(PLENTY)] },
    });
    // One candidate that can serve is not compared with anything.
    expect(await ask()).toBe('dep_b');
    expect(routing()).toBeNull();
    expect(house.rows[0]?.tried).toBeNull();
  });
});

describe('usage', () => {
  test('goes where this minute has used the least of the capacity', async () => {
    const { ask } = await open('usage', [{ limits: { rpm: null, tpm: 100_000 } }, { limits: { rpm: null, tpm: 1_000 } }]);
    const places: string[] = [];
    for (let n = 0; n < 20; n += 1) places.push(await ask());
    expect(places.slice(2).every((at) => at === 'dep_a')).toBe(true);
    expect(places.filter((at) => at === 'dep_b').length).toBeLessThanOrEqual(1);
  });
});

describe('headroom', () => {
  test('goes where the vendor leaves the most, until its limit is reset', async () => {
    const { house, time, ask, routing } = await open('headroom');
    const [a, b] = [...house.gateway.snapshot.catalogue().targets.values()][0]?.members ?? [];
    if (a === undefined || b === undefined) throw new Error('there are no members');
    house.gateway.measures.told(a.deployment, limits(80));
    house.gateway.measures.told(b.deployment, limits(60));
    expect(await ask(0, limits(10))).toBe('dep_a');
    expect(await ask(0, limits(50))).toBe('dep_b');
    expect(await ask(0, limits(40))).toBe('dep_b');
    expect(routing()?.candidates).toMatchObject([
      { deployment_id: 'dep_b', score: 0.5 },
      { deployment_id: 'dep_a', score: 0.9 },
    ]);
    time.pass(61_000);
    await ask();
    expect(routing()?.candidates.map(({ score }) => score)).toEqual([null, null]);
  });
});

describe('the comparison in the row', () => {
  test('names what is cooling, and what the tags left out', async () => {
    const { house, ask, routing } = await open('latency', [{ tags: ['eu'] }, {}], {});
    expect(await ask()).toBe('dep_b');
    expect(routing()).toBeNull();
    const three = [deployment({ id: 'dep_1' }), deployment({ id: 'dep_2' }), deployment({ id: 'dep_3', tags: ['eu'] })];
    const other = await openHouse({ targets: [model('fast', three, { strategy: 'latency' })] });
    for (let n = 0; n < 3; n += 1) other.gateway.health.failed('dep_1', null);
    await other.ask(HELLO);
    const row = other.rows[0];
    expect(row?.tried?.[0]?.compared).toEqual({
      strategy: 'latency',
      bySession: false,
      candidates: [
        { deploymentId: 'dep_2', score: null, passedOver: null },
        { deploymentId: 'dep_1', score: null, passedOver: 'cooling_down' },
        { deploymentId: 'dep_3', score: null, passedOver: 'tags' },
      ],
    });
    expect(house.defects).toEqual([]);
  });

  test.each(['weighted', 'priority'] as const)(
    'is not there with %s: nothing is measured, and the row stays short',
    async (strategy) => {
      const { house, ask, routing } = await open(strategy);
      await ask(800, limits(1));
      expect(house.rows[0]?.tried).toBeNull();
      expect(routing()).toBeNull();
      for (const { members } of house.gateway.snapshot.catalogue().targets.values())
        for (const { deployment: one } of members)
          expect([house.gateway.measures.firstOutputMs(one, 'whole'), house.gateway.measures.shareLeft(one)]).toEqual([
            null,
            null,
          ]);
    },
  );
});
