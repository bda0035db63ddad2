import type { Config } from './config.ts';
import { createMemoryCounters, type MemoryCounters } from './counters/memory.ts';
import type { ProviderName } from './domain/catalogue.ts';
import { systemClock as clock } from './lib/clock.ts';
import { describeDefect } from './lib/defect.ts';
import { requestId } from './lib/id.ts';
import type { Logger } from './lib/log.ts';
import { hashSecret, open } from './lib/secrets.ts';
import type { TimerWheel } from './lib/timer-wheel.ts';
import type { Stores } from './open-stores.ts';
import type { Provider } from './providers/provider.ts';
import { createContentSealer } from './proxy/content-sealer.ts';
import { createDecisionLookup } from './proxy/decision-lookup.ts';
import type { Gateway } from './proxy/gateway.ts';
import { createDeploymentHealth } from './proxy/health.ts';
import { createDeploymentLoad } from './proxy/load.ts';
import { createRequestLines } from './proxy/request-lines.ts';
import { restoreRecent } from './proxy/restore.ts';
import { type ConfigSource, openSnapshot } from './proxy/snapshot.ts';
import { createTraffic } from './proxy/traffic.ts';
import * as stored from './store/config.ts';
import { askTogether } from './store/counter-past.ts';
import * as requestLog from './store/request-log.ts';
import * as usage from './store/usage.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import { telemetryFor } from './telemetry-for.ts';

/** The data plane's parts that others look into as well. */
export interface OpenGateway {
  readonly gateway: Gateway;
  readonly counters: MemoryCounters;
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
  const { database, installation, journal, refusals, writer, masterKey } = stores;
  const { db } = database;
  const source: ConfigSource = {
    loadCatalogue: () =>
      stored.loadCatalogue(db, (sealed, credentialId) => open(installation.credentials, sealed, credentialId).toString()),
    loadOrganization: (organizationId) => stored.loadOrganization(db, organizationId),
    findKeyByHash: (hash) => stored.findKeyByHash(db, hash),
    findKey: (organizationId, keyId) => stored.findKey(db, { organizationId, keyId }),
    versions: (scopes) => stored.configVersions(db, scopes),
  };
  const counters = createMemoryCounters({
    clock,
    // Everything settled before this instant is in the answer, nothing that is settled later.
    seedFrom: askTogether(db, { barrier: (work) => writer.barrier(work), position: () => placeIn(journal) }),
  });
  const snapshot = await openSnapshot({
    source,
    clock,
    hashSecret: (secret) => hashSecret(installation.pepper, secret),
    keysMax: KEYS_MAX,
    forget: (added) => void counters.forget(added),
  });
  const nowMs = clock.nowMs();
  const recent = await writer.barrier(() => usage.recentAdmissions(db, nowMs - HOUR_MS), 60_000);
  const restoring = {
    catalogue: snapshot.catalogue(),
    counters,
    loadOrganizations: (ids: readonly string[]) => stored.loadOrganizations(db, ids),
    findKeys: (addresses: Parameters<typeof stored.findKeys>[1]) => stored.findKeys(db, addresses),
  };
  const restored = await restoreRecent(recent, restoring, nowMs);
  if (restored > 0) log.info({ keys: restored }, 'counters: the last hour is counted again');
  const telemetry = await telemetryFor(config, log);
  const gateway: Gateway = {
    clock,
    snapshot,
    counters,
    journal,
    providers: new Map<ProviderName, Provider>(providers.map((provider) => [provider.name, provider])),
    health: createDeploymentHealth(clock),
    load: createDeploymentLoad(clock),
    traffic: createTraffic({ organizationsMax: config.metricsOrganizationsMax }),
    tracing: telemetry?.tracing ?? null,
    lines: createRequestLines({ log, clock }),
    decisions: createDecisionLookup({
      inMemory: (id) => journal.find(id) ?? refusals.find(id),
      shapeInMemory: (organizationId, shapeId) => journal.findShape(organizationId, shapeId),
      inStore: (organizationId, id) => requestLog.findDecision(db, { organizationId, requestId: id }),
      shapeInStore: (organizationId, shapeId) => requestLog.findShape(db, { organizationId, shapeId }),
    }),
    sealContent: createContentSealer(masterKey),
    refused: (record) => refusals.add(record),
    defect: (error, requestId) =>
      log.error({ request_id: requestId, ...describeDefect(error) }, 'a request failed by a defect of the gateway'),
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
  return { gateway, counters, telemetry };
}

/** Null on a full disk; the barrier then says so to whoever asks. */
function placeIn(journal: Stores['journal']) {
  try {
    return journal.position();
  } catch {
    return null;
  }
}
