import type { Counters } from '../counters/counters.ts';
import type { ProviderName } from '../domain/routing/catalogue.ts';
import { requestId } from '../lib/id.ts';
import { type Logger, tellDefect } from '../lib/log.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import { nowAndThen } from '../lib/timing/now-and-then.ts';
import type { TimerWheel } from '../lib/timing/timer-wheel.ts';
import { createRequestLines } from '../observe/request-lines.ts';
import type { Telemetry } from '../observe/telemetry.ts';
import { createTraffic } from '../observe/traffic.ts';
import type { Provider } from '../providers/provider.ts';
import { LargeBodies } from '../proxy/bodies/large-bodies.ts';
import { createContentSealer } from '../proxy/content/content-sealer.ts';
import { createDecisionLookup } from '../proxy/decisions/decision-lookup.ts';
import { createDeploymentHealth } from '../proxy/deployments/health.ts';
import { createDeploymentLoad } from '../proxy/deployments/load.ts';
import { createDeploymentPace } from '../proxy/deployments/pace.ts';
import type { Gateway } from '../proxy/gateway.ts';
import { restoreRecent } from '../proxy/snapshot/restore.ts';
import { openSnapshot, type Snapshot } from '../proxy/snapshot/snapshot.ts';
import type { Config } from '../settings/config.ts';
import * as stored from '../store/configuration/config.ts';
import * as requestLog from '../store/usage/request-log.ts';
import * as usage from '../store/usage/usage.ts';
import { configFrom } from './config-source.ts';
import { type OpenCounters, openCounters, type ProcessCounters } from './open-counters.ts';
import type { Stores } from './open-stores.ts';
import { telemetryFor } from './telemetry-for.ts';

/** The data plane's parts that others look into as well. */
export interface OpenGateway {
  readonly gateway: Gateway;
  readonly counters: ProcessCounters;
  /** Null where this process counts alone. */
  readonly shared: OpenCounters['shared'];
  /** Tells the others that this process goes. */
  leave(): Promise<void>;
  /** Null where no collector is set. */
  readonly telemetry: Telemetry | null;
}

const KEYS_MAX = 100_000;
const HOUR_MS = 3_600_000;
const ATTEMPTS_MAX = 6;
const CONTENT_BYTES_MAX = 1024 * 1024;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/** Wires the walk, and counts the last hour anew before anyone is admitted. */
export async function openGateway(
  config: Config,
  stores: Stores,
  wheel: TimerWheel,
  providers: readonly Provider[],
  log: Logger,
): Promise<OpenGateway> {
  const { database, installation, journal, refusals, masterKey } = stores;
  const { db } = database;
  const source = configFrom(db, installation, (what, id, error) =>
    log.error({ [`${what}_id`]: id, err: error }, `a stored ${what} cannot be read: what needs it is out of service or unpriced`),
  );
  const opened = await openCounters(config, stores, log);
  const { counters } = opened;
  const traffic = createTraffic({ organizationsMax: config.metricsOrganizationsMax });
  traffic.estimated('crash', journal.replayed.estimated);
  const snapshot = await openSnapshot({
    source,
    clock,
    keysMax: KEYS_MAX,
    forget: (added, change) => tellCounters(async () => counters.forget(added, change), log),
    unreadable: createUnreadable(log),
    recount: (changed) => tellCounters(async () => counters.recount(changed), log),
    inFlight: () => traffic.inFlight(),
  });
  const telemetry = await telemetryFor(config, log);
  const largeBodies = new LargeBodies();
  const gateway: Gateway = {
    clock,
    snapshot,
    counters,
    journal,
    providers: new Map<ProviderName, Provider>(providers.map((provider) => [provider.name, provider])),
    health: createDeploymentHealth(clock),
    load: createDeploymentLoad(clock),
    pace: createDeploymentPace(),
    traffic,
    tracing: telemetry?.tracing ?? null,
    lines: createRequestLines({ log, clock }),
    largeBodies,
    decisions: createDecisionLookup({
      inMemory: (id) => journal.find(id) ?? refusals.find(id),
      shapeInMemory: (organizationId, shapeId) => journal.findShape(organizationId, shapeId),
      inStore: (organizationId, id) => requestLog.findDecision(db, { organizationId, requestId: id }),
      shapeInStore: (organizationId, shapeId) => requestLog.findShape(db, { organizationId, shapeId }),
    }),
    sealContent: createContentSealer({ master: masterKey, installation: installation.content }),
    refused: (record) => refusals.add(record),
    defect: (error, requestId) => tellDefect(error, requestId, log),
    requestId,
    random: Math.random,
    after: (ms, callback) => {
      const timer = wheel.add(ms, callback);
      return () => wheel.cancel(timer);
    },
    settings: {
      attemptsMax: ATTEMPTS_MAX,
      stallMsMax: config.stallMsMax,
      contentBytesMax: CONTENT_BYTES_MAX,
      answerBytesMax: ANSWER_BYTES_MAX,
    },
  };
  await opened.begin({
    groupsOf: (calledName) => snapshot.catalogue().targets.get(calledName)?.accessGroups ?? NO_GROUPS,
    inFlight: () => gateway.traffic.inFlight().map(({ hold }) => hold),
    restore: (into) => countLastHour(stores, gateway, into, log),
  });
  await warmUp(snapshot);
  const leave = async () => {
    await largeBodies.close();
    await opened.stop();
  };
  return { gateway, counters, shared: opened.shared, leave, telemetry };
}

/** Every poll meets it again; a line every ten minutes says that it is still so. */
function createUnreadable(log: Logger): (id: string, error: unknown) => void {
  const isDue = nowAndThen(UNREADABLE_EVERY_MS, clock);
  return (id, error) => {
    if (isDue(id) !== null)
      log.error({ id, err: error }, 'a configuration cannot be read: its own requests are refused or go by the one before');
  };
}

const UNREADABLE_EVERY_MS = 600_000;

/** A change of the configuration is live whether or not the counters can be told of it; the proof finds what they missed. */
function tellCounters(tell: () => Promise<void>, log: Logger): void {
  tell().catch((error: unknown) => log.error({ err: error }, 'counters: a change of the configuration could not be told'));
}

/** As many keys as are looked up here; a database that is away is no reason not to start. */
const LOOKUPS = 4;

/** A balancer sends its share at once: what its first keys would all wait for, connections and code never run before, is paid for here. */
async function warmUp(snapshot: Snapshot): Promise<void> {
  await Promise.allSettled(Array.from({ length: LOOKUPS }, (_, index) => snapshot.keyBySecret(`nobody's ${index}`)));
}

const NO_GROUPS: ReadonlySet<string> = new Set();

/** So that a restart, of this process or of Redis, grants nobody a fresh minute or hour. */
async function countLastHour({ database: { db }, writer }: Stores, { snapshot }: Gateway, counters: Counters, log: Logger) {
  const nowMs = clock.nowMs();
  const recent = await writer.barrier(() => usage.recentAdmissions(db, nowMs - HOUR_MS), 60_000);
  const restoring = {
    catalogue: snapshot.catalogue(),
    counters,
    loadOrganizations: (ids: readonly string[]) => stored.loadOrganizations(db, ids),
    findKeys: (addresses: Parameters<typeof stored.findKeys>[1]) => stored.findKeys(db, addresses),
  };
  const { keys, skipped, examples } = await restoreRecent(recent, restoring, nowMs);
  if (keys > 0) log.info({ keys }, 'counters: the last hour is counted again');
  if (examples.length > 0)
    log.error({ ...skipped, examples }, 'counters: what cannot be read was left out; the proof goes by the ledger');
}
