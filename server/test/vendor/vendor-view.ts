import type { VendorDouble } from '../support/vendor-double.ts';
import type { VendorView } from './fault-check.ts';

/** What the double wrote down, as the fault table asks for it. */
export function viewOf(vendor: VendorDouble): VendorView {
  const lastOf = (upstreamModel: string) => vendor.served.findLast(({ model }) => model === upstreamModel);
  return {
    isClosed: async (upstreamModel) => lastOf(upstreamModel)?.isClosed ?? false,
    brokenBytes: (upstreamModel) => lastOf(upstreamModel)?.textBytes || null,
    toldUsage: async ({ route }) => lastOf(route.deployments[0]?.upstreamModel ?? '')?.usage ?? null,
  };
}
