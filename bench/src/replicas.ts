/** What it costs a request that counters are shared in Redis, and that two workers serve it: next to one process that counts in memory. */
import { randomBytes } from 'node:crypto';
import { startPostgres, type TestPostgres } from '../../server/test/support/postgres.ts';
import { startRedis } from '../../server/test/support/redis.ts';
import { type Headgate, startHeadgate } from './headgate.ts';
import { jsonCost, latencies, quantile } from './measure.ts';
import { interleave } from './rounds.ts';
import type { Target } from './target.ts';

const ROUNDS = 3;
const SECONDS = 5;
const BARS = { redis: 1.4, workers: 1.1, addedMs: 0.3 };

/** One line for each figure, with its bar. Fails by throwing where a call was lost. */
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
    const [inMemory, inRedis, byTwo] = [target('memory', memory), target('Redis', shared), target('Redis, two workers', two)];
    for (const one of [inMemory, inRedis, byTwo]) await jsonCost(one, 3);
    const [base, ...others] = await interleave(inMemory, [inRedis, byTwo], ROUNDS, (one) => jsonCost(one, SECONDS));
    const [ofRedis, ofTwo] = others as [NonNullable<typeof base>, NonNullable<typeof base>];
    const p50 = async (one: Target) => quantile(await latencies(one, 500, SECONDS), 0.5);
    const [memoryMs, redisMs] = [await p50(inMemory), await p50(inRedis)];
    const workers = ofTwo.us / ofRedis.us;
    const judged = (value: number, most: number) => (value <= most ? 'met' : 'MISSED');
    return [
      `CPU per JSON request, counters in memory: ${base?.us.toFixed(1)} µs (${base?.perSecond.toFixed(0)}/s)`,
      `CPU per JSON request, counters in Redis: ${ofRedis.us.toFixed(1)} µs = ${ofRedis.timesNginx.toFixed(2)} × memory | ≤ ${BARS.redis} | ${judged(ofRedis.timesNginx, BARS.redis)}`,
      `CPU per JSON request, two workers: ${ofTwo.us.toFixed(1)} µs = ${workers.toFixed(2)} × one | ≤ ${BARS.workers} | ${judged(workers, BARS.workers)}`,
      `added by Redis at 500/s, p50: ${(redisMs - memoryMs).toFixed(2)} ms (${redisMs.toFixed(2)} − ${memoryMs.toFixed(2)}) | ≤ ${BARS.addedMs} ms | ${judged(redisMs - memoryMs, BARS.addedMs)}`,
    ];
  } finally {
    await Promise.all([memory, shared, two].map(({ gateway }) => gateway.stop()));
    for (const postgres of databases) await postgres.stop();
    await redis.stop();
  }
}

function target(name: string, { gateway, governed }: Headgate): Target {
  const books = { seen: { answered: 0, brokenOff: 0 }, settled: governed.settled };
  return { name, pid: gateway.pid, json: governed.to, stream: governed.to, books };
}
