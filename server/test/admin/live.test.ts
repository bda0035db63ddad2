import { expect, test } from 'vitest';
import type { ConfigScopes } from '../../src/admin/http/deps.ts';
import { withDatabase } from '../support/database.ts';
import { freshSlug, makeOrganization, must, withAdmin } from './support.ts';

const steps: string[] = [];
const given = withDatabase();
const world = withAdmin(given, {
  configChanged: async ({ organizationIds = [] }: ConfigScopes) => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    const { rows } = await given().pool.query('select name from organizations where id = any($1)', [organizationIds]);
    steps.push(`live: ${rows.map((row: { name: string }) => row.name).join()}`);
  },
});

// promise: A write is live in the answering process before its 2xx.
test('a write is answered once it was stored and is live, in that order', async () => {
  const { root } = world();
  const made = await makeOrganization(root, { name: 'One' });
  steps.push('answered');
  must(await root('PATCH', `/organizations/${made.id}`, { name: 'Two' }));
  steps.push('answered');
  expect(steps).toEqual(['live: One', 'answered', 'live: Two', 'answered']);
});

test('a write that failed makes nothing live', async () => {
  const { root } = world();
  const made = await makeOrganization(root);
  steps.length = 0;
  expect((await root('POST', '/organizations', { slug: made.slug, name: 'x' })).status).toBe(409);
  expect((await root('POST', '/organizations', { slug: freshSlug(), name: '' })).status).toBe(400);
  expect(steps).toEqual([]);
});
