/** A gateway on a disk that fails every other sync and loses what it was to keep. */
import { expect, test } from 'vitest';
import { type Gateway, startGateway } from './prove/gateway.ts';
import { makeKey, makeModel, makeTenant } from './prove/tenant.ts';

const FAILING_SYNCS = new URL('support/failing-syncs.ts', import.meta.url).href;
const REQUESTS = 20;

// promise: **Everything is charged once**: answers, streams, hang-ups, timeouts, fallbacks, crashes.
test('serves, says how often the disk failed, and has charged everything once after a kill', { timeout: 180_000 }, async () => {
  const first = await startGateway({ env: { NODE_OPTIONS: `--import ${FAILING_SYNCS}` } });
  await makeModel(first, { model: 'fast', provider: 'fake', upstreamModel: 'fake-small' });
  const tenant = await makeTenant(first, { budgets: [{ amount: '100.00', period: 'month' }], rate_limits: { rpd: 1_000 } });
  const key = await makeKey(first, tenant);
  let [charged, asked] = [0, 0];
  const ask = async () => {
    charged += await costOf(first, key.secret);
    asked += 1;
  };
  for (let i = 0; i < REQUESTS; i += 1) await ask();
  // On a quick machine all of these went with the first sync.
  const hasFailed = () => ask().then(() => failuresOf(first));
  await expect.poll(hasFailed, { timeout: 30_000 }).toBeGreaterThan(0);
  await ask();
  await first.kill();
  const next = await startGateway({ dataDir: first.dataDir, adminToken: first.adminToken });
  const { rate_limits, budgets } = await next.admin<Status>('GET', `/organizations/${tenant.organizationId}/limits/status`);
  expect(Math.round(Number(budgets[0]?.spent) * 1e9)).toBe(charged);
  expect(rate_limits[0]).toMatchObject({ limit: 'rpd', used: asked });
  expect(await failuresOf(next)).toBe(0);
  expect(await next.stop()).toBe(0);
});

interface Status {
  readonly rate_limits: readonly { readonly limit: string; readonly used: number }[];
  readonly budgets: readonly { readonly spent: string }[];
}

/** Asks once; returns what the answer cost, in nano-dollars. */
async function costOf({ base }: Gateway, secret: string): Promise<number> {
  const body = JSON.stringify({ model: 'fast', max_tokens: 5, messages: [{ role: 'user', content: 'Hello?' }] });
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  const answer = await fetch(`${base}/v1/chat/completions`, { method: 'POST', headers, body });
  await answer.arrayBuffer();
  expect(answer.status).toBe(200);
  return Math.round(Number(answer.headers.get('x-headgate-cost')) * 1e9);
}

async function failuresOf({ base }: Gateway): Promise<number> {
  const text = await fetch(`${base}/metrics`).then((answer) => answer.text());
  return Number(/^headgate_journal_sync_failures_total (\d+)$/m.exec(text)?.[1]);
}
