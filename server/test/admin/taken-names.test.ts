import { expect, test } from 'vitest';
import { withDatabase } from '../support/database.ts';
import { makeAccount, makeOrganization, must, withAdmin } from './support.ts';

const world = withAdmin(withDatabase());

test('a name that is taken is 409 and points at the field that said it', async () => {
  const { root } = world();
  const organization = await makeOrganization(root);
  const other = await makeOrganization(root);
  const account = await makeAccount(root);
  must(await root('POST', `/organizations/${organization.id}/members`, { account_id: account.id, role: 'org_member' }));
  must(await root('POST', '/access-groups', { key: 'taken', name: 'Taken' }));
  must(await root('POST', '/credentials', { name: 'taken', provider: 'openai', api_key: 'sk-x' }));
  must(await root('POST', '/route-groups', { key: 'taken-group', strategy: 'weighted', members: [], fallbacks: [] }));
  const member = { account_id: account.id, role: 'org_member' };
  for (const [method, path, body, pointer] of [
    ['POST', '/organizations', { slug: organization.slug, name: 'x' }, '/slug'],
    ['PATCH', `/organizations/${other.id}`, { slug: organization.slug }, '/slug'],
    ['POST', '/accounts', { email: account.email, name: 'x' }, '/email'],
    ['POST', `/organizations/${organization.id}/members`, member, '/account_id'],
    ['POST', '/access-groups', { key: 'taken', name: 'x' }, '/key'],
    ['POST', '/credentials', { name: 'taken', provider: 'openai', api_key: 'sk-y' }, '/name'],
    ['POST', '/route-groups', { key: 'taken-group', strategy: 'weighted', members: [], fallbacks: [] }, '/key'],
  ] as const) {
    const answer = await root(method, path, body);
    expect([path, answer.status, answer.body.errors.map((fault: { pointer: string }) => fault.pointer)]).toEqual([
      path,
      409,
      [pointer],
    ]);
  }
});
