// `kill -9` under load, again and again, on both databases: nothing a client saw answered is missing from the ledger, nothing is charged that
// was not begun, and no counter is lower afterwards.
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/ports.ts';
import { startPostgres } from '../support/postgres.ts';
import { type Gateway, type GatewayOptions, startGateway, temporaryDirectory } from './gateway.ts';
import { type MeteredProvider, startMeteredProvider } from './metered-provider.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { type SteadyLoad, startLoad } from './steady-load.ts';
import { inDatabase, type Row, type Where } from './stored-rows.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant, type Tenant } from './tenant.ts';

const WIDTH = 24;
const MINUTE_MS = 60_000;
/** Clocks of two processes, and the slot a request is counted in. */
const WINDOW_MARGIN_MS = 3_000;
/** `makeModel` prices in nano-dollars per token. */
const INPUT_NANO_USD = 1_000;
const OUTPUT_NANO_USD = 10_000;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const kills = quick ? 3 : 20;
  const embedded = await proveOn('embedded', kills, null);
  const postgres = await startPostgres();
  if (postgres === null) return { ...embedded, skipped: 'PostgreSQL is not installed' };
  try {
    return allOf([embedded, await proveOn('PostgreSQL', kills, postgres.url)]);
  } finally {
    await postgres.stop();
  }
}

async function proveOn(name: string, kills: number, databaseUrl: string | null): Promise<ProveResult> {
  const provider = await startMeteredProvider();
  const port = await freePort();
  const options: GatewayOptions = {
    dataDir: temporaryDirectory(),
    env: { HEADGATE_PORT: String(port), DATABASE_URL: databaseUrl },
  };
  let gateway = await startGateway(options);
  const site = await furnish(gateway, provider.baseUrl);
  const load = startLoad({ base: gateway.base, keys: site.keys, model: 'metered', width: WIDTH, pauseMs: 5, phase: 'life0' });
  const history: Kill[] = [];
  for (let kill = 0; kill < kills; kill++) {
    await sleep(400 + Math.random() * 800);
    const before = await countersOf(gateway, site);
    const { phase } = load;
    const inFlight = load.inFlight().filter((id) => id.startsWith(phase)).length;
    load.phase = `life${kill + 1}`;
    await gateway.kill();
    const next = await startGateway({ ...options, adminToken: gateway.adminToken });
    history.push({ phase, inFlight, problems: await lowered(before, next, site, provider) });
    gateway = next;
  }
  await sleep(500);
  await load.stop();
  await gateway.stop();
  await provider.stop();
  const where: Where = databaseUrl === null ? { dataDir: options.dataDir as string } : { databaseUrl };
  return verdict(name, history, load, provider, await storedRows(where));
}

interface Site {
  readonly tenant: Tenant;
  readonly keys: readonly Key[];
}

async function furnish(gateway: Gateway, baseUrl: string): Promise<Site> {
  const credentialId = await makeCredential(gateway, 'openai', baseUrl);
  await makeModel(gateway, { model: 'metered', provider: 'openai', upstreamModel: 'metered', credentialId });
  const limits = { rate_limits: { rpm: 1_000_000, rpd: 10_000_000 }, budgets: [{ amount: '1000.00', period: 'month' }] };
  const tenant = await makeTenant(gateway, limits);
  const keys: Key[] = [];
  for (let i = 0; i < 4; i++) keys.push(await makeKey(gateway, tenant, limits));
  return { tenant, keys };
}

interface Kill {
  readonly phase: string;
  readonly inFlight: number;
  readonly problems: readonly string[];
}

interface Counters {
  readonly rpm: number;
  readonly rpd: number;
  readonly spentUsd: number;
}

/** Of the organization and of each key, by where to ask. */
async function countersOf(gateway: Gateway, { tenant, keys }: Site): Promise<Map<string, Counters>> {
  const places = [`/organizations/${tenant.organizationId}`, ...keys.map((key) => `/keys/${key.id}`)];
  const counters = new Map<string, Counters>();
  for (const place of places) {
    const { rate_limits, budgets } = await gateway.admin<Status>('GET', `${place}/limits/status`);
    const used = (limit: string) => rate_limits.find((rule) => rule.limit === limit)?.used ?? Number.NaN;
    counters.set(place, { rpm: used('rpm'), rpd: used('rpd'), spentUsd: Number(budgets[0]?.spent) });
  }
  return counters;
}

interface Status {
  readonly rate_limits: readonly { readonly limit: string; readonly used: number }[];
  readonly budgets: readonly { readonly spent: string }[];
}

/** What is lower after the kill than before it. A minute's window lets go of old requests by itself: there, what the provider saw within it counts. */
async function lowered(
  before: Map<string, Counters>,
  gateway: Gateway,
  site: Site,
  provider: MeteredProvider,
): Promise<string[]> {
  const sinceMs = Date.now() - MINUTE_MS + WINDOW_MARGIN_MS;
  const lastMinute = [...provider.calls.values()].filter((call) => call.atMs > sinceMs).length;
  const after = await countersOf(gateway, site);
  const problems: string[] = [];
  for (const [place, was] of before) {
    const is = after.get(place) as Counters;
    // A day may end in between; then its counter is a new one.
    const isSameDay = new Date(Date.now() - MINUTE_MS).getUTCDate() === new Date().getUTCDate();
    if (isSameDay && !(is.rpd >= was.rpd)) problems.push(`${place}: ${is.rpd} requests today after the kill, ${was.rpd} before`);
    if (!(is.spentUsd >= was.spentUsd))
      problems.push(`${place}: ${is.spentUsd} USD spent after the kill, ${was.spentUsd} before`);
    if (place.startsWith('/organizations') && !(is.rpm >= Math.min(lastMinute, was.rpm))) {
      problems.push(
        `${place}: ${is.rpm} requests this minute after the kill; ${was.rpm} before, ${lastMinute} of them within the minute`,
      );
    }
  }
  return problems;
}

interface StoredRow {
  readonly callId: string;
  readonly requestId: string;
  readonly kind: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly nanoUsd: number;
}

/** Every admitted request with what it owes. */
async function storedRows(where: Where): Promise<readonly StoredRow[]> {
  const rows = await inDatabase(where, (query) =>
    query(`select r.client_request_id, r.request_id, l.kind, l.input_tokens, l.output_tokens, l.nano_usd
      from requests r left join ledger_entries l using (organization_id, admitted_at, request_id) where r.status <> 'refused'`),
  );
  return rows.map((row: Row) => ({
    callId: String(row.client_request_id),
    requestId: String(row.request_id),
    kind: String(row.kind),
    inputTokens: Number(row.input_tokens),
    outputTokens: Number(row.output_tokens),
    nanoUsd: Number(row.nano_usd),
  }));
}

function verdict(
  name: string,
  history: readonly Kill[],
  load: SteadyLoad,
  provider: MeteredProvider,
  rows: readonly StoredRow[],
): ProveResult {
  const problems = history.flatMap((kill) => kill.problems);
  const byRequest = new Map(rows.map((row) => [row.requestId, row]));
  if (byRequest.size !== rows.length) problems.push(`${rows.length - byRequest.size} requests are stored more than once`);
  let answered = 0;
  let missing = 0;
  for (const fate of load.fates.values()) {
    if (fate.is !== 'answered') continue;
    answered += 1;
    const row = byRequest.get(fate.requestId);
    const isSame = row?.inputTokens === fate.inputTokens && row.outputTokens === fate.outputTokens && row.kind === 'usage';
    if (!isSame) missing += 1;
  }
  if (missing > 0) problems.push(`${missing} answers that clients saw are not in the ledger as they saw them`);
  if (provider.repeated.length > 0) problems.push(`${provider.repeated.length} calls reached the provider twice`);
  const beyond = history.map((kill) => beyondUpstream(kill, provider, rows));
  problems.push(...beyond.flatMap((kill) => kill.problem ?? []));
  const settled = rows.filter((row) => row.kind === 'usage');
  const spent = settled.reduce((sum, row) => sum + row.nanoUsd, 0);
  const reported = settled.reduce((sum, row) => sum + reportedNanoUsd(provider, row.callId), 0);
  if (spent !== reported) problems.push(`settled rows: ${spent} nano-dollars charged, ${reported} reported by the provider`);
  const most = Math.max(...beyond.map((kill) => kill.rows));
  return {
    holds: problems.length === 0 && answered > history.length * WIDTH,
    figure:
      `${name}: ${history.length} kills, ${answered} answers seen, ${missing} of them not in the ledger, ` +
      `rows beyond upstream calls per kill 0 to ${most} with ${WIDTH} callers, ` +
      `${settled.length} settled rows charge ${usd(spent)} and the provider reported ${usd(reported)}, counters never lower`,
    details: problems,
  };
}

/** Requests settled or estimated of one life of the process, less those the provider was sent. */
function beyondUpstream({ phase, inFlight }: Kill, provider: MeteredProvider, rows: readonly StoredRow[]) {
  const ofPhase = (id: string) => id.startsWith(`${phase}-`);
  const calls = [...provider.calls.keys()].filter(ofPhase).length;
  const beyond = rows.filter((row) => ofPhase(row.callId)).length - calls;
  const isRight = beyond >= 0 && beyond <= inFlight;
  return {
    rows: beyond,
    problem: isRight ? null : `${phase}: ${beyond} rows beyond the ${calls} upstream calls, ${inFlight} in flight`,
  };
}

function reportedNanoUsd(provider: MeteredProvider, callId: string): number {
  const call = provider.calls.get(callId);
  return call === undefined ? Number.NaN : call.inputTokens * INPUT_NANO_USD + call.outputTokens * OUTPUT_NANO_USD;
}

function usd(nanoUsd: number): string {
  return `${(nanoUsd / 1e9).toFixed(6)} USD`;
}
