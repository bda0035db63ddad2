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
