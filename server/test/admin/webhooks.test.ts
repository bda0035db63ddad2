import { describe, expect, test } from 'vitest';
import { open } from '../../src/lib/secrets.ts';
import * as webhooks from '../../src/store/alerts/webhooks.ts';
import { checkWebhookUrl, createAddressPolicy } from '../../src/upstream/address-policy.ts';
import { withDatabase } from '../support/database.ts';
import { JOBS, makeOrganization, must, withAdmin } from './support.ts';

const policy = createAddressPolicy({
  mode: 'production',
  allowedUpstreams: 'hooks.internal, 10.1.0.0/16',
  setting: 'HEADGATE_ALLOWED_WEBHOOKS',
});
if ('problem' in policy) throw new Error(policy.problem);

describe('webhooks', () => {
  const world = withAdmin(withDatabase(), { jobs: { ...JOBS, checkWebhookUrl: (url) => checkWebhookUrl(url, policy) } });
  const body = { name: 'Finance', url: 'https://hooks.example/budgets?key=1', events: ['budget.threshold'] };
  const create = async (more: object = {}) => must(await world().root('POST', '/webhooks', { ...body, ...more }));
  const owner = (organizationId: string) => world().as([{ role: 'org_owner', organizationId }]);

  test('show their secret once, keep it sealed, and leave it out of the audit log', async () => {
    const hook = await create();
    expect(hook.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const row = await webhooks.find(world().deps.db, hook.id);
    expect(row?.sealed.toString('latin1')).not.toContain(hook.secret.slice(6));
    expect(open(world().deps.keys.credentials, row?.sealed as Buffer, hook.id).toString()).toBe(hook.secret);
    const again = await world().root('GET', `/webhooks/${hook.id}`);
    expect(again.body).toMatchObject({ ...body, organization_id: null, status: 'active', last_delivery: null });
    expect(again.text).not.toContain('whsec_');
    const rotated = must(await world().root('POST', `/webhooks/${hook.id}/rotate`, {}));
    const events = await world().root('GET', '/audit-events?limit=5');
    expect(events.body.data.slice(0, 2).map((event: { action: string }) => event.action)).toEqual([
      'webhook.rotate',
      'webhook.create',
    ]);
    for (const secret of [hook.secret, rotated.secret]) expect(events.text).not.toContain(secret.slice(6));
    // Of some receivers the address is all that has to be known.
    expect(events.text).toContain('https://hooks.example/…ey=1');
    expect(events.text).not.toContain('budgets?key=1');
  });

  // Whoever may store an address could otherwise make the gateway call what lies inside its network.
  test.each([
    ['http://hooks.example/x', 'https://'],
    ['https://127.0.0.1/x', 'not a public address'],
    ['https://169.254.169.254/latest/meta-data', 'not a public address'],
    ['https://[::ffff:10.0.0.1]/x', 'not a public address'],
    ['https://0x7f.1/x', 'in plain form'],
    ['https://localhost/x', 'not a public host; to allow it, list it in HEADGATE_ALLOWED_WEBHOOKS'],
    ['https://user:secret@hooks.example/x', 'a user name'],
    ['https://hooks.example/x#y', 'a fragment'],
    ['ftp://hooks.example/x', 'begin with'],
    ['https://hooks.example:0/x', 'port 0'],
  ])('are refused at %s', async (url, words) => {
    const answer = await world().root('POST', '/webhooks', { ...body, url });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual([{ pointer: '/url', message: expect.stringContaining(words) }]);
  });

  test('may point inside, also without TLS, where the operator said so', async () => {
    await create({ url: 'http://hooks.internal/x' });
    await create({ url: 'http://10.1.2.3:8080/x' });
  });

  test('of an organization take what happens in it, and nothing of the platform’s', async () => {
    const { id: organization_id } = await makeOrganization(world().root);
    const answer = await owner(organization_id)('POST', '/webhooks', { ...body, organization_id, events: ['ledger.drift'] });
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, '/events']);
    await create({ events: ['budget.threshold', 'ledger.drift'] });
  });

  test('are seen and changed by those who own them', async () => {
    const [{ id: mine }, { id: other }] = [await makeOrganization(world().root), await makeOrganization(world().root)];
    const hook = must(await owner(mine)('POST', '/webhooks', { ...body, organization_id: mine }));
    const names = async (organizationId: string) =>
      (await owner(organizationId)('GET', '/webhooks')).body.data.map((one: { id: string }) => one.id);
    expect(await names(mine)).toEqual([hook.id]);
    expect(await names(other)).toEqual([]);
    expect((await owner(other)('PATCH', `/webhooks/${hook.id}`, { name: 'Mine' })).status).toBe(404);
    expect((await owner(mine)('POST', '/webhooks', body)).status).toBe(403);
    expect(must(await world().root('GET', '/webhooks?platform=true')).data.map((one: { id: string }) => one.id)).not.toContain(
      hook.id,
    );
    const both = await world().root('GET', `/webhooks?platform=true&organization_id=${mine}`);
    expect([both.status, both.body.errors]).toEqual([
      400,
      [{ pointer: '?platform', message: 'cannot be combined with `organization_id`' }],
    ]);
    const of = must(await world().root('GET', `/webhooks?platform=false&organization_id=${mine}`)).data;
    expect(of.map((one: { id: string }) => one.id)).toEqual([hook.id]);
    const changed = must(await owner(mine)('PATCH', `/webhooks/${hook.id}`, { status: 'disabled' }, { 'if-match': '"1"' }));
    expect([changed.status, changed.version]).toEqual(['disabled', 2]);
    expect((await owner(mine)('PATCH', `/webhooks/${hook.id}`, { name: 'x' }, { 'if-match': '"1"' })).status).toBe(412);
    expect((await owner(mine)('DELETE', `/webhooks/${hook.id}`)).status).toBe(204);
    expect((await owner(mine)('GET', `/webhooks/${hook.id}`)).status).toBe(404);
  });
});
