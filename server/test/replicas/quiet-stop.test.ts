/** What a gateway with workers and Redis says when it is ready and when it stops. */
import { describe, expect, test } from 'vitest';
import { newDataKey } from '../../src/lib/secrets.ts';
import { type Gateway, startGateway } from '../prove/gateway.ts';
import { hasPostgres, openTestDatabase } from '../support/database.ts';
import { hasRedis, startRedis } from '../support/redis.ts';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly version?: string;
  readonly worker?: number;
  readonly workers?: number;
}

describe.skipIf(!hasPostgres() || !hasRedis('Redis'))('with workers and Redis', { timeout: 120_000 }, () => {
  test('a line says that all workers serve, each line names its worker and the version, and a stop warns of nothing', async () => {
    const [opened, redis] = [await openTestDatabase('postgresql'), await startRedis('Redis')];
    const env = {
      DATABASE_URL: opened.url as string,
      REDIS_URL: redis.url,
      HEADGATE_MASTER_KEY: newDataKey().toString('base64'),
      HEADGATE_WORKERS: '2',
      HEADGATE_LOG: 'json',
    };
    const gateway = await startGateway({ env });
    try {
      await expect.poll(gateway.output, { timeout: 30_000 }).toContain('all workers serve');
      expect(await gateway.stop()).toBe(0);
      const lines = linesOf(gateway);
      expect(lines.filter(({ msg }) => msg.includes('all workers serve'))).toEqual([expect.objectContaining({ workers: 2 })]);
      expect(lines.filter(({ msg }) => msg === 'headgate is ready').map(({ worker }) => worker)).toEqual(
        expect.arrayContaining([1, 2]),
      );
      expect(lines.filter(({ version }) => version === undefined)).toEqual([]);
      expect(lines.filter(({ msg, worker }) => msg.startsWith('SIGTERM') && worker === undefined)).toEqual([]);
      expect(lines.filter(({ level }) => level >= 40)).toEqual([]);
    } finally {
      await gateway.kill();
      await redis.stop();
      await opened.dispose();
    }
  });
});

function linesOf(gateway: Gateway): readonly Line[] {
  return gateway
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);
}
