/** Ways in which a Redis behind proxies falls ill. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { ChaosProxy } from '../support/chaos-proxy.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

/** Returns what lets everything pass again. */
export async function everyProxy(proxies: readonly ChaosProxy[], mode: 'down' | 'blackhole'): Promise<() => Promise<void>> {
  for (const proxy of proxies) await proxy.set(mode);
  return async () => {
    for (const proxy of proxies) await proxy.set('pass');
  };
}

/**
 * A second server follows the first, is cut off from it, and takes its place; what was written in between is lost. Returns the second, which
 * the caller stops.
 */
export async function failRedisOver(first: TestRedis, proxies: readonly ChaosProxy[]): Promise<TestRedis> {
  const next = await startRedis('Redis');
  const follower = next.client as Redis;
  await follower.call('REPLICAOF', '127.0.0.1', String(first.ports[0]));
  for (let tries = 0; tries < 100; tries += 1) {
    if (String(await follower.info('replication')).includes('master_link_status:up')) break;
    await sleep(50);
  }
  await follower.call('REPLICAOF', 'NO', 'ONE');
  await sleep(300);
  for (const proxy of proxies) proxy.point({ host: '127.0.0.1', port: next.ports[0] as number });
  return next;
}

/** The server stands still for so long, and goes on with whatever was sent to it meanwhile. */
export async function stallRedis({ servers }: TestRedis, ms: number): Promise<void> {
  for (const { pid } of servers) process.kill(pid as number, 'SIGSTOP');
  await sleep(ms);
  for (const { pid } of servers) process.kill(pid as number, 'SIGCONT');
}
