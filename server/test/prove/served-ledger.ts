// Streams cut by the client at random points, and fallbacks: the ledger is what the vendor says it served, to the nano-dollar.
import { startVendor, type VendorDouble } from '../support/vendor-double.ts';
import { type Cut, cutProblems, randomCuts } from '../vendor/cuts.ts';
import { FALLBACKS, fallbackProblems } from '../vendor/fallbacks.ts';
import type { LoggedRow, VendorSite } from '../vendor/site.ts';
import { inParallel } from './data-plane.ts';
import { reportedNanoUsd } from './limit-site.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { type GatewaySite, openGatewaySite } from './vendor-site.ts';

const AT_ONCE = 8;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const cuts = randomCuts(quick ? 4 : 20, Math.random);
  const vendor = await startVendor();
  const routes = [...cuts.map(({ route }) => route), ...FALLBACKS.map(({ route }) => route)];
  const site = await openGatewaySite(vendor.base, routes);
  try {
    const cut = await inParallel(cuts, AT_ONCE, (one: Cut) => cutProblems(site, vendor, one));
    const fellBack = await oneAfterAnother(site, vendor);
    const rows = [...cut, ...fellBack].map(({ row }) => row);
    return allOf([
      judged(`${cuts.length} streams cut at random points: ledger = what the vendor served`, cut),
      judged(`${fellBack.length} fallbacks: one entry for each attempt that served something, none for any other`, fellBack),
      await reportAgrees(site, rows),
    ]);
  } finally {
    await site.close();
    await vendor.close();
  }
}

async function oneAfterAnother(site: VendorSite, vendor: VendorDouble) {
  const found: Awaited<ReturnType<typeof fallbackProblems>>[] = [];
  for (const fallback of FALLBACKS) found.push(await fallbackProblems(site, vendor, fallback));
  return found;
}

function judged(figure: string, found: readonly { readonly problems: readonly string[] }[]): ProveResult {
  const details = found.flatMap(({ problems }) => problems);
  return { holds: details.length === 0, figure, details };
}

/** The usage report adds up to the ledger entries. */
async function reportAgrees({ gateway }: GatewaySite, rows: readonly LoggedRow[]): Promise<ProveResult> {
  const reported = await reportedNanoUsd(gateway);
  const entered = rows.flatMap(({ entries }) => entries).reduce((sum, { nanoUsd }) => sum + nanoUsd, 0);
  const figure =
    reported === entered ? `the report adds up to it: ${entered}` : `the report says ${reported}, the ledger ${entered}`;
  return { holds: reported === entered, figure: `${figure} nano-USD` };
}
