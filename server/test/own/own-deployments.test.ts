/** Own deployments of three tenants: whose secret each call presents, and whose it never does. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readCsv } from '../exports/read-csv.ts';
import { askModel, makeOwner, openSite, PLATFORM_SECRET, type Said, type Site, UPSTREAM } from './site.ts';

let site: Site | null = null;
beforeAll(async () => {
  site = await openSite();
}, 180_000);
beforeEach(() => {
  here().provider.presented.length = 0;
});
afterAll(async () => {
  await site?.close();
});
const here = () => site as Site;

interface Row {
  readonly byok: boolean;
  readonly decision: { readonly sentence: string };
  readonly attempts_made: readonly { readonly owner: string | null; readonly result: string }[];
}

async function rowOf({ requestId }: Said): Promise<Row> {
  for (;;) {
    const answer = await here().gateway.ask<Row>('GET', `/requests/${requestId}`);
    if (answer.status === 200) return answer.body;
    await sleep(50);
  }
}

test('three tenants call at once, with and without own deployments: calls with another tenant’s secret 0', async () => {
  const [acme, bolt, core] = [
    await makeOwner(here(), 'acme'),
    await makeOwner(here(), 'bolt'),
    await makeOwner(here(), 'core', { own: false }),
  ];
  const { presented } = here().provider;
  const said = await Promise.all(
    [acme, bolt, core].flatMap((one) => Array.from({ length: 20 }, () => askModel(here(), one.key))),
  );
  expect(said.map(({ status }) => status)).toEqual(Array(60).fill(200));
  const counts = Map.groupBy(presented, (secret) => secret);
  expect([acme.secret, bolt.secret, PLATFORM_SECRET].map((secret) => counts.get(secret)?.length)).toEqual([20, 20, 20]);
  expect(presented).toHaveLength(60);
  // The row says so, also after the deployment is deleted.
  expect(await rowOf(said[0] as Said)).toMatchObject({
    byok: true,
    attempts_made: [{ owner: 'organization', result: 'answered' }],
  });
  expect(await rowOf(said[59] as Said)).toMatchObject({
    byok: false,
    attempts_made: [{ owner: 'platform', result: 'answered' }],
  });
  await here().gateway.admin('DELETE', `/own-deployments/${acme.deploymentId}`);
  expect(await rowOf(said[0] as Said)).toMatchObject({ byok: true, attempts_made: [{ owner: 'organization' }] });
  presented.length = 0;
  expect((await askModel(here(), acme.key)).status).toBe(200);
  expect(presented).toEqual([PLATFORM_SECRET]);
  const at = `/organizations/${acme.organizationId}/usage?group_by=owner`;
  await expect.poll(() => ownersOf(at), { timeout: 20_000 }).toEqual({ organization: 20, platform: 1 });
  expect(await ownersOf(`${at}&owner=organization`)).toEqual({ organization: 20 });
  // The vendor bills those to the organization itself.
  const { base, adminToken } = here().gateway;
  const file = `${base}/api/v1/usage/export?format=focus&organization_id=${acme.organizationId}`;
  const focus = await (await fetch(file, { headers: { authorization: `Bearer ${adminToken}` } })).text();
  const marks = readCsv(focus).map((row) => [row.ResourceId === acme.deploymentId, row.x_Byok, row.x_Requests]);
  expect(marks.toSorted()).toEqual([
    [false, 'false', '1'],
    [true, 'true', '20'],
  ]);
});

async function ownersOf(at: string) {
  const { data } = await here().gateway.admin<{ data: { owner: string; requests: number }[] }>('GET', at);
  return Object.fromEntries(data.map(({ owner, requests }) => [owner, requests]));
}

test('own_first falls back to the platform, and a refused own credential cools down for nobody else', async () => {
  const [acme, bolt] = [await makeOwner(here(), 'acme'), await makeOwner(here(), 'bolt')];
  const { presented, refused } = here().provider;
  refused.add(acme.secret);
  const first = await askModel(here(), acme.key);
  expect([first.status, presented]).toEqual([200, [acme.secret, PLATFORM_SECRET]]);
  expect(await rowOf(first)).toMatchObject({
    ...{ byok: false },
    attempts_made: [
      { owner: 'organization', result: 'error' },
      { owner: 'platform', result: 'answered' },
    ],
  });
  for (let at = 0; at < 5; at += 1) await askModel(here(), acme.key);
  const cooling = (await here().gateway.admin<{ cooling_deployments: { deployment_id: string }[] }>('GET', '/health'))
    .cooling_deployments;
  expect(cooling.map((one) => one.deployment_id)).toEqual([acme.deploymentId]);
  presented.length = 0;
  expect((await askModel(here(), bolt.key)).status).toBe(200);
  expect((await askModel(here(), acme.key)).status).toBe(200);
  expect(presented).toEqual([bolt.secret, PLATFORM_SECRET]);
});

test('own_only never calls the platform’s deployments, and says why a name is not served', async () => {
  const { gateway, provider } = here();
  const acme = await makeOwner(here(), 'acme');
  await gateway.admin('PATCH', `/organizations/${acme.organizationId}/own-providers`, { own_deployments: 'own_only' });
  expect((await askModel(here(), acme.key)).status).toBe(200);
  provider.refused.add(acme.secret);
  for (let at = 0; at < 4; at += 1) expect((await askModel(here(), acme.key)).status).toBe(502);
  await gateway.admin('PATCH', `/own-deployments/${acme.deploymentId}`, { enabled: false });
  const none = await askModel(here(), acme.key);
  expect([none.status, none.body.error?.code, none.body.error?.param]).toEqual([503, 'no_healthy_deployment', 'own_deployments']);
  const { decision } = await rowOf(none);
  expect(decision.sentence).toContain('uses only its own deployments');
  expect(provider.presented.filter((secret) => secret !== acme.secret)).toEqual([]);
});

test('an own deployment serves neither a route group nor a model that the organization may not call', async () => {
  const { gateway, provider, platformDeployment } = here();
  await gateway.admin('POST', '/route-groups', {
    ...{ key: 'group', strategy: 'weighted' },
    members: [{ deployment_id: platformDeployment, weight: 1, priority: 0 }],
  });
  const acme = await makeOwner(here(), 'acme');
  expect((await askModel(here(), acme.key, 'group')).status).toBe(200);
  expect(provider.presented).toEqual([PLATFORM_SECRET]);
  const member = await gateway.ask('POST', '/route-groups', {
    ...{ key: 'other', strategy: 'weighted' },
    members: [{ deployment_id: acme.deploymentId, weight: 1, priority: 0 }],
  });
  expect(member.status).toBe(400);
  // The grant is taken back: the own deployment stays, and is not reached.
  await gateway.admin('PATCH', `/organizations/${acme.organizationId}`, {
    asset_access: { mode: 'selected', targets: ['group'], access_groups: [] },
  });
  expect((await askModel(here(), acme.key)).status).toBe(404);
  const again = { model: 'fast', provider: 'openai', upstream_model: UPSTREAM, credential_id: acme.credentialId };
  const [hidden, unknown] = await Promise.all(
    [again, { ...again, model: 'nothing' }].map((body) =>
      gateway.ask<{ errors: object[] }>('POST', `/organizations/${acme.organizationId}/own-deployments`, body),
    ),
  );
  expect([hidden?.status, hidden?.body.errors]).toEqual([400, unknown?.body.errors]);
  expect(provider.presented).toEqual([PLATFORM_SECRET]);
});

test('a budget that blocks holds for own deployments as for others: 100 racing calls, overspend 0', async () => {
  const { gateway, provider } = here();
  const budget = { amount: '0.001', period: 'total', action: 'block' };
  const acme = await makeOwner(here(), 'acme', { settings: { budgets: [budget] } });
  const said = await Promise.all(Array.from({ length: 100 }, () => askModel(here(), acme.key)));
  const answered = said.filter(({ status }) => status === 200).length;
  expect(said.filter(({ status }) => status === 429)).toHaveLength(100 - answered);
  expect(answered).toBeGreaterThan(0);
  expect(provider.presented).toEqual(Array(answered).fill(acme.secret));
  // 9 input tokens at 1 USD and 6 output tokens at 10 USD a million.
  expect(answered * 69e-6).toBeLessThanOrEqual(0.001);
  const { budgets } = await gateway.admin<{ budgets: { spent?: string; used?: string }[] }>(
    'GET',
    `/organizations/${acme.organizationId}/limits/status`,
  );
  expect(JSON.stringify(budgets)).toContain((answered * 69e-6).toFixed(6).replace(/0+$/, ''));
});

test('a deleted organization’s secrets are erased', async () => {
  const { gateway } = here();
  const acme = await makeOwner(here(), 'acme');
  const at = `/organizations/${acme.organizationId}`;
  await gateway.admin('POST', `${at}/archive`);
  const report = await gateway.admin<{ goes: object }>('DELETE', at);
  expect(report.goes).toMatchObject({ own_credentials: 1, own_deployments: 1 });
  const left = await gateway.admin<{ data: { id: string }[] }>('GET', '/credentials?limit=100&owner=organizations');
  expect(left.data.map(({ id }) => id)).not.toContain(acme.credentialId);
  expect((await gateway.ask('GET', `/own-credentials/${acme.credentialId}`)).status).toBe(404);
});
