/** The proof job over replicas that count together: what is under way is no drift; what the counters and rollups lack is put right. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from './fleet.ts';
import type { Gateway } from './gateway.ts';
import { inDatabase } from './stored-rows.ts';

const RUN_MS_MAX = 60_000;
const LOST_NANO_USD = 1_000_000;

export interface ProofOfSums {
  readonly figure: string;
  readonly problems: readonly string[];
}

/** `busy` keeps all replicas answering until it is told to stop; its organization has a budget. */
export async function proveSums(fleet: Fleet, organizationId: string, busy: () => Promise<unknown>): Promise<ProofOfSums> {
  const [first, second, third] = fleet.replicas as [Gateway, Gateway, Gateway];
  let isBusy = true;
  const traffic = (async () => {
    while (isBusy) await busy();
  })();
  const underLoad = await runJob(first, 'proof');
  isBusy = false;
  await traffic;
  const problems = underLoad.includes(': 0 counters corrected, 0 days') ? [] : [`under load: ${underLoad}`];

  // As if the counters and the rollups had lost a row that is owed.
  await sleep(1_500);
  await inDatabase({ databaseUrl: fleet.postgres.url }, (query) =>
    query(`insert into ledger_records (organization_id, admitted_at, request_id, attempt, kind, team_id, key_id, called_name, deployment_id, provider, upstream_model, nano_usd)
      select organization_id, admitted_at, request_id, 99, kind, team_id, key_id, called_name, deployment_id, provider, upstream_model, ${LOST_NANO_USD}
      from ledger_records where organization_id = short_id('org', '${organizationId}') order by admitted_at desc limit 1`),
  );
  const found = await runJob(second, 'proof');
  if (!found.includes(', 1 days')) problems.push(`after a loss: ${found}`);
  const repaired = await runJob(second, 'rollup-repair');
  const corrected = await runJob(third, 'proof');
  if (!corrected.includes(': 1 counters corrected, 0 days')) problems.push(`after the repair: ${corrected}`);
  const sums = await sumsOf(fleet, third, organizationId);
  if (new Set(Object.values(sums)).size !== 1) problems.push(`afterwards: ${JSON.stringify(sums)}; ${repaired}`);
  const figure = `the proof under load finds no drift; of a row that counters and rollups lacked it corrects both: ledger = counters = rollups = ${sums.ledger} nano-dollars`;
  return { figure, problems };
}

interface Run {
  readonly id: string;
  readonly outcome: string | null;
  readonly summary: string | null;
}

/** What a run that began now says of itself. */
export async function runJob(gateway: Gateway, job: string): Promise<string> {
  const newest = async () => {
    const { data } = await gateway.admin<{ data: readonly { name: string; runs: readonly Run[] }[] }>('GET', '/jobs');
    return data.find(({ name }) => name === job)?.runs[0];
  };
  const deadline = performance.now() + RUN_MS_MAX;
  const before = await newest();
  let isAsked = false;
  while (performance.now() < deadline) {
    isAsked ||= (await gateway.admin<{ queued: boolean }>('POST', `/jobs/${job}/run`)).queued;
    const last = await newest();
    if (isAsked && last !== undefined && last.id !== before?.id && last.outcome !== null) return last.summary ?? '';
    await sleep(250);
  }
  return `${job} did not end`;
}

async function sumsOf(fleet: Fleet, gateway: Gateway, organizationId: string) {
  const status = await gateway.admin<{ budgets: readonly { spent: string }[] }>(
    'GET',
    `/organizations/${organizationId}/limits/status`,
  );
  const [row] = await inDatabase({ databaseUrl: fleet.postgres.url }, (query) =>
    query(`select (select sum(nano_usd) from ledger_entries where organization_id = '${organizationId}') as ledger,
      (select sum(spend_nano_usd) from rollups where organization_id = '${organizationId}') as rollups`),
  );
  const counters = String(Math.round(Number(status.budgets[0]?.spent) * 1e9));
  return { ledger: String(row?.ledger), rollups: String(row?.rollups), counters };
}
