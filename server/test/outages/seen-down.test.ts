/** What a process says of itself while its database is away or its disk is full: to probes, to Prometheus and to operators. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Gateway, startGateway } from '../prove/gateway.ts';
import { type ChaosMode, ChaosProxy } from '../support/chaos-proxy.ts';
import { hasPostgres, openTestDatabase } from '../support/database.ts';
import { fill, mayMount, smallDisk } from '../support/small-disk.ts';

const MS_MAX = 120_000;
const MODES: readonly ChaosMode[] = ['down', 'blackhole'];

describe.skipIf(!hasPostgres())('while PostgreSQL is away and nothing is to be stored', { timeout: MS_MAX }, () => {
  test.each(MODES)('(%s) metrics and health answer those who were known, and say so', async (mode) => {
    const { gateway, proxy, close } = await behindProxy();
    try {
      expect(await scrape(gateway, gateway.adminToken)).toMatchObject({ status: 200, up: 1 });
      expect((await gateway.ask('GET', '/health')).body).toMatchObject({ database: { status: 'ok' } });
      await proxy.set(mode);
      await expect
        .poll(() => scrape(gateway, gateway.adminToken), { timeout: 60_000, interval: 500 })
        .toMatchObject({ status: 200, up: 0 });
      const health = await gateway.ask<{ status: string; database: object }>('GET', '/health');
      expect(health).toMatchObject({ status: 200, body: { status: 'ready', database: { kind: 'postgresql', status: 'away' } } });
      if (mode === 'down') await onlyWhatIsInMemoryAnswers(gateway);
      await proxy.set('pass');
      await expect.poll(() => scrape(gateway, gateway.adminToken), { timeout: 60_000, interval: 500 }).toMatchObject({ up: 1 });
      expect((await gateway.ask('GET', '/health')).body).toMatchObject({ database: { status: 'ok' } });
    } finally {
      await close();
    }
  });
});

describe.skipIf(!hasPostgres() || !mayMount())('while the disk is full', { timeout: MS_MAX }, () => {
  test('the process is not ready and says why, until there is room', async () => {
    const database = await openTestDatabase('postgresql');
    const dataDir = smallDisk(64 * 1024);
    const gateway = await startGateway({ dataDir, env: { DATABASE_URL: database.url, HEADGATE_JOURNAL_BYTES_MAX: '8388608' } });
    try {
      expect(await readiness(gateway)).toMatchObject({ status: 200 });
      fill(dataDir);
      await expect
        .poll(() => readiness(gateway), { timeout: 30_000, interval: 250 })
        .toMatchObject({
          status: 503,
          body: { status: 'not_ready', reason: 'disk_full', detail: expect.stringContaining('disk') },
        });
      expect((await metrics(gateway)).text).toMatch(/^headgate_volume_free_bytes \d{1,6}$/m);
      rmSync(join(dataDir, 'filling'));
      await expect.poll(() => readiness(gateway), { timeout: 30_000, interval: 250 }).toMatchObject({ status: 200 });
    } finally {
      await gateway.stop();
      await database.dispose();
    }
  });
});

async function onlyWhatIsInMemoryAnswers(gateway: Gateway): Promise<void> {
  expect(await scrape(gateway, `${gateway.adminToken}x`)).toMatchObject({ status: 404 });
  expect((await gateway.ask('GET', '/settings')).status).toBe(503);
}

async function behindProxy() {
  const database = await openTestDatabase('postgresql');
  const url = new URL(database.url as string);
  const proxy = await ChaosProxy.start({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  const gateway = await startGateway({ env: { DATABASE_URL: url.href } });
  const close = async () => {
    await proxy.set('pass');
    await gateway.stop();
    await proxy.close();
    await database.dispose();
  };
  return { gateway, proxy, close };
}

async function scrape(gateway: Gateway, token: string): Promise<{ readonly status: number; readonly up: number | null }> {
  const { status, text } = await metrics(gateway, token);
  const up = /^headgate_database_up (\d)$/m.exec(text)?.[1];
  return { status, up: up === undefined ? null : Number(up) };
}

/** Scrapes like a Prometheus elsewhere, behind a proxy: a program on this machine needs no token. */
async function metrics({ base, adminToken }: Gateway, token = adminToken) {
  const answer = await fetch(`${base}/metrics`, {
    headers: { 'x-forwarded-for': '203.0.113.9', authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(20_000),
  });
  return { status: answer.status, text: await answer.text() };
}

async function readiness({ base }: Gateway) {
  const answer = await fetch(`${base}/health/ready`, { signal: AbortSignal.timeout(5_000) });
  return { status: answer.status, body: (await answer.json()) as unknown };
}
