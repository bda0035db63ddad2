import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as schema from '../../src/store/schema.ts';
import { type Gateway, startGateway } from '../prove/gateway.ts';
import { hasPostgres, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { headgate } from './support.ts';

const MS_MAX = 120_000;

describe.skipIf(!hasPostgres())('usage by unit on the command line', { timeout: MS_MAX }, () => {
  let database: TestDatabase;
  let gateway: Gateway;
  beforeAll(async () => {
    database = await openTestDatabase('postgresql');
    gateway = await startGateway({ env: { DATABASE_URL: database.url } });
  }, MS_MAX);
  afterAll(async () => {
    await gateway?.stop();
    await database?.dispose();
  });

  const usage = (...argv: string[]) =>
    headgate({ HEADGATE_URL: gateway.base, HEADGATE_ADMIN_TOKEN: gateway.adminToken }, 'usage', ...argv);

  test('has a column where there is some, and tells what had no price', async () => {
    const { id } = await gateway.admin<{ id: string }>('POST', '/organizations', { slug: 'acme', name: 'Acme' });
    const bucketStart = new Date(Math.floor(Date.now() / 900_000 - 1) * 900_000);
    const row = { organizationId: id, bucketStart, teamId: 'team_1', keyId: 'key_1', calledName: 'fast', deploymentId: 'dep_1' };
    await database.db.insert(schema.rollups).values({ ...row, requests: 1, admitted: 1 });
    expect((await usage('--group-by', 'model')).out).toMatch(/ spend$/m);
    await database.db.insert(schema.unitRollups).values([
      { ...row, unit: 'search', uses: 2, quantity: 12, unpricedQuantity: 3 },
      { ...row, unit: 'cache_write_1h', uses: 1, quantity: 400 },
    ]);
    const { code, out } = await usage('--group-by', 'model');
    expect(code).toBe(0);
    expect(out).toMatch(/ spend +units$/m);
    expect(out).toMatch(/^fast .* cache_write_1h=400,search=12 \(3 without a price\)$/m);
    expect(out).toMatch(/^total .* cache_write_1h=400,search=12 \(3 without a price\)$/m);
    expect((await usage('--csv')).out).toContain('search=3');
  });
});
