/** What the process knows of its own traffic, as the admin API tells it: of a gateway as people start it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chat } from './prove/data-plane.ts';
import { type Gateway, startGateway } from './prove/gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.kill());

interface CapacityUse {
  readonly requests: number;
  readonly tokens: number;
  readonly is_full: boolean;
  readonly resets_at: string;
}

async function makeKey(model: string, upstreams: readonly object[]) {
  const ids: string[] = [];
  for (const upstream of upstreams) {
    ids.push(
      (await gateway.admin<{ id: string }>('POST', '/deployments', { model, provider: 'fake', mode: 'chat', ...upstream })).id,
    );
  }
  const slug = `served-${model}`;
  const organization = await gateway.admin('POST', '/organizations', { slug, name: slug, asset_access: { mode: 'all' } });
  const team = await gateway.admin('POST', `/organizations/${organization.id}/teams`, { name: 'Team' });
  const key = await gateway.admin<{ id: string; secret: string }>('POST', '/keys', { team_id: team.id, name: 'app' });
  return { ids, organizationId: organization.id, key };
}

const capacityUseOf = async (id: string) =>
  (await gateway.admin<{ capacity_use: CapacityUse | null }>('GET', `/deployments/${id}`)).capacity_use;

/** Long enough before the minute ends that a few calls fit into it. */
async function earlyInTheMinute(id: string): Promise<void> {
  const leftMs = Date.parse((await capacityUseOf(id))?.resets_at ?? '') - Date.now();
  if (leftMs < 5_000) await new Promise((resolve) => setTimeout(resolve, leftMs + 100));
}

test('what a deployment took this minute is shown, and when it is full the next one is asked', { timeout: 90_000 }, async () => {
  const { ids, key } = await makeKey('limited', [
    { upstream_model: 'fake-small', limits: { rpm: 1, tpm: null } },
    { upstream_model: 'fake-small', priority: 1 },
  ]);
  const [first, next] = ids as [string, string];
  await earlyInTheMinute(first);
  const served = [];
  for (let n = 0; n < 2; n += 1) served.push((await chat(gateway, key.secret, 'limited')).headers.get('x-headgate-deployment'));
  expect(served).toEqual([first, next]);
  const use = await capacityUseOf(first);
  expect(use).toMatchObject({ requests: 1, is_full: true });
  expect(use?.tokens).toBeGreaterThan(0);
  expect(await capacityUseOf(next)).toBeNull();
});

test('a request on its way is above a max_parallel of 0 beforehand, and no more once it is answered', async () => {
  const { organizationId, key } = await makeKey('slow', [{ upstream_model: 'fake-slow' }]);
  const over = async () => {
    const path = `/organizations/${organizationId}?dry_run=true`;
    const body = { rate_limits: { max_parallel: 0 } };
    type Effect = { readonly effect: { readonly keys_over_new_limit: readonly object[] } };
    return (await gateway.admin<Effect>('PATCH', path, body)).effect.keys_over_new_limit;
  };
  const answered = chat(gateway, key.secret, 'slow');
  const above = { scope: 'organization', limit: 'max_parallel', value: 0, used: 1 };
  await expect.poll(over, { timeout: 15_000, interval: 50 }).toEqual([above, { ...above, key_id: key.id }]);
  expect((await answered).status).toBe(200);
  expect(await over()).toEqual([]);
});
