import type { ServerResponse } from 'node:http';
import type { Counters } from '../../counters/counters.ts';
import type { Cloud } from '../../domain/clouds.ts';
import type { TxtLookup } from '../../domain/identity/domain-check.ts';
import type { Price } from '../../domain/money/price.ts';
import type { Preset } from '../../domain/presets/preset.ts';
import type { DeploymentConfig, ProviderName } from '../../domain/routing/catalogue.ts';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { ModelFacts, UpstreamName } from '../../domain/routing/known-model.ts';
import type { Identity } from '../../identity/identity.ts';
import type { Mailer } from '../../identity/mail/mailer.ts';
import type { Protocols } from '../../identity/protocols.ts';
import type { IssuerKeys } from '../../identity/workload/issuer-keys.ts';
import type { EndRecord } from '../../ledger/records.ts';
import type { Follower } from '../../ledger/settled-tail.ts';
import type { BufferedBytes } from '../../lib/buffered-bytes.ts';
import type { ContentWrappers, RandomBytes } from '../../lib/secrets.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import type { CredentialTrace, DeploymentCheck, UpstreamModels, VendorModels } from '../../providers/provider.ts';
import type { AuditTrail } from '../../store/audit/audit.ts';
import type { Database, OpenDatabase } from '../../store/database.ts';
import type { OtherPepper } from '../../store/installation/installation.ts';

/** The configuration that a change touched. The data plane reloads it before the change is answered. */
export interface ConfigScopes {
  readonly catalogue?: boolean;
  readonly organizationIds?: readonly string[];
  /** Keys to remove from caches. Name their organization too: replicas learn of a changed key by its organization's version. */
  readonly keyIds?: readonly string[];
}

/** The admin plane's log, for operators only. Never pass it a secret or a request's body. */
export interface AdminLog {
  error(facts: Readonly<Record<string, unknown>>, message: string): void;
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** The data keys in use, unwrapped when the process starts. */
export interface AdminKeys {
  /** The keys that wrap the content keys of organizations. */
  readonly content: ContentWrappers;
  /** The pepper for new hashes of keys, admin tokens and links. */
  readonly pepper: Buffer;
  /** The other pepper while the pepper is renewed: a stored hash may have been made with either. */
  readonly otherPepper: OtherPepper | null;
  /** The key that seals credentials, and answers stored for `Idempotency-Key`. */
  readonly credentials: Buffer;
}

/** The published list of prices. `publishedOn` is a day, `2026-09-23`. */
export interface PublishedList {
  readonly name: string;
  readonly version: string;
  readonly publishedOn: string;
  readonly author: string;
  /** Returns every model of the list that a provider of this gateway serves. */
  readonly models: () => readonly (UpstreamName & ModelFacts)[];
}

/** The functions about providers that the admin plane uses. */
export interface UpstreamKnowledge {
  /** Checks whether a credential may use this base URL. Returns null, or a sentence that says what is wrong. */
  readonly checkBaseUrl: (baseUrl: string) => string | null;
  /** The same for a credential that an organization brings. */
  readonly checkOwnBaseUrl: (baseUrl: string) => string | null;
  /** Reports whether calls to a stored base URL use plain HTTP to a host that no setting lists. */
  readonly isPlainOnNetwork: (baseUrl: string) => boolean;
  /** Reports whether a setting lists the host of this base URL. */
  readonly isListed: (baseUrl: string) => boolean;
  /** The clouds whose machine identity credentials may use. */
  readonly ambientClouds: ReadonlySet<Cloud>;
  /** Returns the list price of an upstream model, or null if the price table does not know the model. */
  readonly priceFor: (provider: ProviderName, upstreamModel: string) => Pick<Price, 'perMillion' | 'units'> | null;
  /** Returns the context window of an upstream model in tokens, or null if the published list does not have it. */
  readonly contextWindowOf: (provider: ProviderName, upstreamModel: string) => number | null;
  /** The presets of this version. People may add others. */
  readonly shippedPresets: readonly Preset[];
  /** The ids of those of which a recorded answer shows that they work. */
  readonly provenPresets: ReadonlySet<string>;
  /** The edition of the price list that `priceFor` reads. */
  readonly priceListEdition: string;
  /** That list, and its models. */
  readonly publishedList: PublishedList;
  /** Makes one small live call with the deployment's own credential. Never rejects. */
  readonly checkDeployment: (deployment: DeploymentConfig) => Promise<DeploymentCheck>;
  /** Asks the provider which models a credential may call. Never rejects. */
  readonly listModels: (credential: CredentialConfig) => Promise<UpstreamModels>;
  /** Does the same with each call that it takes, and what it means. Never rejects. */
  readonly traceCredential: (credential: CredentialConfig) => Promise<CredentialTrace>;
  /** Reads the whole list of models of a vendor. Never rejects. */
  readonly readModels: (credential: CredentialConfig) => Promise<VendorModels>;
}

/** Requests that ended in this process and may not be in the database yet. */
export interface RecentRequests {
  find(requestId: string): EndRecord | null;
  /** Returns the rules behind a shape id, as JSON. */
  findShape(organizationId: string, shapeId: string): string | null;
}

/** The health of the answering process at one moment. */
export interface ProcessHealth {
  /** Null if the process can serve requests, else the reason why not. */
  readonly notReady: string | null;
  readonly version: string;
  readonly startedAtMs: number;
  readonly database: { readonly kind: 'embedded' | 'postgresql'; readonly status: 'ok' | 'away' };
  /** Settled requests that are not in the database yet. `ageMs` is the age of the oldest. */
  readonly unstored: { readonly rows: number; readonly bytes: number; readonly ageMs: number };
  readonly rejectedRows: number;
  readonly journalBytes: number;
  readonly journalBytesMax: number;
  readonly requestsInFlight: number;
  /** Deployments in cooldown after failures. */
  readonly cooling: readonly { readonly deploymentId: string; readonly untilMs: number }[];
  readonly inMemory: { readonly organizations: number; readonly keys: number; readonly counters: number };
}

/** A request in flight: its owner, and the name that it called. */
export interface RequestInFlight {
  readonly organizationId: string;
  readonly teamId: string;
  /** Null: a service account's key. */
  readonly memberId: string | null;
  readonly keyId: string;
  readonly calledName: string;
}

export interface DeploymentUse {
  readonly requests: number;
  readonly tokens: number;
  /** The time until the present minute ends. */
  readonly resetsInMs: number;
}

/** The value of one setting in this process. A secret has no value here. */
export interface SettingInForce {
  readonly name: string;
  readonly value: string;
  readonly default: string;
  readonly about: string;
  readonly isSet: boolean;
  readonly isSecret: boolean;
}

export interface ProcessFacts {
  readonly version: string;
  /** True if the demo organization is enabled. */
  readonly isDemo: boolean;
  readonly settings: readonly SettingInForce[];
  health(): ProcessHealth;
  /** Returns the time since which the database does not answer; null if it does. */
  databaseAwaySinceMs(): number | null;
  /** Returns the requests that this process admitted and has not settled. */
  inFlight(): readonly RequestInFlight[];
  /**
   * Returns what this process counts for a deployment in the present minute: requests sent, and tokens of attempts that ended.
   * Both are 0 if nothing is limited.
   */
  deploymentUse(deploymentId: string): DeploymentUse;
}

/** The background jobs, as far as people may inspect and start them. */
export interface JobDesk {
  readonly jobs: readonly {
    readonly name: string;
    readonly about: string;
    /** A cron expression: minute, hour, day of the month, month, day of the week; in UTC. */
    readonly schedule: string;
  }[];
  /** Returns the reason why no job runs in this process, or null if they run. */
  trouble(): string | null;
  nextRunAt(job: string): Date | null;
  /**
   * Queues a job in the transaction that records who asked for it. Resolves to false if it is running or queued already. Rejects
   * while jobs do not run. Call `wake` after the commit.
   */
  queue(tx: Database, job: string, askedBy: string): Promise<boolean>;
  /** Starts queued jobs at once. */
  wake(): void;
  /** Queues deliveries. Call it in the transaction that created them. */
  enqueueDeliveries(tx: Database, deliveryIds: readonly string[]): Promise<void>;
  /** Checks whether events may be sent to this URL. Returns null, or a sentence that says what is wrong. */
  checkWebhookUrl(url: string): string | null;
}

/** The functions about issuers of tokens that the admin plane uses. */
export interface TrustKnowledge {
  readonly keys: IssuerKeys;
  /** Checks whether keys may be fetched from this URL. Returns null, or a sentence that says what is wrong. */
  readonly checkUrl: (url: string) => string | null;
}

/** A call from the console as one of the keys that its caller may use. */
export interface PlaygroundCall {
  readonly organizationId: string;
  readonly keyId: string;
  /** The path of the data plane with its query. */
  readonly target: string;
  /** The body in the dialect of that path. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Files that are uploaded. With any, the body is sent as a form. */
  readonly files: readonly {
    readonly field: string;
    readonly filename: string;
    readonly contentType: string;
    readonly bytes: Buffer;
  }[];
  /** The routing tags of the request. */
  readonly tags: readonly string[];
  /** The response to which the data plane writes its own answer. */
  readonly response: ServerResponse;
}

/** Everything that the admin plane uses and does not create itself. */
export interface AdminDeps {
  readonly db: Database;
  /** Opens a database session for results that are read in parts. */
  readonly openSession: OpenDatabase['openSession'];
  readonly clock: Clock;
  readonly counters: Counters;
  readonly keys: AdminKeys;
  /** The audit trail, which chains events. */
  readonly audit: AuditTrail;
  /** The identity module: passwords, sessions, second factors. */
  readonly identity: Identity;
  /** The protocols by which identity providers are asked. */
  readonly protocols: Protocols;
  /** Sends mail, if a mail server is set. */
  readonly mailer: Mailer;
  /** The URL at which browsers open the console, without a trailing slash. Null: the address of each request. */
  readonly publicUrl: string | null;
  readonly log: AdminLog;
  readonly upstream: UpstreamKnowledge;
  /** Facts about this process. */
  readonly process: ProcessFacts;
  readonly jobs: JobDesk;
  readonly trust: TrustKnowledge;
  /** Calls the data plane. Absent if this process has none. */
  readonly playground?: (call: PlaygroundCall) => void;
  /** The journal's recent requests. Absent if this process has no journal. */
  readonly recent?: RecentRequests;
  /** Follows requests as they end. Absent if this process has no journal. */
  readonly settled?: { follow(): Follower };
  /** The source of random bytes for secrets and ids. The system's if absent. */
  readonly random?: RandomBytes;
  /**
   * The memory that request bodies use in this process, the data plane's included. If absent, only the size limit of each body
   * applies.
   */
  readonly buffered?: BufferedBytes;
  /** Looks up the record that proves a domain. */
  readonly lookUpTxt: TxtLookup;
  /** CIDRs of proxies whose `x-forwarded-for` header is trusted. */
  readonly trustedProxies: readonly string[];
  /** Resolves once the answering process uses the new configuration, so that a write is live before its 2xx. */
  readonly configChanged: (scopes: ConfigScopes) => Promise<void>;
}
