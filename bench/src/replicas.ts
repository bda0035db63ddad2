/** Measures what shared counters in Redis and a second worker cost a request, relative to one process that counts in memory. */
import { randomBytes } from 'node:crypto';
import { startPostgres, type TestPostgres } from '../../server/test/support/postgres.ts';
import { startRedis } from '../../server/test/support/redis.ts';
import { startHeadgate } from './headgate.ts';
import { type Cost, jsonCost, jsonCostAt, latencies, quantile } from './measure.ts';
import { interleave, type Standing } from './rounds.ts';
import { bookedTarget, type Target } from './target.ts';

const ROUNDS = 3;
const SECONDS = 5;
/**
 * A rate below what Redis, PostgreSQL, upstream and load can do together on one core. Otherwise they reach their limit before the
 * gateway does, and a gateway that waits pays for every wake-up. So all variants are compared at the same rate.
 */
const PER_SECOND = 3_000;
const BARS = { redis: 1.4, workers: 1.1, addedMs: 0.3 };

/** Returns one line for each figure, with its bar. Throws if a call was lost. */
export async function measureReplicas(upstreams: { json: number; stream: number }): Promise<readonly string[]> {
  const redis = await startRedis('Redis');
  const databases: TestPostgres[] = [];
  const open = async (env: Readonly<Record<string, string>>) => {
    const postgres = await startPostgres();
    if (postgres === null) throw new Error('missing: PostgreSQL');
    databases.push(postgres);
    return startHeadgate(upstreams, postgres.url, { env: { HEADGATE_MASTER_KEY: randomBytes(32).toString('base64'), ...env } });
  };
  const memory = await open({});
  const shared = await open({ REDIS_URL: redis.url });
  const two = await open({ REDIS_URL: redis.url, HEADGATE_WORKERS: '2' });
  try {
    const [inMemory, inRedis, byTwo] = [
      bookedTarget('memory', memory, memory.governed),
      bookedTarget('Redis', shared, shared.governed),
      bookedTarget('Redis, two workers', two, two.governed),
    ];
    for (const one of [inMemory, inRedis, byTwo]) await jsonCost(one, 3);
    const atRate = (one: Target) => jsonCostAt(one, PER_SECOND, SECONDS);
    const [base, ofRedis, ofTwo] = await compared(inMemory, [inRedis, byTwo], atRate);
    const [full, fullOfRedis, fullOfTwo] = await compared(inMemory, [inRedis, byTwo], (one) => jsonCost(one, SECONDS));
    const p50 = async (one: Target) => quantile(await latencies(one, 500, SECONDS), 0.5);
    const [memoryMs, redisMs] = [await p50(inMemory), await p50(inRedis)];
    const workers = ofTwo.us / ofRedis.us;
    const judged = (value: number, most: number) => (value <= most ? 'met' : 'MISSED');
    const atMost = ({ us, perSecond }: Standing) => `${us.toFixed(1)} µs at ${perSecond.toFixed(0)}/s`;
    return [
      `CPU per JSON request at ${PER_SECOND}/s, counters in memory: ${base.us.toFixed(1)} µs`,
      `CPU per JSON request at ${PER_SECOND}/s, counters in Redis: ${ofRedis.us.toFixed(1)} µs = ${ofRedis.timesNginx.toFixed(2)} × memory | ≤ ${BARS.redis} | ${judged(ofRedis.timesNginx, BARS.redis)}`,
      `CPU per JSON request at ${PER_SECOND}/s, two workers: ${ofTwo.us.toFixed(1)} µs = ${workers.toFixed(2)} × one | ≤ ${BARS.workers} | ${judged(workers, BARS.workers)}`,
      `as much as they can, all but the gateway on one core: memory ${atMost(full)}, Redis ${atMost(fullOfRedis)}, two workers ${atMost(fullOfTwo)}`,
      `added by Redis at 500/s, p50: ${(redisMs - memoryMs).toFixed(2)} ms (${redisMs.toFixed(2)} − ${memoryMs.toFixed(2)}) | ≤ ${BARS.addedMs} ms | ${judged(redisMs - memoryMs, BARS.addedMs)}`,
    ];
  } finally {
    await Promise.all([memory, shared, two].map(({ gateway }) => gateway.stop()));
    for (const postgres of databases) await postgres.stop();
    await redis.stop();
  }
}

/** Measures in turns: the base, then the others next to it. */
async function compared(
  base: Target,
  others: readonly [Target, Target],
  cost: (one: Target) => Promise<Cost>,
): Promise<readonly [Standing, Standing, Standing]> {
  const [first, second, third] = await interleave(base, others, ROUNDS, cost);
  return [first as Standing, second as Standing, third as Standing];
}
