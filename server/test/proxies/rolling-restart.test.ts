/**
 * Two replicas behind the proxies of `deploy/proxies`, restarted one right after the other is ready, while other programs want every core:
 * a proxy then often uses a connection before it sees that the replica closes it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type http from 'node:http';
import https from 'node:https';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newDataKey } from '../../src/lib/secrets.ts';
import { type Gateway, type Settings, startGateway } from '../prove/gateway.ts';
import { type MeteredProvider, startMeteredProvider } from '../prove/metered-provider.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from '../prove/tenant.ts';
import { hasPostgres, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { freePort } from '../support/ports.ts';
import { hasProxy, type ProxyKind, type RealProxy, startProxy } from '../support/real-proxies.ts';
import { hasRedis, startRedis, type TestRedis } from '../support/redis.ts';
import { testCertificate } from '../support/tls-certificate.ts';

const MS_MAX = 180_000;
const KINDS: readonly ProxyKind[] = ['nginx', 'HAProxy'];
const can = hasPostgres() && hasRedis('Valkey') && KINDS.every(hasProxy);
if (!can) console.warn('PostgreSQL, Valkey, nginx or HAProxy is not installed: the rolling restart is skipped.');

describe.skipIf(!can)('a rolling restart behind the proxies of deploy/proxies', { timeout: MS_MAX }, () => {
  let database: TestDatabase;
  let redis: TestRedis;
  let provider: MeteredProvider;
  let shared: Settings;
  let replicas: Gateway[] = [];
  let proxies: RealProxy[] = [];
  let busy: readonly ChildProcess[] = [];
  beforeAll(async () => {
    [database, redis, provider] = [
      await openTestDatabase('postgresql'),
      await startRedis('Valkey'),
      await startMeteredProvider(),
    ];
    shared = {
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      HEADGATE_MASTER_KEY: newDataKey().toString('base64'),
      HEADGATE_TRUSTED_PROXIES: '127.0.0.1/32',
      // Longer than HAProxy needs to notice, as docs/proxies.md says.
      HEADGATE_DRAIN_LEAD_SECONDS: '5',
    };
    const first = await startGateway({ env: { ...shared, HEADGATE_PORT: String(await freePort()) } });
    replicas = [first, await restarted(first, await freePort())];
    const [one, two] = replicas as [Gateway, Gateway];
    proxies = await Promise.all(KINDS.map((kind) => startProxy(kind, { behind: one.port, behindToo: two.port })));
  }, MS_MAX);
  afterAll(async () => {
    for (const loop of busy) loop.kill('SIGKILL');
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await Promise.all(replicas.map((replica) => replica.stop()));
    await provider?.stop();
    await redis?.stop();
    await database?.dispose();
  }, MS_MAX);

  /** Starts a gateway with the token of another one; on the port and the directory of the other if the port is the same. */
  function restarted({ dataDir, port, adminToken }: Gateway, onPort = port): Promise<Gateway> {
    const env = { ...shared, HEADGATE_PORT: String(onPort) };
    return startGateway({ adminToken, env, ...(onPort === port ? { dataDir } : {}) });
  }

  test('fails no request, although the second replica stops as soon as the first is ready', async () => {
    const [one, two] = replicas as [Gateway, Gateway];
    const credentialId = await makeCredential(one, 'openai', provider.baseUrl);
    await makeModel(one, { model: 'metered', provider: 'openai', upstreamModel: 'metered', credentialId });
    const { secret } = await makeKey(one, await makeTenant(one));
    busy = Array.from({ length: availableParallelism() }, () => spawn(process.execPath, ['-e', 'for (;;) {}']));
    const traffic = proxies.map(({ port }) => startTraffic(port, secret));
    for (const [at, replica] of [one, two].entries()) {
      expect(await replica.stop()).toBe(0);
      replicas[at] = await restarted(replica);
    }
    await sleep(1_000);
    for (const [at, stop] of traffic.entries()) {
      const counted = await stop();
      expect(Object.keys(counted), `${KINDS[at]} said:\n${proxies[at]?.said()}`).toEqual(['200']);
      expect(counted[200]).toBeGreaterThan(100);
    }
  });
});

/** Calls a model over a proxy, with four requests at a time, until it is stopped. Returns how many answers had which status. */
function startTraffic(port: number, secret: string): () => Promise<Record<string, number>> {
  const counted: Record<string, number> = {};
  let isOver = false;
  const agent = new https.Agent({ keepAlive: true, ca: testCertificate.cert });
  const loop = async () => {
    while (!isOver) {
      const status = await call(agent, port, secret);
      counted[status] = (counted[status] ?? 0) + 1;
      await sleep(50);
    }
  };
  const loops = Array.from({ length: 4 }, loop);
  return async () => {
    isOver = true;
    await Promise.all(loops);
    agent.destroy();
    return counted;
  };
}

function call(agent: https.Agent, port: number, secret: string): Promise<string> {
  const body = JSON.stringify({ model: 'metered', messages: [{ role: 'user', content: 'Hello' }] });
  const headers = {
    authorization: `Bearer ${secret}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  return new Promise((resolve) => {
    const request = https.request({ host: '127.0.0.1', port, agent, method: 'POST', path: '/v1/chat/completions', headers });
    request.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
    request.on('response', (response: http.IncomingMessage) => {
      response.resume();
      response.on('end', () => resolve(String(response.statusCode)));
    });
    request.end(body);
  });
}
