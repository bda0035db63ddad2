import type { Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, describe } from 'vitest';
import { hasRedis, type RedisKind, startRedis, type TestRedis } from '../../test/support/redis.ts';
import { describeCounters } from './contract.ts';
import type { Counters } from './counters.ts';
import { createRedisCounters } from './redis.ts';
import { type RunScript, type Script, scriptOf, scriptRunner } from './redis-scripts.ts';
import type { HandClock, MakeCounters } from './testing.ts';

for (const kind of ['Redis', 'Valkey', 'Redis Cluster'] as const satisfies readonly RedisKind[]) {
  describe.skipIf(!hasRedis(kind))(kind, () => {
    let redis: TestRedis;
    beforeAll(async () => {
      redis = await startRedis(kind);
    });
    afterAll(() => redis.stop());
    let made = 0;
    const make: MakeCounters = ({ clock, seedFrom }) => {
      made += 1;
      const run = onHandClock(redis.client, clock);
      return withOwnNames(createRedisCounters({ run, prefix: `test-${made}:`, seedFrom }));
    };
    describeCounters(kind, make);
  });
}

/** The scripts as they are, but for where they read the time: contracts turn a clock by hand, and Redis has only its own. */
function onHandClock(client: Redis | Cluster, clock: HandClock): RunScript {
  const run = scriptRunner(client);
  return (script, keys, args) => run(turned(script), keys, [...args, clock.nowMs()]);
}

const turnedScripts = new Map<Script, Script>();

function turned(script: Script): Script {
  const known = turnedScripts.get(script);
  if (known !== undefined) return known;
  const clock = '{ math.floor(HAND_MS / 1000), HAND_MS % 1000 * 1000 }';
  const lua = `local HAND_MS = tonumber(table.remove(ARGV))\n${script.lua.replaceAll("redis.call('TIME')", clock)}`;
  const made = scriptOf(lua);
  turnedScripts.set(script, made);
  return made;
}

/** Requests have ids of their own, as every real one has; the contract calls most of them the same. */
function withOwnNames(counters: Counters): Counters {
  let named = 0;
  return {
    ...counters,
    hold: (requestId, plan, wanted) => {
      named += 1;
      return counters.hold(`${requestId}-${named}`, plan, wanted);
    },
  };
}
