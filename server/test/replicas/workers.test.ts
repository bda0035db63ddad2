/** Several workers behind one port, as processes: what one knows all know, and one that dies is started again. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { newDataKey } from '../../src/lib/secrets.ts';
import { type Gateway, startGateway } from '../prove/gateway.ts';
import { hasPostgres, openTestDatabase } from '../support/database.ts';
import { hasRedis, startRedis } from '../support/redis.ts';

const WORKERS = 3;
const CALLS = 60;
const AGAIN_MS_MAX = 30_000;
const ANSWER_MS_MAX = 15_000;
const ALL_KNOW_IT = new Set([200]);

describe.skipIf(!hasPostgres() || !hasRedis('Redis'))('workers', { timeout: 90_000 }, () => {
  test('whichever listens first knows the configured token, and one that dies is started again', async () => {
    const [opened, redis] = [await openTestDatabase('postgresql'), await startRedis('Redis')];
    const env = {
      DATABASE_URL: opened.url as string,
      REDIS_URL: redis.url,
      HEADGATE_MASTER_KEY: newDataKey().toString('base64'),
      HEADGATE_WORKERS: String(WORKERS),
    };
    const gateway = await startGateway({ env });
    try {
      expect(await statusesOf(gateway)).toEqual(ALL_KNOW_IT);
      const [victim, ...others] = await untilAllThere(gateway, []);
      expect(await statusesOf(gateway)).toEqual(ALL_KNOW_IT);

      const scraped = Promise.all(Array.from({ length: 20 }, () => scrape(gateway)));
      process.kill(victim as number, 'SIGKILL');
      expect(await scraped).not.toContain('no answer');
      expect(await untilAllThere(gateway, [victim as number])).toEqual(expect.arrayContaining(others));
      expect(await statusesOf(gateway)).toEqual(ALL_KNOW_IT);
      expect(gateway.output()).toContain('a worker process ended; it is started again');
      expect(await gateway.stop()).toBe(0);
    } finally {
      await gateway.kill();
      await redis.stop();
      await opened.dispose();
    }
  });
});

/** What admin calls answer, each on a connection of its own, so that they go to whichever worker listens. */
async function statusesOf({ base, adminToken }: Gateway): Promise<ReadonlySet<number>> {
  const statuses = new Set<number>();
  for (let call = 0; call < CALLS; call += 1) {
    const headers = { authorization: `Bearer ${adminToken}`, connection: 'close' };
    const answer = await fetch(`${base}/api/v1/organizations`, { headers });
    await answer.arrayBuffer();
    statuses.add(answer.status);
  }
  return statuses;
}

/** Asks for the metrics. The worker that is asked may be the one that dies, and its client has to hear of that. */
async function scrape({ base }: Gateway): Promise<'answered' | 'cut' | 'no answer'> {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const answer = await fetch(`${base}/metrics`, { headers: { connection: 'close' }, signal }).catch(() => null);
  const text = await answer?.text().catch(() => null);
  if (signal.aborted) return 'no answer';
  return typeof text === 'string' ? 'answered' : 'cut';
}

/** The process ids of the workers, as soon as all are there, none of them one of these. */
async function untilAllThere({ pid }: Gateway, without: readonly number[]): Promise<readonly number[]> {
  const deadlineMs = performance.now() + AGAIN_MS_MAX;
  for (;;) {
    const there = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
    if (there.length === WORKERS && !there.some((id) => without.includes(id))) return there;
    if (performance.now() > deadlineMs) throw new Error(`of ${WORKERS} workers there are ${there.length}`);
    await sleep(50);
  }
}
