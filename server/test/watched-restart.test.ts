/** What a scrape says of a process that was killed while it answered, and of the one that follows. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { type Gateway, startGateway } from './prove/gateway.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from './prove/tenant.ts';

const MS_MAX = 180_000;

test('requests that a kill cut off are counted by the next start as estimates of a crash, and hold nothing', {
  timeout: MS_MAX,
}, async () => {
  // A provider that takes requests and never answers.
  const asked: string[] = [];
  const silent = createServer((request) => void asked.push(request.url ?? ''));
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  const first = await startGateway();
  const credentialId = await makeCredential(first, 'openai', `http://127.0.0.1:${(silent.address() as AddressInfo).port}/v1`);
  await makeModel(first, { model: 'silent', provider: 'openai', upstreamModel: 'silent', credentialId });
  const key = await makeKey(first, await makeTenant(first, { budgets: [{ amount: '5.00', period: 'month' }] }));
  const calls = Array.from({ length: 3 }, () => ask(first, key.secret));
  await expect.poll(() => asked.length, { timeout: 30_000 }).toBe(3);
  expect(await scrape(first)).toEqual({ crash: 0, held: 0, inFlight: 3 });
  await first.kill();
  await Promise.all(calls);
  const next = await startGateway({ dataDir: first.dataDir, adminToken: first.adminToken });
  expect(await scrape(next)).toEqual({ crash: 3, held: 0, inFlight: 0 });
  expect(await next.stop()).toBe(0);
  silent.closeAllConnections();
  silent.close();
});

function ask({ base }: Gateway, secret: string): Promise<void> {
  const body = JSON.stringify({ model: 'silent', max_tokens: 5, messages: [{ role: 'user', content: 'Hello?' }] });
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  return fetch(`${base}/v1/chat/completions`, { method: 'POST', headers, body }).then(
    () => {},
    () => {},
  );
}

async function scrape({ base }: Gateway) {
  const text = await fetch(`${base}/metrics`).then((answer) => answer.text());
  const value = (series: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')[1],
    );
  return {
    crash: value('headgate_settled_estimated_total{reason="crash"}'),
    held: value('headgate_holds_without_request'),
    inFlight: value('headgate_requests_in_flight'),
  };
}
