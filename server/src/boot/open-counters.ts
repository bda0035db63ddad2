import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Counters, Hold } from '../counters/counters.ts';
import { createMemoryCounters } from '../counters/memory/memory-counters.ts';
import { createRedisCounters } from '../counters/redis/redis-counters.ts';
import { createEpochs } from '../counters/shared/epoch.ts';
import { createLiving } from '../counters/shared/living.ts';
import type { LeftBehind, SharedEvent } from '../counters/shared/opening.ts';
import { openRedis } from '../counters/shared/redis-link.ts';
import { type RedisMemory, watchRedisMemory } from '../counters/shared/redis-memory.ts';
import { createSharedCounters, type SharedCounters } from '../counters/shared/shared-counters.ts';
import type { Logger } from '../lib/log.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import type { Config } from '../settings/config.ts';
import { liveReplicas } from '../store/installation/lease.ts';
import { createCounterPast } from '../store/past/counter-past.ts';
import { createSharedPast } from '../store/past/shared-past.ts';
import { caFrom } from './ca-files.ts';
import type { Stores } from './open-stores.ts';

/** The counters of this process: its own, or shared with other replicas. */
export interface ProcessCounters extends Counters {
  evictIdle(): number;
  /** Returns the number of counters in this process. */
  size(): number;
  /** Returns the number of this process's requests that hold part of a limit or budget. */
  inFlight(): number;
  /** Returns the number of cold counters: needed, and without their past yet. */
  cold(): number;
}

/** The data plane's facts that counters need. The data plane is created after them. */
export interface CountersNeed {
  readonly groupsOf: (calledName: string) => ReadonlySet<string>;
  readonly inFlight: () => readonly Hold[];
  /** Resolves once this process holds again what running batches hold. Rejects while the database cannot be read. */
  readonly batchesHeld: () => Promise<void>;
  /** Counts the last hour's requests again in these counters. */
  readonly restore: (counters: Counters) => Promise<void>;
}

export interface OpenCounters {
  readonly counters: ProcessCounters;
  /** Null if this process counts alone. */
  readonly shared: SharedCounters | null;
  /** Returns the memory of Redis; null without Redis and before the first answer. */
  redisMemory(): RedisMemory | null;
  /** Restores the counters before requests are admitted. Returns even if Redis is down: then the settings decide. */
  begin(need: CountersNeed): Promise<void>;
  stop(): Promise<void>;
}

const OPEN_MS_MAX = 20_000;
const FLUSH_MS_MAX = 10_000;
const EPOCH_FILE = 'epoch';

export async function openCounters(config: Config, stores: Stores, log: Logger): Promise<OpenCounters> {
  return config.redisUrl === null ? alone(stores) : together(config, config.redisUrl, stores, log);
}

function alone({ database, writer }: Stores): OpenCounters {
  let need: Pick<CountersNeed, 'groupsOf' | 'batchesHeld'> = { groupsOf: () => NO_GROUPS, batchesHeld: async () => {} };
  const past = createCounterPast({
    db: database.db,
    follow: () => writer.follow(),
    groupsOf: (calledName) => need.groupsOf(calledName),
  });
  // After a start no counter of a day or a period knows its past. None admits anything before the holds of batches are there.
  const seedFrom: typeof past.ask = async (...question) => {
    await need.batchesHeld();
    return past.ask(...question);
  };
  const counters = createMemoryCounters({ clock, seedFrom, patience: past.patience });
  const begin = (its: CountersNeed) => {
    need = its;
    return its.restore(counters);
  };
  return { counters, shared: null, redisMemory: () => null, begin, stop: async () => {} };
}

const NO_GROUPS: ReadonlySet<string> = new Set();

async function together(config: Config, url: string, stores: Stores, log: Logger): Promise<OpenCounters> {
  const { database, installation, journal, writer, owner } = stores;
  const link = await openRedis({
    url,
    ca: caFrom(config.redisCaFile, 'HEADGATE_REDIS_CA_FILE'),
    onEvent: ({ is, message }) => (is === 'ready' ? log.info(`Redis: ${message}`) : log.warn(`Redis: ${message}`)),
  });
  const memory = watchRedisMemory(link);
  let need: CountersNeed = {
    groupsOf: () => NO_GROUPS,
    inFlight: () => [],
    batchesHeld: async () => {},
    restore: async () => {},
  };
  // The prefix keeps two installations on one Redis apart.
  const base = `headgate:${installation.id.slice(0, 12)}:`;
  let epoch = 'none';
  const prefix = () => `${base}${epoch}:`;
  const past = createSharedPast(database.db, (calledName) => need.groupsOf(calledName));
  const redis = createRedisCounters({
    run: link.run,
    prefix,
    owner,
    pastFrom: past.ask,
    patience: past.patience,
    mustBeSame: () => shared.mustBeSame(),
  });
  const living = createLiving({
    run: link.run,
    command: link.command,
    prefix,
    owner,
    sweep: (organizationId, who, its) => redis.sweep(organizationId, who, its),
    onSwept: (event) =>
      log.warn(event, 'counters: a replica has stopped; what its requests held counts as used until its rows are stored'),
  });
  const epochFile = join(config.dataDir, EPOCH_FILE);
  const { rows, estimated } = journal.replayed;
  const begun = Promise.withResolvers<void>();
  const shared = createSharedCounters({
    link,
    epochs: createEpochs(link, base, owner),
    living,
    redis,
    local: createMemoryCounters({ clock, seedFrom: async () => [] }),
    withoutRedis: config.withoutRedis,
    setEpoch: (id) => {
      epoch = id;
    },
    noteEpoch: (id) => writeFileSync(epochFile, `${id} ${owner}`, { mode: 0o600 }),
    left: leftBehind(epochFile, rows + estimated > 0),
    flush: () => writer.barrier(async () => {}, FLUSH_MS_MAX),
    hasUnstored: () => writer.lag().rows > 0,
    inFlight: () => need.inFlight(),
    members: () => liveReplicas(database.db),
    restore: () => need.restore(redis),
    onEvent: (event) => tell(event, log),
    ready: begun.promise,
  });
  stores.onStored(({ organizationId, ...use }) => shared.stored(organizationId, use));
  return {
    counters: shared,
    shared,
    redisMemory: memory.read,
    begin: async (its) => {
      need = its;
      begun.resolve();
      await shared.opened(OPEN_MS_MAX);
    },
    stop: () => {
      memory.stop();
      return shared.stop();
    },
  };
}

function tell(event: SharedEvent, log: Logger): void {
  if (event.is === 'unreachable') {
    log.error(
      { reason: event.reason },
      'counters: Redis cannot be reached; HEADGATE_BUDGETS_WITHOUT_REDIS and HEADGATE_LIMITS_WITHOUT_REDIS apply',
    );
  } else if (event.is === 'waiting') {
    log.warn({ reason: event.reason }, 'counters: Redis is not used yet');
  } else if (event.is === 'differed') {
    const { givenBack, takenAgain } = event;
    log.warn({ givenBack, takenAgain }, 'counters: the holds in Redis differed from the requests in flight and were corrected');
  } else {
    const { epoch, isNew, afterMs } = event;
    log.info({ epoch, isNew, afterMs: Math.round(afterMs) }, 'counters: Redis is in use; all replicas count together');
  }
}

/** Returns what an earlier run in this directory left; null if nothing. Rows without a noted epoch belong to an unknown one. */
function leftBehind(file: string, hasRows: boolean): LeftBehind | null {
  const [epoch = '', owner = ''] = existsSync(file) ? readFileSync(file, 'utf8').split(' ') : [];
  return epoch === '' && !hasRows ? null : { epoch, owner, hasRows };
}
