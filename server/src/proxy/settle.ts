import type { AnswerFacts } from '../dialects/dialect.ts';
import type { LimitPlan } from '../domain/limits/limit-plan.ts';
import { askedTier, type Beyond, unpricedAsked, unreportedSearches } from '../domain/money/beyond.ts';
import { toCounterNanoUsd } from '../domain/money/money.ts';
import { costNanoUsd, unpricedIn, withRequestFee } from '../domain/money/price.ts';
import type { EstimateReason } from '../domain/usage/estimate-reason.ts';
import { estimatedOutput } from '../domain/usage/hang-up.ts';
import { outputTokens, totalTokens, type Usage } from '../domain/usage/usage.ts';
import type { EndRecord, RequestStatus } from '../ledger/records.ts';
import { isWorthALine } from '../observe/request-lines.ts';
import { contentToKeep } from './content/content.ts';
import type { Candidate } from './deployments/candidate.ts';
import { outputHistoryOf, planNow } from './entitlement.ts';
import type { Gateway } from './gateway.ts';
import { tellDefect } from './refuse.ts';
import { type SeenOfAnswer, tokensOfBytes, unreportedOutput, usageWith } from './settlement/unreported.ts';
import { recordedTags } from './snapshot/tagged-entitlement.ts';
import type { Admission, Walk } from './walk.ts';

/** How an admitted request ended. */
export interface Ending {
  readonly status: Exclude<RequestStatus, 'refused'>;
  readonly httpStatus: number;
  readonly code: string | null;
  readonly param: string | null;
  readonly candidate: Candidate | null;
  readonly finishReason: string | null;
  /** The answer as the client saw it, for organizations that keep content; null when there was none. */
  readonly answer: Buffer | null;
}

/** What is known of an attempt's bill beside its usage. */
export interface Billed {
  /** The service tier that answered, as AnswerFacts says it; null: the answer names none, and the one that was asked for is charged. */
  readonly serviceTier?: string | null;
  /** What is charged whatever the usage costs at the candidate's price. */
  readonly nanoUsd?: number;
}

const AS_ASKED: Billed = {};

/**
 * Adds to the ledger what one attempt used. Exactly one call per attempt that may have cost something; a free endpoint owes nothing. The
 * usage is charged at the candidate's price; what of it has no price is named. `why`: it was reported in full, or why it is an estimate.
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
  const usage = withPieces(reported, candidate, beyond);
  const serviceTier = (billed.serviceTier ?? askedTier(beyond)) || null;
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

/** Usage with the fee for the request where the price has one, and with searches that were asked for and are reported nowhere. */
function withPieces(usage: Usage, { price, deployment }: Candidate, beyond: readonly Beyond[]): Usage {
  const searches = beyond.length === 0 ? 0 : unreportedSearches(beyond, usage, deployment.searchesMax ?? null);
  const all = searches > 0 ? { ...usage, search: searches } : usage;
  return price === null ? all : withRequestFee(all, price);
}

function namesOf(used: readonly string[], asked: readonly string[]): string | null {
  if (used.length + asked.length === 0) return null;
  return [...new Set([...used, ...asked])].join(',');
}

/**
 * What an answer that was begun is charged: what the provider reported, else the input, what was delivered and what is usually hidden, marked
 * estimated. Some report the input at the beginning and the output at the end; of a stream cut in between the one is theirs and the other
 * is ours. `unlessReported`: why the usage is missing where it is.
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
 * Told once a minute of each deployment: what cannot be is charged as an estimate, and who runs the deployment should know. Never throws: what is
 * owed does not hang on whether it can be told.
 */
export function tellImplausible({ walk }: Admission, { deployment }: Candidate, gateway: Gateway): void {
  try {
    gateway.traffic.usageImplausible(deployment.provider);
    gateway.lines.usageImplausible(deployment, walk.id);
  } catch (error) {
    tellDefect(error, walk.id, gateway);
  }
}

/** What a whole answer is charged that broke off after so many bytes: it was worked for, and the provider will bill it. */
export function oweForBrokenAnswer(admission: Admission, candidate: Candidate, bytes: number): void {
  oweEstimated(admission, candidate, { outputBytes: bytes, usage: null }, 'broken');
}

function oweEstimated(admission: Admission, candidate: Candidate, seen: SeenOfAnswer, why: EstimateReason): void {
  // What came is charged even where a provider sent more than it was held for.
  const output = estimatedOutput({ ...unreportedOutput(admission, candidate, seen), isBounded: false });
  owe(admission, candidate, usageWith(output, seen.usage, admission.inputTokens), why, billedOf(seen));
}

/** What an answer that was not seen to its end had said of its bill. */
export function billedOf({ serviceTier }: SeenOfAnswer): Billed {
  return serviceTier === undefined || serviceTier === null ? AS_ASKED : { serviceTier };
}

/** What an attempt is charged that was sent in full and never answered: the input and the output that was to be expected. */
export function oweForSilence(admission: Admission, candidate: Candidate): void {
  owe(admission, candidate, { input: admission.inputTokens, output: admission.ifLost(candidate).heldOutputTokens }, 'timeout');
}

/**
 * The one end of every admitted request: counters corrected to what was used, the row and its ledger entries written to the journal, the
 * adaptive estimate taught. Happens once whatever ended the request; later calls do nothing. Never refuses and never throws: the row comes
 * first, and whoever else hears of it fails alone.
 */
export function settle(admission: Admission, ending: Ending, gateway: Gateway): void {
  if (admission.settled) return;
  admission.settled = true;
  const { walk } = admission;
  gateway.traffic.ended(admission);
  const record = recordOf(admission, ending, gateway);
  try {
    gateway.journal.end(record);
  } catch (error) {
    tellDefect(error, walk.id, gateway);
  }
  // With the row in the file, before anybody is answered and before anybody asks for what is in it. Counters that outlive this process would keep
  // what it told them before a crash, and the row that the crash leaves behind says something else.
  gateway.traffic.releases();
  gateway.journal.afterWrite(() => settleCounters(admission, gateway), walk.id);
  try {
    if (ending.status !== 'failed') teach(admission, ending);
    for (const { deploymentId, usage } of admission.entries) gateway.load.used(deploymentId, totalTokens(usage));
    watch(record, walk, gateway);
    for (const why of admission.estimated) gateway.traffic.estimated(why);
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
  };
}

function settleCounters(admission: Admission, gateway: Gateway): void {
  const { hold, usedTokens, usedNanoUsd } = admission;
  gateway.traffic.released();
  const settled = gateway.counters.settle(hold, { tokens: usedTokens, nanoUsd: usedNanoUsd }, presentPlan(admission, gateway));
  // The counters are a cache of the ledger, and should they fail the row is the truth.
  if (settled instanceof Promise) settled.catch(() => {});
}

/** What is held is given back even where the present limits cannot be worked out. */
function presentPlan({ key, entitlement, walk }: Admission, gateway: Gateway): LimitPlan {
  try {
    return planNow(key, entitlement, gateway);
  } catch (error) {
    tellDefect(error, walk.id, gateway);
    return entitlement.plan;
  }
}

/** What is charged does not hang on what can be kept of the words. */
function keptOf(admission: Admission, answer: Buffer | null, gateway: Gateway): Buffer | null {
  try {
    return contentToKeep(admission, answer, gateway);
  } catch (error) {
    tellDefect(error, admission.walk.id, gateway);
    return null;
  }
}

const NONE: readonly string[] = [];
/** A provider's own word: as foreign as the rest of its answer. */
const FINISH_REASON_CHARS_MAX = 256;

/** What the row tells whoever watches the process. A stream's own time is not the gateway's. */
function watch(record: EndRecord, walk: Walk, gateway: Gateway): void {
  const { streamingSinceMs } = walk.timing;
  const streamingMs = streamingSinceMs === null ? 0 : gateway.clock.monotonicMs() - streamingSinceMs;
  const ownUs = Math.max(0, record.gatewayUs - streamingMs * 1_000);
  gateway.traffic.settled(record);
  gateway.traffic.gatewayUs(ownUs);
  walk.trace?.end(record);
  if (isWorthALine(record, ownUs)) gateway.lines.note(record, ownUs, walk.trace?.traceId ?? null);
}

/** Milliseconds since the request came, less what the provider took, in whole microseconds. */
function gatewayTimeUs(admission: Admission, gateway: Gateway): number {
  const { startedMs, providerMs } = admission.walk.timing;
  return Math.max(0, Math.round((gateway.clock.monotonicMs() - startedMs - (providerMs ?? 0)) * 1_000));
}

/** Teaches what is usual for this key and name. What a provider does not call reasoning is hidden too, where its bytes do not show it. */
function teach(admission: Admission, ending: Ending): void {
  const usage = admission.entries.at(-1);
  if (usage === undefined || usage.kind !== 'usage' || ending.candidate === null) return;
  const { answers } = admission.asked.facts;
  const all = outputTokens(usage.usage);
  const unseen = admission.outputBytes === 0 ? 0 : all - tokensOfBytes(admission.outputBytes);
  const hidden = Math.max(usage.usage.reasoning ?? 0, unseen);
  outputHistoryOf(admission.key, admission.asked.facts.model).add(all / answers, hidden / answers);
}
