// Every limit at every scope, and every budget, raced for over three replicas that count together, one of which has a clock five minutes ahead:
// admitted is exactly what fits.
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SCOPES } from '../../src/domain/tenancy/tenancy.ts';
import { budgetOf, budgetProblems } from '../limits/budgets.ts';
import type { LimitSite, Rule } from '../limits/site.ts';
import { CELLS, type Cell, cellProblems, ruleOf } from '../limits/table.ts';
import { startVendor, type VendorDouble } from '../support/vendor-double.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { type Gateway, PROGRAM } from './gateway.ts';
import { behindGate, openHttpSite, plainNanoUsdOf } from './limit-site.ts';
import type { ProveOptions, ProveResult } from './prove.ts';
import { inDatabase } from './stored-rows.ts';
import { makeCredential } from './tenant.ts';

const FAKETIME = '/usr/bin/faketime';
/** A change reaches the other replicas by notification; see the prove of that. */
const REACHED_MS = 150;

/** The limits: clocks differ where the machine can make them. */
export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const hasFaketime = existsSync(FAKETIME);
  if (!hasFaketime && !quick) return { holds: false, figure: '', skipped: 'faketime is not installed' };
  return onFleet(hasFaketime, async (fleet, vendor, credentialId) => {
    const burst = quick ? { room: 7, calls: 40 } : { room: 20, calls: 120 };
    const cells = quick ? CELLS.filter(({ scope }, at) => scope === SCOPES[at % SCOPES.length]) : CELLS;
    const details: string[] = [];
    for (const cell of cells) {
      const site = await siteOn(fleet, ruleOf(cell, burst), vendor, credentialId);
      details.push(...(await cellProblems(site, cell, burst)).map((problem) => `${nameOf(cell)}: ${problem}`));
    }
    const bad = new Set(details.map((line) => line.split(':')[0])).size;
    const clocks = hasFaketime ? `one with a clock ${await aheadOf(fleet)} s ahead, ` : '';
    return {
      holds: bad === 0,
      figure: `${cells.length - bad} of ${cells.length} scopes × limits over three replicas, ${clocks}${burst.calls} concurrent calls each: admitted = limit`,
      details,
    };
  });
}

/** The budgets, and that ledger, rollups and counters say the same in the end. */
export async function runBudgets({ quick }: ProveOptions): Promise<ProveResult> {
  if (quick) return { holds: true, figure: '', skipped: 'budgets over three replicas: only in full' };
  return onFleet(false, async (fleet, vendor, credentialId) => {
    const burst = { room: 40, calls: 240 };
    const scopes = SCOPES;
    const details: string[] = [];
    for (const scope of scopes) {
      const site = await siteOn(fleet, budgetOf(scope, burst, { nanoUsdOf: plainNanoUsdOf }), vendor, credentialId);
      details.push(...(await budgetProblems(site, scope, burst)).map((problem) => `${scope}: ${problem}`));
    }
    const sums = await sumsOf(fleet);
    if (sums.ledger !== sums.rollups)
      details.push(`the ledger holds ${sums.ledger} nano-dollars and the rollups ${sums.rollups}`);
    const bad = new Set(details.map((line) => line.split(':')[0])).size;
    return {
      holds: details.length === 0,
      figure: `${scopes.length - bad} of ${scopes.length} scopes over three replicas: ${burst.calls} concurrent calls admit ⌊amount ÷ hold⌋ = ${burst.room}, then all that fit, overspend 0; counters = ledger = rollups = ${sums.ledger} nano-dollars`,
      details,
    };
  });
}

async function onFleet(
  isSkewed: boolean,
  prove: (fleet: Fleet, vendor: VendorDouble, credentialId: string) => Promise<ProveResult>,
): Promise<ProveResult> {
  const fleet = await startFleet(
    isSkewed
      ? {
          commandOf: (index) => (index === 2 ? [FAKETIME, '-f', '+5m', process.execPath, PROGRAM, 'serve'] : undefined),
          envOf: (index) => (index === 2 ? { FAKETIME_DONT_FAKE_MONOTONIC: '1' } : {}),
        }
      : {},
  );
  if (fleet === null) return { holds: false, figure: '', skipped: 'PostgreSQL or Redis is not installed' };
  const vendor = await startVendor();
  try {
    const credentialId = await makeCredential(fleet.replicas[0] as Gateway, 'openai', `${vendor.base}/v1`);
    return await prove(fleet, vendor, credentialId);
  } finally {
    await fleet.stop();
    await vendor.close();
  }
}

/** Made at the first replica, called at each in turn. */
async function siteOn(fleet: Fleet, rule: Rule, vendor: VendorDouble, credentialId: string): Promise<LimitSite> {
  const [first] = fleet.replicas as [Gateway];
  let turn = 0;
  const together: Gateway = {
    ...first,
    get base() {
      turn += 1;
      return (fleet.replicas[turn % fleet.replicas.length] as Gateway).base;
    },
  };
  const site = await openHttpSite(together, rule, behindGate(vendor, credentialId));
  await sleep(REACHED_MS);
  // Only the process that answered knows a decision at once.
  return { ...site, decidingRule: null };
}

function nameOf({ scope, limit }: Cell): string {
  return `${scope} ${limit}`;
}

/** By what its answers say of the time. */
async function aheadOf({ replicas }: Fleet): Promise<number> {
  const dates = await Promise.all(
    [replicas[0], replicas[2]].map(async (replica) => {
      const { headers } = await fetch(`${(replica as Gateway).base}/v1/models`);
      return Date.parse(headers.get('date') ?? '');
    }),
  );
  return Math.round(((dates[1] as number) - (dates[0] as number)) / 1_000);
}

async function sumsOf({ postgres }: Fleet): Promise<{ readonly ledger: number; readonly rollups: number }> {
  return inDatabase({ databaseUrl: postgres.url }, async (query) => {
    const [row] = await query(
      'select (select sum(nano_usd) from ledger_entries) as ledger, (select sum(spend_nano_usd) from rollups) as rollups',
    );
    return { ledger: Number(row?.ledger), rollups: Number(row?.rollups) };
  });
}
