/**
 * The journal's records. A `begin` is written before anything is sent upstream, an `end` before the client's last byte. A `begin`
 * without an `end` settles as estimated at replay. Fields are plain so that journal and database batch share one serialised row.
 */
import type { AttemptRecord } from '../domain/usage/attempt.ts';
import type { Attribution } from '../domain/usage/attribution.ts';

/** The caller of a request and the called name, copied, so that history does not change when a key does. */
export interface Dimensions {
  readonly organizationId: string;
  readonly teamId: string;
  readonly keyId: string;
  /** The owner's id, `mem_…`, if a person owns the key; else null. */
  readonly memberId: string | null;
  readonly serviceAccountId: string | null;
  readonly calledName: string;
}

/** The tags of a request; empty if it has none. */
export interface RecordedTags {
  /** The tags that the request names, then those that its organization, team and key added, each once. */
  readonly tags: readonly string[];
  /**
   * The number of tags that the request names itself, a full stop, and a shape id. That shape says how the tags routed the called
   * name.
   */
  readonly tagRoute: string;
}

/**
 * The record written before an attempt is sent upstream. A further begin of the same request replaces the one before, so the held
 * numbers cover all its attempts so far.
 */
export interface BeginRecord extends Dimensions, Partial<RecordedTags> {
  readonly requestId: string;
  readonly admittedAtMs: number;
  /** These fields go into the row of a request that never ended; empty if absent. */
  readonly clientRequestId?: string | null;
  readonly endpoint?: string;
  readonly stream?: boolean;
  readonly attempts?: number;
  readonly decision?: string;
  readonly attribution?: Attribution;
  readonly deploymentId: string;
  readonly provider: string;
  readonly upstreamModel: string;
  readonly priceId: string | null;
  /** The amounts settled as estimated if the process dies: input estimate and adaptive output, and their price. */
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
  /** The money charged; null if the deployment is unpriced. */
  readonly nanoUsd: number | null;
  /** The service tier or speed whose rates applied; the ordinary ones if absent or null. */
  readonly serviceTier?: string | null;
  /** The names of the units that were used and have no price, joined by commas; none if absent or null. */
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
  /** The error code; null if the request succeeded. */
  readonly code: string | null;
  readonly param: string | null;
  readonly endpoint: string;
  readonly stream: boolean;
  readonly deploymentId: string | null;
  /** The provider of that deployment; if absent (an end that the replay writes), the last entry's. */
  readonly provider?: string | null;
  readonly attempts: number;
  readonly finishReason: string | null;
  readonly gatewayUs: number;
  readonly providerMs: number | null;
  readonly firstTokenMs: number | null;
  readonly entries: readonly LedgerEntry[];
  /** The compact decision: see domain/decision/decision.ts. */
  readonly decision: string;
  /** The number of refusals of one (key, rule) that share this row; otherwise 1. */
  readonly count: number;
  /** The ids of the repeats that resolve to this row. */
  readonly repeatIds: readonly string[];
  /** The encrypted content, present only if the organization's audit.content says so. */
  readonly content: Buffer | null;
  /**
   * The attempts that were sent, in order. Null or absent if one attempt answered and nothing else happened: the other fields say
   * that.
   */
  readonly tried?: readonly AttemptRecord[] | null;
  /** The origin of the request, as it says; nothing if absent. */
  readonly attribution?: Attribution;
}
