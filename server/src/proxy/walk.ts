import type { Hold, Readings } from '../counters/counters.ts';
import type { JsonObject, RequestFacts } from '../dialects/dialect.ts';
import type { HoldEstimate, HoldQuestion } from '../domain/limits/hold.ts';
import type { EstimateReason } from '../domain/usage/estimate-reason.ts';
import type { GatewayRequest, Reply } from '../http/request-reply.ts';
import type { Dimensions, LedgerEntry } from '../ledger/records.ts';
import type { RequestTrace } from '../observe/tracing.ts';
import type { LargeBody } from './bodies/large-bodies.ts';
import type { Candidate } from './deployments/candidate.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import type { Entitlement } from './entitlement.ts';
import type { CachedKey } from './snapshot/cached-key.ts';

/** One request on its walk: what was asked, and what the steps have found out so far. One object holds one walk, and nothing else does. */
export interface Walk {
  /** Ours; its own time is the request's `admitted_at`, so it is stamped anew when the counters admit. */
  id: string;
  readonly endpoint: Endpoint;
  readonly request: GatewayRequest;
  readonly reply: Reply;
  readonly clientRequestId: string | null;
  /** Set by `authenticate`: from here on the request leaves a row whatever happens. */
  key: CachedKey | null;
  /** Set when the body was read. */
  asked: Asked | null;
  /** Set by `admit` once the model is known to be callable or not. */
  entitlement: Entitlement | null;
  /** Set with the key where traces are recorded; null where they are not. */
  trace: RequestTrace | null;
  readonly timing: Timing;
  /** Limits were judged by this replica's share: what all replicas share was out of reach. */
  isDegraded: boolean;
}

export interface Asked {
  /** What came, without the tags that it names. */
  readonly body: JsonObject;
  /** What came, where it is exactly what we would write for `body`; else null. */
  readonly ourBytes: Buffer | null;
  /** Of a large body, which is read elsewhere: what was left in its bytes, and our estimate of its tokens where that may be the answer. */
  readonly large: Pick<LargeBody, 'left' | 'tokens'> | null;
  readonly facts: RequestFacts;
  /** Null for nearly all: it names none. */
  readonly tags: readonly string[] | null;
}

/** Monotonic milliseconds. What is not provider time is ours. */
export interface Timing {
  readonly startedMs: number;
  providerMs: number | null;
  firstTokenMs: number | null;
  /** When a stream's first bytes went to the client: from then on the time is the stream's, not ours. */
  streamingSinceMs: number | null;
}

/** What an admitted request holds, and what its attempts have used of it. */
export interface Admission {
  readonly walk: Walk;
  /** What the key is now: it may have been moved since. Who is charged is `charged`. */
  readonly key: CachedKey;
  /** Frozen at the admission, as its prices are, which the entitlement's candidates carry. */
  readonly charged: Dimensions;
  readonly asked: Asked;
  readonly entitlement: Entitlement;
  /** Who of the entitlement's candidates may serve, where something asked for has no price at others; null: all. */
  readonly fitting: ReadonlySet<Candidate> | null;
  readonly hold: Hold;
  readonly admittedAtMs: number;
  readonly readings: Readings;
  /** What the hold was worked out from. */
  readonly question: HoldQuestion;
  readonly estimate: HoldEstimate;
  /** Money held for each attempt. */
  readonly heldNanoUsd: number;
  /** Why it was admitted, as its row keeps it. */
  readonly decision: string;
  /** Input tokens the estimate assumes. */
  readonly inputTokens: number;
  /** The output cap to send upstream instead of the caller's; null when nothing was clamped. */
  readonly outputCap: number | null;
  readonly entries: LedgerEntry[];
  /** Why, for each entry that is an estimate. */
  estimated: readonly EstimateReason[];
  attempts: number;
  usedTokens: number;
  usedNanoUsd: number;
  /** Bytes of output that were seen of the answer; 0: none, or they were not counted. */
  outputBytes: number;
  /** How much of the use has been held anew for further attempts. */
  extendedTokens: number;
  extendedNanoUsd: number;
  /** What is charged should this process die before the candidate's answer is settled. */
  readonly ifLost: (candidate: Candidate) => LostAttempt;
  /** The most output that the candidate may put out, all choices together: within the cap that was sent and its model's maximum. */
  readonly outputMax: (candidate: Candidate) => number;
  settled: boolean;
  /** Where traffic.ts keeps it until it is settled. */
  inFlightAt: number;
  /** Ends an answer that is being delivered, with an error the client can read, or read on for its usage; null while there is none. */
  cutShort: (() => void) | null;
}

export interface LostAttempt {
  readonly heldInputTokens: number;
  readonly heldOutputTokens: number;
  readonly heldNanoUsd: number;
}
