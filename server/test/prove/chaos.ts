// The table of `docs/operating.md` on what happens when something is down, row by row on three replicas under load: what was served, what was
// refused and with which code, how long it took to recover, and that nothing was lost or counted twice.
import { setTimeout as sleep } from 'node:timers/promises';
import { ChaosProxy } from '../support/chaos-proxy.ts';
import { openClient } from '../support/pg-client.ts';
import type { TestRedis } from '../support/redis.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { beginFleetLoad } from './fleet-load.ts';
import { booksOf, furnishFleet, tallyOf } from './fleet-site.ts';
import type { Gateway } from './gateway.ts';
import { startMeteredProvider } from './metered-provider.ts';
import { isRowWanted, type ProveOptions, type ProveResult } from './prove.ts';
import { everyProxy, failRedisOver } from './redis-faults.ts';
import type { SteadyLoad } from './steady-load.ts';

/** A row of the table. */
interface Row {
  readonly name: string;
  /** Of requests under a budget that refuses, and of those under rate limits alone: what may go wrong while it lasts. */
  readonly mayFail: readonly string[];
  /** Whether requests under rate limits are served by each replica's share meanwhile. */
  readonly isDegraded?: boolean;
  readonly isQuick?: boolean;
  readonly ms: number;
  act(house: Chaos): Promise<() => Promise<void>>;
}

interface Chaos {
  readonly fleet: Fleet;
  readonly toRedis: readonly ChaosProxy[];
  readonly toPostgres: readonly ChaosProxy[];
  readonly pids: () => readonly number[];
}

const NO_BUDGET = '503 service_unavailable';
const WIDTH = 12;

const ROWS: readonly Row[] = [
  {
    name: 'Redis slow (100 ms)',
    mayFail: [],
    ms: 4_000,
    act: async ({ toRedis }) => {
      for (const proxy of toRedis) proxy.delay(50);
      return async () => {
        for (const proxy of toRedis) proxy.delay(0);
      };
    },
  },
  {
    name: 'Redis down',
    mayFail: [NO_BUDGET],
    isDegraded: true,
    isQuick: true,
    ms: 5_000,
    act: ({ toRedis }) => everyProxy(toRedis, 'down'),
  },
  {
    name: 'Redis swallowed by the network',
    mayFail: [NO_BUDGET],
    isDegraded: true,
    ms: 5_000,
    act: ({ toRedis }) => everyProxy(toRedis, 'blackhole'),
  },
  {
    name: 'Redis away from one replica',
    mayFail: [NO_BUDGET],
    isDegraded: true,
    ms: 5_000,
    act: ({ toRedis }) => everyProxy(toRedis.slice(1, 2), 'blackhole'),
  },
  {
    name: 'Redis flushed',
    mayFail: [NO_BUDGET],
    isQuick: true,
    ms: 2_000,
    act: async ({ fleet }) => {
      await fleet.redis.client.call('FLUSHALL');
      return async () => {};
    },
  },
  {
    name: 'Redis failed over to a replica that lacks the last writes',
    mayFail: [NO_BUDGET],
    isDegraded: true,
    ms: 1_000,
    act: async ({ fleet, toRedis }) => {
      successors.push(await failRedisOver(fleet.redis, toRedis));
      return async () => {};
    },
  },
  {
    name: 'PostgreSQL slow (300 ms)',
    mayFail: [],
    ms: 4_000,
    act: async ({ toPostgres }) => {
      for (const proxy of toPostgres) proxy.delay(150);
      return async () => {
        for (const proxy of toPostgres) proxy.delay(0);
      };
    },
  },
  { name: 'PostgreSQL down', mayFail: [], ms: 6_000, act: ({ toPostgres }) => everyProxy(toPostgres, 'down') },
  {
    name: 'PostgreSQL swallowed by the network',
    mayFail: [],
    ms: 6_000,
    act: ({ toPostgres }) => everyProxy(toPostgres, 'blackhole'),
  },
  { name: 'PostgreSQL read-only', mayFail: [], ms: 4_000, act: ({ fleet }) => readOnly(fleet) },
  {
    name: 'Redis and PostgreSQL down',
    mayFail: [NO_BUDGET],
    isDegraded: true,
    ms: 5_000,
    act: async ({ toRedis, toPostgres }) => {
      const back = [await everyProxy(toRedis, 'down'), await everyProxy(toPostgres, 'down')];
      return async () => {
        for (const one of back) await one();
      };
    },
  },
  {
    name: 'a replica killed and started again',
    mayFail: ['cut'],
    isQuick: true,
    ms: 1_000,
    act: async ({ fleet }) => {
      await (fleet.replicas[1] as Gateway).kill();
      return async () => void (await fleet.restart(1));
    },
  },
  {
    name: 'a replica frozen for 40 s and resumed',
    mayFail: ['cut'],
    ms: 40_000,
    act: async ({ pids }) => {
      const pid = pids()[1] as number;
      process.kill(pid, 'SIGSTOP');
      return async () => void process.kill(pid, 'SIGCONT');
    },
  },
];

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const toRedis: ChaosProxy[] = [];
  const toPostgres: ChaosProxy[] = [];
  const provider = await startMeteredProvider();
  const fleet = await startFleet({
    // A caller that meets a frozen replica waits; it must not wait for ever.
    prepare: async ({ databaseUrl, redisPort }) => {
      for (let index = 0; index < 3; index += 1) {
        toRedis.push(await ChaosProxy.start({ host: '127.0.0.1', port: redisPort }));
        toPostgres.push(await ChaosProxy.start({ host: '127.0.0.1', port: Number(new URL(databaseUrl).port) }));
      }
    },
    envOf: (index, { databaseUrl }) => {
      const database = new URL(databaseUrl);
      database.port = String(toPostgres[index]?.port);
      return { DATABASE_URL: database.href, REDIS_URL: `redis://127.0.0.1:${toRedis[index]?.port}` };
    },
  });
  if (fleet === null) return { holds: false, figure: '', skipped: 'PostgreSQL or Redis is not installed' };
  const log: string[] = [];
  const details: string[] = [];
  const rows = ROWS.filter(({ name, isQuick }) => (!quick || isQuick === true) && isRowWanted(name));
  try {
    const site = await furnishFleet(fleet.replicas[0] as Gateway, provider);
    const chaos: Chaos = { fleet, toRedis, toPostgres, pids: () => fleet.replicas.map(({ pid }) => pid) };
    const load = beginFleetLoad(fleet, site, { width: WIDTH, phase: 'before' });
    await sleep(1_500);
    for (const [index, row] of rows.entries()) {
      const { line, problems } = await proveRow(row, `row${index}`, chaos, load, quick);
      log.push(line);
      details.push(...problems.map((problem) => `${row.name}: ${problem}`));
    }
    await load.stop();
    const books = await booksOf(fleet, site, load, provider);
    if (books.lost > 0) details.push(`${books.lost} answers are lost`);
    if (books.doubled > 0) details.push(`${books.doubled} calls are doubled`);
    details.push(...books.problems);
    return {
      holds: details.length === 0,
      figure: `${rows.length} rows on three replicas, ${load.fates.size} calls, lost ${books.lost}, doubled ${books.doubled}, counters = ledger = rollups ${books.agreedMs === null ? 'never' : `after ${(books.agreedMs / 1_000).toFixed(1)} s`}`,
      details,
      log,
    };
  } finally {
    await fleet.stop();
    await provider.stop();
    for (const proxy of [...toRedis, ...toPostgres]) await proxy.close();
  }
}

async function proveRow(row: Row, phase: string, chaos: Chaos, load: SteadyLoad, quick: boolean) {
  const problems: string[] = [];
  load.phase = `${phase}during`;
  const undo = await row.act(chaos);
  await sleep(quick ? Math.min(row.ms, 2_000) : row.ms);
  await undo();
  const undoneMs = performance.now();
  const recoveredMs = await recovery(load, phase);
  if (recoveredMs === null) problems.push('not recovered after 60 s');
  const seconds = recoveredMs === null ? '–' : ((recoveredMs - undoneMs) / 1_000).toFixed(1);
  const parts: string[] = [];
  for (const house of ['bounded', 'limited'] as const) {
    const tally = tallyOf(load, `${phase}during-${house}`);
    const failed = [...tally.failed].map(([name, count]) => `${count} × ${name}`).join(', ') || 'none';
    for (const name of tally.failed.keys())
      if (!row.mayFail.includes(name))
        problems.push(`${house}: ${tally.failed.get(name)} × ${name} (${tally.said.get(name) ?? ''})`);
    if (house === 'limited' && tally.failed.has(NO_BUDGET))
      problems.push(`limited: ${tally.failed.get(NO_BUDGET)} × ${NO_BUDGET}`);
    if (house === 'limited' && row.isDegraded === true && tally.degraded === 0) problems.push('nothing was served by a share');
    if (tally.answered === 0 && house === 'limited') problems.push('limited: nothing was served');
    const degraded = tally.degraded > 0 ? `, ${tally.degraded} by a share` : '';
    parts.push(`${house} ${tally.requests}: ${tally.answered} served${degraded}, failed ${failed}`);
  }
  return { line: `${row.name}: ${parts.join(' | ')} | recovered after ${seconds} s`, problems };
}

const STEADY_CALLS = 40;

/** When all of so many calls in a row, begun after it was over, were answered in full. Null: not within a minute. */
async function recovery(load: SteadyLoad, phase: string): Promise<number | null> {
  for (let tries = 0; tries < 300; tries += 1) {
    load.phase = `${phase}after${tries}`;
    const startedMs = performance.now();
    for (;;) {
      await sleep(100);
      const tally = tallyOf(load, `${phase}after${tries}`);
      if (tally.failed.size > 0 || tally.degraded > 0) break;
      if (tally.answered >= STEADY_CALLS) return startedMs;
      if (performance.now() - startedMs > 5_000) break;
    }
    await sleep(100);
  }
  return null;
}

const successors: TestRedis[] = [];

/** As a primary that was demoted: it answers, and takes no writes. */
async function readOnly({ postgres }: Fleet): Promise<() => Promise<void>> {
  const set = async (value: 'on' | 'off') => {
    const client = await openClient(postgres.url);
    await client.query(`set default_transaction_read_only = off`);
    await client.query(`alter system set default_transaction_read_only = ${value}`);
    await client.query('select pg_reload_conf()');
    await client.end();
  };
  await set('on');
  return () => set('off');
}
