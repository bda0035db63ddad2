// Scope × limit: 100 concurrent calls over several keys admit exactly the limit. Minutes and requests in flight over HTTP at a gateway of
// its own; every limit, hours and days with them, on a clock that is turned by hand.

import type { Burst } from '../limits/burst.ts';
import { openHouseSite } from '../limits/house-site.ts';
import type { LimitSite } from '../limits/site.ts';
import { CELLS, type Cell, cellProblems, ruleOf } from '../limits/table.ts';
import { startVendor } from '../support/vendor-double.ts';
import { startGateway } from './gateway.ts';
import { behindGate, openHttpSite } from './limit-site.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { makeCredential } from './tenant.ts';

const OVER_HTTP = CELLS.filter(({ limit }) => limit === 'rpm' || limit === 'tpm' || limit === 'max_parallel');

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const burst = quick ? { room: 7, calls: 40 } : { room: 20, calls: 100 };
  return allOf([await overHttp(burst), await onTurnedClock(burst)]);
}

async function overHttp(burst: Burst): Promise<ProveResult> {
  const vendor = await startVendor();
  const gateway = await startGateway();
  try {
    const credentialId = await makeCredential(gateway, 'openai', `${vendor.base}/v1`);
    return await table('over HTTP', OVER_HTTP, burst, (cell) =>
      openHttpSite(gateway, ruleOf(cell, burst), behindGate(vendor, credentialId)),
    );
  } finally {
    await gateway.stop();
    await vendor.close();
  }
}

function onTurnedClock(burst: Burst): Promise<ProveResult> {
  return table('on a turned clock', CELLS, burst, (cell) => openHouseSite(ruleOf(cell, burst)));
}

async function table(
  where: string,
  cells: readonly Cell[],
  burst: Burst,
  open: (cell: Cell) => Promise<LimitSite & { close?(): Promise<void> }>,
): Promise<ProveResult> {
  const details: string[] = [];
  for (const cell of cells) {
    const site = await open(cell);
    const problems = await cellProblems(site, cell, burst);
    details.push(...problems.map((problem) => `${cell.scope} ${cell.limit} ${where}: ${problem}`));
    await site.close?.();
  }
  const bad = new Set(details.map((line) => line.split(':')[0])).size;
  const exact = cells.length - bad;
  return {
    holds: bad === 0,
    figure: `${exact} of ${cells.length} scopes × limits ${where}: ${burst.calls} concurrent calls, admitted exactly as many as fit, refusals moved no counter`,
    details,
  };
}
