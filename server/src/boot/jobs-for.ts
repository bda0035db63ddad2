/** Every job of this version, with what it needs of the process. */
import type { HeldReport } from '../counters/counters.ts';
import type { Mailer } from '../identity/mail/mailer.ts';
import { accountOriginsJob } from '../jobs/account-origins.ts';
import type { Announcer, Enqueue } from '../jobs/alerts/announce.ts';
import { alertRulesJob } from '../jobs/alerts/watch-rules.ts';
import { bindContentKeysJob } from '../jobs/bind-content-keys.ts';
import { bindKeysJob } from '../jobs/bind-keys.ts';
import { credentialJob } from '../jobs/check-credentials.ts';
import { closeAuditChainsJob } from '../jobs/close-audit-chains.ts';
import { type ApplyDirectoryRoles, directoryRolesJob } from '../jobs/directory-roles.ts';
import { directoryTakeoversJob } from '../jobs/directory-takeovers.ts';
import { endLoginsJob } from '../jobs/end-logins.ts';
import { fillJob, foldJob, foldProofJob } from '../jobs/fold.ts';
import { certificateExpiryJob } from '../jobs/identity/certificate-expiry.ts';
import { domainJob } from '../jobs/identity/check-domains.ts';
import { type MetadataReader, samlMetadataJob } from '../jobs/identity/saml-metadata.ts';
import type { Job } from '../jobs/job.ts';
import { lateIndexesJob } from '../jobs/late-indexes.ts';
import { archiveJob } from '../jobs/months/archive.ts';
import { dropFilesJob } from '../jobs/months/drop-files.ts';
import { dropResponsesJob } from '../jobs/months/drop-responses.ts';
import { packMonthsJob } from '../jobs/months/pack-months.ts';
import { sealMonthsJob } from '../jobs/months/seal-months.ts';
import { type ProofOptions, proofJob, repairJob } from '../jobs/proof.ts';
import type { CountersHeld } from '../jobs/prove-counters.ts';
import { priceJob } from '../jobs/refresh-prices.ts';
import { partitionsJob, retentionJob } from '../jobs/retention.ts';
import { type SendScheduledMail, scheduledMailJob } from '../jobs/scheduled-mail.ts';
import { requeueJob, sweepJob } from '../jobs/sweep.ts';
import { unownedTokensJob } from '../jobs/unowned-tokens.ts';
import type { Logger } from '../lib/log.ts';
import type { Config } from '../settings/config.ts';
import { createTxtLookup } from '../upstream/txt-lookup.ts';
import type { OpenGateway } from './open-gateway.ts';
import { knowledgeOf, type OpenProviders } from './open-providers.ts';
import type { Stores } from './open-stores.ts';

/** The effects of jobs beyond the database. */
export interface JobEffects {
  readonly announcer: Announcer;
  readonly enqueue: Enqueue;
  /** Sends the mail of a schedule to one person. */
  readonly sendScheduledMail: SendScheduledMail;
  /** Works out the roles that groups of SCIM directories give. */
  readonly applyDirectoryRoles: ApplyDirectoryRoles;
  /** Schedules the repair of the rollups. */
  readonly repair: ProofOptions['repair'];
  readonly mailer: Mailer;
  readonly metadata: MetadataReader;
}

/** Returns the jobs in the order in which they are scheduled. None runs before the runner starts. */
export function jobsFor(
  config: Config,
  { installation, masterKey, writer, audit }: Stores,
  opened: OpenGateway,
  providers: OpenProviders,
  { announcer, enqueue, sendScheduledMail, applyDirectoryRoles, repair, mailer, metadata }: JobEffects,
  log: Logger,
): readonly Job[] {
  const { counters, shared } = opened;
  const { listModels, priceFor } = knowledgeOf(providers, opened.gateway.snapshot);
  const held: CountersHeld =
    shared === null ? { are: 'ours', barrier: (work, msMax) => writer.barrier(work, msMax) } : { are: 'shared' };
  return [
    proofJob({
      counters,
      held,
      holds: () => holdsOf(opened),
      compareHeld: shared === null ? null : (specs) => shared.compareHeld(specs),
      announcer,
      repair,
    }),
    repairJob({ logDaysMax: config.requestLogDaysMax }),
    foldJob(),
    fillJob(),
    foldProofJob(),
    ...retentionOf(config, audit),
    sealMonthsJob(),
    packMonthsJob(),
    partitionsJob(),
    lateIndexesJob(),
    sweepJob(),
    endLoginsJob({ audit }),
    dropResponsesJob(),
    dropFilesJob(),
    accountOriginsJob(),
    requeueJob(enqueue),
    scheduledMailJob(sendScheduledMail),
    directoryRolesJob(applyDirectoryRoles),
    directoryTakeoversJob(),
    closeAuditChainsJob({ audit }),
    domainJob({ lookUpTxt: createTxtLookup({ servers: config.dnsServers }), mailer, audit, publicUrl: config.publicUrl }),
    credentialJob({
      listModels,
      opener: { key: installation.credentials, ambientClouds: new Set(config.ambientCredentials) },
      announcer,
    }),
    priceJob({ priceFor, announcer }),
    alertRulesJob(announcer),
    samlMetadataJob(metadata),
    certificateExpiryJob({ mailer, publicUrl: config.publicUrl }),
    unownedTokensJob((facts, message) => log.warn(facts, message)),
    bindKeysJob({ key: installation.credentials }),
    bindContentKeysJob({ wrappers: { master: masterKey, installation: installation.content } }),
  ];
}

/** Returns the job that deletes what is past its retention, and the one that archives it first, if there is a folder and a limit. */
function retentionOf({ archiveDir: folder, requestLogDaysMax: logDaysMax }: Config, audit: Stores['audit']): readonly Job[] {
  if (folder === null || logDaysMax === null) return [retentionJob({ logDaysMax })];
  return [retentionJob({ logDaysMax, archives: true }), archiveJob({ folder, logDaysMax, audit })];
}

/** Returns the report on holds, of all replicas if they count together. */
function holdsOf({ gateway, counters, shared }: OpenGateway): HeldReport | Promise<HeldReport> {
  if (shared !== null) return shared.held();
  const traffic = gateway.traffic.read();
  const [held, inFlight] = [counters.inFlight(), traffic.inFlight + traffic.releasing];
  return { held, inFlight, difference: Math.abs(held - inFlight) };
}
