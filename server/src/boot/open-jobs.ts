import type { JobDesk } from '../admin/http/deps.ts';
import { noMailer } from '../identity/mail/mailer.ts';
import { createSmtpMailer } from '../identity/mail/smtp-mailer.ts';
import { createAnnouncer } from '../jobs/alerts/announce.ts';
import { deliver } from '../jobs/alerts/deliver.ts';
import { createBudgetWatch } from '../jobs/alerts/watch-budgets.ts';
import type { ApplyDirectoryRoles } from '../jobs/directory-roles.ts';
import type { MetadataReader } from '../jobs/identity/saml-metadata.ts';
import type { Job } from '../jobs/job.ts';
import { keepReadings, NO_READINGS } from '../jobs/readings.ts';
import { type Runner, startRunner } from '../jobs/runner.ts';
import type { SendScheduledMail } from '../jobs/scheduled-mail.ts';
import { keepStandings } from '../jobs/standings.ts';
import type { Logger } from '../lib/log.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import type { JobReadings } from '../observe/job-metrics.ts';
import { BadSetting } from '../settings/bad-setting.ts';
import type { Config } from '../settings/config.ts';
import { JOB_CONNECTIONS_MAX } from '../settings/connection-budget.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { type AddressPolicy, checkWebhookUrl, createAddressPolicy } from '../upstream/address-policy.ts';
import { createWebhookPost } from '../upstream/webhook-post.ts';
import { jobsFor } from './jobs-for.ts';
import type { OpenGateway } from './open-gateway.ts';
import type { OpenProviders } from './open-providers.ts';
import type { Stores } from './open-stores.ts';

/** The background work of a process. */
export interface OpenJobs {
  /** The job functions for the admin plane. */
  readonly desk: JobDesk;
  /** Returns figures for metrics. They are kept in memory, so reading them needs no query. */
  readings(): JobReadings;
  stop(): Promise<void>;
}

/** The work of jobs that the admin plane does, and what they share with it. */
export interface AdminWork {
  readonly sendScheduledMail: SendScheduledMail;
  readonly applyDirectoryRoles: ApplyDirectoryRoles;
  readonly metadata: MetadataReader;
}

/** Proofs and reports over all data take longer than a request's statements may. */
const STATEMENT_MS_MAX = 600_000;

/** Starts jobs, standings and the budget watch in the background; not in a data process, and in a host's first worker only. */
export function openJobs(
  config: Config,
  stores: Stores,
  gateway: OpenGateway,
  providers: OpenProviders,
  log: Logger,
  work: AdminWork,
): OpenJobs {
  const policy = webhookPolicyOf(config);
  if (config.role === 'data') return noJobs('it serves only the data plane (HEADGATE_ROLE=data)', policy);
  if (config.worker > 1) return noJobs('another worker process of this host runs them', policy);
  return startJobs(config, stores, gateway, providers, { policy, work }, log);
}

function startJobs(
  config: Config,
  stores: Stores,
  opened: OpenGateway,
  providers: OpenProviders,
  { policy, work }: { readonly policy: AddressPolicy; readonly work: AdminWork },
  log: Logger,
): OpenJobs {
  const { counters } = opened;
  const database = ownConnections(config, stores, log);
  const poster = createWebhookPost({ policy, clock });
  const mailer = config.smtp === null ? noMailer : createSmtpMailer(config.smtp);
  const enqueue = (tx: Database, ids: readonly string[]) => runner.enqueue(tx, ids);
  const announcer = createAnnouncer({ enqueue, mails: mailer.configured });
  const repair = () => runner.runNow('rollup-repair', 'proof');
  const effects = { announcer, enqueue, ...work, repair, mailer };
  const jobs = jobsFor(config, stores, opened, providers, effects, log);
  const delivering = {
    db: database.db,
    clock,
    post: poster.send,
    mailer,
    key: stores.installation.credentials,
    publicUrl: config.publicUrl,
  };
  const runner: Runner = startRunner({
    database,
    clock,
    jobs,
    deliver: (id) => deliver(delivering, id),
    onTrouble: (error) => log.warn({ reason: error.message }, 'jobs: they cannot run now and are tried again'),
    onFailed: (job, error) => log.error({ job, err: error }, 'jobs: a job failed'),
    warn: (facts, message) => log.warn(facts, message),
  });
  const watch = createBudgetWatch();
  const standings = keepStandings({
    db: stores.database.db,
    counters,
    clock,
    alsoLook: (organizations, nowMs) => watch({ db: stores.database.db, counters, announcer, nowMs }, organizations),
    onFailure: (error) =>
      log.warn({ reason: error.message }, 'jobs: the standings of organizations could not be updated; they are tried again'),
  });
  const readings = keepReadings({ db: database.db, clock, jobs });
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

function noJobs(why: string, policy: AddressPolicy): OpenJobs {
  const desk: JobDesk = {
    jobs: [],
    trouble: () => why,
    nextRunAt: () => null,
    queue: () => Promise.reject(new Error(why)),
    wake: () => {},
    // The process that runs the jobs finds them.
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
    queue: runner.queue,
    wake: runner.wake,
    enqueueDeliveries: runner.enqueue,
    checkWebhookUrl: (url) => checkWebhookUrl(url, policy),
  };
}

/** Tenants enter these addresses, so production rules hold in development too: loopback services are not theirs to call. */
function webhookPolicyOf({ allowedWebhooks }: Config): AddressPolicy {
  const setting = 'HEADGATE_ALLOWED_WEBHOOKS';
  const policy = createAddressPolicy({ mode: 'production', allowedUpstreams: allowedWebhooks.join(','), setting });
  if ('problem' in policy) throw new BadSetting(`${setting}: ${policy.problem}.`);
  return policy;
}

/** Opens a few connections for the jobs alone, with a long timeout. The embedded database has one connection for everything. */
function ownConnections({ databaseUrl }: Config, { database }: Stores, log: Logger) {
  if (databaseUrl === null) return database;
  return openDatabase({
    url: databaseUrl,
    pooledSettings: database.pooledSettings,
    connectionsMax: JOB_CONNECTIONS_MAX,
    statementTimeoutMs: STATEMENT_MS_MAX,
    onConnectionError: (error) =>
      log.debug({ reason: error.message }, 'jobs: a database connection was lost and is opened again'),
  });
}
