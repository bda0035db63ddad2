import { eq } from 'drizzle-orm';
import { beforeAll, expect, test } from 'vitest';
import * as schema from '../../src/store/schema.ts';
import { withDatabase } from '../support/database.ts';
import { freshName, makeModel, upstream } from './catalogue-support.ts';
import { type Client, must, withAdmin } from './support.ts';

const SECRET = 'sk-canary-0123456789abcdef';
const NOBODY = `cred_${'0'.repeat(32)}`;

const world = withAdmin(withDatabase(), { upstream });
const ids: string[] = [];
let model = '';

beforeAll(async () => {
  const { root } = world();
  model = await makeModel(root);
  for (let at = 0; at < 3; at += 1) {
    const slug = freshName('org');
    const asset_access = { mode: 'all', targets: [], access_groups: [] };
    ids.push(must(await root('POST', '/organizations', { slug, name: slug, asset_access })).id as string);
  }
});

const admin = (at: number): Client => world().as([{ role: 'org_admin', organizationId: ids[at] as string }]);
const place = (at: number) => `/organizations/${ids[at]}`;
const credentialBody = (more: object = {}) => ({ name: freshName('cred'), provider: 'openai', api_key: SECRET, ...more });
const makeCredential = async (at: number, more: object = {}) =>
  must(await admin(at)('POST', `${place(at)}/own-credentials`, credentialBody(more)));
const deploymentBody = (credential_id: string, more: object = {}) => ({
  ...{ model, provider: 'openai', upstream_model: 'house-model', credential_id },
  ...more,
});
const makeDeployment = async (at: number, credentialId: string, more: object = {}) =>
  must(await admin(at)('POST', `${place(at)}/own-deployments`, deploymentBody(credentialId, more)));

test('an admin of the organization brings a credential and a deployment, and the organization’s audit log says so', async () => {
  const { deps, changes } = world();
  const credential = await makeCredential(0);
  expect(credential).toMatchObject({ organization_id: ids[0], last_four: 'cdef' });
  const deployment = await makeDeployment(0, credential.id as string);
  expect(deployment).toMatchObject({ organization_id: ids[0], enabled: true, prices: null });
  // Only the organization's configuration changes: other tenants' requests notice nothing.
  expect(changes.slice(-2)).toEqual(
    [{ organizationIds: [ids[0]] }, { organizationIds: [ids[0]] }].map((one) => expect.objectContaining(one)),
  );
  expect(changes.slice(-2).some((change) => change.catalogue === true)).toBe(false);
  for (const [id, action] of [
    [credential.id, 'credential.create'],
    [deployment.id, 'deployment.create'],
  ] as const) {
    const events = await deps.db
      .select()
      .from(schema.auditEvents)
      .where(eq(schema.auditEvents.objectId, id as string));
    expect(events).toMatchObject([{ chain: ids[0], action }]);
    expect(JSON.stringify(events)).not.toContain(SECRET);
  }
  const off = must(await admin(0)('PATCH', `/own-deployments/${deployment.id}`, { enabled: false }));
  expect(off.enabled).toBe(false);
  const listed = must(await admin(0)('GET', `${place(0)}/own-deployments?enabled=false`));
  expect((listed.data as { id: string }[]).map(({ id }) => id)).toEqual([deployment.id]);
});

test('another tenant’s credential is not there: read, changed, used or guessed by its name', async () => {
  const mine = await makeCredential(0, { name: 'main' });
  const theirs = await makeCredential(1, { name: 'main' });
  const deployment = await makeDeployment(1, theirs.id as string);
  for (const [method, path, body] of [
    ['GET', `/own-credentials/${theirs.id}`],
    ['PATCH', `/own-credentials/${theirs.id}`, { name: 'x' }],
    ['POST', `/own-credentials/${theirs.id}/end-overlap`],
    ['DELETE', `/own-credentials/${theirs.id}`],
    ['GET', `/own-deployments/${deployment.id}`],
    ['PATCH', `/own-deployments/${deployment.id}`, { weight: 2 }],
    ['POST', `/own-deployments/${deployment.id}/check`],
    ['DELETE', `/own-deployments/${deployment.id}`],
    ['GET', `${place(1)}/own-credentials`],
    ['GET', `/credentials/${theirs.id}`],
  ] as const) {
    const answer = await admin(0)(method, path, body);
    expect([method, path, answer.status]).toEqual([method, path, 404]);
  }
  const words = async (credentialId: unknown) => {
    const create = await admin(0)('POST', `${place(0)}/own-deployments`, deploymentBody(credentialId as string));
    const checked = await admin(0)('POST', `${place(0)}/own-credentials/check`, {
      provider: 'openai',
      credential_id: credentialId,
    });
    return [create.status, create.body.errors, checked.status, checked.body.errors];
  };
  const [foreign, unknown] = [await words(theirs.id), await words(NOBODY)];
  expect(foreign[0]).toBe(400);
  expect(foreign).toEqual(unknown);
  // Nor can a deployment be moved to it later, nor the platform's be taken.
  const own = await makeDeployment(0, mine.id as string);
  const platform = must(await world().root('POST', '/credentials', credentialBody()));
  for (const credential_id of [theirs.id, platform.id])
    expect((await admin(0)('PATCH', `/own-deployments/${own.id}`, { credential_id })).status).toBe(400);
  const taken = await world().root('POST', '/deployments', { ...deploymentBody(mine.id as string), model: freshName() });
  expect(taken.status).toBe(400);
});

test.each([
  ['http://10.0.0.1/v1', 'a private address'],
  ['https://vllm.internal/v1', 'a host that only the platform may call'],
  ['https://169.254.169.254/v1', 'a metadata address'],
  ['https://localhost/v1', 'this machine'],
  ['http://models.example.com/v1', 'plain HTTP'],
  ['https://[::ffff:10.0.0.1]/v1', 'a private address in another spelling'],
])('a credential at %s is refused: %s', async (base_url) => {
  expect((await admin(0)('POST', `${place(0)}/own-credentials`, credentialBody({ base_url }))).status).toBe(400);
  const { id } = await makeCredential(0);
  expect((await admin(0)('PATCH', `/own-credentials/${id}`, { base_url, api_key: SECRET })).status).toBe(400);
  expect(
    (await admin(0)('POST', `${place(0)}/own-credentials/check`, { provider: 'openai', api_key: SECRET, base_url })).status,
  ).toBe(400);
});

test('the machine’s identity is the platform’s alone, and the fake provider is no own one', async () => {
  const ambient = { name: freshName(), provider: 'bedrock', kind: 'ambient', settings: { region: 'eu-central-1' } };
  const refused = await admin(0)('POST', `${place(0)}/own-credentials`, ambient);
  expect([refused.status, JSON.stringify(refused.body)]).toEqual([400, expect.stringContaining('ambient')]);
  expect((await world().root('POST', '/credentials', { ...ambient, name: freshName() })).status).toBe(201);
  const fake = { model, provider: 'fake', upstream_model: 'fake-small' };
  expect((await admin(0)('POST', `${place(0)}/own-deployments`, fake)).status).toBe(400);
});

test('the price is the list’s, and given only where the list has none', async () => {
  const { id } = await makeCredential(0);
  const prices = { input_per_million: '0' };
  const cheaper = await admin(0)(
    'POST',
    `${place(0)}/own-deployments`,
    deploymentBody(id as string, { upstream_model: 'gpt-4o', prices }),
  );
  expect([cheaper.status, cheaper.body.errors]).toMatchObject([400, [{ pointer: '/prices' }]]);
  const listed = await makeDeployment(0, id as string, { upstream_model: 'gpt-4o' });
  expect(listed.prices).toMatchObject({ input_per_million: expect.stringMatching(/[1-9]/) });
  const given = await makeDeployment(0, id as string, { prices: { input_per_million: '3' } });
  expect(given.prices).toMatchObject({ input_per_million: '3.00' });
  const moved = must(await admin(0)('PATCH', `/own-deployments/${given.id}`, { upstream_model: 'gpt-4o' }));
  expect(moved.prices).toEqual(listed.prices);
});

test('the platform sees whose each credential is, and manages the organization’s on its page', async () => {
  const { root } = world();
  const { id } = await makeCredential(2);
  const found = async (query: string) =>
    (must(await root('GET', `/credentials?limit=200&${query}`)).data as { id: string; organization_id: string | null }[]).filter(
      (one) => one.id === id,
    );
  expect(await found('owner=organizations')).toMatchObject([{ organization_id: ids[2] }]);
  expect(await found(`organization_id=${ids[2]}`)).toHaveLength(1);
  expect(await found('owner=platform')).toEqual([]);
  expect((await root('PATCH', `/credentials/${id}`, { name: 'x' })).status).toBe(404);
  expect((await root('PATCH', `/own-credentials/${id}`, { name: freshName() })).status).toBe(200);
});

test('a platform change announces no loss to organizations whose own deployments serve on', async () => {
  const { root } = world();
  const name = await makeModel(root);
  const listed = must(await root('GET', `/deployments?model=${name}`)).data as { id: string }[];
  const { id } = await makeCredential(0);
  await makeDeployment(0, id as string, { model: name, prices: { input_per_million: '1' } });
  const losing = async () => {
    const path = `/deployments/${listed[0]?.id}?dry_run=true`;
    const said = must(await root('PATCH', path, { enabled: false })).effect as {
      organizations_losing: { organization_id: string }[];
    };
    return (said.organizations_losing ?? []).map((one) => one.organization_id);
  };
  for (const organizationId of ids.slice(0, 2)) {
    const team = must(await root('POST', `/organizations/${organizationId}/teams`, { name: freshName() }));
    must(await root('POST', '/keys', { team_id: team.id, name: freshName() }));
  }
  const told = await losing();
  expect([told.includes(ids[0] as string), told.includes(ids[1] as string)]).toEqual([false, true]);
});

test('an organization has at most 100 own credentials, also when many are made at once', { timeout: 60_000 }, async () => {
  const { root } = world();
  const { credential_count: before } = must(await root('GET', `${place(2)}/own-providers`)) as { credential_count: number };
  const said = await Promise.all(
    Array.from({ length: 110 }, () => root('POST', `${place(2)}/own-credentials`, credentialBody())),
  );
  expect(said.filter(({ status }) => status === 201)).toHaveLength(100 - before);
  expect(said.filter(({ status }) => status === 409)).toHaveLength(10 + before);
});

test('the use changes with the version, and is an event', async () => {
  const { root, deps } = world();
  const now = must(await root('GET', `${place(1)}/own-providers`));
  const at = `${place(1)}/own-providers`;
  const changed = await admin(1)('PATCH', at, { own_deployments: 'own_only' }, { 'if-match': `"${now.version}"` });
  expect(changed.body).toMatchObject({ own_deployments: 'own_only' });
  expect((await admin(1)('PATCH', at, { own_deployments: 'own_first' }, { 'if-match': `"${now.version}"` })).status).toBe(412);
  const events = await deps.db
    .select()
    .from(schema.auditEvents)
    .where(eq(schema.auditEvents.objectId, ids[1] as string));
  expect(events.at(-1)).toMatchObject({ action: 'organization.update', after: { own_deployments: 'own_only' } });
});
