/** Alerts about replicas, Redis and the database of a fleet. */
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChaosProxy } from '../support/chaos-proxy.ts';
import type { AlertFault, AlertSite } from './alert-faults.ts';
import type { AlertWatch } from './alert-watch.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { type Gateway, repository, temporaryDirectory } from './gateway.ts';
import { lockTable } from './locked-table.ts';
import { type MeteredProvider, startMeteredProvider } from './metered-provider.ts';
import { everyProxy } from './redis-faults.ts';
import { startLoad } from './steady-load.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';

const MODEL = 'metered';
const LIMITS = { rate_limits: { rpm: 1_000_000 }, budgets: [{ amount: '1000.00', period: 'month', action: 'block' }] };
/** An outage of half a minute fills half of it under this load. */
const JOURNAL_BYTES_MAX = 400_000;
const REDIS_BYTES_MAX = 48 * 1024 * 1024;
/** Each way: an answer takes twice as long, and counts as lost after 500 ms. */
const REDIS_DELAY_MS = 90;
const STOPPED_MS = 400;
const RUNS_MS = 250;
const LAST = 2;
/** Twice as many as there are connections. */
const ASKED_AT_ONCE = 20;

interface Ward {
  readonly fleet: Fleet;
  readonly toRedis: ChaosProxy;
  readonly toPostgres: ChaosProxy;
  readonly targets: readonly string[];
}

/** Three replicas behind proxies to their servers. Null where PostgreSQL or Redis is missing. */
export async function openFleetSite(): Promise<AlertSite | null> {
  const proxies: ChaosProxy[] = [];
  const fleet = await startFleet({
    prepare: async ({ databaseUrl, redisPort }) => {
      for (const port of [redisPort, Number(new URL(databaseUrl).port)])
        proxies.push(await ChaosProxy.start({ host: '127.0.0.1', port }));
    },
    envOf: (_, { databaseUrl }) => {
      const url = new URL(databaseUrl);
      url.port = String(proxies[1]?.port);
      return {
        REDIS_URL: `redis://127.0.0.1:${proxies[0]?.port}`,
        DATABASE_URL: url.href,
        HEADGATE_JOURNAL_BYTES_MAX: String(JOURNAL_BYTES_MAX),
      };
    },
  });
  if (fleet === null) return null;
  const provider = await startMeteredProvider();
  await fleet.redis.client.call('CONFIG', 'SET', 'maxmemory', String(REDIS_BYTES_MAX));
  const [toRedis, toPostgres] = proxies as [ChaosProxy, ChaosProxy];
  const key = await furnish(fleet, provider);
  let turn = 0;
  const base = () => {
    turn += 1;
    return (fleet.replicas[turn % fleet.replicas.length] as Gateway).base;
  };
  const load = startLoad({ base, keys: [key], model: MODEL, width: 4, pauseMs: 100, phase: 'fleet' });
  const targets = fleet.replicas.map(({ port }) => `127.0.0.1:${port}`);
  return {
    name: 'fleet',
    targets,
    faults: faultsOf({ fleet, toRedis, toPostgres, targets }),
    close: async () => {
      await load.stop();
      await fleet.stop();
      await provider.stop();
      for (const proxy of proxies) await proxy.close();
    },
  };
}

async function furnish({ replicas }: Fleet, provider: MeteredProvider): Promise<Key> {
  const gateway = replicas[0] as Gateway;
  const credentialId = await makeCredential(gateway, 'openai', provider.baseUrl);
  await makeModel(gateway, { model: MODEL, provider: 'openai', upstreamModel: MODEL, credentialId });
  const tenant = await makeTenant(gateway, LIMITS);
  const key = await makeKey(gateway, tenant, LIMITS);
  await sleep(500);
  return key;
}

function faultsOf(ward: Ward): readonly AlertFault[] {
  return [
    {
      fault: 'a replica is killed',
      fires: ['HeadgateDown', 'HeadgateReplicasMissing'],
      make: async () => {
        await (ward.fleet.replicas[LAST] as Gateway).kill();
        return () => ward.fleet.restart(LAST);
      },
    },
    { fault: 'a replica of another version', fires: ['HeadgateVersionsDiffer'], make: () => startOtherVersion(ward) },
    {
      fault: 'Redis answers slowly',
      fires: ['HeadgateGatewaySlow'],
      make: async () => {
        ward.toRedis.delay(REDIS_DELAY_MS);
        return async () => ward.toRedis.delay(0);
      },
    },
    {
      fault: 'Redis is away',
      fires: ['HeadgateCountersAway'],
      make: () => everyProxy([ward.toRedis], 'down'),
    },
    {
      fault: 'another program fills Redis, and lets it evict',
      fires: ['HeadgateRedisMemoryHigh', 'HeadgateRedisMayEvict'],
      make: () => fillRedis(ward),
    },
    {
      fault: 'PostgreSQL is away',
      fires: ['HeadgateDatabaseAway', 'HeadgateJournalBehind', 'HeadgateJournalFills', 'HeadgateConfigurationStale'],
      make: () => everyProxy([ward.toPostgres], 'down'),
    },
    {
      fault: 'somebody locks the rollups and goes away',
      fires: ['HeadgateDatabaseConnectionsShort'],
      make: () => lockRollups(ward),
    },
    {
      fault: 'a replica gets too little of the CPU',
      fires: ['HeadgateEventLoopBlocked'],
      make: async () => starve((ward.fleet.replicas[0] as Gateway).pid),
    },
    { fault: 'Prometheus has no target', fires: ['HeadgateTargetAbsent'], make: (watch) => scrapeNothing(watch, ward) },
  ];
}

/** An upgrade that stopped half way: the last replica runs the same program under another version. */
async function startOtherVersion({ fleet }: Ward): Promise<() => Promise<unknown>> {
  const folder = temporaryDirectory();
  for (const name of ['server/src', 'server/bin', 'server/demo', 'server/package.json', 'console/dist', 'package.json'])
    cpSync(path.join(repository, name), path.join(folder, name), { recursive: true });
  symlinkSync(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
  const facts = path.join(folder, 'server/package.json');
  writeFileSync(facts, readFileSync(facts, 'utf8').replace(/"version": "[^"]+"/, '"version": "99.0.0"'));
  await (fleet.replicas[LAST] as Gateway).stop();
  await fleet.restart(LAST, folder);
  return async () => {
    await (fleet.replicas[LAST] as Gateway).stop();
    await fleet.restart(LAST);
  };
}

/** Keys that are no counters, until nine tenths of the memory are used. */
async function fillRedis({ fleet: { redis } }: Ward): Promise<() => Promise<unknown>> {
  const { client } = redis;
  const junk = 'x'.repeat(256 * 1024);
  const used = async () => Number(/^used_memory:(\d+)/m.exec(String(await client.call('INFO', 'memory')))?.[1]);
  let made = 0;
  for (; (await used()) < 0.9 * REDIS_BYTES_MAX; made += 1) await client.call('SET', `another-program:${made}`, junk);
  await client.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  return async () => {
    await client.call('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    for (let at = 0; at < made; at += 1) await client.call('DEL', `another-program:${at}`);
  };
}

/** A session that locks a table and does not end. Reports that read it use up the connections. */
async function lockRollups({ fleet }: Ward): Promise<() => Promise<unknown>> {
  const { base, adminToken } = fleet.replicas[0] as Gateway;
  const unlock = await lockTable(fleet.postgres.url, 'rollups');
  const ending = new AbortController();
  const { signal } = ending;
  const ask = () => fetch(`${base}/api/v1/usage?group_by=team`, { headers: { authorization: `Bearer ${adminToken}` }, signal });
  const reports = Array.from({ length: ASKED_AT_ONCE }, () => ask().catch(() => {}));
  return async () => {
    await unlock();
    ending.abort();
    await Promise.all(reports);
  };
}

/** As under a quota of CPU time: the process stands still, runs a little, and stands still again. */
function starve(pid: number): () => Promise<void> {
  let isOver = false;
  const turns = (async () => {
    while (!isOver) {
      process.kill(pid, 'SIGSTOP');
      await sleep(STOPPED_MS);
      process.kill(pid, 'SIGCONT');
      await sleep(RUNS_MS);
    }
  })();
  return () => {
    isOver = true;
    return turns;
  };
}

async function scrapeNothing(watch: AlertWatch, { targets }: Ward): Promise<() => Promise<void>> {
  watch.scrape([]);
  return async () => watch.scrape(targets);
}
