import type { Counters } from '../counters/counters.ts';
import { FILES_MAX } from '../domain/tenancy/files.ts';
import { clientAddressOf } from '../http/local-reader.ts';
import { networkOf } from '../identity/network.ts';
import { createThrottle } from '../identity/throttle.ts';
import { addressList } from '../lib/address/address-list.ts';
import { requestId } from '../lib/id.ts';
import { type Logger, tellDefect } from '../lib/log.ts';
import { createPseudonyms, PROMPT_CACHE_KEYS } from '../lib/pseudonyms.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import { nowAndThen } from '../lib/timing/now-and-then.ts';
import type { TimerWheel } from '../lib/timing/timer-wheel.ts';
import { createRequestLines } from '../observe/request-lines.ts';
import type { Telemetry } from '../observe/telemetry.ts';
import { createTraffic, type Traffic } from '../observe/traffic.ts';
import type { BatchesState } from '../proxy/batches/batches-state.ts';
import { LargeBodies } from '../proxy/bodies/large-bodies.ts';
import { createAnswerCache } from '../proxy/cache/answer-cache.ts';
import { createCacheSealer, createContentOpener, createContentSealer } from '../proxy/content/content-sealer.ts';
import { createDecisionLookup } from '../proxy/decisions/decision-lookup.ts';
import { createDeploymentHealth } from '../proxy/deployments/health.ts';
import { createDeploymentLoad } from '../proxy/deployments/load.ts';
import { createDeploymentMeasures } from '../proxy/deployments/measures.ts';
import { createDeploymentPace } from '../proxy/deployments/pace.ts';
import { createSecretChoice } from '../proxy/deployments/secret-choice.ts';
import { createFileStore } from '../proxy/files/file-store.ts';
import type { DecisionLookup, Gateway } from '../proxy/gateway.ts';
import { stopCopies } from '../proxy/mirror/copy-state.ts';
import { createAgentEndpoints } from '../proxy/oauth/agent-endpoints.ts';
import { type ExchangeParts, exchangeGrants } from '../proxy/oauth/exchange-grant.ts';
import type { Grants } from '../proxy/oauth/token-endpoint.ts';
import { type ConversationStore, createConversationsState } from '../proxy/responses/conversations-state.ts';
import { createResponsesState } from '../proxy/responses/responses-state.ts';
import { restoreRecent } from '../proxy/snapshot/restore.ts';
import { type ConfigChange, openSnapshot, type Snapshot } from '../proxy/snapshot/snapshot.ts';
import type { Config } from '../settings/config.ts';
import { ownAmong } from '../store/catalogue/owners.ts';
import * as stored from '../store/configuration/config.ts';
import type { Database } from '../store/database.ts';
import * as conversations from '../store/responses/conversations.ts';
import * as storedResponses from '../store/responses/stored-responses.ts';
import { UnusableCredential } from '../store/sealing/stored-credential.ts';
import * as requestLog from '../store/usage/request-log.ts';
import * as usage from '../store/usage/usage.ts';
import { configFrom } from './config-source.ts';
import { openBatches } from './open-batches.ts';
import { type OpenCounters, openCounters, type ProcessCounters } from './open-counters.ts';
import { copyWriterFor, mirrorsFor } from './open-mirrors.ts';
import type { OpenProviders } from './open-providers.ts';
import type { Stores } from './open-stores.ts';
import { workloadsFor } from './open-workloads.ts';
import { telemetryFor } from './telemetry-for.ts';

/** The parts of the data plane that other parts use as well. */
export interface OpenGateway {
  readonly gateway: Gateway & { readonly workloads: ExchangeParts };
  readonly counters: ProcessCounters;
  /** Null if this process counts alone. */
  readonly shared: OpenCounters['shared'];
  readonly redisMemory: OpenCounters['redisMemory'];
  readonly batches: BatchesState;
  /** Tells other replicas that this process stops. */
  leave(): Promise<void>;
  /** Null if no collector is set. */
  readonly telemetry: Telemetry | null;
}

const KEYS_MAX = 100_000;
const HOUR_MS = 3_600_000;
const ATTEMPTS_MAX = 6;
const CONTENT_BYTES_MAX = 1024 * 1024;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const DAY_MS = 86_400_000;

/** Connects the parts of the data plane, and counts the last hour's requests again before it admits any. */
export async function openGateway(
  config: Config,
  stores: Stores,
  wheel: TimerWheel,
  providers: OpenProviders,
  log: Logger,
): Promise<OpenGateway> {
  const opened = await openCounters(config, stores, log);
  const { counters } = opened;
  const traffic = createTraffic({ organizationsMax: config.metricsOrganizationsMax });
  traffic.estimated('crash', stores.journal.replayed.estimated);
  const snapshot = await snapshotFor(config, stores, { counters, traffic, presets: providers.shipped }, log);
  const telemetry = await telemetryFor(config, log);
  const largeBodies = new LargeBodies();
  const parts = { snapshot, counters, traffic, tracing: telemetry?.tracing ?? null, largeBodies };
  const copies = copyWriterFor(stores, wheel, log);
  const gateway = gatewayOf(config, stores, { ...parts, mirrors: mirrorsFor(copies) }, wheel, providers, log);
  const batches = openBatches(config, stores, gateway, log);
  gateway.batches = batches;
  await opened.begin({
    groupsOf: (calledName) => snapshot.catalogue().targets.get(calledName)?.accessGroups ?? NO_GROUPS,
    inFlight: () => [...gateway.traffic.inFlight().map(({ hold }) => hold), ...batches.holds()],
    batchesHeld: () => batches.driver.heldAgain(),
    restore: (into) => countLastHour(stores, gateway, into, log),
  });
  await warmUp(snapshot);
  const leave = async () => {
    await batches.driver.close();
    stopCopies(gateway.mirrors);
    await copies.close().catch(() => {});
    await largeBodies.close();
    await gateway.responses.close();
    await gateway.conversations.close();
    await opened.stop();
  };
  return { gateway, counters, batches, shared: opened.shared, redisMemory: opened.redisMemory, leave, telemetry };
}

/** Opens the snapshot of the stored configuration. Its changes reach the counters. */
function snapshotFor(
  config: Config,
  { database: { db }, installation }: Stores,
  { counters, traffic, presets }: { counters: Counters; traffic: Traffic; presets: OpenProviders['shipped'] },
  log: Logger,
): Promise<Snapshot> {
  const source = configFrom(db, installation, {
    ambientClouds: new Set(config.ambientCredentials),
    clock,
    presets,
    onUnreadable: (what, id, error) =>
      log.error(
        { [`${what}_id`]: id, ...(error instanceof UnusableCredential ? { why: error.message } : { err: error }) },
        `configuration: a stored ${what} cannot be read; deployments that need it are out of service or unpriced`,
      ),
  });
  return openSnapshot({
    source,
    clock,
    keysMax: KEYS_MAX,
    forget: (added, change) => tellCounters(async () => counters.forget(added, change), log),
    unreadable: createUnreadable(log),
    recount: (changed) => tellCounters(async () => counters.recount(changed), log),
    inFlight: () => traffic.inFlight(),
  });
}

/** Collects what the handling of requests needs, from the parts that are open and from the stores. */
function gatewayOf(
  config: Config,
  stores: Stores,
  parts: Pick<Gateway, 'snapshot' | 'counters' | 'traffic' | 'tracing' | 'largeBodies' | 'mirrors'>,
  wheel: TimerWheel,
  providers: OpenProviders,
  log: Logger,
): OpenGateway['gateway'] {
  const { installation, journal, refusals, masterKey } = stores;
  const workloads = workloadsFor(config, stores, wheel);
  return {
    clock,
    snapshot: parts.snapshot,
    counters: parts.counters,
    journal,
    providers,
    health: createDeploymentHealth(clock),
    secrets: createSecretChoice(clock, (credential_id, secret) =>
      log.warn({ credential_id, secret }, 'credentials: a provider refuses one of two secrets, and the other one is used'),
    ),
    load: createDeploymentLoad(clock),
    measures: createDeploymentMeasures(clock),
    pace: createDeploymentPace(),
    traffic: parts.traffic,
    tracing: parts.tracing,
    lines: createRequestLines({ log, clock }),
    largeBodies: parts.largeBodies,
    decisions: decisionsOf(stores),
    sealContent: createContentSealer({ master: masterKey, installation: installation.content }),
    answerCache: createAnswerCache({
      clock,
      bytesMax: config.cacheBytesMax,
      ...createCacheSealer({ master: masterKey, installation: installation.content }),
    }),
    pseudonym: createPseudonyms(installation.content),
    mirrors: parts.mirrors,
    promptCacheKey: createPseudonyms(installation.content, PROMPT_CACHE_KEYS),
    ...responsesOf(stores, log),
    files: filesOf(config, stores),
    workloads,
    batches: null,
    agents: agentsOf(config, stores, parts.snapshot, exchangeGrants(workloads)),
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
}

/** Returns the look-up of decisions: in the journal and the refusals while they are recent, then in the request log. */
function decisionsOf({ database: { db }, journal, refusals }: Stores): DecisionLookup {
  return createDecisionLookup({
    inMemory: (id) => journal.find(id) ?? refusals.find(id),
    shapeInMemory: (organizationId, shapeId) => journal.findShape(organizationId, shapeId),
    inStore: (organizationId, id) => requestLog.findDecision(db, { organizationId, requestId: id }),
    ownAmong: (ids) => ownAmong(db, ids),
    shapeInStore: (organizationId, shapeId) => requestLog.findShape(db, { organizationId, shapeId }),
  });
}

/** Returns the stored state of the Responses API. What is lost is logged, at most once a minute for each outcome. */
function responsesOf(
  { database: { db }, installation, masterKey }: Stores,
  log: Logger,
): Pick<Gateway, 'responses' | 'conversations'> {
  const wrappers = { master: masterKey, installation: installation.content };
  const isDue = nowAndThen(LOST_EVERY_MS, clock);
  const shared = {
    clock,
    seal: createContentSealer(wrappers),
    open: createContentOpener(wrappers),
    onLost: (facts: Readonly<Record<string, unknown>>) => {
      const leftOut = isDue(String(facts.outcome));
      if (leftOut !== null)
        log.warn({ ...facts, left_out: leftOut }, 'responses: an answer could not be stored, so it cannot be continued or read');
    },
  };
  const responses = createResponsesState({
    ...shared,
    store: {
      insert: (rows) => storedResponses.insert(db, rows),
      end: (row) => storedResponses.end(db, row),
      renew: (addresses, until) => storedResponses.renew(db, addresses, until),
      cancel: (address, at) => storedResponses.cancel(db, address, at),
      find: (address, at) => storedResponses.find(db, address, at),
      findChain: (address, at, bounds) => storedResponses.findChain(db, address, at, bounds),
      remove: (address) => storedResponses.remove(db, address),
    },
  });
  return { responses, conversations: createConversationsState({ ...shared, store: conversationStore(db) }) };
}

/** Returns the store of files, with the seals of organizations' content keys. */
function filesOf({ filesBytesMax, fileDays }: Config, { database: { db }, installation, masterKey }: Stores): Gateway['files'] {
  const wrappers = { master: masterKey, installation: installation.content };
  const seals = { seal: createContentSealer(wrappers), open: createContentOpener(wrappers) };
  return createFileStore({ db, clock, ...seals, filesMax: FILES_MAX, bytesMax: filesBytesMax, keptMs: fileDays * DAY_MS });
}

/** Wrong codes and tokens of one address: the first 20 are free, then each waits longer. */
const WRONG_TOKENS = { freeFailures: 20, waitMsMax: 60_000 };

/** Returns the endpoints for programs that log in. */
function agentsOf(
  { publicUrl, trustedProxies }: Config,
  { database, installation, audit }: Stores,
  snapshot: Snapshot,
  more: Grants,
) {
  const { pepper, otherPepper, content } = installation;
  const wrong = createThrottle(() => clock.nowMs(), WRONG_TOKENS);
  const parts = {
    guesses: { waitMs: (ip: string) => wrong.waitMs(networkOf(ip)), wrong: (ip: string) => wrong.failed(networkOf(ip)) },
    networkOf,
    db: database.db,
    clock,
    keys: { pepper, otherPepper },
    successorKey: content,
    audit,
    apply: (change: ConfigChange) => snapshot.apply(change),
  };
  const proxies = addressList(trustedProxies);
  return createAgentEndpoints(parts, { publicUrl, addressOf: (request) => clientAddressOf(request, proxies), more });
}

function conversationStore(db: Database): ConversationStore {
  return {
    create: (row, items) => conversations.create(db, row, items),
    useOf: (organizationId) => conversations.useOf(db, organizationId),
    find: (address, at) => conversations.find(db, address, at),
    itemsOf: (address) => conversations.itemsOf(db, address),
    setMetadata: (address, sealed) => conversations.setMetadata(db, address, sealed),
    add: (address, addition) => conversations.add(db, address, addition),
    removeItem: (address, itemId) => conversations.removeItem(db, address, itemId),
    remove: (address) => conversations.remove(db, address),
  };
}

const LOST_EVERY_MS = 60_000;

/** Logs each unreadable configuration at most once in ten minutes, because every poll finds it again. */
function createUnreadable(log: Logger): (id: string, error: unknown) => void {
  const isDue = nowAndThen(UNREADABLE_EVERY_MS, clock);
  return (id, error) => {
    if (isDue(id) !== null)
      log.error(
        { id, err: error },
        'configuration: the stored configuration of this id cannot be read; its requests are refused or use the previous one',
      );
  };
}

const UNREADABLE_EVERY_MS = 600_000;

/** Tells the counters about a configuration change. On failure the change is live anyway; the proof corrects the counters. */
function tellCounters(tell: () => Promise<void>, log: Logger): void {
  tell().catch((error: unknown) =>
    log.error({ err: error }, 'counters: a change of the configuration could not be applied; the proof job corrects them'),
  );
}

/** The number of key lookups before the start. If the database is down, they fail and the start continues. */
const LOOKUPS = 4;

/** Opens connections and runs the code path once, so that the first requests do not wait for a cold start. */
async function warmUp(snapshot: Snapshot): Promise<void> {
  await Promise.allSettled(Array.from({ length: LOOKUPS }, (_, index) => snapshot.keyBySecret(`nobody's ${index}`)));
}

const NO_GROUPS: ReadonlySet<string> = new Set();

/** Counts the last hour's requests again, so that a restart of this process or of Redis does not reset anyone's limits. */
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
  if (keys > 0) log.info({ keys }, 'counters: they were rebuilt from the requests of the last hour');
  if (examples.length > 0)
    log.error(
      { ...skipped, examples },
      'counters: stored requests that cannot be read were left out; the proof job corrects the counters from the ledger',
    );
}
