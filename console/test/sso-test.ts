/** Tests on a gateway with what single sign-on needs, one for each worker. */
import { test as base } from '@playwright/test';
import { copyMigrated } from '../../server/test/support/migrated-postgres.ts';
import { openSsoHouse, type SsoHouse } from './sso-house.ts';

export { expect } from '@playwright/test';

export const test = base.extend<object, { site: SsoHouse }>({
  site: [
    // biome-ignore lint/correctness/noEmptyPattern: the library reads the names of what a fixture needs from this pattern.
    async ({}, use) => {
      const database = await copyMigrated();
      const site = await openSsoHouse(database === null ? {} : { DATABASE_URL: database.url });
      await use(site);
      await site.close();
      await database?.drop();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
});
