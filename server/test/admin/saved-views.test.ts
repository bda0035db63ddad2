import { beforeAll, expect, test } from 'vitest';
import type { RoleGrant } from '../../src/domain/tenancy/permission.ts';
import * as schema from '../../src/store/schema.ts';
import { withDatabase } from '../support/database.ts';
import { type Client, makeOrganization, must, withAdmin } from './support.ts';

const given = withDatabase();
const world = withAdmin(given);
let acme = '';
let other = '';

beforeAll(async () => {
  acme = (await makeOrganization(world().root)).id;
  other = (await makeOrganization(world().root)).id;
  const people = ['acct_bill', 'acct_owner', 'acct_dev', 'acct_far', 'acct_full', 'acct_edge'];
  await given()
    .db.insert(schema.accounts)
    .values(people.map((id) => ({ id, name: id, email: `${id}@acme.test` })));
});

const inAcme = (role: string): readonly RoleGrant[] => [{ role, organizationId: acme } as RoleGrant];
const billing = () => world().as(inAcme('org_billing'), 'acct_bill');
const owner = () => world().as(inAcme('org_owner'), 'acct_owner');
const member = () => world().as(inAcme('org_member'), 'acct_dev');
const stranger = () => world().as([{ role: 'org_owner', organizationId: other }], 'acct_far');
const names = async (client: Client, query = '') =>
  must(await client('GET', `/saved-views${query}`)).data.map((view: { name: string }) => view.name);
const save = (client: Client, body: object) => client('POST', '/saved-views', { path: '/usage', query: '', ...body });

test('a view is its owner’s until it is shared: then the organization sees it, and it is in the audit log', async () => {
  const view = must(await save(billing(), { name: 'Costs', query: 'group_by=team&range=last_month' }));
  expect(view).toMatchObject({ name: 'Costs', path: '/usage', organization_id: null, is_own: true, may_change: true });
  expect(await names(billing())).toEqual(['Costs']);
  expect(await names(member())).toEqual([]);
  expect((await member()('DELETE', `/saved-views/${view.id}`)).status).toBe(404);

  const shared = must(await billing()('PATCH', `/saved-views/${view.id}`, { organization_id: acme, name: 'Our costs' }));
  expect(shared).toMatchObject({ organization_id: acme, version: 2 });
  expect(await names(member(), '?path=/usage')).toEqual(['Our costs']);
  expect(await names(member(), '?path=/audit')).toEqual([]);
  expect(await names(stranger(), `?organization_id=${acme}`)).toEqual([]);
  expect((await member()('PATCH', `/saved-views/${view.id}`, { name: 'Mine' })).status).toBe(403);
  expect((await stranger()('PATCH', `/saved-views/${view.id}`, { name: 'Mine' })).status).toBe(404);

  must(await owner()('DELETE', `/saved-views/${view.id}`));
  expect(await names(billing())).toEqual([]);
  const events = must(await world().root('GET', `/audit-events?organization_id=${acme}&object_type=saved_view`)).data;
  expect(events.map(({ action }: { action: string }) => action)).toEqual(['saved_view.delete', 'saved_view.share']);
});

test('sharing needs the organization’s whole usage', async () => {
  expect((await save(member(), { name: 'x', organization_id: acme })).status).toBe(403);
  expect((await save(stranger(), { name: 'x', organization_id: acme })).status).toBe(404);
  expect((await save(world().as(inAcme('org_billing')), { name: 'x' })).status).toBe(403);
});

test('a change of another version is refused', async () => {
  const client = world().as(inAcme('org_billing'), 'acct_edge');
  const { id } = must(await save(client, { name: 'First' }));
  expect((await client('PATCH', `/saved-views/${id}`, { name: 'Second' }, { 'if-match': '"7"' })).status).toBe(412);
  expect(must(await client('PATCH', `/saved-views/${id}`, { name: 'First' })).version).toBe(1);
});

test.each([
  ['no such page', { path: '/nowhere' }],
  ['another site', { path: 'https://evil.example' }],
  ['a long query', { query: 'x'.repeat(2_001) }],
  ['a fragment', { query: 'a=b#c' }],
  ['a long name', { name: 'x'.repeat(81) }],
  ['no name', { name: ' ' }],
])('400 for %s', async (_, body) => {
  expect((await save(billing(), { name: 'x', ...body })).status).toBe(400);
});

test('a person has at most 50', async () => {
  const client = world().as(inAcme('org_billing'), 'acct_full');
  for (let count = 0; count < 50; count += 1) must(await save(client, { name: `View ${count}` }));
  const one = await save(client, { name: 'One more' });
  expect([one.status, one.body.detail]).toEqual([409, expect.stringContaining('50 saved views')]);
});
