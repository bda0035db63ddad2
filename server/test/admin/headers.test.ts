/** What the headers of a call may hold, and that they count where the reference names them. */
import { expect, test } from 'vitest';
import { ROUTES } from '../../src/admin/http/app.ts';
import { withDatabase } from '../support/database.ts';
import { freshSlug, must, withAdmin } from './support.ts';

const world = withAdmin(withDatabase());

test('a reason of 500 characters is kept whole, and a longer one is refused and nothing stored', async () => {
  const { root } = world();
  const made = must(await root('POST', '/organizations', { slug: freshSlug(), name: 'First' }));
  const rename = (name: string, reason: string) =>
    root('PATCH', `/organizations/${made.id}`, { name }, { 'x-headgate-reason': reason });
  const refused = await rename('Refused', `${'a'.repeat(499)} not`);
  expect(refused.status).toBe(400);
  expect(refused.body.errors).toEqual([{ pointer: 'x-headgate-reason', message: 'must have at most 500 characters' }]);
  expect(must(await root('GET', `/organizations/${made.id}`)).name).toBe('First');
  must(await rename('Renamed', 'r'.repeat(500)));
  const { data } = must(await root('GET', `/organizations/${made.id}/audit-events?action=organization.update`));
  expect(data[0].reason).toBe('r'.repeat(500));
});

test.each([
  ['if-match', 512],
  ['idempotency-key', 255],
])('%s of over %i characters is refused by its name', async (name, lengthMax) => {
  const answer = await world().root(
    'POST',
    '/organizations',
    { slug: freshSlug(), name: 'x' },
    { [name]: 'k'.repeat(lengthMax + 1) },
  );
  expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, name]);
});

test('routes that the reference says compare If-Match refuse another version', async () => {
  const { root } = world();
  const taking = Object.entries(ROUTES).filter(([, route]) => route.takesIfMatch);
  expect(taking.length).toBeGreaterThan(40);
  const made = must(await root('POST', '/organizations', { slug: freshSlug(), name: 'Versioned' }));
  const team = must(await root('POST', `/organizations/${made.id}/teams`, { name: 'Team' }));
  const group = must(await root('POST', '/access-groups', { key: freshSlug(), name: 'Group' }));
  const template = must(await root('POST', '/organization-templates', { name: freshSlug() }));
  for (const [method, path, body] of [
    ['PATCH', `/organizations/${made.id}`, { name: 'Other' }],
    ['PUT', `/organizations/${made.id}/asset-access`, { mode: 'all' }],
    ['POST', `/organizations/${made.id}/suspend`, undefined],
    ['PATCH', `/teams/${team.id}`, { name: 'Other' }],
    ['DELETE', `/teams/${team.id}`, undefined],
    ['PATCH', `/access-groups/${group.key}`, { name: 'Other' }],
    ['DELETE', `/access-groups/${group.key}`, undefined],
    ['PATCH', `/organization-templates/${template.id}`, { name: 'Other' }],
    ['DELETE', `/organization-templates/${template.id}`, undefined],
  ] as const) {
    const answer = await root(method, path, body, { 'if-match': '"999"' });
    expect([method, path, answer.status]).toEqual([method, path, 412]);
  }
});
