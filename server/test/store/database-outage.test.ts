import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenDatabase, openDatabase } from '../../src/store/database.ts';
import { isStoreUnavailable } from '../../src/store/errors.ts';
import { ChaosProxy } from '../support/chaos-proxy.ts';
import { hasPostgres, openTestDatabase, type TestDatabase } from '../support/database.ts';

describe.skipIf(!hasPostgres())('a PostgreSQL that goes away', () => {
  let direct: TestDatabase;
  let proxy: ChaosProxy;
  let database: OpenDatabase;
  beforeAll(async () => {
    direct = await openTestDatabase('postgresql');
    const url = new URL(direct.url ?? '');
    proxy = await ChaosProxy.start({ host: url.hostname, port: Number(url.port) });
    url.port = String(proxy.port);
    database = openDatabase({ url: url.href, connectionsMax: 2, statementTimeoutMs: 300 });
  });
  afterAll(async () => {
    await database.close();
    await proxy.close();
    await direct.dispose();
  });

  const outcomeOf = (work: Promise<unknown>) => work.then(() => 'done' as const, isStoreUnavailable);
  const transaction = () => database.db.transaction((tx) => tx.execute(sql`select 1`));

  test('is an error of one type however it goes, loses no connection of the pool, and is used again when it is back', async () => {
    for (const mode of ['down', 'rst', 'blackhole'] as const) {
      await Promise.all([transaction(), transaction()]);
      const halfway = database.db.transaction(async (tx) => {
        await proxy.set(mode);
        await tx.execute(sql`select 1`);
      });
      expect(await outcomeOf(halfway)).toBe(true);
      // More than there are connections: one that were not given back would leave the pool empty for ever.
      const others = Array.from({ length: 5 }, () => outcomeOf(transaction()));
      others.push(...Array.from({ length: 5 }, () => outcomeOf(database.db.execute(sql`select 1`))));
      expect(new Set(await Promise.all(others))).toEqual(new Set([true]));
      await proxy.set('pass');
      await expect.poll(() => outcomeOf(Promise.all([transaction(), transaction()])), { timeout: 20_000 }).toBe('done');
    }
  }, 90_000);

  test('a statement that takes too long is stopped, and holds up nobody behind it', async () => {
    expect(await outcomeOf(database.db.execute(sql`select pg_sleep(5)`))).toBe(true);
    await transaction();
  });
});
