// Usage by what callers name: sums by tag, end user, session and client are those of the ledger, and a million names fill neither the
// database nor the memory.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import type { Budget } from '../../src/domain/limits/budget.ts';
import { CLIENTS, type Client, NAMES_MAX, OTHER_CLIENT, OTHER_NAME } from '../../src/domain/usage/attribution.ts';
import { STORE_STATEMENTS, statementFor } from '../../src/ledger/ledger-statement.ts';
import { endLine } from '../../src/ledger/lines.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { newId, requestId } from '../../src/lib/id.ts';
import { createPseudonyms } from '../../src/lib/pseudonyms.ts';
import { attributionOf } from '../../src/proxy/attribution.ts';
import type { Walk } from '../../src/proxy/walk.ts';
import { type OpenDatabase, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/installation/migrate.ts';
import { newPartitions } from '../../src/store/partitions.ts';
import { reportUsage, type UsageGroup, type UsageQuestion } from '../../src/store/usage/usage-report.ts';
import { startPostgres } from '../support/postgres.ts';
import { givenEnd, givenEntry } from '../support/records.ts';
import { openHouse } from '../support/walk.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';

const DAY_MS = 86_400_000;
const FROM_MS = Date.UTC(2026, 4, 29);
/** Across the end of a month and the night of a UTC day. */
const DAYS = 5;
const BATCH = 5_000;
/** The lines that two replicas send at once. */
const REPLICAS = 2;
/** The bytes that reading a million names may leave in memory. */
const HEAP_BYTES_MAX = 32 * 1024 * 1024;

const tenants = Array.from({ length: 3 }, () => ({
  organizationId: newId('org'),
  teams: Array.from({ length: 2 }, () => newId('team')),
  keys: Array.from({ length: 4 }, () => newId('key')),
}));
const deployments = [newId('dep'), newId('dep')];

export async function run({ quick, doing = () => {} }: ProveOptions): Promise<ProveResult> {
  const postgres = await startPostgres();
  if (postgres === null) return { holds: false, figure: '', skipped: 'PostgreSQL is not installed' };
  const database = openDatabase({ url: postgres.url, statementTimeoutMs: 600_000 });
  try {
    await migrate(database);
    await newPartitions(database.db, database.kind).ensure([FROM_MS, FROM_MS + DAYS * DAY_MS]);
    doing('stores the traffic of three tenants, every request twice');
    const sums = await proveSums(database, quick ? 3_000 : 30_000);
    doing('reads names');
    const reading = proveReading(quick ? 100_000 : 1_000_000);
    const bounds = await proveBounds(database, quick ? 40_000 : 1_000_000, doing);
    doing('races for budgets by label');
    return allOf([sums, reading, bounds, await proveRaces(quick ? 2 : 20)]);
  } finally {
    await database.close();
    await postgres.stop();
  }
}

/** Requests as three tenants might make them, the same each time. */
function traffic(count: number): readonly EndRecord[] {
  const name = (prefix: string, most: number) =>
    fc.option(
      fc.nat(most).map((index) => `${prefix}${index}`),
      { freq: 4 },
    );
  const any = fc.record({
    tenant: fc.constantFrom(...tenants),
    place: fc.nat(7),
    atMs: fc.integer({ min: FROM_MS, max: FROM_MS + DAYS * DAY_MS - 1 }),
    status: fc.constantFrom('succeeded', 'succeeded', 'succeeded', 'failed', 'cancelled', 'estimated'),
    tags: fc.uniqueArray(
      fc.nat(12).map((index) => `t${index}`),
      { maxLength: 4 },
    ),
    endUser: name('user ', 60),
    session: name('s-', 300),
    client: fc.option(fc.constantFrom(...CLIENTS)),
    entries: fc.array(
      fc.record({ nanoUsd: fc.option(fc.nat(9_999_999), { freq: 9 }), input: fc.nat(5_000), search: fc.nat(2) }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  });
  return fc
    .sample(any, { numRuns: count, seed: 7 })
    .map(({ tenant, place, atMs, tags, endUser, session, client, entries, status }) => {
      const deploymentId = deployments[place & 1] as string;
      return givenEnd({
        organizationId: tenant.organizationId,
        teamId: tenant.teams[place & 1] as string,
        keyId: tenant.keys[place >> 1] as string,
        calledName: place > 3 ? 'fast' : 'small',
        status,
        deploymentId,
        admittedAtMs: atMs,
        requestId: requestId(atMs),
        ...(tags.length === 0 ? {} : { tags, tagRoute: `${tags.length}.` }),
        attribution: { endUser, session, client: client as Client | null },
        entries: entries.map(({ nanoUsd, input, search }, index) =>
          givenEntry({ attempt: index + 1, deploymentId, nanoUsd, usage: { input, ...(search === 0 ? {} : { search }) } }),
        ),
      });
    });
}

async function store(database: OpenDatabase, records: readonly EndRecord[]): Promise<void> {
  const lines = Buffer.from(records.map(endLine).join('').slice(0, -1));
  await database.pool.query(statementFor(lines, STORE_STATEMENTS), [lines]);
}

const GROUPINGS: readonly (readonly UsageGroup[])[] = [
  ['tag'],
  ['end_user'],
  ['session'],
  ['client'],
  ['end_user', 'client'],
  ['session', 'client', 'team'],
  ['tag', 'deployment'],
];

async function proveSums(database: OpenDatabase, count: number): Promise<ProveResult> {
  const records = traffic(count);
  for (let at = 0; at < records.length; at += 500) {
    const batch = records.slice(at, at + 500);
    await Promise.all([store(database, batch), store(database, batch)]);
  }
  const [stored] = (
    await database.pool.query('select count(*)::int as requests, sum(nano_usd)::bigint as spend from ledger_entries')
  ).rows;
  const owed = records.reduce((sum, { entries }) => sum + entries.reduce((all, { nanoUsd }) => all + (nanoUsd ?? 0), 0), 0);
  const wrong: string[] = [];
  if (Number(stored.spend) !== owed) wrong.push(`the ledger has ${stored.spend} nano-dollars, and ${owed} were owed`);
  let lines = 0;
  let reports = 0;
  const spans = [
    [FROM_MS, FROM_MS + DAYS * DAY_MS, null],
    [FROM_MS + 12_345_678, FROM_MS + 3 * DAY_MS + 7_654_321, null],
    [FROM_MS, FROM_MS + DAYS * DAY_MS, 'day'],
    [FROM_MS, FROM_MS + DAYS * DAY_MS, 'month'],
  ] as const;
  for (const { organizationId } of tenants) {
    for (const [fromMs, toMs, interval] of spans) {
      const inside = records.filter(
        (one) => one.organizationId === organizationId && one.admittedAtMs >= fromMs && one.admittedAtMs < toMs,
      );
      for (const groupBy of GROUPINGS) {
        const question: UsageQuestion = {
          ...{ fromMs, toMs, groupBy, interval, timeZone: 'Asia/Kathmandu' },
          only: { organization: [organizationId] },
        };
        const report = await reportUsage(database.db, question);
        const wanted = expected(inside, groupBy);
        const told = new Map<string, bigint>();
        for (const { groups, sums } of report.lines) {
          const key = groupBy.map((group) => groups[group] ?? '–').join(' | ');
          told.set(key, (told.get(key) ?? 0n) + sums.spend_nano_usd);
        }
        const total = inside.reduce((sum, one) => sum + spendOf(one), 0n);
        if (report.total.spend_nano_usd !== total)
          wrong.push(`${groupBy}: the total is ${report.total.spend_nano_usd}, not ${total}`);
        for (const key of new Set([...wanted.keys(), ...told.keys()]))
          if (wanted.get(key) !== told.get(key))
            wrong.push(`${groupBy} ${key}: ${told.get(key)}, and the ledger has ${wanted.get(key)}`);
        lines += wanted.size;
        reports += 1;
      }
    }
  }
  return {
    holds: wrong.length === 0,
    figure: `${records.length.toLocaleString('en')} requests, ${reports} reports with ${lines.toLocaleString('en')} lines: ${wrong.length} differ from the ledger by a nano-dollar or more`,
    log: wrong.slice(0, 20),
  };
}

function spendOf({ entries }: EndRecord): bigint {
  return entries.reduce((sum, { nanoUsd }) => sum + BigInt(nanoUsd ?? 0), 0n);
}

/** Returns the spend of each line, by looking at every request. */
function expected(records: readonly EndRecord[], groupBy: readonly UsageGroup[]): ReadonlyMap<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const one of records) {
    const values = groupBy.map((group): readonly string[] => {
      if (group === 'tag') return one.tags?.length ? one.tags : ['–'];
      if (group === 'team') return [one.teamId];
      if (group === 'deployment') return [one.deploymentId ?? '–'];
      if (group === 'client') return [one.attribution?.client ?? OTHER_CLIENT];
      return [(group === 'end_user' ? one.attribution?.endUser : one.attribution?.session) ?? '–'];
    });
    const keys = values.reduce<readonly string[]>(
      (all, next) => all.flatMap((key) => next.map((value) => (key === '' ? value : `${key} | ${value}`))),
      [''],
    );
    for (const key of keys) sums.set(key, (sums.get(key) ?? 0n) + spendOf(one));
  }
  return sums;
}

/** Reads names as the path of a request does, each of another end user and another user agent. */
function proveReading(count: number): ProveResult {
  const pseudonym = createPseudonyms(Buffer.alloc(32, 1));
  const walk = (index: number) => ({
    request: { path: '/v1/chat/completions', header: (name: string) => (name === 'user-agent' ? `mine/${index}` : undefined) },
    asked: { body: { user: `user ${index}`, prompt_cache_key: `session ${index}` } },
    key: { config: { organizationId: 'org_1' }, holder: { config: { endUsers: 'hashed' } } },
    attribution: null,
  });
  const before = heapBytes();
  const startedMs = performance.now();
  // Sound: these are the fields that are read.
  for (let index = 0; index < count; index += 1) attributionOf(walk(index) as unknown as Walk, { pseudonym });
  const tookUs = ((performance.now() - startedMs) * 1_000) / count;
  const grown = heapBytes() - before;
  return {
    holds: grown <= HEAP_BYTES_MAX,
    figure: `${count.toLocaleString('en')} names read and hashed: ${tookUs.toFixed(1)} µs each, ${(grown / 1_048_576).toFixed(1)} MB of memory afterwards (bar ${HEAP_BYTES_MAX / 1_048_576})`,
  };
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Returns the bytes in use after a collection: without one, what happened to be garbage decided. */
function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Stores requests of one day and one organization, each with a tag, an end user and a session of its own, by two replicas at once. */
async function proveBounds(database: OpenDatabase, count: number, doing: (what: string) => void): Promise<ProveResult> {
  const organizationId = newId('org');
  const caller = { organizationId, teamId: newId('team'), keyId: newId('key'), deploymentId: deployments[0] as string };
  const sizesBefore = await sizesOf(database);
  const startedMs = performance.now();
  const of = (index: number) => {
    const admittedAtMs = FROM_MS + Math.floor((index * DAY_MS) / count);
    return givenEnd({
      ...caller,
      admittedAtMs,
      requestId: requestId(admittedAtMs),
      tags: [`tag-${index}`],
      tagRoute: '1.',
      attribution: { endUser: `user ${index}`, session: `session ${index}`, client: 'codex' },
      entries: [givenEntry({ deploymentId: caller.deploymentId, nanoUsd: 1_000 + index })],
    });
  };
  let slowestMs = 0;
  for (let at = 0; at < count; at += BATCH * REPLICAS) {
    doing(`stores ${at.toLocaleString('en')} of ${count.toLocaleString('en')} names`);
    const batches = Array.from({ length: REPLICAS }, (_, replica) =>
      Array.from({ length: Math.max(0, Math.min(BATCH, count - at - replica * BATCH)) }, (_, index) =>
        of(at + replica * BATCH + index),
      ),
    );
    const beganMs = performance.now();
    await Promise.all(batches.filter(({ length }) => length > 0).map((batch) => store(database, batch)));
    slowestMs = Math.max(slowestMs, performance.now() - beganMs);
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  const query = async (text: string) => (await database.pool.query(text, [organizationId])).rows;
  const owed = BigInt(count) * 1_000n + (BigInt(count) * BigInt(count - 1)) / 2n;
  const wrong: string[] = [];
  const figures: string[] = [];
  for (const [kind, table, name] of [
    ['tag', 'tag_rollups', 'tag'],
    ['end_user', 'attribution_rollups', 'name'],
    ['session', 'attribution_rollups', 'name'],
  ] as const) {
    const which = kind === 'tag' ? `tag <> ''` : `kind = '${kind}'`;
    const [found] =
      await query(`select count(*)::int as rows, count(distinct ${name})::int as names, sum(spend_nano_usd)::text as spend,
      coalesce(sum(spend_nano_usd) filter (where ${name} = '${OTHER_NAME}'), 0)::text as other from ${table} where organization_id = $1 and ${which}`);
    const [kept] = await query(`select count(*)::int as names from usage_names where organization_id = $1 and kind = '${kind}'`);
    const most = Math.min(NAMES_MAX[kind].names, count);
    if (kept.names !== most) wrong.push(`${kept.names} names of ${kind} are told apart, and ${most} were expected`);
    if (found.names > most + 1) wrong.push(`the rollup has ${found.names} names of ${kind}`);
    if (BigInt(found.spend) !== owed) wrong.push(`sums by ${kind} are ${found.spend} nano-dollars, and ${owed} were owed`);
    figures.push(`${kind}: ${kept.names.toLocaleString('en')} names and other, ${found.rows.toLocaleString('en')} rows`);
  }
  const sizes = await sizesOf(database);
  const grown = (sizes - sizesBefore) / 1_048_576;
  return {
    holds: wrong.length === 0,
    figure: `${count.toLocaleString('en')} names of each kind in one day: ${figures.join('; ')}; ${grown.toFixed(1)} MB with indexes, ${seconds.toFixed(0)} s, the slowest two batches of ${BATCH.toLocaleString('en')} ${slowestMs.toFixed(0)} ms`,
    log: wrong,
  };
}

const RACERS = 100;
const RACED_NANO_USD = 10_000_000;

/** Lets 100 calls at once race for the budget of one tag, and for that of one end user. None may spend more than the budget. */
async function proveRaces(rounds: number): Promise<ProveResult> {
  const wrong: string[] = [];
  let spent = 0;
  for (let round = 0; round < rounds * 2; round += 1) {
    const match = round % 2 === 0 ? ({ is: 'tag', tag: 'raced' } as const) : ({ is: 'end_user', name: null } as const);
    const budget: Budget = {
      ...{ id: 'bud_1', amountNanoUsd: RACED_NANO_USD, match, thresholdsPercent: [], action: 'block', clampOutput: false },
      period: { is: 'month', anchorDay: 1 },
    };
    const house = await openHouse({ key: { requireEndUser: true, labelLimits: [{ match, rateLimits: {}, budgets: [budget] }] } });
    try {
      const body = { model: 'fast', max_tokens: 500 + round, user: 'alice', messages: [{ role: 'user', content: 'hello' }] };
      const calls = Array.from({ length: RACERS }, () => house.ask(body, { headers: ['x-headgate-tags', 'raced'] }));
      const passed = (await Promise.all(calls)).filter(({ status }) => status === 200).length;
      const sum = house.rows.flatMap(({ entries }) => entries).reduce((all, { nanoUsd }) => all + (nanoUsd ?? 0), 0);
      if (sum > RACED_NANO_USD) wrong.push(`${match.is}: ${sum} nano-dollars of ${RACED_NANO_USD}`);
      if (passed === 0 || passed === RACERS)
        wrong.push(`${match.is}: ${passed} of ${RACERS} calls passed, so nothing was raced for`);
      spent = Math.max(spent, sum);
    } finally {
      await house.close();
    }
  }
  return {
    holds: wrong.length === 0,
    figure: `${rounds} races of ${RACERS} calls each for the budget of a tag and of an end user: overspend ${Math.max(0, spent - RACED_NANO_USD)} nano-dollars`,
    log: wrong,
  };
}

async function sizesOf({ pool }: OpenDatabase): Promise<number> {
  const tables = ['tag_rollups', 'attribution_rollups', 'usage_names', 'usage_name_counts'];
  const { rows } = await pool.query(`select ${tables.map((table) => `pg_total_relation_size('${table}')`).join(' + ')} as bytes`);
  return Number(rows[0].bytes);
}
