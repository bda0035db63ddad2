/** Measures the cost of hold and settle in the process and in Redis, with the twenty counters of a governed request. */
import type { Counters, HoldResult } from '../../server/src/counters/counters.ts';
import { createMemoryCounters } from '../../server/src/counters/memory/memory-counters.ts';
import { createRedisCounters, type RedisCounters } from '../../server/src/counters/redis/redis-counters.ts';
import { scriptRunner } from '../../server/src/counters/redis/redis-scripts.ts';
import type { LimitPlan } from '../../server/src/domain/limits/limit-plan.ts';
import { systemClock } from '../../server/src/lib/timing/clock.ts';
import { calendar, DAY_MS, MINUTE, planOf } from '../../server/test/counters/testing.ts';
import { startRedis, type TestRedis } from '../../server/test/support/redis.ts';
import { quantile } from './measure.ts';

const REQUESTS = 20_000;
const TOGETHER = 64;

/** Returns one line for each kind of counters and each number of parallel requests. */
export async function measureCounters(): Promise<readonly string[]> {
  const redis = await startRedis('Redis');
  const seedFrom = async () => [];
  const memory = createMemoryCounters({ clock: systemClock, seedFrom });
  const shared = createRedisCounters({
    run: scriptRunner(redis.client),
    prefix: () => 'bench:',
    owner: 'bench---',
    pastFrom: (_spec, _fromMs, _toMs, begin) => begin().then(() => []),
  });
  const lines: string[] = [];
  try {
    for (const together of [1, TOGETHER]) {
      lines.push(await measure(`memory, ${together} at a time`, memory, together, null));
      lines.push(await measure(`Redis, ${together} at a time`, shared, together, redis));
    }
    lines.push(await memoryOf(redis, shared));
  } finally {
    await redis.stop();
  }
  return lines;
}

const ORGANIZATIONS = 2_000;
const RECORDS = 20_000;

/** Measures Redis memory: per organization in traffic with twenty counters, and per settled request until its row is stored. */
async function memoryOf(redis: TestRedis, counters: RedisCounters): Promise<string> {
  await redis.client.call('FLUSHALL');
  const plan = governedPlan();
  const empty = await bytesOf(redis);
  for (let i = 0; i < ORGANIZATIONS; i += 1) {
    const organizationId = `org_${i}`;
    const own = { ...plan, organizationId, counters: plan.counters.map((spec) => ({ ...spec, organizationId })) };
    await one(counters, own, `req ${i}`);
    await counters.stored(organizationId, [{ requestId: `req ${i}`, tokens: 300, nanoUsd: 800 }]);
  }
  const full = await bytesOf(redis);
  for (let i = 0; i < RECORDS; i += 1) await one(counters, plan, `rec ${i}`);
  const waiting = await bytesOf(redis);
  const perOrganization = (full - empty) / ORGANIZATIONS;
  return `Redis memory: ${(perOrganization / 1_000).toFixed(1)} kB an organization in traffic, ${((waiting - full) / RECORDS).toFixed(0)} bytes a settled request until its row is stored`;
}

async function bytesOf(redis: TestRedis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(String(await redis.client.call('INFO', 'memory')))?.[1]);
}

async function measure(name: string, counters: Counters, together: number, redis: TestRedis | null): Promise<string> {
  const plan = governedPlan();
  const waitedMs: number[] = [];
  const run = async (count: number) => {
    let next = 0;
    const lane = async () => {
      for (let i = next++; i < count; i = next++) waitedMs.push(await one(counters, plan, `${name} ${count} ${i}`));
    };
    await Promise.all(Array.from({ length: together }, lane));
  };
  await run(REQUESTS / 10);
  waitedMs.length = 0;
  const before = { own: process.cpuUsage(), redisUs: await cpuUsOf(redis), ms: performance.now() };
  await run(REQUESTS);
  const ms = performance.now() - before.ms;
  const { user, system } = process.cpuUsage(before.own);
  const redisUs = (await cpuUsOf(redis)) - before.redisUs;
  waitedMs.sort((a, b) => a - b);
  return [
    `${name}: ${((REQUESTS / ms) * 1_000).toFixed(0)} requests/s`,
    `${((user + system) / REQUESTS).toFixed(1)} µs CPU here`,
    `${(redisUs / REQUESTS).toFixed(0)} µs in Redis`,
    `hold p50 ${quantile(waitedMs, 0.5).toFixed(3)} ms, p99 ${quantile(waitedMs, 0.99).toFixed(3)} ms`,
  ].join(', ');
}

/** Makes one hold and settles it. Returns the time of the hold in milliseconds. */
async function one(counters: Counters, plan: LimitPlan, requestId: string): Promise<number> {
  const startedMs = performance.now();
  const result: HoldResult = await counters.hold(requestId, plan, { tokens: 500, nanoUsd: 1_000, nanoUsdMin: 1_000 });
  const tookMs = performance.now() - startedMs;
  if (!result.admitted) throw new Error('nothing here is meant to be refused');
  await counters.settle(result.hold, { tokens: 300, nanoUsd: 800 }, plan);
  return tookMs;
}

function governedPlan(): LimitPlan {
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const day = calendar([-1, 0, 1, 2].map((days) => today + days * DAY_MS));
  const facts = ['org_1', 'team_1', 'mem_1', 'key_1'].flatMap((scopeId) => [
    { unit: 'requests', window: MINUTE, value: 1e9, scopeId } as const,
    { unit: 'tokens', window: MINUTE, value: 1e12, scopeId } as const,
    { unit: 'requests', window: day, value: 1e9, scopeId } as const,
    { unit: 'tokens', window: day, value: 1e12, scopeId } as const,
    { unit: 'nano_usd', window: day, value: 1e15, scopeId } as const,
  ]);
  return planOf(...facts);
}

async function cpuUsOf(redis: TestRedis | null): Promise<number> {
  if (redis === null) return 0;
  const facts = String(await redis.client.call('INFO', 'cpu'));
  const seconds = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(facts)?.[1]);
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6;
}
