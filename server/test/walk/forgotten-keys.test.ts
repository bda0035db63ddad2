import { describe, expect, test } from 'vitest';
import { gatedProvider } from '../support/gated-provider.ts';
import { budget, readingsOf, wallClock } from '../support/policies.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const NOON = Date.parse('2026-07-23T12:00:00Z');
const HALF_AN_HOUR_MS = 30 * 60_000;

const { open, present } = withHouse();

test('keys that were used and then changed leave the cache like others: it stays within its bound', async () => {
  const { ask, secrets, gateway } = await open({ moreKeys: Array.from({ length: 300 }, () => ({})) });
  for (const [at, secret] of secrets.entries()) {
    expect((await ask(HELLO, { secret })).status).toBe(200);
    await gateway.snapshot.apply({ keyIds: [`key_${at + 1}`] });
    expect(gateway.snapshot.sizes().keys).toBeLessThanOrEqual(100);
  }
  expect((await ask(HELLO)).status).toBe(200);
});

describe('a request that is silent for longer than its key is kept', () => {
  const budgets = [budget(1e12)];

  async function silent(stream: boolean) {
    const clock = wallClock(NOON);
    const gate = gatedProvider();
    const opened = await open({ clock, provider: gate.provider, key: { rateLimits: { max_parallel: 1_000 } } });
    const flying = opened.ask({ ...HELLO, stream });
    await gate.waiting(1);
    clock.turn(HALF_AN_HOUR_MS);
    opened.gateway.snapshot.evictIdle(clock.nowMs());
    return { ...opened, clock, gate, flying };
  }

  // promise: A limit or budget that these scopes were given meanwhile counts the request too.
  test.each([
    ['whole', 'key'],
    ['whole', 'organization'],
    ['streamed', 'key'],
    ['streamed', 'organization'],
  ] as const)('%s, is counted by a budget that its %s was given meanwhile', async (how, scope) => {
    const { ask, change, flying, gate, rows, counters } = await silent(how === 'streamed');
    await change({ [scope]: { budgets } });
    const second = ask(HELLO);
    await gate.waiting(2);
    gate.open();
    expect([(await flying).status, (await second).status]).toEqual([200, 200]);
    const spent = rows.flatMap(({ entries }) => entries).reduce((sum, { nanoUsd }) => sum + (nanoUsd ?? 0), 0);
    const id = scope === 'key' ? 'key_1' : 'org_1';
    const read = await readingsOf(present(), [scope, id], { budgets });
    expect(Object.values(read)).toEqual([{ used: spent, held: 0 }]);
    expect([rows.length, counters.inFlight()]).toEqual([2, 0]);
  });

  test('keeps neither its key nor its organization once it has ended', async () => {
    const { gateway, clock, gate, flying } = await silent(true);
    gate.open();
    await flying;
    gateway.snapshot.evictIdle(clock.nowMs());
    expect(gateway.snapshot.sizes()).toEqual({ keys: 0, organizations: 0 });
  });
});
