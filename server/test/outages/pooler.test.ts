/** Debian's pgbouncer in transaction mode before PostgreSQL, with nothing set for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectDatabase, connectionRoom, probeWay } from '../../src/store/connection.ts';
import { readInParts } from '../../src/store/row-cursor.ts';
import { startGateway } from '../prove/gateway.ts';
import { startMeteredProvider } from '../prove/metered-provider.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from '../prove/tenant.ts';
import { hasPostgres, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { openClient } from '../support/pg-client.ts';
import { hasPgbouncer, startPgbouncer, type TestPooler } from '../support/pgbouncer.ts';

const MS_MAX = 120_000;
const can = hasPostgres() && hasPgbouncer();
if (!can) console.warn('pgbouncer or PostgreSQL is not installed: the tests behind a pooler are skipped.');

describe.skipIf(!can)('behind pgbouncer in transaction mode', { timeout: MS_MAX }, () => {
  let database: TestDatabase;
  let pooler: TestPooler;
  beforeAll(async () => {
    database = await openTestDatabase('postgresql');
    // Fewer sessions than connections: two clients do share one.
    pooler = await startPgbouncer(database.url as string, 3);
  }, MS_MAX);
  afterAll(async () => {
    await pooler?.stop();
    await database?.dispose();
  });

  test('it is noticed, and PostgreSQL itself is not taken for one', async () => {
    expect(await probeWay(pooler.url, 'DATABASE_URL')).toEqual({ isPooled: true });
    expect(await probeWay(database.url as string, 'DATABASE_URL')).toEqual({ isPooled: false });
  });

  test('one that accepts start-up parameters and does not set them is noticed too', async () => {
    const silent = await startPgbouncer(database.url as string, 3, ['ignore_startup_parameters = statement_timeout']);
    expect(await probeWay(silent.url, 'DATABASE_URL').finally(() => silent.stop())).toEqual({ isPooled: true });
  });

  test('PostgreSQL says how many connections it gives, and how many are used', async () => {
    const { max, used } = await connectionRoom(database);
    // The tests' server has 200, of which it keeps 3 for superusers.
    expect(max).toBe(197);
    const other = await openClient(database.url as string);
    expect((await connectionRoom(database)).used).toBeGreaterThan(used - 1);
    await other.end();
  });

  test('a transaction ends at its timeout, and no session keeps that timeout for others', async () => {
    const pooled = await connectDatabase({ url: pooler.url, statementTimeoutMs: 300 });
    try {
      const slow = pooled.db.transaction((tx) => tx.execute(sql`select pg_sleep(5)`));
      await expect(slow).rejects.toThrow('57014');
      for (let i = 0; i < 6; i++) {
        const { rows } = await pooled.pool.query<{ statement_timeout: string }>('show statement_timeout');
        expect(rows).toEqual([{ statement_timeout: '0' }]);
      }
    } finally {
      await pooled.close();
    }
  });

  test('a long result is read in parts while others use the sessions', async () => {
    const pooled = await connectDatabase({ url: pooler.url });
    try {
      const numbers = sql`select n from generate_series(1, 1000) n`;
      let sum = 0;
      for await (const rows of readInParts<{ n: number }>(pooled.openSession, 'numbers', numbers, 100)) {
        sum += rows.reduce((total, { n }) => total + n, 0);
        await Promise.all(Array.from({ length: 5 }, () => pooled.pool.query('select 1')));
      }
      expect(sum).toBe(500_500);
    } finally {
      await pooled.close();
    }
  });

  test('a gateway starts, serves, stores each request once and hears of changes', async () => {
    const provider = await startMeteredProvider();
    const gateway = await startGateway({ env: { DATABASE_URL: pooler.url } });
    try {
      expect(gateway.output()).toContain('through a pooler in transaction mode');
      const credentialId = await makeCredential(gateway, 'openai', provider.baseUrl);
      await makeModel(gateway, { model: 'metered', provider: 'openai', upstreamModel: 'metered', credentialId });
      const tenant = await makeTenant(gateway);
      const key = await makeKey(gateway, tenant);
      const calls = Array.from({ length: 40 }, () => call(gateway.base, key.secret));
      expect(new Set(await Promise.all(calls))).toEqual(new Set([200]));
      const stored = async () => (await database.pool.query('select count(*)::integer as rows from requests')).rows;
      await expect.poll(stored, { timeout: 20_000 }).toEqual([{ rows: 40 }]);
      await sleep(500);
      expect(await stored()).toEqual([{ rows: 40 }]);
    } finally {
      expect(await gateway.stop()).toBe(0);
      await provider.stop();
    }
  });
});

async function call(base: string, secret: string): Promise<number> {
  const answer = await fetch(`${base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'metered', messages: [{ role: 'user', content: 'Hello' }] }),
  });
  await answer.arrayBuffer();
  return answer.status;
}
