import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startVendor, type VendorDouble } from '../support/vendor-double.ts';
import { cutProblems, randomCuts } from './cuts.ts';
import { FALLBACKS, fallbackProblems } from './fallbacks.ts';
import { openHouseSite } from './house-site.ts';
import type { VendorSite } from './site.ts';

const cuts = randomCuts(6, Math.random);
let vendor: VendorDouble;
let site: VendorSite;
beforeAll(async () => {
  vendor = await startVendor();
  site = await openHouseSite(vendor, [...cuts.map(({ route }) => route), ...FALLBACKS.map(({ route }) => route)]);
});
afterAll(async () => {
  await site.close();
  await vendor.close();
});

describe('what is charged is what the vendor says it served', () => {
  for (const cut of cuts) {
    // promise: Sent in full, then timeout or hang-up: what the provider reported,
    test(`${cut.route.name}: a stream its reader leaves after ${cut.words === null ? `${cut.bytes} bytes` : `${cut.words} words`}`, async () => {
      expect((await cutProblems(site, vendor, cut)).problems).toEqual([]);
    });
  }

  for (const fallback of FALLBACKS) {
    // promise: **Each attempt settles itself.** Refused, not connected, 4xx/5xx without usage,
    test(`${fallback.route.name}: only attempts that served something are in the ledger`, async () => {
      expect((await fallbackProblems(site, vendor, fallback)).problems).toEqual([]);
    });
  }
});
