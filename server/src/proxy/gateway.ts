import type { Counters } from '../counters/counters.ts';
import type { OrganizationConfig } from '../domain/tenancy/tenancy.ts';
import type { BeginRecord, EndRecord } from '../ledger/records.ts';
import type { Clock } from '../lib/timing/clock.ts';
import type { RequestLines } from '../observe/request-lines.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { Traffic } from '../observe/traffic.ts';
import type { Providers } from '../providers/provider.ts';
import type { Batches } from './batches/batches.ts';
import type { LargeBodies } from './bodies/large-bodies.ts';
import type { AnswerCache } from './cache/answer-cache.ts';
import type { DeploymentHealth } from './deployments/health.ts';
import type { DeploymentLoad } from './deployments/load.ts';
import type { DeploymentMeasures } from './deployments/measures.ts';
import type { DeploymentPace } from './deployments/pace.ts';
import type { SecretChoice } from './deployments/secret-choice.ts';
import type { FileStore } from './files/file-store.ts';
import type { CopyState } from './mirror/copy-state.ts';
import type { AgentEndpoints } from './oauth/agent-endpoints.ts';
import type { ExchangeParts } from './oauth/exchange-grant.ts';
import type { ConversationsState } from './responses/conversations-state.ts';
import type { ResponsesState } from './responses/responses-state.ts';
import type { Snapshot } from './snapshot/snapshot.ts';

/**
 * The journal, to which settlement is written first. No method waits. `whenWritten` and `afterWrite` call back once this turn's
 * records are in the file. An error in a callback is logged with its request id, and affects no other callback.
 */
export interface SettlementJournal {
  /** Returns false if the journal has reached its bound or the disk is full: nothing that costs money may begin. */
  room(): boolean;
  begin(record: BeginRecord): void;
  end(record: EndRecord): void;
  shape(organizationId: string, shapeId: string, rulesJson: string): void;
  /** Calls back after the write. `not_written`: it failed; this turn's begins are void, and ends are kept until there is room. */
  whenWritten(callback: (outcome: 'written' | 'not_written') => void, requestId: string): void;
  /** Calls back once records are written, or sooner if the settled state is read: then before the reader gets its answer. */
  afterWrite(callback: () => void, requestId: string): void;
}

/** Finds a request's decision and renders it: from memory while it is recent, from the store afterwards. */
export interface DecisionLookup {
  /** Returns null if the organization has no such request. Rejects if it is not in memory and the store is unreachable. */
  find(organizationId: string, requestId: string): Promise<{ readonly keyId: string; readonly decision: object } | null>;
}

/** Seals a request's content under its organization's key; null if the key was destroyed. */
export type SealContent = (organization: OrganizationConfig, requestId: string, content: string) => Buffer | null;

/** Returns the name that stands for an end user of an organization, the same each time, from which nobody can read the end user. */
export type Pseudonym = (organizationId: string, name: string) => string;

/** All dependencies of request handling, wired once at start. */
export interface Gateway {
  readonly clock: Clock;
  readonly snapshot: Snapshot;
  readonly counters: Counters;
  readonly journal: SettlementJournal;
  readonly providers: Providers;
  readonly health: DeploymentHealth;
  /** The choice between the two secrets of a credential while a rotation overlaps. */
  readonly secrets: SecretChoice;
  readonly load: DeploymentLoad;
  readonly measures: DeploymentMeasures;
  readonly pace: DeploymentPace;
  readonly traffic: Traffic;
  readonly largeBodies: Pick<LargeBodies, 'read' | 'translate'>;
  readonly decisions: DecisionLookup;
  readonly sealContent: SealContent;
  /** Complete answers that may be given again. */
  readonly answerCache: AnswerCache;
  readonly pseudonym: Pseudonym;
  /** Copies of requests for mirrors. */
  readonly mirrors: CopyState;
  /** Returns the prompt cache key that a provider sees in place of an organization's. */
  readonly promptCacheKey: Pseudonym;
  /** The stored responses of the Responses API. */
  readonly responses: ResponsesState;
  /** The conversations of the Responses API. */
  readonly conversations: ConversationsState;
  /** The files of batches. */
  readonly files: FileStore;
  /** The means to accept tokens of trusted issuers. Null in processes and tests without them. */
  readonly workloads: ExchangeParts | null;
  /** The batches, which use all of this. Set once at the start; null before, and in processes without them. */
  batches: Batches | null;
  /** The endpoints for programs that log in; null in processes without them. */
  readonly agents: AgentEndpoints | null;
  /** Stores a refused request's row. Repeats of one (key, rule) may share a row. */
  readonly refused: (record: EndRecord) => void;
  /** Logs a defect of ours, which is never shown to the caller. */
  readonly defect: (error: unknown, requestId: string) => void;
  /** The recorder of traces; null if no traces are recorded. */
  readonly tracing: Tracing | null;
  /** Logs the requests that an operator should know of. */
  readonly lines: RequestLines;
  readonly requestId: () => string;
  /** Returns a random number, uniform in [0, 1). */
  readonly random: () => number;
  /** Calls back after `ms`, on the shared timer wheel. Returns a function that cancels. */
  readonly after: (ms: number, callback: () => void) => () => void;
  readonly settings: ProxySettings;
}

export interface ProxySettings {
  readonly attemptsMax: number;
  /** The time for which a client may leave a stream unread before it counts as gone. */
  readonly stallMsMax: number;
  /** The most bytes of an answer that are kept for the audit content. */
  readonly contentBytesMax: number;
  /** The most bytes of a whole (non-streamed) upstream answer. */
  readonly answerBytesMax: number;
}
