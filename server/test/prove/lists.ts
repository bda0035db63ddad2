// Lists, filters, sorts, searches and reports at load size, asked of a real gateway on PostgreSQL, and how soon standings follow a load.
import { setTimeout as sleep } from 'node:timers/promises';
import { drizzle } from 'drizzle-orm/node-postgres';
import { missingNameIndexes } from '../../src/store/installation/name-indexes.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { LIST_QUESTIONS, type Question, REPORT_QUESTIONS } from './list-questions.ts';
import type { ProveOptions, ProveResult } from './prove.ts';
import { openSeeded, withClient } from './seeded-database.ts';

const SIZES = {
  full: { organizations: 10_000, keys: 500_000, requests: 10_000_000, seedSecondsMax: 1_000 },
  quick: { organizations: 1_000, keys: 20_000, requests: 50_000, seedSecondsMax: 120 },
};
const LIST_MS_MAX = 100;
const REPORT_MS_MAX = 500;
/** Of a dozen samples the slowest is the p95, and on a busy machine that is the machine's. */
const QUICK_BAR_TIMES = 3;
const SETTLE_SECONDS_MAX = 120;
/** Twice what a total counts to, which is one more than it says. */
const KEYS_READ_MAX = 2 * 10_001;
const NOT_COUNTED: KeysRead = { most: 0, worst: '' };

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const seeded = await openSeeded(quick ? SIZES.quick : SIZES.full);
  if (seeded === null) return { holds: false, figure: '', skipped: 'PostgreSQL is not installed' };
  const { url, dataDir, loaded, stop } = seeded;
  try {
    const gateway = await startGateway({ dataDir, env: { DATABASE_URL: url } });
    try {
      const settled = await standingsSettled(url);
      await nameIndexesMade(url, gateway);
      const samples = quick ? 12 : 30;
      const times = quick ? QUICK_BAR_TIMES : 1;
      const lists = await measured(gateway, LIST_QUESTIONS, LIST_MS_MAX * times, samples);
      const scanned = quick ? NOT_COUNTED : await keysRead(url, gateway);
      const reports = await measured(gateway, REPORT_QUESTIONS, REPORT_MS_MAX * times, samples);
      return resultOf(loaded, settled, scanned, { lists, reports });
    } finally {
      await gateway.stop();
    }
  } finally {
    await stop();
  }
}

/** Seconds until every standing was judged; null when it took too long. */
async function standingsSettled(url: string): Promise<number | null> {
  const begunMs = performance.now();
  return withClient(url, async (client) => {
    while (performance.now() - begunMs < SETTLE_SECONDS_MAX * 1_000) {
      const { rows } = await client.query(
        'select (select count(*) from organization_standings where due_at <= now()) + (select count(*) from standing_changes) as n',
      );
      if (Number(rows[0]?.n) === 0) return (performance.now() - begunMs) / 1_000;
      await sleep(200);
    }
    return null;
  });
}

const INDEXES_SECONDS_MAX = 300;

/** Has the job make the indexes of names, which takes longer with more keys, and waits for the last of them. */
async function nameIndexesMade(url: string, gateway: Gateway): Promise<void> {
  const begunMs = performance.now();
  await withClient(url, async (client) => {
    for (;;) {
      const missing = await missingNameIndexes(drizzle({ client }));
      if (missing.length === 0) return client.query('vacuum analyze');
      if (performance.now() - begunMs > INDEXES_SECONDS_MAX * 1_000) throw new Error(`not made: ${missing.join(', ')}`);
      await gateway.ask('POST', '/jobs/name-indexes/run');
      await sleep(1_000);
    }
  });
}

interface Measured {
  readonly name: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly barMs: number;
}

async function measured(gateway: Gateway, questions: readonly Question[], barMs: number, samples: number): Promise<Measured[]> {
  const results: Measured[] = [];
  for (const { name, paths, barMs: ownBarMs } of questions) {
    const asked = await paths((path) => gateway.admin('GET', path), samples);
    // The first answers compile statements and warm caches, which no second page pays for.
    for (const path of asked.slice(0, 2)) await gateway.ask('GET', path);
    const times: number[] = [];
    for (const path of asked) {
      const begunMs = performance.now();
      const { status } = await gateway.ask('GET', path);
      times.push(performance.now() - begunMs);
      if (status !== 200) throw new Error(`${path} answered ${status}`);
    }
    times.sort((a, b) => a - b);
    results.push({ name, p50Ms: quantile(times, 0.5), p95Ms: quantile(times, 0.95), barMs: ownBarMs ?? barMs });
  }
  return results;
}

interface KeysRead {
  readonly most: number;
  /** The question that read them. */
  readonly worst: string;
}

/** How many keys a list reads without an index, at most: counting to 10,000 may, and a missing index shows itself as all of them. */
async function keysRead(url: string, gateway: Gateway): Promise<KeysRead> {
  let worst = '';
  const scans = () =>
    withClient(url, async (client) => {
      await client.query('select pg_stat_clear_snapshot()');
      const { rows } = await client.query("select seq_tup_read as n from pg_stat_user_tables where relname = 'keys'");
      return Number(rows[0]?.n);
    });
  let most = 0;
  for (const { name, paths } of LIST_QUESTIONS.filter((question) => question.name.startsWith('keys'))) {
    const [path = ''] = await paths((at) => gateway.admin('GET', at), 1);
    // A backend tells of what it read within a second of its last statement.
    await sleep(1_100);
    const before = await scans();
    await gateway.ask('GET', path);
    await sleep(1_100);
    const read = (await scans()) - before;
    if (read > most) [most, worst] = [read, name];
  }
  return { most, worst };
}

function resultOf(
  loaded: string,
  settled: number | null,
  read: KeysRead,
  { lists, reports }: Record<'lists' | 'reports', Measured[]>,
): ProveResult {
  const all = [...lists, ...reports];
  const missed = all.filter(({ p95Ms, barMs }) => p95Ms > barMs);
  const slowest = (some: readonly Measured[]) => Math.max(...some.map(({ p95Ms }) => p95Ms)).toFixed(0);
  const standings =
    settled === null ? `standings not judged in ${SETTLE_SECONDS_MAX} s` : `all standings judged in ${settled.toFixed(1)} s`;
  return {
    holds: missed.length === 0 && settled !== null && read.most <= KEYS_READ_MAX,
    figure: `${loaded}; ${all.length} questions, the slowest list ${slowest(lists)} ms p95, the slowest report ${slowest(reports)} ms; ${standings}${read === NOT_COUNTED ? '' : `; at most ${read.most} keys read without an index (${read.worst})`}`,
    log: all.map(lineOf),
    details: missed.map((one) => `above ${one.barMs} ms: ${lineOf(one)}`),
  };
}

function lineOf({ name, p50Ms, p95Ms }: Measured): string {
  return `${p50Ms.toFixed(1).padStart(7)} ms p50 ${p95Ms.toFixed(1).padStart(7)} ms p95  ${name}`;
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(Math.ceil(sorted.length * part), sorted.length) - 1] ?? 0;
}
