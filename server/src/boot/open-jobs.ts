import type { JobDesk } from '../admin/http/deps.ts';
import type { HeldReport } from '../counters/counters.ts';
import { noMailer } from '../identity/mail/mailer.ts';
import { createSmtpMailer } from '../identity/mail/smtp-mailer.ts';
import { accountOriginsJob } from '../jobs/account-origins.ts';
import { createAnnouncer } from '../jobs/alerts/announce.ts';
import { deliver } from '../jobs/alerts/deliver.ts';
import { createBudgetWatch } from '../jobs/alerts/watch-budgets.ts';
import { bindContentKeysJob } from '../jobs/bind-content-keys.ts';
import { bindKeysJob } from '../jobs/bind-keys.ts';
import { credentialJob } from '../jobs/check-credentials.ts';
import { closeAuditChainsJob } from '../jobs/close-audit-chains.ts';
import { fillJob, foldJob, foldProofJob } from '../jobs/fold.ts';
import type { Job } from '../jobs/job.ts';
import { proofJob, repairJob } from '../jobs/proof.ts';
import type { CountersHeld } from '../jobs/prove-counters.ts';
import { keepReadings, NO_READINGS } from '../jobs/readings.ts';
import { priceJob } from '../jobs/refresh-prices.ts';
import { partitionsJob, retentionJob } from '../jobs/retention.ts';
import { type Runner, startRunner } from '../jobs/runner.ts';
import { keepStandings } from '../jobs/standings.ts';
import { requeueJob, sweepJob } from '../jobs/sweep.ts';
import { unownedTokensJob } from '../jobs/unowned-tokens.ts';
import type { Logger } from '../lib/log.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import type { JobReadings } from '../observe/job-metrics.ts';
import { listUpstreamModels } from '../providers/credential-check.ts';
import { priceFor } from '../providers/price-table.ts';
import type { Provider } from '../providers/provider.ts';
import { BadSetting } from '../settings/bad-setting.ts';
import type { Config } from '../settings/config.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { type AddressPolicy, checkWebhookUrl, createAddressPolicy } from '../upstream/address-policy.ts';
import { createWebhookPost } from '../upstream/webhook-post.ts';
import type { OpenGateway } from './open-gateway.ts';
import type { Stores } from './open-stores.ts';

/** What runs by itself beside the requests. */
export interface OpenJobs {
  /** What the admin plane may ask of it. */
  readonly desk: JobDesk;
  /** For metrics: kept in memory, so that reading them asks nobody. */
  readings(): JobReadings;
  stop(): Promise<void>;
}

/** Proofs and reports of everything take longer than a request may. */
const STATEMENT_MS_MAX = 600_000;
const CONNECTIONS_MAX = 4;

/**
 * Starts the jobs, and what keeps standings and watches budgets. They begin beside the requests: nobody waits for them. A data process runs
 * none, and of the workers on one host the first runs them.
 */
export function openJobs(
  config: Config,
  stores: Stores,
  gateway: OpenGateway,
  providers: readonly Provider[],
  log: Logger,
): OpenJobs {
  const policy = webhookPolicyOf(config);
  if (config.role === 'data') return noJobs('this process serves the data plane alone', policy);
  if (config.worker > 1) return noJobs('another worker of this host runs them', policy);
  return startJobs(config, stores, gateway, providers, policy, log);
}

function startJobs(
  config: Config,
  stores: Stores,
  opened: OpenGateway,
  providers: readonly Provider[],
  policy: AddressPolicy,
  log: Logger,
): OpenJobs {
  const { installation, masterKey, writer, audit } = stores;
  const { counters, shared } = opened;
  const database = ownConnections(config, stores, log);
  const poster = createWebhookPost({ policy, clock });
  const mailer = config.smtp === null ? noMailer : createSmtpMailer(config.smtp);
  const byName = new Map(providers.map((provider) => [provider.name, provider]));
  const enqueue = (tx: Database, ids: readonly string[]) => runner.enqueue(tx, ids);
  const announcer = createAnnouncer({ enqueue, mails: mailer.configured });
  const held: CountersHeld =
    shared === null ? { are: 'ours', barrier: (work, msMax) => writer.barrier(work, msMax) } : { are: 'shared' };
  const jobs: readonly Job[] = [
    proofJob({
      counters,
      held,
      holds: () => holdsOf(opened),
      compareHeld: shared === null ? null : (specs) => shared.compareHeld(specs),
      announcer,
      repair: () => runner.runNow('rollup-repair', 'proof'),
    }),
    repairJob({ logDaysMax: config.requestLogDaysMax }),
    foldJob(),
    fillJob(),
    foldProofJob(),
    retentionJob({ logDaysMax: config.requestLogDaysMax }),
    partitionsJob(),
    sweepJob(),
    accountOriginsJob(),
    requeueJob(enqueue),
    closeAuditChainsJob({ audit }),
    credentialJob({
      listModels: (credential) => listUpstreamModels(byName.get(credential.provider) as Provider, credential),
      key: installation.credentials,
      announcer,
    }),
    priceJob({ priceFor, announcer }),
    unownedTokensJob((facts, message) => log.warn(facts, message)),
    bindKeysJob({ key: installation.credentials }),
    bindContentKeysJob({ wrappers: { master: masterKey, installation: installation.content } }),
  ];
  const delivering = {
    db: database.db,
    clock,
    post: poster.send,
    mailer,
    key: installation.credentials,
    publicUrl: config.publicUrl,
  };
  const runner: Runner = startRunner({
    database,
    clock,
    jobs,
    deliver: (id) => deliver(delivering, id),
    onTrouble: (error) => log.warn({ reason: error.message }, 'jobs have to wait'),
    onFailed: (job, error) => log.error({ job, err: error }, 'a job failed'),
    warn: (facts, message) => log.warn(facts, message),
  });
  const watch = createBudgetWatch();
  const standings = keepStandings({
    db: stores.database.db,
    counters,
    clock,
    alsoLook: (organizations, nowMs) => watch({ db: stores.database.db, counters, announcer, nowMs }, organizations),
    onFailure: (error) => log.warn({ reason: error.message }, 'standings of organizations have to wait'),
  });
  const readings = keepReadings({ db: database.db, clock, jobs: jobs.map(({ name }) => name) });
  return {
    desk: deskOf(runner, jobs, policy),
    readings: readings.read,
    stop: async () => {
      readings.stop();
      await standings.stop();
      await runner.stop();
      await poster.close();
      if (database !== stores.database) await database.close();
    },
  };
}

/** Of all replicas where they count together. */
function holdsOf({ gateway, counters, shared }: OpenGateway): HeldReport | Promise<HeldReport> {
  if (shared !== null) return shared.held();
  const traffic = gateway.traffic.read();
  const [held, inFlight] = [counters.inFlight(), traffic.inFlight + traffic.releasing];
  return { held, inFlight, difference: Math.abs(held - inFlight) };
}

function noJobs(why: string, policy: AddressPolicy): OpenJobs {
  const desk: JobDesk = {
    jobs: [],
    trouble: () => why,
    nextRunAt: () => null,
    runNow: () => Promise.reject(new Error(why)),
    // Whoever runs the jobs finds them.
    enqueueDeliveries: async () => {},
    checkWebhookUrl: (url) => checkWebhookUrl(url, policy),
  };
  return { desk, readings: () => NO_READINGS, stop: async () => {} };
}

function deskOf(runner: Runner, jobs: readonly Job[], policy: AddressPolicy): JobDesk {
  return {
    jobs: jobs.map(({ name, about, cron }) => ({ name, about, schedule: cron })),
    trouble: runner.trouble,
    nextRunAt: runner.nextRunAt,
    runNow: runner.runNow,
    enqueueDeliveries: runner.enqueue,
    checkWebhookUrl: (url) => checkWebhookUrl(url, policy),
  };
}

/** Tenants give these addresses, so the public rule holds in development too: what listens on loopback there is not theirs to call. */
function webhookPolicyOf({ allowedWebhooks }: Config): AddressPolicy {
  const setting = 'HEADGATE_ALLOWED_WEBHOOKS';
  const policy = createAddressPolicy({ mode: 'production', allowedUpstreams: allowedWebhooks.join(','), setting });
  if ('problem' in policy) throw new BadSetting(`${setting}: ${policy.problem}.`);
  return policy;
}

/** On a server the jobs have a few connections of their own, with patience; the embedded database has one for everybody. */
function ownConnections({ databaseUrl }: Config, { database }: Stores, log: Logger) {
  if (databaseUrl === null) return database;
  return openDatabase({
    url: databaseUrl,
    connectionsMax: CONNECTIONS_MAX,
    statementTimeoutMs: STATEMENT_MS_MAX,
    onConnectionError: (error) => log.debug({ reason: error.message }, 'a connection of the jobs was lost'),
  });
}
