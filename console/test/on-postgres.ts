import { type OpenDatabase, openDatabase } from '../../server/src/store/database.ts';
import { type CopiedDatabase, copyMigrated } from '../../server/test/support/migrated-postgres.ts';
import { type House, openHouse, test } from './support.ts';

/**
 * Runs a file's tests against a gateway of their own, on a PostgreSQL that they may write to themselves. Calls back once it is ready; where there is
 * no PostgreSQL it never does, and the tests are skipped.
 */
export function onPostgres(ready: (house: House, database: OpenDatabase) => void): void {
  let copy: CopiedDatabase | null = null;
  let house: House | null = null;
  let database: OpenDatabase | null = null;
  test.beforeAll(async () => {
    test.setTimeout(120_000);
    copy = await copyMigrated();
    test.skip(copy === null, 'there is no PostgreSQL on this machine');
    if (copy === null) return;
    house = await openHouse({ DATABASE_URL: copy.url });
    database = openDatabase({ url: copy.url });
    ready(house, database);
  });
  test.afterAll(async () => {
    await house?.gateway.stop();
    await database?.close();
    await copy?.drop();
  });
}
