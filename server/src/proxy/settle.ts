import type { AnswerFacts } from '../dialects/dialect.ts';
import type { LimitPlan } from '../domain/limits/limit-plan.ts';
import { askedTier, type Beyond, piecesIn, unpricedAsked, unreportedSearches } from '../domain/money/beyond.ts';
import { toCounterNanoUsd } from '../domain/money/money.ts';
import { asBilledTokens, type Picture, pictureTier, withAskedPieces } from '../domain/money/pieces.ts';
import { costNanoUsd, unpricedIn, withRequestFee } from '../domain/money/price.ts';
import { answersInText } from '../domain/routing/modes.ts';
import type { EstimateReason } from '../domain/usage/estimate-reason.ts';
import { estimatedOutput } from '../domain/usage/hang-up.ts';
import { outputTokens, totalTokens, type Usage } from '../domain/usage/usage.ts';
import type { EndRecord, RequestStatus } from '../ledger/records.ts';
import { isWorthALine } from '../observe/request-lines.ts';
import { triedForRow } from './attempts/tried.ts';
import { attributionOf } from './attribution.ts';
import { contentToKeep } from './content/content.ts';
import type { Candidate } from './deployments/candidate.ts';
import { noteIdle } from './deployments/note-measures.ts';
import { outputHistoryOf, planNow } from './entitlement.ts';
import type { Gateway } from './gateway.ts';
import { tellDefect } from './refuse.ts';
import { keepSettled } from './responses/keep-settled.ts';
import { type SeenOfAnswer, tokensOfBytes, unreportedOutput, usageWith } from './settlement/unreported.ts';
import { labelsOf } from './snapshot/labelled-entitlement.ts';
import { recordedTags } from './snapshot/tagged-entitlement.ts';
import type { Admission, Walk } from './walk.ts';

/** The end of an admitted request. */
export interface Ending {
  readonly status: Exclude<RequestStatus, 'refused'>;
  readonly httpStatus: number;
  readonly code: string | null;
  readonly param: string | null;
  /** The refusal's message, if there was one. */
  readonly words?: string;
  readonly candidate: Candidate | null;
  readonly finishReason: string | null;
  /** The answer as the client saw it, for organizations that keep content; null if there was none. */
  readonly answer: Buffer | null;
}

/** Facts about an attempt's bill, beside its usage. */
export interface Billed {
  /** The service tier that answered, as in AnswerFacts. Null if the answer names none: then the requested tier is charged. */
  readonly serviceTier?: string | null;
  /** The picture that was made, as in AnswerFacts. */
  readonly picture?: Picture;
  /** The amount to charge instead of the usage's cost at the candidate's price. */
  readonly nanoUsd?: number;
}

const AS_ASKED: Billed = {};

/**
 * Charges the usage of one attempt at the candidate's price, as an entry for the ledger that names units without a price. Call it
 * exactly once per attempt that may have cost something. A free endpoint owes nothing. `why`: `reported`, or the reason for an
 * estimate.
 */
export function owe(
  admission: Admission,
  candidate: Candidate,
  reported: Usage,
  why: 'reported' | EstimateReason,
  billed: Billed = AS_ASKED,
): void {
  if (admission.walk.endpoint.free) return;
  const { price } = candidate;
  const { beyond } = admission.asked.facts;
  const pieces = piecesIn(beyond);
  const usage = withPieces(why === 'reported' ? reported : asBilledTokens(reported, pieces), candidate, beyond);
  const serviceTier =
    pieces.length > 0
      ? pictureTier(price, pieces[0]?.picture, billed.picture)
      : (billed.serviceTier ?? askedTier(beyond)) || null;
  const nanoUsd = price === null ? null : (billed.nanoUsd ?? toCounterNanoUsd(costNanoUsd(usage, price, serviceTier)));
  admission.usedTokens += totalTokens(usage);
  admission.usedNanoUsd = Math.min(admission.usedNanoUsd + (nanoUsd ?? 0), Number.MAX_SAFE_INTEGER);
  if (why !== 'reported') admission.estimated = [...admission.estimated, why];
  admission.entries.push({
    attempt: admission.attempts,
    kind: why === 'reported' ? 'usage' : 'estimated',
    deploymentId: candidate.deployment.id,
    provider: candidate.deployment.provider,
    upstreamModel: candidate.deployment.upstreamModel,
    priceId: candidate.price?.id ?? null,
    usage,
    nanoUsd,
    serviceTier,
    unpricedUnits: price === null ? null : namesOf(unpricedIn(usage, price, serviceTier), unpricedAsked(beyond, price)),
  });
}

/** Adds to the usage the request's fee, if the price has one, and searches and pieces that were requested but not reported. */
function withPieces(usage: Usage, { price, deployment }: Candidate, beyond: readonly Beyond[]): Usage {
  const searches = beyond.length === 0 ? 0 : unreportedSearches(beyond, usage, deployment.searchesMax ?? null);
  const searched = searches > 0 ? { ...usage, search: searches } : usage;
  const all = beyond.length === 0 ? searched : withAskedPieces(searched, price, piecesIn(beyond));
  return price === null ? all : withRequestFee(all, price);
}

function namesOf(used: readonly string[], asked: readonly string[]): string | null {
  if (used.length + asked.length === 0) return null;
  return [...new Set([...used, ...asked])].join(',');
}

/**
 * Charges an answer that has begun. Takes the usage that the provider reported. Otherwise estimates it from the input, the
 * delivered output and the usual hidden output. Some providers report the input first and the output last, so the estimate may be
 * of the output alone. `unlessReported`: the reason to record for an estimate.
 */
export function oweForAnswer(
  admission: Admission,
  candidate: Candidate,
  facts: AnswerFacts,
  unlessReported: EstimateReason,
  gateway: Gateway,
): void {
  admission.outputBytes = facts.outputBytes;
  if (facts.usageImplausible) tellImplausible(admission, candidate, gateway);
  if (facts.usage !== null && facts.usageIsFinal) owe(admission, candidate, facts.usage, 'reported', facts);
  else oweEstimated(admission, candidate, facts, facts.usageImplausible ? 'implausible' : unlessReported);
}

/**
 * Counts and logs implausible usage, so that the operator learns of it; at most one line a minute for each deployment. Never
 * throws, so that a failed report cannot prevent the charge.
 */
export function tellImplausible({ walk }: Admission, { deployment }: Candidate, gateway: Gateway): void {
  try {
    gateway.traffic.usageImplausible(deployment.provider);
    gateway.lines.usageImplausible(deployment, walk.id);
  } catch (error) {
    tellDefect(error, walk.id, gateway);
  }
}

/** Charges a whole answer that broke off after `bytes`. The provider worked on it, and will bill it. */
export function oweForBrokenAnswer(admission: Admission, candidate: Candidate, bytes: number): void {
  oweEstimated(admission, candidate, { outputBytes: bytes, usage: null }, 'broken');
}

function oweEstimated(admission: Admission, candidate: Candidate, seen: SeenOfAnswer, why: EstimateReason): void {
  // Charge all that arrived, even if the provider sent more than the hold covers.
  const arrived = answersInText(admission.walk.endpoint.mode) ? seen : { ...seen, outputBytes: 0 };
  const output = estimatedOutput({ ...unreportedOutput(admission, candidate, arrived), isBounded: false });
  owe(admission, candidate, usageWith(output, seen.usage, admission.inputTokens), why, billedOf(seen));
}

/** Returns the facts about the bill that an incomplete answer had reported. */
export function billedOf({ serviceTier }: SeenOfAnswer): Billed {
  return serviceTier === undefined || serviceTier === null ? AS_ASKED : { serviceTier };
}

/** Charges an attempt that was sent in full and never answered: the input, and the expected output. */
export function oweForSilence(admission: Admission, candidate: Candidate): void {
  owe(admission, candidate, { input: admission.inputTokens, output: admission.ifLost(candidate).heldOutputTokens }, 'timeout');
}

/**
 * Settles an admitted request. Writes its row and ledger entries to the journal, corrects the counters to the actual usage, and
 * updates the adaptive estimate. Only the first call has an effect. Never throws: the row comes first, and a failure in a later
 * step affects only that step.
 */
export function settle(admission: Admission, ending: Ending, gateway: Gateway): void {
  if (admission.settled) return;
  admission.settled = true;
  const { walk } = admission;
  gateway.traffic.ended(admission);
  if (admission.busyAt !== null) noteIdle(admission, gateway);
  const record = recordOf(admission, ending, gateway);
  try {
    gateway.journal.end(record);
  } catch (error) {
    tellDefect(error, walk.id, gateway);
  }
  // Settle the counters once the row is in the file, before the client is answered and before anyone reads the usage. Counters
  // can outlive this process. If they were settled first, a crash could leave them with values that differ from the recovered
  // row.
  gateway.traffic.releases();
  gateway.journal.afterWrite(() => settleCounters(admission, gateway), walk.id);
  try {
    if (ending.status !== 'failed') teach(admission, ending);
    for (const { deploymentId, usage } of admission.entries) gateway.load.used(deploymentId, totalTokens(usage));
    watch(record, walk, gateway);
    for (const why of admission.estimated) gateway.traffic.estimated(why);
    if (admission.asked.stored !== null) keepSettled(admission, admission.asked.stored, ending, gateway);
  } catch (error) {
    tellDefect(error, walk.id, gateway);
  }
}

function recordOf(admission: Admission, ending: Ending, gateway: Gateway): EndRecord {
  const { walk } = admission;
  const { tags, tagRoute } = recordedTags(admission.asked.tags, admission.entitlement);
  return {
    ...admission.charged,
    requestId: walk.id,
    clientRequestId: walk.clientRequestId,
    admittedAtMs: admission.admittedAtMs,
    status:
      admission.entries.some((entry) => entry.kind === 'estimated') && ending.status === 'succeeded'
        ? 'estimated'
        : ending.status,
    httpStatus: ending.httpStatus,
    code: ending.code,
    param: ending.param,
    endpoint: walk.endpoint.name,
    stream: admission.asked.facts.stream,
    deploymentId: ending.candidate?.deployment.id ?? null,
    provider: ending.candidate?.deployment.provider ?? null,
    attempts: admission.attempts,
    finishReason: ending.finishReason?.slice(0, FINISH_REASON_CHARS_MAX) ?? null,
    gatewayUs: gatewayTimeUs(admission, gateway),
    providerMs: walk.timing.providerMs === null ? null : Math.round(walk.timing.providerMs),
    firstTokenMs: walk.timing.firstTokenMs === null ? null : Math.round(walk.timing.firstTokenMs),
    entries: admission.entries,
    decision: admission.decision,
    count: 1,
    repeatIds: NONE,
    content: keptOf(admission, ending.answer, gateway),
    tags,
    tagRoute,
    attribution: attributionOf(walk, gateway),
    tried: triedForRow(admission, ending.candidate),
  };
}

function settleCounters(admission: Admission, gateway: Gateway): void {
  const { hold, usedTokens, usedNanoUsd } = admission;
  gateway.traffic.released();
  const settled = gateway.counters.settle(hold, { tokens: usedTokens, nanoUsd: usedNanoUsd }, presentPlan(admission, gateway));
  // The counters are a cache of the ledger. If they fail, the row is authoritative.
  if (settled instanceof Promise) settled.catch(() => {});
}

/** Returns the current plan. If it cannot be computed, returns the admission's plan, so that the hold is still released. */
function presentPlan({ key, entitlement, walk, asked }: Admission, gateway: Gateway): LimitPlan {
  try {
    return planNow(key, entitlement, gateway, (present) => labelsOf(walk, present, asked, gateway));
  } catch (error) {
    tellDefect(error, walk.id, gateway);
    return entitlement.plan;
  }
}

/** Returns the content to keep. On a defect it returns null, so that the charge does not depend on it. */
function keptOf(admission: Admission, answer: Buffer | null, gateway: Gateway): Buffer | null {
  try {
    return contentToKeep(admission, answer, gateway);
  } catch (error) {
    tellDefect(error, admission.walk.id, gateway);
    return null;
  }
}

const NONE: readonly string[] = [];
/** The bound on a finish reason, which is untrusted text from a provider. */
const FINISH_REASON_CHARS_MAX = 256;

/** Reports the row to metrics, trace and log. A running stream and the pauses before retries do not count as the gateway's time. */
function watch(record: EndRecord, walk: Walk, gateway: Gateway): void {
  const { streamingSinceMs } = walk.timing;
  const streamingMs = streamingSinceMs === null ? 0 : gateway.clock.monotonicMs() - streamingSinceMs;
  const pausedMs = record.tried?.reduce((sum, { waitMs }) => sum + (waitMs ?? 0), 0) ?? 0;
  const ownUs = Math.max(0, record.gatewayUs - (streamingMs + pausedMs) * 1_000);
  gateway.traffic.settled(record);
  gateway.traffic.gatewayUs(ownUs);
  walk.trace?.end(record);
  if (isWorthALine(record, ownUs)) gateway.lines.note(record, ownUs, walk.trace?.traceId ?? null);
}

/** Returns the time since the request arrived, without the provider's time, in whole microseconds. */
function gatewayTimeUs(admission: Admission, gateway: Gateway): number {
  const { startedMs, providerMs } = admission.walk.timing;
  return Math.max(0, Math.round((gateway.clock.monotonicMs() - startedMs - (providerMs ?? 0)) * 1_000));
}

/**
 * Adds the output to the history of this key and name. Output tokens count as hidden if they are reasoning, or if no delivered
 * bytes show them.
 */
function teach(admission: Admission, ending: Ending): void {
  const usage = admission.entries.at(-1);
  if (usage === undefined || usage.kind !== 'usage' || ending.candidate === null) return;
  const { answers } = admission.asked.facts;
  const all = outputTokens(usage.usage);
  const unseen = admission.outputBytes === 0 ? 0 : all - tokensOfBytes(admission.outputBytes);
  const hidden = Math.max(usage.usage.reasoning ?? 0, unseen);
  outputHistoryOf(admission.key, admission.asked.facts.model).add(all / answers, hidden / answers);
}
