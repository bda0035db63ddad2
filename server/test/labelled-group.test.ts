/** What a budget of an access group has counted when a model is labelled into it, and out of it again, and who says so without Redis. */
import { describe, expect, test } from 'vitest';
import { type Gateway, startGateway } from './prove/gateway.ts';
import { makeKey, makeModel, makeTenant } from './prove/tenant.ts';
import { hasPostgres, openTestDatabase } from './support/database.ts';
import { hasRedis, startRedis } from './support/redis.ts';

const TIMEOUT = { timeout: 120_000 };

describe('a model that is labelled into a group with a budget', TIMEOUT, () => {
  // promise: An access group always means its members of now, for requests in flight as well.
  test('brings what was spent on it along at once, and takes it away again (counted in memory)', async () => {
    const gateway = await startGateway();
    await labelsAndUnlabels(gateway);
    expect(await gateway.stop()).toBe(0);
  });

  test.skipIf(!hasPostgres() || !hasRedis('Redis'))('and so where all replicas count together', async () => {
    const [opened, redis] = [await openTestDatabase('postgresql'), await startRedis('Redis')];
    try {
      const gateway = await startGateway({ env: { DATABASE_URL: opened.url as string, REDIS_URL: redis.url } });
      const { paths, spent } = await labelsAndUnlabels(gateway);
      expect(await Promise.all(paths.map((path) => isLive(gateway, path)))).toEqual([true, true, true]);
      redis.servers[0]?.kill('SIGKILL');
      await expect.poll(() => isLive(gateway, paths[0] as string), { timeout: 30_000 }).toBe(false);
      const stored = await Promise.all(paths.map((path) => countedAt(gateway, path)));
      expect(stored).toEqual(paths.map(() => ({ spent, rpd: 1, rph: 1 })));
      await gateway.kill();
    } finally {
      await redis.stop();
      await opened.dispose();
    }
  });
});

async function labelsAndUnlabels(gateway: Gateway): Promise<{ readonly paths: readonly string[]; readonly spent: number }> {
  for (const model of ['labelled', 'other']) await makeModel(gateway, { model, provider: 'fake', upstreamModel: 'fake-small' });
  await gateway.admin('PUT', '/callable-targets/other/access-groups', { access_groups: ['beta'] });
  const budgets = [{ amount: '100.00', period: 'month', access_group: 'beta' }];
  const model_limits = [{ access_group: 'beta', rate_limits: { rpd: 1_000, rph: 1_000 } }];
  const limits = { budgets, model_limits };
  const tenant = await makeTenant(gateway, limits, limits);
  const key = await makeKey(gateway, tenant, limits);
  const paths = [`/organizations/${tenant.organizationId}`, `/teams/${tenant.teamId}`, `/keys/${key.id}`];
  const counted = () => Promise.all(paths.map((path) => countedAt(gateway, path)));
  const each = (of: unknown) => paths.map(() => of);

  const other = await ask(gateway, key.secret, 'other');
  const labelled = [await ask(gateway, key.secret, 'labelled'), await ask(gateway, key.secret, 'labelled')];
  expect(other).toBeGreaterThan(0);
  expect(await counted()).toEqual(each({ spent: other, rpd: 1, rph: 1 }));
  const both = { spent: other + sum(labelled), rpd: 3, rph: 3 };
  await gateway.admin('PUT', '/callable-targets/labelled/access-groups', { access_groups: ['beta'] });
  expect(await counted()).toEqual(each(both));
  const more = await ask(gateway, key.secret, 'labelled');
  expect(await counted()).toEqual(each({ spent: both.spent + more, rpd: 4, rph: 4 }));
  await gateway.admin('PUT', '/callable-targets/labelled/access-groups', { access_groups: [] });
  expect(await counted()).toEqual(each({ spent: other, rpd: 1, rph: 1 }));
  return { paths, spent: other };
}

const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);

/** What the budget and the limits of the group have counted of one scope; money in nano-dollars. */
async function countedAt(gateway: Gateway, path: string) {
  const { rate_limits, budgets } = await gateway.admin<Status>('GET', `${path}/limits/status`);
  const used = (name: string) => rate_limits.find(({ limit }) => limit === name)?.used;
  return { spent: nanoUsd(budgets[0]?.spent ?? ''), rpd: used('rpd'), rph: used('rph') };
}

async function isLive(gateway: Gateway, path: string): Promise<boolean> {
  return (await gateway.admin<Status>('GET', `${path}/limits/status`)).live;
}

interface Status {
  readonly live: boolean;
  readonly rate_limits: readonly { readonly limit: string; readonly used: number }[];
  readonly budgets: readonly { readonly spent: string }[];
}

/** One answer; returns what it cost, in nano-dollars. */
async function ask({ base }: Gateway, secret: string, model: string): Promise<number> {
  const body = JSON.stringify({ model, max_tokens: 5, messages: [{ role: 'user', content: 'Hello?' }] });
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  const answer = await fetch(`${base}/v1/chat/completions`, { method: 'POST', headers, body });
  await answer.arrayBuffer();
  expect(answer.status).toBe(200);
  return nanoUsd(answer.headers.get('x-headgate-cost') ?? '');
}

function nanoUsd(usd: string): number {
  return Math.round(Number(usd) * 1e9);
}
