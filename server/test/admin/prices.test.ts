import { expect, test } from 'vitest';
import { withDatabase } from '../support/database.ts';
import { freshName, makeDeployment, upstream } from './catalogue-support.ts';
import { withAdmin } from './support.ts';

const world = withAdmin(withDatabase(), { upstream });

test('a price for a deployment that does not exist points at the field; who may not set prices learns neither', async () => {
  const { root, as } = world();
  const { id } = await makeDeployment(root, freshName());
  const prices = { input_per_million: '1' };
  const missing = await root('POST', '/prices', { deployment_id: 'dep_none', prices });
  expect([missing.status, missing.body.errors[0].pointer]).toEqual([400, '/deployment_id']);
  const owner = as([{ role: 'org_owner', organizationId: 'org_x' }]);
  for (const deployment_id of [id, 'dep_none', undefined]) {
    expect((await owner('POST', '/prices', { deployment_id, prices })).status).toBe(403);
  }
});

test('of two who set a price of one version the second is told, and nothing of theirs is stored', async () => {
  const { root } = world();
  const { id, version } = await makeDeployment(root, freshName());
  const body = (input: string) => ({ deployment_id: id, prices: { input_per_million: input } });
  const headers = { 'if-match': `"${version}"` };
  expect((await root('POST', '/prices', body('1'), headers)).status).toBe(201);
  const second = await root('POST', '/prices', body('2'), headers);
  expect(second.status).toBe(412);
  const read = await root('GET', `/deployments/${id}`);
  expect(read.body).toMatchObject({ version: version + 1, prices: { input_per_million: '1.00' } });
  const again = await root('POST', '/prices', body('2'), { 'if-match': `"${version + 1}"` });
  expect(again.status).toBe(201);
});
