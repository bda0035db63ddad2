import type { Counters } from '../counters/counters.ts';
import type { ProviderName } from '../domain/routing/catalogue.ts';
import type { OrganizationConfig } from '../domain/tenancy/tenancy.ts';
import type { BeginRecord, EndRecord } from '../ledger/records.ts';
import type { Clock } from '../lib/timing/clock.ts';
import type { RequestLines } from '../observe/request-lines.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { Traffic } from '../observe/traffic.ts';
import type { Provider } from '../providers/provider.ts';
import type { LargeBodies } from './bodies/large-bodies.ts';
import type { DeploymentHealth } from './deployments/health.ts';
import type { DeploymentLoad } from './deployments/load.ts';
import type { DeploymentPace } from './deployments/pace.ts';
import type { Snapshot } from './snapshot/snapshot.ts';

/**
 * Where settlement is written first. Nothing here waits; `whenWritten` and `afterWrite` call back once this turn's records are in the file, each
 * for one request: what a callback throws is logged with that and harms no other.
 */
export interface SettlementJournal {
  /** False when the journal has reached its bound or the disk is full: nothing that costs money may begin. */
  room(): boolean;
  begin(record: BeginRecord): void;
  end(record: EndRecord): void;
  shape(organizationId: string, shapeId: string, rulesJson: string): void;
  /** `not_written`: the disk does not take it. A begin of this turn is then void; ends are kept until there is room. */
  whenWritten(callback: (outcome: 'written' | 'not_written') => void, requestId: string): void;
  /** The same, sooner where somebody asks for what was settled so far: before they have their answer. */
  afterWrite(callback: () => void, requestId: string): void;
}

/** A request's decision, rendered: from memory while fresh, from the store afterwards. */
export interface DecisionLookup {
  /** Null: no such request of this organization. Rejects when the store is away and memory does not hold it. */
  find(organizationId: string, requestId: string): Promise<{ readonly keyId: string; readonly decision: object } | null>;
}

/** Seals what an organization's audit policy keeps of a request; null when it keeps nothing. */
export type SealContent = (organization: OrganizationConfig, requestId: string, content: string) => Buffer | null;

/** Everything the walk needs, wired once by main.ts. */
export interface Gateway {
  readonly clock: Clock;
  readonly snapshot: Snapshot;
  readonly counters: Counters;
  readonly journal: SettlementJournal;
  readonly providers: ReadonlyMap<ProviderName, Provider>;
  readonly health: DeploymentHealth;
  readonly load: DeploymentLoad;
  readonly pace: DeploymentPace;
  readonly traffic: Traffic;
  readonly largeBodies: Pick<LargeBodies, 'read' | 'translate'>;
  readonly decisions: DecisionLookup;
  readonly sealContent: SealContent;
  /** Takes a refused request's row; repeats of one (key, rule) may share one. */
  readonly refused: (record: EndRecord) => void;
  /** A defect of ours: to the log, never to the caller. */
  readonly defect: (error: unknown, requestId: string) => void;
  /** Null where no traces are recorded. */
  readonly tracing: Tracing | null;
  /** Takes the requests that an operator should hear of. */
  readonly lines: RequestLines;
  readonly requestId: () => string;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Calls back after `ms`, on the shared wheel; returns how to cancel. */
  readonly after: (ms: number, callback: () => void) => () => void;
  readonly settings: ProxySettings;
}

export interface ProxySettings {
  readonly attemptsMax: number;
  /** How long a client may leave a stream unread before it counts as gone. */
  readonly stallMsMax: number;
  /** Bytes of an answer kept for the audit content, at most. */
  readonly contentBytesMax: number;
  /** Bytes of a whole (non-streamed) upstream answer, at most. */
  readonly answerBytesMax: number;
}
