/** What a fleet is loaded with in proves about outages, and the books of it afterwards. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from './fleet.ts';
import type { Gateway } from './gateway.ts';
import { nanoUsd } from './limit-site.ts';
import type { MeteredProvider } from './metered-provider.ts';
import type { Fate, SteadyLoad } from './steady-load.ts';
import { inDatabase } from './stored-rows.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant, type Tenant } from './tenant.ts';

export interface FleetSite {
  /** Under a budget that refuses. */
  readonly bounded: House;
  /** Under rate limits, and a budget that only counts. */
  readonly limited: House;
}

export interface House {
  readonly tenant: Tenant;
  readonly keys: readonly Key[];
}

const REACHED_MS = 300;
const SETTLED_MS_MAX = 60_000;
const SETTLED_EVERY_MS = 250;

export const MODEL = 'metered';

/** Two organizations with keys of their own, at a provider that meters each call. */
export async function furnishFleet(gateway: Gateway, provider: MeteredProvider): Promise<FleetSite> {
  const credentialId = await makeCredential(gateway, 'openai', provider.baseUrl);
  await makeModel(gateway, { model: MODEL, provider: 'openai', upstreamModel: MODEL, credentialId });
  const limits = { rpm: 1_000_000, rpd: 10_000_000, tpd: 1_000_000_000, max_parallel: 500 };
  const house = async (action: 'block' | 'alert'): Promise<House> => {
    const settings = { rate_limits: limits, budgets: [{ amount: '1000.00', period: 'month', action }] };
    const tenant = await makeTenant(gateway, settings);
    return { tenant, keys: [await makeKey(gateway, tenant, settings), await makeKey(gateway, tenant, settings)] };
  };
  const site = { bounded: await house('block'), limited: await house('alert') };
  await sleep(REACHED_MS);
  return site;
}

/** What calls of one phase came to. */
export interface Tally {
  readonly requests: number;
  readonly answered: number;
  readonly degraded: number;
  /** How many of each `status code`, `cut` among them. */
  readonly failed: ReadonlyMap<string, number>;
  /** What the first of each said. */
  readonly said: ReadonlyMap<string, string>;
}

export function tallyOf(load: SteadyLoad, phase: string): Tally {
  const failed = new Map<string, number>();
  const said = new Map<string, string>();
  let [requests, answered, degraded] = [0, 0, 0];
  for (const [id, fate] of load.fates) {
    // Nobody listened: a load balancer asks the next one, as the callers do.
    if (!id.startsWith(`${phase}-`) || fate.is === 'unreached') continue;
    requests += 1;
    if (fate.is === 'answered') {
      answered += 1;
      if (fate.isDegraded) degraded += 1;
    } else {
      failed.set(nameOf(fate), (failed.get(nameOf(fate)) ?? 0) + 1);
      if (fate.is === 'error' && !said.has(nameOf(fate))) said.set(nameOf(fate), fate.message);
    }
  }
  return { requests, answered, degraded, failed, said };
}

function nameOf(fate: Exclude<Fate, { is: 'answered' }>): string {
  return fate.is === 'error' ? `${fate.status} ${fate.code ?? ''}`.trim() : fate.is;
}

export interface Books {
  /** Answers that clients saw and that are not in the ledger as they saw them. */
  readonly lost: number;
  /** Calls with more than one row, or that reached the provider twice. */
  readonly doubled: number;
  readonly problems: readonly string[];
  /** Until counters, rollups and ledger said the same. */
  readonly agreedMs: number | null;
}

/** Waits until nothing moves, then compares clients, provider, ledger, rollups and counters. The load must have ended. */
export async function booksOf(fleet: Fleet, site: FleetSite, load: SteadyLoad, provider: MeteredProvider): Promise<Books> {
  const startedMs = performance.now();
  let differences = await differencesIn(fleet, site);
  while (differences.length > 0 && performance.now() - startedMs < SETTLED_MS_MAX) {
    await sleep(SETTLED_EVERY_MS);
    differences = await differencesIn(fleet, site);
  }
  const agreedMs = differences.length === 0 ? performance.now() - startedMs : null;
  const rows = await rowsOf(fleet);
  const byRequest = new Map(rows.map((row) => [row.requestId, row]));
  const byCall = new Set(rows.map((row) => row.callId));
  const lost: string[] = [];
  for (const [id, fate] of load.fates) {
    if (fate.is !== 'answered') continue;
    const row = byRequest.get(fate.requestId);
    const isSame = row?.input === fate.inputTokens && row.output === fate.outputTokens;
    if (!isSame) lost.push(`${id}: ${JSON.stringify(fate)}, stored ${JSON.stringify(row ?? null)}`);
  }
  const problems = [...differences, ...lost.slice(0, 5), ...doubledAmong(rows).slice(0, 5)];
  return { lost: lost.length, doubled: rows.length - byCall.size + provider.repeated.length, problems, agreedMs };
}

/** The calls that have more than one row, each with all of its rows. */
function doubledAmong(rows: readonly StoredRow[]): readonly string[] {
  const byCall = Map.groupBy(rows, ({ callId }) => callId);
  return [...byCall].flatMap(([id, own]) => (own.length > 1 ? [`${id} has ${own.length} rows: ${JSON.stringify(own)}`] : []));
}

interface StoredRow {
  readonly callId: string;
  /** How the request ended, and what the row is: `usage`, `estimated`. */
  readonly status: string;
  readonly kind: string;
  readonly requestId: string;
  readonly input: number;
  readonly output: number;
}

async function rowsOf({ postgres }: Fleet): Promise<readonly StoredRow[]> {
  const rows = await inDatabase({ databaseUrl: postgres.url }, (query) =>
    query(`select r.client_request_id, r.request_id, r.status, l.kind, l.input_tokens, l.output_tokens
      from requests r left join ledger_entries l using (organization_id, admitted_at, request_id) where r.status <> 'refused' and r.client_request_id is not null`),
  );
  return rows.map((row) => ({
    callId: String(row.client_request_id),
    requestId: String(row.request_id),
    status: String(row.status),
    kind: String(row.kind),
    input: Number(row.input_tokens),
    output: Number(row.output_tokens),
  }));
}

interface Status {
  readonly rate_limits: readonly { readonly limit: string; readonly used: number; readonly held: number }[];
  readonly budgets: readonly { readonly spent: string; readonly held: string }[];
}

/** Where counters, rollups and ledger say different things, or something is held. */
async function differencesIn(fleet: Fleet, site: FleetSite): Promise<string[]> {
  const live = fleet.replicas.at(-1) as Gateway;
  const differences: string[] = [];
  for (const [name, { tenant, keys }] of Object.entries(site) as [string, House][]) {
    const places: readonly (readonly [string, string, string])[] = [
      [name, `/organizations/${tenant.organizationId}`, `organization_id = '${tenant.organizationId}'`],
      ...keys.map(({ id }, at) => [`${name} key ${at}`, `/keys/${id}`, `key_id = '${id}'`] as const),
    ];
    for (const [what, place, where] of places) {
      const { status, body } = await live.ask<Status>('GET', `${place}/limits/status`);
      if (status !== 200) return [`${what} cannot be read: ${status}`];
      const stored = await storedUse(fleet, where);
      const counted = countedUse(body);
      for (const unit of ['requests', 'tokens', 'nanoUsd'] as const) {
        if (counted[unit] !== stored.ledger[unit] || stored.rollups[unit] !== stored.ledger[unit])
          differences.push(
            `${what}: ${unit}: counters ${counted[unit]}, ledger ${stored.ledger[unit]}, rollups ${stored.rollups[unit]}`,
          );
      }
      if (counted.held !== 0) differences.push(`${what}: ${counted.held} is still held`);
    }
  }
  return differences;
}

function countedUse({ rate_limits, budgets }: Status) {
  const of = (limit: string) => rate_limits.find((rule) => rule.limit === limit);
  const held = rate_limits.reduce((sum, rule) => sum + rule.held, 0) + nanoUsd(budgets[0]?.held ?? '0');
  return {
    requests: of('rpd')?.used ?? -1,
    tokens: of('tpd')?.used ?? -1,
    nanoUsd: nanoUsd(budgets[0]?.spent ?? '-1'),
    held,
  };
}

async function storedUse({ postgres }: Fleet, where: string) {
  return inDatabase({ databaseUrl: postgres.url }, async (query) => {
    const [ledger] = await query(`select
      (select coalesce(sum(count), 0) from requests where ${where} and status <> 'refused') as requests,
      (select coalesce(sum(total_tokens), 0) from ledger_entries where ${where}) as tokens,
      (select coalesce(sum(nano_usd), 0) from ledger_entries where ${where}) as nano_usd`);
    const [rollups] = await query(`select coalesce(sum(admitted), 0) as requests, coalesce(sum(total_tokens), 0) as tokens,
      coalesce(sum(spend_nano_usd), 0) as nano_usd from rollups where ${where}`);
    return { ledger: useOf(ledger), rollups: useOf(rollups) };
  });
}

function useOf(row: Readonly<Record<string, unknown>> | undefined) {
  return { requests: Number(row?.requests), tokens: Number(row?.tokens), nanoUsd: Number(row?.nano_usd) };
}
