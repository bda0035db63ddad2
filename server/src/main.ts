/** Reads the settings, wires the rooms, listens. The only file that knows everything. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type AdminApp, createAdminApp } from './admin/http/app.ts';
import type { AdminDeps } from './admin/http/deps.ts';
import { identityOptions } from './admin/session/identity-options.ts';
import { bindStoredKeys } from './boot/bind-stored-keys.ts';
import { keepCurrent } from './boot/keep-current.ts';
import { type OpenGateway, openGateway } from './boot/open-gateway.ts';
import { type OpenJobs, openJobs } from './boot/open-jobs.ts';
import { openStores, type Stores } from './boot/open-stores.ts';
import { type Behind, type Port, takePort } from './boot/port.ts';
import { processFactsOf } from './boot/process-facts.ts';
import { programVersion } from './boot/program-version.ts';
import { tellPassedOver } from './boot/tell-passed-over.ts';
import { startsWorkers, superviseWorkers, workerConfig } from './boot/workers.ts';
import { serverCommandOf } from './cli/commands.ts';
import { runCommand } from './cli/run-command.ts';
import { BadSeedFlag, runSeed, seedFlags } from './cli/seed.ts';
import { keepConfiguredToken, welcome } from './cli/welcome.ts';
import { UnusableRedis } from './counters/shared/redis-link.ts';
import { isLocalReader } from './http/local-reader.ts';
import type { Listening } from './http/open-listener.ts';
import type { GatewayRequest, Reply } from './http/request-reply.ts';
import { openIdentity } from './identity/identity.ts';
import { noMailer } from './identity/mail/mailer.ts';
import { createSmtpMailer } from './identity/mail/smtp-mailer.ts';
import { JournalUnusable } from './ledger/journal.ts';
import { addressList } from './lib/address/address-list.ts';
import { ANSWERED } from './lib/buffered-bytes.ts';
import { DirectoryInUse } from './lib/directory-lock.ts';
import { requestId } from './lib/id.ts';
import { createLogger, type Logger } from './lib/log.ts';
import { equalInConstantTime } from './lib/secrets.ts';
import { strictTransportOf } from './lib/strict-transport.ts';
import { atMost } from './lib/timing/at-most.ts';
import { systemClock as clock } from './lib/timing/clock.ts';
import { createTimerWheel } from './lib/timing/timer-wheel.ts';
import { type MetricsSources, metricsAsJson, renderMetrics } from './observe/metrics.ts';
import { metricsOfAll } from './observe/worker-metrics.ts';
import { loadConsole } from './ops/console-files.ts';
import { type Operations, serveOperations } from './ops/operations.ts';
import { servePlayground } from './ops/playground.ts';
import { createAnthropicProvider } from './providers/anthropic/anthropic-provider.ts';
import { checkDeployment, listUpstreamModels } from './providers/credential-check.ts';
import { createFakeProvider } from './providers/fake/fake-provider.ts';
import { createOpenAiProvider } from './providers/openai/openai-provider.ts';
import { PRICE_LIST_EDITION, priceFor } from './providers/price-table.ts';
import type { Provider } from './providers/provider.ts';
import { serveDataPlane } from './proxy/data-plane.ts';
import { judgeHead } from './proxy/head.ts';
import { BadSetting } from './settings/bad-setting.ts';
import { type Config, readConfig } from './settings/config.ts';
import { UnusableDataDirectory } from './settings/data-directory.ts';
import { connectionsOf } from './store/database.ts';
import { StoreUnavailable } from './store/errors.ts';
import { UnusableDatabase } from './store/installation/embedded.ts';
import { WrongMasterKey } from './store/installation/installation.ts';
import { CountsElsewhere, LeaseHeld } from './store/installation/lease.ts';
import { NewerSchema } from './store/installation/migrate.ts';
import { AlreadySeeded } from './store/installation/seed.ts';
import { type AddressPolicy, checkBaseUrl, createAddressPolicy, isPlainOnNetwork } from './upstream/address-policy.ts';
import { createTransport } from './upstream/transport.ts';

const IMPATIENT_AFTER_MS = 1_000;
const FLUSH_MS_MAX = 10_000;
const STOP_MS_MAX = 10_000;
const CLOSE_MS_MAX = 25_000;
/** For an error in a stream to reach its client. */
const LAST_WORDS_MS = 500;
const LOOK_MS = 20;

async function main(argv: readonly string[]): Promise<void> {
  const command = serverCommandOf(argv);
  if (command === null) {
    process.exitCode = await runCommand(argv);
    return;
  }
  const flags = argv.slice(1);
  if (command === 'seed') return seed(flags);
  const config = readConfig(process.env, flags);
  const log = createLogger(config.log);
  if (startsWorkers(config)) process.exitCode = await superviseWorkers(config, log);
  else await serve(workerConfig(config, process.env), log);
}

/** Makes load-size data in the database that the settings name. */
async function seed(flags: readonly string[]): Promise<void> {
  const { size, rest } = seedFlags(flags, clock.nowMs());
  const config = readConfig(process.env, rest);
  const stores = await openStores(config, createLogger(config.log));
  try {
    const print = (line: string) => process.stdout.write(`${line}\n`);
    await runSeed({ database: stores.database, pepper: stores.installation.pepper, audit: stores.audit }, size, {
      dataDir: config.dataDir,
      print,
    });
  } finally {
    await stores.close();
  }
}

async function serve(config: Config, log: Logger): Promise<void> {
  const policy = policyOf(config);
  const port = await takePort(config);
  const stores = await openStores(config, log);
  try {
    await serveFrom(port, stores, policy, config, log);
  } catch (error) {
    await stores.close().catch(() => {}); // What failed must not leave a lock or lease behind.
    throw error;
  }
}

async function serveFrom(port: Port, stores: Stores, policy: AddressPolicy, config: Config, log: Logger): Promise<void> {
  if (config.role !== 'data') await keepConfiguredToken(stores.database.db, stores.installation, config);
  await bindStoredKeys(stores, log);
  const wheel = createTimerWheel();
  const transport = createTransport({ policy, wheel, client: config.fastLane === 'on' ? 'plain' : 'full' });
  const providers = [createOpenAiProvider({ transport }), createAnthropicProvider({ transport }), createFakeProvider()];
  const opened = await openGateway(config, stores, wheel, providers, log);
  const facts = processFactsOf(config, stores, opened, () => port.notReady, clock);
  const jobs = openJobs(config, stores, opened, providers, log);
  const deps = adminDepsOf(config, stores, opened, policy, providers, log);
  const admin = await createAdminApp({ ...deps, process: facts, jobs: jobs.desk, buffered: port.bodies.buffered });
  const operations = operationsOf(config, port, stores, opened, jobs, admin, () => port.notReady);
  try {
    await port.serve(behindOf(config, port, opened, admin, operations, log));
  } catch (error) {
    // Whoever runs beside would meet a database that is being closed.
    await jobs.stop();
    await opened.leave();
    throw error;
  }
  const stopKeeping = keepCurrent(config, stores, opened, log);
  if (config.worker <= 1 && config.role !== 'data') await welcome({ config, stores, log, addresses: port.addresses() });
  if (config.worker <= 1) void tellPassedOver(stores.database.db, log);
  port.notReady = null;
  onSignal(log, async () => {
    port.notReady = 'draining';
    await sleep(config.drainLeadMs);
    // A database or network that answers nothing must not keep a process that has stored what it could; the journal keeps the rest.
    await atMost(STOP_MS_MAX, Promise.all([stopKeeping(), jobs.stop()]));
    admin.endStreams();
    const cutStreams = () => {
      for (const { cutShort } of opened.gateway.traffic.inFlight()) cutShort?.();
    };
    const startedMs = clock.monotonicMs();
    await closeWithin(port.listening, config.drainMsMax, cutStreams);
    await settleUnheard(opened, config.drainMsMax - (clock.monotonicMs() - startedMs), cutStreams);
    await admin.close();
    transport.close();
    // What is settled is stored and told before this replica goes.
    await stores.writer.barrier(async () => {}, FLUSH_MS_MAX).catch(() => {});
    await atMost(STOP_MS_MAX, opened.leave());
    await atMost(CLOSE_MS_MAX, stores.close());
    await opened.telemetry?.close();
  });
}

function behindOf(
  { role }: Config,
  { bodies }: Port,
  { gateway }: OpenGateway,
  admin: AdminApp,
  operations: Operations,
  log: Logger,
): Behind {
  const isDataPlane = ({ path }: GatewayRequest) => role !== 'admin' && path.startsWith('/v1/');
  const fail = (error: unknown, reply: Reply) => {
    log.error({ err: error }, 'a page could not be served');
    reply.destroy();
  };
  const operate = (request: GatewayRequest, reply: Reply) =>
    void serveOperations(request, reply, operations).catch((error: unknown) => fail(error, reply));
  return {
    admin: role === 'data' ? refuseAdmin : admin.handle,
    serve: (request, reply) => {
      if (isDataPlane(request)) serveDataPlane(request, reply, gateway);
      else operate(request, reply);
    },
    judge: (request, reply) => {
      if (isDataPlane(request)) return judgeHead(request, reply, gateway, bodies);
      operate(request, reply);
      return ANSWERED;
    },
  };
}

/** A data process has no control plane: there is nothing at its paths. */
function refuseAdmin(_: IncomingMessage, response: ServerResponse): void {
  const problem = { type: 'about:blank', title: 'Not Found', status: 404, detail: 'This process serves the data plane alone.' };
  response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
}

function policyOf({ mode, allowedUpstreams }: Config): AddressPolicy {
  const policy = createAddressPolicy({ mode, allowedUpstreams: allowedUpstreams.join(',') });
  if ('problem' in policy) throw new BadSetting(`HEADGATE_ALLOWED_UPSTREAMS: ${policy.problem}.`);
  return policy;
}

function adminDepsOf(
  config: Config,
  { database, installation, masterKey, journal, refusals, audit }: Stores,
  { gateway, counters }: OpenGateway,
  policy: AddressPolicy,
  providers: readonly Provider[],
  log: Logger,
): Omit<AdminDeps, 'process' | 'jobs'> {
  const byName = new Map(providers.map((provider) => [provider.name, provider]));
  return {
    db: database.db,
    openSession: database.openSession,
    clock,
    counters,
    keys: {
      content: { master: masterKey, installation: installation.content },
      pepper: installation.pepper,
      otherPepper: installation.otherPepper,
      credentials: installation.credentials,
    },
    audit,
    identity: openIdentity(identityOptions(database.db, { key: installation.credentials, publicUrl: config.publicUrl, clock })),
    mailer: config.smtp === null ? noMailer : createSmtpMailer(config.smtp),
    publicUrl: config.publicUrl,
    log,
    upstream: {
      checkBaseUrl: (baseUrl) => checkBaseUrl(baseUrl, policy),
      isPlainOnNetwork: (baseUrl) => isPlainOnNetwork(baseUrl, policy),
      priceFor: (provider, upstreamModel) => priceFor(provider, upstreamModel),
      priceListEdition: PRICE_LIST_EDITION,
      checkDeployment: (deployment) => checkDeployment(byName.get(deployment.provider) as Provider, deployment, clock),
      listModels: (credential) => listUpstreamModels(byName.get(credential.provider) as Provider, credential),
    },
    playground: (call) => servePlayground(call, gateway),
    settled: journal.tail,
    recent: {
      find: (id) => journal.find(id) ?? refusals.find(id),
      findShape: (organizationId, shapeId) => journal.findShape(organizationId, shapeId),
    },
    trustedProxies: config.trustedProxies,
    configChanged: (scopes) => gateway.snapshot.apply(scopes),
  };
}

const CONSOLE = fileURLToPath(new URL('../../console/dist', import.meta.url));

function operationsOf(
  config: Config,
  { bodies: { buffered } }: Port,
  { journal, writer, database }: Stores,
  { gateway, counters, shared }: OpenGateway,
  jobs: OpenJobs,
  admin: AdminApp,
  notReady: () => string | null,
): Operations {
  const sources: MetricsSources = {
    traffic: gateway.traffic,
    snapshot: gateway.snapshot,
    version: programVersion,
    ledger: () => writer.lag(),
    coolingDeployments: () => gateway.health.cooling().length,
    counters: () => counters.size(),
    coldCounters: () => counters.cold(),
    holds: () => counters.inFlight(),
    shared: () => shared?.status() ?? null,
    journalBytes: () => journal.stats().bytes,
    journalBytesMax: config.journalBytesMax,
    journalSyncFailures: () => journal.stats().syncFailures,
    bufferedBytes: () => ({ bytes: buffered.bytes, bytesMax: buffered.bytesMax }),
    databaseConnections: () => connectionsOf(database),
    jobs: jobs.readings,
  };
  const ofAll = metricsOfAll(() => metricsAsJson(sources));
  return {
    notReady,
    coldCounters: () => counters.cold(),
    requestId,
    strictTransport: strictTransportOf(config.publicUrl),
    file: config.role === 'data' ? () => null : loadConsole(CONSOLE),
    mayReadMetrics: metricsReaders(config, admin),
    metrics: async () => (await ofAll()) ?? renderMetrics(sources),
  };
}

/** Asks the database last: metrics are read when it is away, too. */
function metricsReaders({ trustedProxies, metricsToken }: Config, admin: AdminApp): Operations['mayReadMetrics'] {
  const proxies = addressList(trustedProxies);
  return async (request) => {
    if (isLocalReader(request, proxies)) return true;
    const authorization = request.header('authorization');
    if (metricsToken !== null && equalInConstantTime(authorization ?? '', `Bearer ${metricsToken}`)) return true;
    return admin.mayReadMetrics(authorization);
  };
}

/**
 * No new connections; streams may finish. At the bound what still streams ends with an error in the stream, and what is open after that is
 * cut and settles as a hang-up.
 */
async function closeWithin(listening: Listening, ms: number, cutStreams: () => void): Promise<void> {
  const closed = new Promise<void>((resolve) => listening.server.close(() => resolve()));
  listening.drain();
  const end = setTimeout(cutStreams, ms);
  const cut = setTimeout(() => listening.cut(), ms + LAST_WORDS_MS);
  await closed;
  clearTimeout(end);
  clearTimeout(cut);
}

/**
 * Answers that are read on for clients that hung up may come to their end within the bound as well. What is left of them then is let go of, and
 * charged as one that broke.
 */
async function settleUnheard({ gateway }: OpenGateway, ms: number, cut: () => void): Promise<void> {
  const isSettled = () => gateway.traffic.inFlight().length === 0;
  await untilOrAtMost(isSettled, ms);
  cut();
  await untilOrAtMost(isSettled, LAST_WORDS_MS);
}

async function untilOrAtMost(is: () => boolean, ms: number): Promise<void> {
  const endMs = clock.monotonicMs() + ms;
  while (!is() && clock.monotonicMs() < endMs) await sleep(LOOK_MS);
}

/** The first signal drains, a second one does not wait. */
function onSignal(log: Logger, stop: () => Promise<void>): void {
  let stoppingSinceMs: number | null = null;
  const onStop = (signal: NodeJS.Signals) => {
    // `npm start` passes on what the terminal already sent to all, so only a later signal means: at once.
    if (stoppingSinceMs !== null && clock.nowMs() - stoppingSinceMs > IMPATIENT_AFTER_MS) process.exit(130);
    if (stoppingSinceMs !== null) return;
    stoppingSinceMs = clock.nowMs();
    log.info(`${signal}: no new requests; what is in flight may finish`);
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed; the journal keeps what was not stored');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onStop);
  process.on('SIGINT', onStop);
}

/** What an operator can mend is one line; anything else is a defect and shows where. */
const OPERATORS = [
  AlreadySeeded,
  BadSeedFlag,
  BadSetting,
  UnusableDataDirectory,
  UnusableDatabase,
  DirectoryInUse,
  JournalUnusable,
  CountsElsewhere,
  LeaseHeld,
  NewerSchema,
  WrongMasterKey,
  StoreUnavailable,
  UnusableRedis,
];

main(process.argv.slice(2)).catch((error: unknown) => {
  const isOperators = OPERATORS.some((kind) => error instanceof kind);
  process.stderr.write(`headgate: ${isOperators ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`);
  process.exit(1);
});
