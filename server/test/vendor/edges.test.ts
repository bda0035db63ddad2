import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postBytes } from '../support/raw-http.ts';
import { startVendor, type VendorDouble } from '../support/vendor-double.ts';
import { ask, bodyOf, estimatedInput, inputHeld, pathOf, type Question } from './client.ts';
import { openHouseSite } from './house-site.ts';
import { entry, type Route, type VendorSite } from './site.ts';

const MEBIBYTE = 2 ** 20;
const route = (name: string, upstreamModel: string): Route => ({ name, deployments: [{ kind: 'openai', upstreamModel }] });
const ROUTES = {
  endless: route('endless', 'fault:huge:5'),
  failing: route('failing', 'fault:500'),
  silent: route('silent', 'gate:silent'),
  late: route('late', 'gate:late'),
};

describe.each(['on', 'off'] as const)('with the fast lane %s', (fastLane) => {
  let vendor: VendorDouble;
  let site: VendorSite;
  beforeAll(async () => {
    vendor = await startVendor();
    site = await openHouseSite(vendor, Object.values(ROUTES), { answerBytesMax: 4 * MEBIBYTE }, fastLane);
  });
  afterAll(async () => {
    await site.close();
    await vendor.close();
  });

  const asking = ({ name }: Route, stream = false): Question => ({ dialect: 'chat', model: name, stream });
  const atVendor = (upstreamModel: string) => vendor.served.find(({ model }) => model === upstreamModel);

  test('an answer above the bound is cut off, refused, and charged for what had come', async () => {
    const heard = await ask(site.port, site.secretOf(ROUTES.endless), asking(ROUTES.endless));
    expect([heard.status, heard.error]).toEqual([502, 'provider_error']);
    const row = await site.rowOf(String(heard.headers['x-request-id']));
    const [output] = row.entries.map((one) => one.output) as [number];
    expect(row.entries).toEqual([entry(1, 'estimated', { input: estimatedInput(asking(ROUTES.endless)), output })]);
    expect(output).toBeGreaterThan(MEBIBYTE);
    expect(output).toBeLessThan((5 * MEBIBYTE) / 4);
    expect(await site.heldBy(ROUTES.endless)).toBe(0);
  });

  describe('a client that leaves', () => {
    /** Asks and is gone after a while; nothing was ever answered. */
    async function askAndLeave(to: Route, afterMs: number, stream = false): Promise<void> {
      const socket = connect(site.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(postBytes(pathOf('chat'), site.secretOf(to), bodyOf(asking(to, stream))));
      await sleep(afterMs);
      socket.destroy();
    }

    test('while a failed attempt waits to be repeated, ends it there: nothing is charged or held', async () => {
      await askAndLeave(ROUTES.failing, 60);
      await expect.poll(() => site.heldBy(ROUTES.failing)).toBe(0);
      await sleep(600);
      expect(vendor.served.filter(({ model }) => model === 'fault:500')).toHaveLength(1);
      expect(await site.chargedTo(ROUTES.failing)).toBe(0);
    });

    test('a stream before its first byte lets go of the vendor, who has the whole request and may bill it', async () => {
      await askAndLeave(ROUTES.silent, 100, true);
      await expect.poll(() => atVendor('gate:silent')?.isClosed).toBe(true);
      await expect.poll(() => site.heldBy(ROUTES.silent)).toBe(0);
      const { nanoUsd } = entry(1, 'estimated', { input: inputHeld(asking(ROUTES.silent, true)), output: 50 });
      expect(await site.chargedTo(ROUTES.silent)).toBe(nanoUsd);
    });

    test('a whole answer does not, where a budget covers it: it is made in full, and charged when it is', async () => {
      await askAndLeave(ROUTES.late, 100);
      await expect.poll(() => vendor.waiting('gate:late')).toBe(1);
      await sleep(200);
      expect(atVendor('gate:late')?.isClosed).toBe(false);
      expect(await site.heldBy(ROUTES.late)).toBeGreaterThan(0);
      vendor.letAnswer('gate:late');
      await expect.poll(() => site.heldBy(ROUTES.late)).toBe(0);
      const told = atVendor('gate:late')?.usage;
      expect(await site.chargedTo(ROUTES.late)).toBe(entry(1, 'usage', told ?? { input: 0, output: 0 }).nanoUsd);
    });
  });
});
