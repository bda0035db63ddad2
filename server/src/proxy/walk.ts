import type { Hold, Readings } from '../counters/counters.ts';
import type { JsonObject, RequestFacts } from '../dialects/dialect.ts';
import type { HoldEstimate, HoldQuestion } from '../domain/limits/hold.ts';
import type { DeploymentConfig } from '../domain/routing/catalogue.ts';
import type { Compared } from '../domain/routing/compared.ts';
import type { Detour } from '../domain/routing/detours.ts';
import type { AttemptRecord } from '../domain/usage/attempt.ts';
import type { Attribution } from '../domain/usage/attribution.ts';
import type { EstimateReason } from '../domain/usage/estimate-reason.ts';
import type { GatewayRequest, Reply } from '../http/request-reply.ts';
import type { Dimensions, LedgerEntry } from '../ledger/records.ts';
import type { RequestTrace } from '../observe/tracing.ts';
import type { LargeBody } from './bodies/large-bodies.ts';
import type { CacheUse } from './cache/caching.ts';
import type { Candidate } from './deployments/candidate.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import type { Entitlement } from './entitlement.ts';
import type { StoredSide } from './responses/continued.ts';
import type { CachedKey } from './snapshot/cached-key.ts';

/** The state of one request: its content, and what the steps have found so far. No other object holds that state. */
export interface Walk {
  /** The gateway's own request id. It contains the request's `admitted_at`, so it is replaced when the counters admit. */
  id: string;
  /** By its path; once the body was read, also by its format, at a path that takes two. */
  endpoint: Endpoint;
  readonly request: GatewayRequest;
  /** The client's, or for a response in the background one that outlasts the client. */
  reply: Reply;
  readonly clientRequestId: string | null;
  /** The key, set by `authenticate`. From then on the request always leaves a row. */
  key: CachedKey | null;
  /** The request's content, set once the body was read. */
  asked: Asked | null;
  /** The entitlement, set by `admit`, or with a refusal by the head. */
  entitlement: Entitlement | null;
  /** The trace, set with the key; null if no traces are recorded. */
  trace: RequestTrace | null;
  readonly timing: Timing;
  /** The origin of the request, as it says, once `attributionOf` has read it. */
  attribution: Attribution | null;
  /** True if this replica enforced its share of the limits, because the shared counters were unreachable. */
  isDegraded: boolean;
}

export interface Asked {
  /** The body as sent, without the tags that it names. */
  readonly body: JsonObject;
  /** The bytes as sent, if we would write exactly these bytes for `body`; else null. */
  readonly ourBytes: Buffer | null;
  /** For a large body: the fields left in its bytes, and our token estimate if that may be the answer. Null for others. */
  readonly large: LargeAsked | null;
  readonly facts: RequestFacts;
  /** The tags that the request names; null if it names none. */
  readonly tags: readonly string[] | null;
  /** The part about stored responses; null for nearly all requests. `body` has the conversation before already. */
  readonly stored: StoredSide | null;
}

/** The facts about a large body. `isLent`: its bytes are part of a request to an upstream, and must not be moved. */
export interface LargeAsked extends Pick<LargeBody, 'left' | 'tokens'> {
  isLent: boolean;
}

/** Times of a request in monotonic milliseconds. Time that is not the provider's counts as ours. */
export interface Timing {
  readonly startedMs: number;
  providerMs: number | null;
  firstTokenMs: number | null;
  /** The time at which the stream to the client began. From then on, time counts as the stream's, not ours. */
  streamingSinceMs: number | null;
}

/** An admitted request: its hold, and the usage of its attempts. */
export interface Admission {
  readonly walk: Walk;
  /** The key in its current state: it may have moved since the admission. `charged` says who is charged. */
  readonly key: CachedKey;
  /** The dimensions to charge, frozen at the admission. So are the prices, which the entitlement's candidates hold. */
  readonly charged: Dimensions;
  readonly asked: Asked;
  readonly entitlement: Entitlement;
  /** The candidates that have a price for everything requested; null if all of the entitlement's candidates may serve. */
  readonly fitting: ReadonlySet<Candidate> | null;
  readonly hold: Hold;
  readonly admittedAtMs: number;
  readonly readings: Readings;
  /** The input from which the hold was computed. */
  readonly question: HoldQuestion;
  readonly estimate: HoldEstimate;
  /** The money held for each attempt. */
  readonly heldNanoUsd: number;
  /** The decision that admitted it, as encoded in its row. */
  readonly decision: string;
  /** The input tokens that the estimate assumes. */
  readonly inputTokens: number;
  /** The output cap to send upstream instead of the caller's; null if nothing was clamped. */
  readonly outputCap: number | null;
  readonly entries: LedgerEntry[];
  /** The reason for each entry that is an estimate. */
  estimated: readonly EstimateReason[];
  attempts: number;
  /** The outcome of the exact cache; null where the name or the organization does not use it. */
  cache: CacheUse | null;
  /** True if sealed reasoning of earlier answers is left out, because a provider could not read it. */
  isUnsealed: boolean;
  /** The time of the admission in monotonic milliseconds. */
  readonly admittedMonotonicMs: number;
  /** The deployment that counts this request as in flight; null if the present one is not measured. */
  busyAt: DeploymentConfig | null;
  /** An estimate of the fewest input tokens; 0 if no candidate declares a context window. */
  readonly leastTokens: number;
  /** The detours that were taken, each once. */
  detoured: readonly Detour[];
  /** The comparison that ordered the called target's deployments; null if nothing was compared. */
  compared: Compared | null;
  /** The attempts so far. Null while there was nothing but one attempt, which has not failed. */
  tried: Tried | null;
  /** The sums over `entries`, in tokens and nano-dollars. The counters settle to them. */
  usedTokens: number;
  usedNanoUsd: number;
  /** The bytes of output seen in the answer; 0 if there were none, or they were not counted. */
  outputBytes: number;
  /** The part of the use by which the hold was extended for further attempts, in tokens and nano-dollars. */
  extendedTokens: number;
  extendedNanoUsd: number;
  /** Returns the charge if this process crashes before the candidate's answer is settled. */
  readonly ifLost: (candidate: Candidate) => LostAttempt;
  /** Returns the most output tokens of the candidate, all choices together: at most the cap sent and the model's maximum. */
  readonly outputMax: (candidate: Candidate) => number;
  settled: boolean;
  /** The index at which traffic.ts keeps the request until it is settled. */
  inFlightAt: number;
  /** Ends an answer in delivery, with an error the client can read, or one being read on for its usage. Null if there is none. */
  cutShort: (() => void) | null;
}

/** The noted attempts of a request, and what they found out. See attempts/tried.ts. */
export interface Tried {
  readonly attempts: NotedAttempt[];
  /** The ids of deployments whose dialect cannot express the request. */
  readonly untranslatable: string[];
  /** The detour that the next attempt is the first of; null if the next is another candidate as usual. */
  detour: Detour | null;
}

/** An attempt whose sequel is not known yet. */
export type NotedAttempt = { -readonly [Field in keyof AttemptRecord]: AttemptRecord[Field] };

export interface LostAttempt {
  readonly heldInputTokens: number;
  readonly heldOutputTokens: number;
  readonly heldNanoUsd: number;
}
