// Counters that know nothing yet, all at once: after a start every key asks for its past, and every one of them is answered, with few rows read.
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { type CounterSpec, rulesOfScope } from '../../src/domain/limits/limit-plan.ts';
import { type OpenDatabase, openDatabase } from '../../src/store/database.ts';
import { nextToFill } from '../../src/store/folds/fold-proof.ts';
import { foldBack, foldForward } from '../../src/store/folds/folds.ts';
import { asFolded, type FoldedQuestion, foldedSums, marksOf } from '../../src/store/past/folded-past.ts';
import { ChaosProxy } from '../support/chaos-proxy.ts';
import { startPostgres } from '../support/postgres.ts';
import { coldUnderLoad, statementRatio } from './cold-load.ts';
import { fillBeside } from './fill-beside.ts';
import { type Gateway, startGateway, temporaryDirectory } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { inDatabase } from './stored-rows.ts';
import { type Key, makeKey, makeModel, makeTenant, type Tenant } from './tenant.ts';

const BUDGETS = [
  { amount: '1000.00', period: 'day' },
  { amount: '1000.00', period: 'month' },
  { amount: '1000.00', period: 'year' },
  { amount: '1000.00', period: 'rolling', days: 30 },
  { amount: '1000.00', period: 'month', access_group: 'support' },
] as const;
const DELAY_MS = 25;
const DAY_MS = 86_400_000;
const MONTHS_MS_MAX = 100;

interface Size {
  readonly keys: readonly number[];
  readonly rollups: number;
}
const FULL: Size = { keys: [150, 2_000], rollups: 10_000_000 };
const QUICK: Size = { keys: [20], rollups: 20_000 };

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const postgres = await startPostgres();
  if (postgres === null) return { holds: false, figure: '', skipped: 'PostgreSQL is not installed' };
  try {
    await inDatabase({ databaseUrl: postgres.url }, (query) => query('create database cold'));
    const databaseUrl = postgres.url.replace(/postgres$/, 'cold');
    return allOf(await everything(databaseUrl, quick ? QUICK : FULL, quick));
  } finally {
    await postgres.stop();
  }
}

async function everything(databaseUrl: string, size: Size, quick: boolean): Promise<readonly ProveResult[]> {
  const dataDir = temporaryDirectory();
  const home = { dataDir, env: { DATABASE_URL: databaseUrl } };
  const first = await startGateway(home);
  const { tenant, keys } = await furnish(first, Math.max(...size.keys));
  await first.stop();
  const database = openDatabase({ url: databaseUrl, statementTimeoutMs: 3_600_000 });
  const results: ProveResult[] = [];
  try {
    await makeRollups(database, tenant, keys, size.rollups);
    // As after an upgrade: the past is read from quarters while it is being folded.
    results.push(
      quick ? await filledAtOnce(database, tenant) : await fillBeside({ ...home, adminToken: first.adminToken }, database, keys),
    );
    for (const count of size.keys) {
      for (const delayMs of quick ? [DELAY_MS] : [0, DELAY_MS]) {
        const ran = { ...home, adminToken: first.adminToken, delayMs, keys: keys.slice(0, count) };
        results.push(await coldCalls(ran, count > 1_000 ? 30_000 : 10_000));
      }
    }
    results.push(await rowsRead(database, tenant, keys, quick));
    results.push(await statementRatio(database, quick));
    results.push(await coldUnderLoad(database, quick));
  } finally {
    await database.close();
  }
  return results;
}

async function furnish(gateway: Gateway, count: number): Promise<{ tenant: Tenant; keys: readonly Key[] }> {
  for (const model of ['first', 'second']) {
    await makeModel(gateway, { model, provider: 'fake', upstreamModel: 'fake-small' });
  }
  await gateway.admin('PUT', '/callable-targets/first/access-groups', { access_groups: ['support'] });
  const tenant = await makeTenant(gateway, { budgets: [{ amount: '1000000.00', period: 'month' }] });
  const keys: Key[] = [];
  const maker = async () => {
    while (keys.length < count) keys.push(await makeKey(gateway, tenant, { budgets: BUDGETS }));
  };
  await Promise.all(Array.from({ length: 8 }, maker));
  return { tenant, keys: keys.slice(0, count) };
}

/** A year of quarters of each key, under two names, up to some hours ago; what is kept by triggers is added up once instead. */
async function makeRollups({ pool }: OpenDatabase, { organizationId, teamId }: Tenant, keys: readonly Key[], rows: number) {
  const each = Math.floor(rows / keys.length);
  const client = await pool.connect();
  try {
    await client.query('alter table rollups disable trigger user');
    for (let at = 0; at < keys.length; at += 100) {
      await client.query({
        text: `insert into rollups (organization_id, bucket_start, team_id, key_id, service_account_id, called_name, deployment_id, provider,
            requests, admitted, input_tokens, total_tokens, spend_nano_usd)
          select $1, date_bin('15 minutes', now() - interval '5 hours' - n * (interval '360 days' / $4::float8), timestamptz '2000-01-01 00:00:00+00'),
            $2, key_id, 'svc', case when n % 2 = 0 then 'first' else 'second' end, 'dep_' || n / 35040, 'fake', 1, 1, 10, 30, 1000
          from unnest($3::text[]) as k(key_id), generate_series(0, $4::integer - 1) as n
          on conflict do nothing`,
        values: [organizationId, teamId, keys.slice(at, at + 100).map(({ id }) => id), each],
      });
    }
    await client.query('alter table rollups enable trigger user');
    const sums = ['requests', 'admitted', 'input_tokens', 'total_tokens', 'spend_nano_usd'];
    const added = sums.map((name) => `sum(${name})`).join(', ');
    await client.query(`insert into team_rollups (organization_id, hour_start, team_id, called_name, deployment_id, provider, ${sums.join(', ')})
      select organization_id, date_trunc('hour', bucket_start, 'UTC'), team_id, called_name, deployment_id, provider, ${added} from rollups group by 1, 2, 3, 4, 5, 6
      on conflict do nothing`);
    await client.query(`insert into organization_days (organization_id, day_start, ${sums.join(', ')})
      select organization_id, date_trunc('day', hour_start, 'UTC'), ${added} from team_rollups group by 1, 2 on conflict do nothing`);
    await client.query('analyze');
  } finally {
    client.release();
  }
}

async function filledAtOnce({ db }: OpenDatabase, { organizationId }: Tenant): Promise<ProveResult> {
  const startedMs = performance.now();
  while ((await foldForward(db, { organizationId, nowMs: Date.now() })) === 'more');
  while ((await nextToFill(db)) !== null) await foldBack(db, { organizationId });
  return { holds: true, figure: `a year folded in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s` };
}

interface Cold {
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly adminToken: string;
  readonly keys: readonly Key[];
  readonly delayMs: number;
}

/** A new process, and every key calls at once. A call that got 503 comes again after what its answer says, as SDKs do. */
async function coldCalls({ dataDir, env, adminToken, keys, delayMs }: Cold, msMax: number): Promise<ProveResult> {
  const url = new URL(env.DATABASE_URL as string);
  const proxy = await ChaosProxy.start({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  const gateway = await startGateway({ dataDir, adminToken, env: { ...env, DATABASE_URL: url.href } });
  const agent = new Agent({ connections: 256, pipelining: 1 });
  try {
    proxy.delay(delayMs);
    const startedMs = performance.now();
    let [firstTry, answered, lastMs] = [0, 0, 0];
    const refusals = new Map<string, number>();
    const caller = async ({ secret }: Key) => {
      for (let tries = 0; performance.now() - startedMs < msMax; tries += 1) {
        const said = await callOnce(gateway.base, secret, agent, msMax);
        if (said === ANSWERED) {
          if (tries === 0) firstTry += 1;
          lastMs = performance.now() - startedMs;
          if (lastMs <= msMax) answered += 1;
          return;
        }
        refusals.set(said, (refusals.get(said) ?? 0) + 1);
        await sleep(500);
      }
    };
    await Promise.all(keys.map(caller));
    const cold = await untilWarm(gateway);
    const share = answered / keys.length;
    return {
      holds: share >= 0.95 && cold === 0,
      figure:
        `${keys.length} cold keys with five budgets${delayMs > 0 ? `, ${2 * delayMs} ms added to each query` : ''}: 200 within ${msMax / 1_000} s ` +
        `${(100 * share).toFixed(1)} %, at the first try ${firstTry}, all after ${(lastMs / 1_000).toFixed(1)} s, cold afterwards ${cold}`,
      log: [...refusals].map(([said, times]) => `${times} × ${said}`),
      details: [gateway.output().slice(-2_000)],
    };
  } finally {
    proxy.delay(0);
    await gateway.stop();
    await agent.close();
    await proxy.close();
  }
}

const ANSWERED = '200';

/** What the call came to: `200`, or the status with what was said. */
async function callOnce(base: string, secret: string, dispatcher: Agent, msMax: number): Promise<string> {
  const body = JSON.stringify({ model: 'first', max_tokens: 5, messages: [{ role: 'user', content: 'Hi.' }] });
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  try {
    const answer = await request(`${base}/v1/chat/completions`, {
      ...{ method: 'POST', headers, body, dispatcher },
      ...{ headersTimeout: msMax, bodyTimeout: msMax },
    });
    const text = await answer.body.text();
    return answer.statusCode === 200 ? ANSWERED : `${answer.statusCode} ${text.slice(0, 200)}`;
  } catch (error) {
    return String(error);
  }
}

/** Counters that are cold still when nothing is asked any more. */
async function untilWarm({ base }: Gateway): Promise<number> {
  let cold = -1;
  for (let tries = 0; tries < 50 && cold !== 0; tries += 1) {
    const ready = (await (await fetch(`${base}/health/ready`)).json()) as { cold_counters: number };
    cold = ready.cold_counters;
    if (cold !== 0) await sleep(100);
  }
  return cold;
}

/** What the questions of days read, and how long 2,000 of a calendar month take the database: a full run, which has the machine to itself, judges it. */
async function rowsRead({ db }: OpenDatabase, tenant: Tenant, keys: readonly Key[], quick: boolean): Promise<ProveResult> {
  const { organizationId } = tenant;
  const mark = (await marksOf(db, [organizationId])).get(organizationId) ?? null;
  const nowMs = Date.now();
  const periods = {
    day: { is: 'day' },
    month: { is: 'month', anchorDay: 1 },
    'month from the 17th': { is: 'month', anchorDay: 17 },
    year: { is: 'year', anchorMonth: 1, anchorDay: 1 },
    'year from 17 February': { is: 'year', anchorMonth: 2, anchorDay: 17 },
    total: { is: 'total' },
  } as const;
  const most: string[] = [];
  let isWithin = true;
  for (const [name, period] of Object.entries(periods)) {
    const asked = keys.slice(0, 500).flatMap(({ id }) => askedOf(organizationId, id, period, nowMs, mark));
    const { sums } = await foldedSums(db, asked);
    const rows = Math.max(...sums.map((sum) => sum?.rows ?? 1_000));
    const bound = name.startsWith('year') || name === 'total' ? 80 : 37;
    isWithin &&= asked.length > 0 && rows <= bound;
    most.push(`${name} ${rows} ≤ ${bound}`);
  }
  const month = Array.from({ length: 2_000 }, (_, index) => keys[index % keys.length] as Key);
  const asked = month.flatMap(({ id }) => askedOf(organizationId, id, periods.month, nowMs, mark));
  const tookMs: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const startedMs = performance.now();
    for (let at = 0; at < asked.length; at += 500) await foldedSums(db, asked.slice(at, at + 500));
    tookMs.push(performance.now() - startedMs);
  }
  const bestMs = Math.min(...tookMs);
  return {
    holds: isWithin && (quick || bestMs <= MONTHS_MS_MAX),
    figure: `rows read by a key's counter: ${most.join(', ')}; 2,000 questions of a month ${bestMs.toFixed(0)} ms${quick ? '' : ` ≤ ${MONTHS_MS_MAX}`}`,
  };
}

type Period = Parameters<typeof rulesOfScope>[1]['budgets'][number]['period'];

function askedOf(
  organizationId: string,
  keyId: string,
  period: Period,
  nowMs: number,
  mark: Parameters<typeof asFolded>[1],
): readonly FoldedQuestion[] {
  const any = { is: 'any' } as const;
  const budget = {
    id: 'b',
    period,
    match: any,
    amountNanoUsd: 1,
    thresholdsPercent: [],
    action: 'block',
    clampOutput: false,
  } as const;
  const { counters } = rulesOfScope(
    { organizationId, scope: 'key', scopeId: keyId },
    { rateLimits: {}, modelLimits: [], budgets: [budget] },
    'UTC',
    nowMs,
  );
  const counter = counters[0] as CounterSpec;
  const boundaries = counter.window.is === 'calendar' ? counter.window.boundariesMs : [];
  const at = boundaries.findLastIndex((boundary) => boundary <= nowMs);
  const folded = asFolded({ counter, fromMs: boundaries[at] ?? 0, toMs: boundaries[at + 1] ?? nowMs + DAY_MS }, mark);
  return folded === null ? [] : [folded];
}
