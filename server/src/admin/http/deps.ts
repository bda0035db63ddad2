import type { ServerResponse } from 'node:http';
import type { Counters } from '../../counters/counters.ts';
import type { Price } from '../../domain/money/price.ts';
import type { CredentialConfig, DeploymentConfig, ProviderName } from '../../domain/routing/catalogue.ts';
import type { Identity } from '../../identity/identity.ts';
import type { Mailer } from '../../identity/mail/mailer.ts';
import type { EndRecord } from '../../ledger/records.ts';
import type { Follower } from '../../ledger/settled-tail.ts';
import type { BufferedBytes } from '../../lib/buffered-bytes.ts';
import type { ContentWrappers, RandomBytes } from '../../lib/secrets.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import type { DeploymentCheck, UpstreamModels } from '../../providers/provider.ts';
import type { AuditTrail } from '../../store/audit/audit.ts';
import type { Database, OpenDatabase } from '../../store/database.ts';
import type { OtherPepper } from '../../store/installation/installation.ts';

/** Which configuration a change touched: what the data plane must load anew before the change is answered. */
export interface ConfigScopes {
  readonly catalogue?: boolean;
  readonly organizationIds?: readonly string[];
  /** Keys whose cached form must go. Name their organization too: replicas learn of its keys by its version. */
  readonly keyIds?: readonly string[];
}

/** Where the admin plane writes what only an operator may read. Never given a secret or a request's body. */
export interface AdminLog {
  error(facts: Readonly<Record<string, unknown>>, message: string): void;
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** The data keys in use, unwrapped at start. */
export interface AdminKeys {
  /** What organizations' content keys are wrapped with. */
  readonly content: ContentWrappers;
  /** For new hashes of keys, admin tokens and links. */
  readonly pepper: Buffer;
  /** While the pepper is renewed, the other one with which a stored hash may have been made. */
  readonly otherPepper: OtherPepper | null;
  /** Seals credentials, and answers kept for `Idempotency-Key`. */
  readonly credentials: Buffer;
}

/** What the providers' side knows and the admin plane asks. */
export interface UpstreamKnowledge {
  /** Whether a credential may point at this base URL: null, or what is wrong with it in a sentence. */
  readonly checkBaseUrl: (baseUrl: string) => string | null;
  /** Whether calls to a stored base URL leave without TLS for a host that no setting lists. */
  readonly isPlainOnNetwork: (baseUrl: string) => boolean;
  /** The list price of an upstream model; null when the price table does not know it, and then it is unpriced. */
  readonly priceFor: (provider: ProviderName, upstreamModel: string) => Pick<Price, 'perMillion' | 'units'> | null;
  /** Which edition of which list that is. */
  readonly priceListEdition: string;
  /** One small live call with the deployment's own credential. Never rejects. */
  readonly checkDeployment: (deployment: DeploymentConfig) => Promise<DeploymentCheck>;
  /** Which models a credential may call, asked of its provider. Never rejects. */
  readonly listModels: (credential: CredentialConfig) => Promise<UpstreamModels>;
}

/** Requests that ended in this process and may not be in the database yet. */
export interface RecentRequests {
  find(requestId: string): EndRecord | null;
  /** The rules behind a shape id, as JSON. */
  findShape(organizationId: string, shapeId: string): string | null;
}

/** How the answering process fares, at one moment. */
export interface ProcessHealth {
  /** Null when requests can be served, else why not. */
  readonly notReady: string | null;
  readonly version: string;
  readonly startedAtMs: number;
  readonly database: { readonly kind: 'embedded' | 'postgresql'; readonly status: 'ok' | 'away' };
  /** Settled requests that are not in the database yet; the age is the oldest one's. */
  readonly unstored: { readonly rows: number; readonly bytes: number; readonly ageMs: number };
  readonly rejectedRows: number;
  readonly journalBytes: number;
  readonly journalBytesMax: number;
  readonly requestsInFlight: number;
  /** Deployments that rest after failures. */
  readonly cooling: readonly { readonly deploymentId: string; readonly untilMs: number }[];
  readonly inMemory: { readonly organizations: number; readonly keys: number; readonly counters: number };
}

/** Whose request is on its way, and under which name. */
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
  /** Until the minute ends. */
  readonly resetsInMs: number;
}

/** One setting as it is in force. A secret has no value here. */
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
  /** The demo organization was asked for. */
  readonly isDemo: boolean;
  readonly settings: readonly SettingInForce[];
  health(): ProcessHealth;
  /** Requests that this process admitted and has not settled. */
  inFlight(): readonly RequestInFlight[];
  /** What this process sent to a deployment in the present minute and what that used; 0 where nothing is limited. */
  deploymentUse(deploymentId: string): DeploymentUse;
}

/** What runs by itself, as far as people may look at it and ask for it. */
export interface JobDesk {
  readonly jobs: readonly {
    readonly name: string;
    readonly about: string;
    /** Minute, hour, day of the month, month, day of the week; in UTC. */
    readonly schedule: string;
  }[];
  /** Why nothing runs in this process; null while it does. */
  trouble(): string | null;
  nextRunAt(job: string): Date | null;
  /** Puts a job in line at once. False: it runs or waits already. Rejects while nothing runs. */
  runNow(job: string, askedBy: string): Promise<boolean>;
  /** In the transaction that made the deliveries. */
  enqueueDeliveries(tx: Database, deliveryIds: readonly string[]): Promise<void>;
  /** Whether events may be sent to this URL: null, or what is wrong with it in a sentence. */
  checkWebhookUrl(url: string): string | null;
}

/** A call from the console as one of the keys that its caller may use. */
export interface PlaygroundCall {
  readonly organizationId: string;
  readonly keyId: string;
  /** A chat completion in OpenAI's form, as JSON. */
  readonly body: Buffer;
  /** The tags that it names. */
  readonly tags: readonly string[];
  /** Where the data plane writes its own answer. */
  readonly response: ServerResponse;
}

/** Everything the admin plane is given. It makes none of it. */
export interface AdminDeps {
  readonly db: Database;
  /** For what is read in parts. */
  readonly openSession: OpenDatabase['openSession'];
  readonly clock: Clock;
  readonly counters: Counters;
  readonly keys: AdminKeys;
  /** What chains audit events. */
  readonly audit: AuditTrail;
  /** Knows people: passwords, sessions, second factors. */
  readonly identity: Identity;
  /** Sends mail, where there is a server for it. */
  readonly mailer: Mailer;
  /** Where browsers come to, without a trailing slash; null: wherever they came to. */
  readonly publicUrl: string | null;
  readonly log: AdminLog;
  readonly upstream: UpstreamKnowledge;
  /** What this process says of itself. */
  readonly process: ProcessFacts;
  readonly jobs: JobDesk;
  /** The data plane, where this process has one. */
  readonly playground?: (call: PlaygroundCall) => void;
  /** The journal, where this process has one. */
  readonly recent?: RecentRequests;
  /** Requests as they end, where this process has a journal. */
  readonly settled?: { follow(): Follower };
  /** Random bytes for secrets and ids; the system's when absent. */
  readonly random?: RandomBytes;
  /** What request bodies take of memory in this process, the data plane's included; without it only the bound of each body holds. */
  readonly buffered?: BufferedBytes;
  /** CIDRs of proxies whose `x-forwarded-for` is believed. */
  readonly trustedProxies: readonly string[];
  /** Resolves once the answering process serves by the new configuration, so that a write is live before its 2xx. */
  readonly configChanged: (scopes: ConfigScopes) => Promise<void>;
}
