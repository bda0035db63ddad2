// What requests take of PostgreSQL's disk, table by table, and what becomes of a month of them in an archive. In the month of the load
// everything is written, checked, dropped and shown, and reports stay as they were.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from '../../src/jobs/job.ts';
import { archiveJob } from '../../src/jobs/months/archive.ts';
import { packMonthsJob } from '../../src/jobs/months/pack-months.ts';
import { sealMonthsJob } from '../../src/jobs/months/seal-months.ts';
import { retentionJob } from '../../src/jobs/retention.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import { faultOf, listManifests } from '../../src/store/archive/archive-files.ts';
import { findRequest } from '../../src/store/archive/find-in-archive.ts';
import { type OpenDatabase, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/installation/migrate.ts';
import { testTrail } from '../support/audit-trail.ts';
import { startPostgres } from '../support/postgres.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { copyHalfDays, organizationsOfLoad, WRITTEN, writeHalfDay } from './stored-load.ts';

/** The bar is for a month of many requests. Of fewer the figure is shown and not judged. */
const JUDGED_FROM = 1_000_000;
/** The bar: bytes of PostgreSQL's disk a request, with log, ledger and rollups and all their indexes. */
const BYTES_MAX = 1_200;
const FULL = 10_000_000;
const MONTH = { name: '2026-01', fromMs: Date.UTC(2026, 0, 2) };
/** Later than the clock of the database, by which entries are stored. */
const NOW_MS = Date.now() + 90 * 86_400_000;

const GROUPS = {
  request_log: ['request_records'],
  ledger: ['ledger_records'],
  rollups: ['rollups', 'team_rollups', 'organization_days', 'platform_rollups'],
} as const;
const BEFORE = { request_log: 'request_log', ledger: 'ledger' } as const;

export async function run({ quick, doing = () => {} }: ProveOptions): Promise<ProveResult> {
  const postgres = await startPostgres();
  if (postgres === null) return { holds: false, figure: '', skipped: 'PostgreSQL is not installed' };
  const database = openDatabase({ url: postgres.url, statementTimeoutMs: 1_200_000 });
  try {
    await migrate(database);
    const wanted = quick ? WRITTEN : Number(process.env.HEADGATE_PROVE_REQUESTS ?? FULL);
    const halfDays = Math.max(1, Math.min(56, Math.round(wanted / WRITTEN)));
    const count = halfDays * WRITTEN;
    doing('writes the first half day');
    const walBefore = await walBytes(database);
    const journalBytes = await writeHalfDay(database, MONTH.fromMs);
    const walEach = ((await walBytes(database)) - walBefore) / WRITTEN;
    await copyHalfDays(database, MONTH.fromMs, halfDays, doing);
    const sizes = await proveSizes(database, count, { journalBytes, walEach });
    doing('deletes rows beside an organization that keeps longer');
    const deletes = await measureDeletes(database);
    doing('archives');
    const archive = await proveArchive(database, count);
    return allOf([sizes, deletes, archive]);
  } finally {
    await database.close();
    await postgres.stop();
  }
}

async function proveSizes(
  database: OpenDatabase,
  count: number,
  { journalBytes, walEach }: { readonly journalBytes: number; readonly walEach: number },
): Promise<ProveResult> {
  const open = await sizesOf(database);
  const packing = await runJob(database, packMonthsJob());
  const now = await sizesOf(database);
  const before = await bytesBefore(database);
  const total = (now.request_log + now.ledger + now.rollups) / count;
  const whileOpen = (open.request_log + open.ledger + open.rollups) / count;
  const megabytes = (bytes: number) => `${Math.round(bytes).toLocaleString('en')} MB`;
  const line = (name: keyof typeof GROUPS, was?: number) =>
    `${name}: ${was === undefined ? '' : `${megabytes(was)} before, `}${megabytes(open[name] / count)} while the month runs, ${megabytes(now[name] / count)} afterwards, for a million requests`;
  const rollupRow = (await numberOf(database, 'select count(*) from rollups')) || 1;
  const log = [
    line('request_log', before.request_log),
    line('ledger', before.ledger),
    line('rollups'),
    `a row of rollups takes ${Math.round(now.rollups / rollupRow)} B with its coarser sums, for ${(count / rollupRow).toFixed(1)} requests of a key, a model and a quarter of an hour; one that has it alone takes ${Math.round((now.request_log + now.ledger) / count + now.rollups / rollupRow)} B in all`,
    `journal: ${megabytes(journalBytes)} a million requests until they are stored; WAL: ${megabytes(walEach)} without whole pages after checkpoints`,
  ];
  return {
    holds: count < JUDGED_FROM || total <= BYTES_MAX,
    figure: `${count.toLocaleString('en')} requests: ${Math.round(total)} B each of PostgreSQL's disk (at most ${BYTES_MAX}${count < JUDGED_FROM ? ', not judged of so few' : ''}) once their month is over, ${Math.round(whileOpen)} B while it runs, ${Math.round(before.request_log + before.ledger + now.rollups / count)} B in the form before`,
    log: [...log, packing],
  };
}

async function sizesOf(database: OpenDatabase): Promise<Record<keyof typeof GROUPS, number>> {
  const sizes: [string, number][] = [];
  for (const [name, tables] of Object.entries(GROUPS)) sizes.push([name, await bytesOf(database, tables)]);
  return Object.fromEntries(sizes) as Record<keyof typeof GROUPS, number>;
}

/** Stores the first half day in the tables of the version before, without their triggers, and empties them. Returns bytes a request. */
async function bytesBefore(database: OpenDatabase): Promise<Record<keyof typeof BEFORE, number>> {
  const sizes: [string, number][] = [];
  for (const [name, table] of Object.entries(BEFORE)) {
    const view = table === 'ledger' ? 'ledger_entries' : 'requests';
    const { rows } = await database.pool.query<{ name: string }>(
      `select attname as name from pg_attribute where attrelid = '${table}'::regclass and attnum > 0 and not attisdropped
        and attname <> 'is_recorded' and attname in (select attname from pg_attribute where attrelid = '${view}'::regclass) order by attnum`,
    );
    const columns = rows.map((row) => row.name).join(', ');
    const client = await database.pool.connect();
    try {
      await client.query("set session_replication_role = 'replica'");
      await client.query(
        `insert into ${table} (${columns}) select ${columns} from ${view} where is_short and admitted_at < to_timestamp(${MONTH.fromMs / 1_000}) + interval '12 hours' order by admitted_at`,
      );
      sizes.push([name, (await bytesOf(database, [table])) / WRITTEN]);
      await client.query(`truncate ${table}`);
    } finally {
      client.release(true);
    }
  }
  return Object.fromEntries(sizes) as Record<keyof typeof BEFORE, number>;
}

/** Deletes the rows of nine of ten organizations in a month that the tenth keeps, and drops another month. */
async function measureDeletes(database: OpenDatabase): Promise<ProveResult> {
  const other = Date.UTC(2025, 5, 2);
  await writeHalfDay(database, other);
  const [keeper, ...brief] = organizationsOfLoad() as [string, ...string[]];
  for (const [index, id] of [keeper, ...brief].entries())
    await database.pool.query({
      text: 'insert into organizations (id, slug, name, event_retention_days) values ($1, $2, $2, $3)',
      values: [id, `load-${index}`, id === keeper ? null : 60],
    });
  await database.pool.query('checkpoint');
  const table = 'request_records_2025_06';
  const size = await bytesOf(database, [table]);
  const wal = await walBytes(database);
  const startedMs = performance.now();
  const summary = await runJob(database, retentionJob({ logDaysMax: null }), Date.UTC(2025, 8, 15));
  const seconds = (performance.now() - startedMs) / 1_000;
  const written = (await walBytes(database)) - wal;
  const left = await bytesOf(database, [table]);
  const rows = Number(/and (\d+) rows/.exec(summary)?.[1] ?? 0);
  await database.pool.query({ text: `vacuum ${table}` });
  const vacuumed = await bytesOf(database, [table]);
  await database.pool.query('update organizations set event_retention_days = null');
  const [dropWal, dropMs] = [await walBytes(database), performance.now()];
  await database.pool.query(`drop table ${table}`);
  const drop = { seconds: (performance.now() - dropMs) / 1_000, wal: (await walBytes(database)) - dropWal };
  const perMillion = (value: number) => (value * 1e6) / Math.max(rows, 1);
  return {
    holds: rows > 0,
    figure: `deleting rows where one organization keeps longer: ${perMillion(seconds).toFixed(0)} s and ${Math.round(perMillion(written) / 1e6)} MB of WAL a million rows; dropping a month: ${drop.seconds.toFixed(2)} s, ${Math.round(drop.wal / 1e3)} kB`,
    log: [
      `of ${Math.round(size / 1e6)} MB, ${Math.round(left / 1e6)} MB were left after ${rows} of ${WRITTEN} rows were deleted, and ${Math.round(vacuumed / 1e6)} MB after VACUUM`,
    ],
  };
}

async function proveArchive(database: OpenDatabase, count: number): Promise<ProveResult> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-archive-'));
  try {
    const wanted = await database.pool.query<{ id: string }>(
      `select request_id as id from requests where admitted_at >= to_timestamp(${MONTH.fromMs / 1_000}) order by admitted_at offset ${Math.floor(count * 0.9)} limit 1`,
    );
    const before = await reportsOf(database);
    const rss = process.memoryUsage().rss;
    let peak = rss;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss);
    }, 100);
    const startedMs = performance.now();
    const summary = await runJob(database, archiveJob({ folder, logDaysMax: 90, audit: testTrail() }));
    const wroteMs = performance.now() - startedMs;
    clearInterval(watch);
    const problems: string[] = summary === `Archived 1 months with ${count} rows.` ? [] : [summary];
    const [manifest] = await listManifests(folder);
    if (manifest === undefined) return { holds: false, figure: 'no archive was written', details: problems };
    const verifyMs = performance.now();
    const fault = await faultOf(folder, manifest);
    const verifiedMs = performance.now() - verifyMs;
    if (fault !== null) problems.push(fault);
    const left = await numberOf(database, 'select count(*) from requests');
    if (left !== 0) problems.push(`${left} requests are left in the database`);
    const id = wanted.rows[0]?.id as string;
    const showMs = performance.now();
    const found = await findRequest(folder, id);
    const shownMs = performance.now() - showMs;
    if (found?.request.request_id !== id) problems.push(`${id} was not found`);
    if ((await reportsOf(database)) !== before) problems.push('reports changed');
    const sealed = await runJob(database, sealMonthsJob());
    if (!sealed.endsWith('0 sealed months differ from the rollups.')) problems.push(sealed);
    const bytes = statSync(join(folder, manifest.file)).size;
    const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
    return {
      holds: problems.length === 0,
      figure: `a month of ${count.toLocaleString('en')} requests archived and dropped in ${seconds(wroteMs)}, ${Math.round(bytes / count)} B each, verified in ${seconds(verifiedMs)}, one shown in ${seconds(shownMs)}; memory rose by ${Math.round((peak - rss) / 1e6)} MB; reports unchanged`,
      details: problems,
      log: [sealed],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What usage reports read: every sum, and the ledger below them. */
async function reportsOf({ pool }: OpenDatabase): Promise<string> {
  const texts: string[] = [];
  for (const from of ['organization_days', 'platform_rollups', 'team_rollups', 'rollups', 'ledger_records']) {
    const { rows } = await pool.query(
      `select count(*), sum(total_tokens), sum(hashtextextended(t::text, 0)::numeric) from ${from} as t`,
    );
    texts.push(JSON.stringify(rows));
  }
  return texts.join();
}

function runJob(database: OpenDatabase, job: Job, nowMs = NOW_MS): Promise<string> {
  const signal = new AbortController().signal;
  return job.run({ database, clock: { ...systemClock, nowMs: () => nowMs }, signal, warn: () => {} });
}

/** The bytes of tables with their partitions, indexes and long values. */
async function bytesOf(database: OpenDatabase, tables: readonly string[]): Promise<number> {
  const list = tables.map((table) => `'${table}'::regclass`).join(', ');
  return numberOf(
    database,
    `select coalesce(sum(pg_total_relation_size(relid)), 0) from unnest(array[${list}]) as t (root), lateral pg_partition_tree(t.root) where isleaf`,
  ).then(async (partitioned) =>
    partitioned > 0
      ? partitioned
      : numberOf(database, `select sum(pg_total_relation_size(t.root)) from unnest(array[${list}]) as t (root)`),
  );
}

function walBytes(database: OpenDatabase): Promise<number> {
  return numberOf(database, `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')`);
}

async function numberOf({ pool }: OpenDatabase, text: string): Promise<number> {
  const { rows } = await pool.query({ text, rowMode: 'array' });
  return Number((rows as unknown as readonly (readonly unknown[])[])[0]?.[0] ?? 0);
}
