import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { exchangeRaw, postBytes, sendRaw } from '../support/raw-http.ts';
import { startVendor } from '../support/vendor-double.ts';
import { bodyOf } from '../vendor/client.ts';
import { openHouseSite as openVendorSite } from '../vendor/house-site.ts';
import type { Route } from '../vendor/site.ts';
import { openHouseSite } from './house-site.ts';
import { CHAT, GOOD_BODY } from './row.ts';
import type { Secrets } from './site.ts';

describe.each(['on', 'off'] as const)('with the fast lane %s', (fastLane) => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  const PATIENCE = { headMsMax: 200, requestMsMax: 400, lookMs: 50 };

  describe('a client that sends slowly', () => {
    const part = JSON.stringify(GOOD_BODY).slice(0, 20);
    test.each([
      ['its head', () => Buffer.from(`POST ${CHAT} HTTP/1.1\r\nhost: x\r\nx-slow: `)],
      ['its body', ({ good }: Secrets) => postBytes(CHAT, good, part, [`content-length: ${part.length + 100}`])],
    ])('is waited for only so long: %s', async (_what, bytes) => {
      const site = await openHouseSite(fastLane, PATIENCE);
      closers.push(site.close);
      const answer = await sendRaw(site.port, bytes(site.secrets));
      expect(answer.status).toBe(408);
      expect(JSON.parse(answer.body).error.code).toBe('request_timeout');
      expect(answer.headers['x-should-retry']).toBeUndefined();
      expect(site.upstreamCalls()).toBe(0);
    });
  });

  describe('a client that does not read its stream', () => {
    const slow: Route = { name: 'flood', deployments: [{ kind: 'openai', upstreamModel: 'flood:64' }] };
    const other: Route = { name: 'other', deployments: [{ kind: 'openai', upstreamModel: 'words:3' }] };

    test('holds its provider back and nothing in memory, hinders nobody, and counts as gone after a while', async () => {
      const vendor = await startVendor();
      const site = await openVendorSite(vendor, [slow, other], { stallMsMax: 500 }, fastLane);
      closers.push(vendor.close, site.close);
      const socket = connect(site.port, '127.0.0.1').pause();
      socket.on('error', () => {});
      socket.write(postBytes(CHAT, site.secretOf(slow), bodyOf({ dialect: 'chat', model: 'flood', stream: true })));
      await sleep(200);
      const next = connect(site.port, '127.0.0.1');
      const body = bodyOf({ dialect: 'chat', model: 'other', stream: false });
      expect((await exchangeRaw(next, postBytes(CHAT, site.secretOf(other), body))).status).toBe(200);
      next.destroy();
      await expect.poll(() => vendor.served[0]?.isClosed, { timeout: 15_000 }).toBe(true);
      // Of 64 MiB only what fits into the buffers between them.
      expect(vendor.served[0]?.textBytes).toBeLessThan(16 * 1024 * 1024);
      expect(await site.heldBy(slow)).toBe(0);
      socket.resume();
      await once(socket, 'close');
    });
  });
});
