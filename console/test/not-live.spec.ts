/** Live use while Redis cannot be reached: every page that shows it says that it is not live, and shows what the ledger has. */
import { type CopiedDatabase, copyMigrated } from '../../server/test/support/migrated-postgres.ts';
import { hasRedis, startRedis, type TestRedis } from '../../server/test/support/redis.ts';
import { expect, type House, openHouse, spendOnce, test } from './support.ts';

let database: CopiedDatabase | null = null;
let redis: TestRedis | null = null;
let house: House;

test.beforeAll(async () => {
  test.setTimeout(120_000);
  database = hasRedis('Redis') ? await copyMigrated() : null;
  test.skip(database === null, 'there is no PostgreSQL or no Redis on this machine');
  if (database === null) return;
  redis = await startRedis('Redis');
  house = await openHouse({ DATABASE_URL: database.url, REDIS_URL: redis.url });
});
test.afterAll(async () => {
  await house?.gateway.kill();
  await redis?.stop();
  await database?.drop();
});

test('use is shown from the ledger and said not to be live, on pages and in lists', async ({ page }) => {
  test.setTimeout(90_000);
  const limits = { rate_limits: { rpd: 100, max_parallel: 3 }, budgets: [{ amount: '5.00', period: 'month' }] };
  const { id, secret } = await house.api<{ id: string; secret: string }>('POST', '/keys', {
    ...{ team_id: house.teamId, name: 'outlasts Redis' },
    ...limits,
  });
  await spendOnce(house, secret, `/keys/${id}`);
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/keys/${id}`);
  await expect(page.getByText('Live', { exact: true })).toBeVisible();
  redis?.servers[0]?.kill('SIGKILL');
  await expect(page.getByText('Not live').first()).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText(/^Redis cannot be reached\. These figures are from the ledger/).first()).toBeVisible();
  await expect(page.getByText('1 used', { exact: false }).first()).toBeVisible();
  await expect(page.getByText('Use not known')).toBeVisible();
  for (const address of [`/organizations/${house.organizationId}?tab=limits`, `/teams/${house.teamId}`, '/']) {
    await page.goto(house.url + address);
    await expect(page.getByText('Not live').first()).toBeVisible();
  }
  await page.goto(`${house.url}/organizations`);
  await expect(page.getByText('not live').first()).toBeVisible();
});
