/**
 * What the journal keeps. A `begin` is written before anything is sent upstream, an `end` before the client's last byte; a `begin` without an
 * `end` settles as estimated at replay. Fields are plain so that a row is serialised once and shared by journal and database batch.
 */

/** Who asked, snapshotted, so that history does not move when a key does. */
export interface Dimensions {
  readonly organizationId: string;
  readonly teamId: string;
  readonly keyId: string;
  /** `mem_…` when a person owns the key, else null. */
  readonly memberId: string | null;
  readonly serviceAccountId: string | null;
  readonly calledName: string;
}

/** The tags of a request; empty where it has none. */
export interface RecordedTags {
  /** Those it names, then those its organization, team and key added, each once. */
  readonly tags: readonly string[];
  /** How many of them it names itself, a full stop, and the id of the shape that says what they made of the called name. */
  readonly tagRoute: string;
}

/**
 * Written before an attempt is sent upstream. A further begin of the same request replaces the one before, so the held numbers cover all
 * its attempts so far.
 */
export interface BeginRecord extends Dimensions, Partial<RecordedTags> {
  readonly requestId: string;
  readonly admittedAtMs: number;
  /** What the row of a request that never ended says of it; absent: empty. */
  readonly clientRequestId?: string | null;
  readonly endpoint?: string;
  readonly stream?: boolean;
  readonly attempts?: number;
  readonly decision?: string;
  readonly deploymentId: string;
  readonly provider: string;
  readonly upstreamModel: string;
  readonly priceId: string | null;
  /** What is settled as estimated should the process die: input estimate and adaptive output, and their price. */
  readonly heldInputTokens: number;
  readonly heldOutputTokens: number;
  readonly heldNanoUsd: number;
}

/** One attempt that used or cost something; becomes one ledger row. */
export interface LedgerEntry {
  readonly attempt: number;
  readonly kind: 'usage' | 'estimated' | 'adjustment';
  readonly deploymentId: string;
  readonly provider: string;
  readonly upstreamModel: string;
  readonly priceId: string | null;
  readonly usage: Readonly<Record<string, number>>;
  /** Null when the deployment is unpriced. */
  readonly nanoUsd: number | null;
  /** The service tier or speed whose rates applied; absent or null: the ordinary ones. */
  readonly serviceTier?: string | null;
  /** Names of the units that were used and have no price, joined by commas; absent or null: none. */
  readonly unpricedUnits?: string | null;
}

export type RequestStatus = 'succeeded' | 'failed' | 'refused' | 'cancelled' | 'estimated';

/** One request-log row with its ledger entries; the `end` of a request, admitted or refused. */
export interface EndRecord extends Dimensions, Partial<RecordedTags> {
  readonly requestId: string;
  readonly clientRequestId: string | null;
  readonly admittedAtMs: number;
  readonly status: RequestStatus;
  readonly httpStatus: number;
  /** Error code, null when it succeeded. */
  readonly code: string | null;
  readonly param: string | null;
  readonly endpoint: string;
  readonly stream: boolean;
  readonly deploymentId: string | null;
  /** Of that deployment; absent (an end that the replay writes): the last entry's. */
  readonly provider?: string | null;
  readonly attempts: number;
  readonly finishReason: string | null;
  readonly gatewayUs: number;
  readonly providerMs: number | null;
  readonly firstTokenMs: number | null;
  readonly entries: readonly LedgerEntry[];
  /** Compact decision: see domain/decision/decision.ts. */
  readonly decision: string;
  /** Repeats of one (key, rule) refusal that share this row; 1 otherwise. */
  readonly count: number;
  /** Ids of the repeats that resolve to this row. */
  readonly repeatIds: readonly string[];
  /** Encrypted content, present only where the organization's audit.content says so. */
  readonly content: Buffer | null;
}
