import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startVendor, type VendorDouble } from '../support/vendor-double.ts';
import { faultProblems } from './fault-check.ts';
import { type FaultCase, faultCases, nameOf } from './faults.ts';
import { openHouseSite } from './house-site.ts';
import type { VendorSite } from './site.ts';
import { viewOf } from './vendor-view.ts';

const cases = faultCases('double');
let vendor: VendorDouble;
let site: VendorSite;
beforeAll(async () => {
  vendor = await startVendor();
  site = await openHouseSite(
    vendor,
    cases.map(({ route }) => route),
  );
});
afterAll(async () => {
  await site.close();
  await vendor.close();
});

describe('a vendor that fails costs what it served, and leaves nothing held, nothing leaked and no connection hanging', () => {
  for (const [fault, ofFault] of Map.groupBy(cases, ({ fault }) => fault)) {
    // promise: **Each attempt settles itself.** Refused, not connected, 4xx/5xx without usage,
    // promise: **Everything is charged once**: answers, streams, hang-ups, timeouts, fallbacks, crashes.
    test(fault, async () => {
      const found = async (one: FaultCase) =>
        (await faultProblems(site, viewOf(vendor), one)).map((problem) => `${nameOf(one)}: ${problem}`);
      expect((await Promise.all(ofFault.map(found))).flat()).toEqual([]);
    });
  }
});
