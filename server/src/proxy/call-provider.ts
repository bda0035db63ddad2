import { type AnswerFacts, type Exchange, UnreadableAnswer, Untranslatable } from '../dialects/dialect.ts';
import { countAnswer, estimateTokens } from '../dialects/exchange.ts';
import { NOTHING_DROPPED } from '../dialects/losses.ts';
import { CALLER_CODES } from '../domain/usage/attempt.ts';
import { afterHangUp } from '../domain/usage/hang-up.ts';
import type { UsageBucket } from '../domain/usage/usage.ts';
import { attempt } from './attempt-outcome.ts';
import { detourAfter, isOnDetour, mayDetour } from './attempts/detour.ts';
import { Failed, judgeError, judgeFailure } from './attempts/failed.ts';
import type { Outcome, StreamSource } from './attempts/outcome.ts';
import { pauseBeforeRetry } from './attempts/retry.ts';
import {
  type EndReason,
  endOf,
  noteEnd,
  noteGivenUp,
  noteLast,
  noteNext,
  noteUntranslatable,
  noteWait,
} from './attempts/tried.ts';
import { attributionOf } from './attribution.ts';
import type { Candidate } from './deployments/candidate.ts';
import { measure, noteBusy } from './deployments/note-measures.ts';
import { exchangeFor } from './exchange-for.ts';
import type { Gateway } from './gateway.ts';
import { invalidRequest, Refusal, serviceUnavailable } from './refusal.ts';
import { tellDefect } from './refuse.ts';
import { type Made, oweForError, oweForFailure, oweForGone, oweForUnreadable } from './settlement/owe-unanswered.ts';
import { recordedTags } from './snapshot/tagged-entitlement.ts';
import { followAttempt, upstreamHeaders } from './upstream-headers.ts';
import type { Admission, LostAttempt } from './walk.ts';

/** A provider's answer, of which nothing was sent to the client yet. */
export type Answer =
  | {
      readonly is: 'whole';
      readonly candidate: Candidate;
      readonly bytes: Buffer;
      /** Absent: JSON. */
      readonly contentType?: string | undefined;
      readonly facts: AnswerFacts;
      /** The time at which the call was sent, in monotonic milliseconds; null if the gateway answered itself. */
      readonly sentMs: number | null;
      /** The time from sending the call to its last byte, in milliseconds. */
      readonly tookMs: number;
      /** The client's fields that its request lacked. */
      readonly dropped: readonly string[];
    }
  | {
      readonly is: 'stream';
      readonly candidate: Candidate;
      readonly exchange: Exchange;
      readonly source: StreamSource;
      /** True if an event that is part of an answer has arrived, and not only a stream's beginning. */
      readonly isOpened: boolean;
      /** The time at which the call was sent, in monotonic milliseconds. */
      readonly sentMs: number;
    };

/** Thrown when the client hangs up while an answer is awaited. Any charge was added to the admission before. */
export class ClientGone extends Error {}

/**
 * Tries the candidates, best first, until one begins to answer. Each attempt that used something is recorded for settlement. Each
 * further attempt extends the hold first, and is not made if that fails. Throws the last failure as a refusal, or `ClientGone`.
 */
export async function callProvider(first: readonly Candidate[], admission: Admission, gateway: Gateway): Promise<Answer> {
  let failure: Refusal | null = null;
  let order = first;
  for (let at = 0; at < order.length && admission.attempts < gateway.settings.attemptsMax; at += 1) {
    const candidate = order[at] as Candidate;
    for (let tries = 1; ; tries += 1) {
      const watchesRefusals =
        admission.entitlement.detours !== null && mayDetour('policy', at + 1 < order.length, admission, gateway);
      const tried = await tryOnce(candidate, watchesRefusals, admission, gateway);
      if (!(tried instanceof Failed)) return tried;
      failure = tried.refusal;
      if (admission.walk.reply.gone) throw new ClientGone();
      const isUnsealed = retriesUnsealed(tried, admission, gateway);
      const detour = detourAfter(tried, admission, gateway);
      const goesOn = isUnsealed || detour !== null || (isOnDetour(tried, admission) && at + 1 < order.length);
      if (tried.final && !goesOn) throw givenUp(failure, 'final', order, admission, gateway);
      if (!(await holdForAnother(admission, gateway))) throw givenUp(failure, 'hold_refused', order, admission, gateway);
      if (isUnsealed) continue;
      if (detour !== null) {
        order = detour;
        at = -1;
        break;
      }
      const pauseMs = pauseBeforeRetry(tried, tries, order.length, admission, gateway);
      if (pauseMs === null) break;
      await pause(pauseMs, admission, gateway);
    }
  }
  if (failure === null) throw nobodyFit();
  const reason = admission.attempts < gateway.settings.attemptsMax ? 'no_candidate_left' : 'attempts_max';
  throw givenUp(failure, reason, order, admission, gateway);
}

/** Notes why no further attempt is made, and returns the last failure. */
function givenUp(
  failure: Refusal,
  reason: EndReason,
  order: readonly Candidate[],
  admission: Admission,
  gateway: Gateway,
): Refusal {
  noteGivenUp(admission, reason, order, gateway);
  return failure;
}

async function tryOnce(
  candidate: Candidate,
  watchesRefusals: boolean,
  admission: Admission,
  gateway: Gateway,
): Promise<Answer | Failed> {
  const { deployment } = candidate;
  const provider = gateway.providers.get(deployment.provider);
  const upstream = provider?.wireFor(admission.walk.endpoint.wire, deployment) ?? null;
  const { facts } = admission.asked;
  if (provider === undefined || upstream === null) {
    const { free } = admission.walk.endpoint;
    return free ? countedHere(candidate, admission) : new Failed(cannotServe(candidate, admission), 'lasting');
  }
  const made = exchangeFor(candidate, provider, upstream, admission, gateway);
  const exchange = made instanceof Promise ? await made : made;
  // The upstream's dialect cannot express the request. The caller must change it, unless another candidate speaks the caller's
  // dialect.
  if (exchange instanceof Untranslatable) {
    noteUntranslatable(admission, candidate);
    return new Failed(invalidRequest(exchange.message, exchange.param), 'lasting');
  }
  admission.attempts += 1;
  await begun(candidate, admission, gateway);
  const { walk } = admission;
  if (walk.reply.gone) throw new ClientGone();
  noteNext(admission, candidate);
  gateway.load.sent(deployment);
  if (candidate.isMeasured || admission.busyAt !== null) noteBusy(admission, candidate, gateway);
  const sentMs = gateway.clock.monotonicMs();
  const trying = attempt(
    provider,
    {
      deployment,
      wire: upstream,
      body: exchange.upstreamBody,
      contentType: exchange.contentType,
      stream: facts.stream,
      forward: upstreamHeaders(walk, deployment),
      // Another format has another query: `alt=sse` means nothing to Anthropic.
      query: upstream === walk.endpoint.wire ? walk.request.query : '',
    },
    gateway,
    { watchesRefusals },
  );
  admission.cutShort = () => trying.stop();
  walk.reply.onGone(() => {
    if (trying.giveUp((isStreamed) => isFinished(candidate, admission, isStreamed))) admission.cutShort = () => trying.cut();
  });
  const outcome = await trying.outcome;
  const tookMs = gateway.clock.monotonicMs() - sentMs;
  walk.timing.providerMs = (walk.timing.providerMs ?? 0) + tookMs;
  gateway.traffic.upstreamMs(deployment.provider, tookMs);
  if (candidate.isMeasured) measure(deployment, outcome, trying.headers, tookMs, gateway);
  if (outcome.is === 'stream') {
    walk.timing.firstTokenMs = gateway.clock.monotonicMs() - walk.timing.startedMs;
    gateway.traffic.firstTokenMs(deployment.provider, walk.timing.firstTokenMs);
  }
  const tried = judge(outcome, { exchange, dropped: exchange.dropped, upstream, sentMs, tookMs }, candidate, admission, gateway);
  if (walk.trace !== null) followAttempt(walk.trace, outcome, tried instanceof Failed);
  return tried;
}

/** Reports whether an answer of this kind is read to its end when the client hangs up. */
function isFinished({ deployment }: Candidate, { entitlement, walk }: Admission, isStreamed: boolean): boolean {
  const isBudgeted = entitlement.needsPrice && !walk.endpoint.free;
  return afterHangUp(deployment.onHangup ?? null, { isStreamed, isBudgeted }) === 'finish';
}

/** Answers a count of tokens with our own estimate, for a provider that has no such endpoint. The answer's head says so. */
function countedHere(candidate: Candidate, { asked: { body, large }, walk }: Admission): Answer {
  const bytes = Buffer.from(JSON.stringify(countAnswer(walk.endpoint.wire, large?.tokens ?? estimateTokens(body))));
  return {
    is: 'whole',
    candidate,
    bytes,
    facts: { ...NOTHING_USED, outputBytes: 0, finishReason: null, finishes: 1, complete: true, error: null },
    sentMs: null,
    tookMs: 0,
    dropped: NOTHING_DROPPED,
  };
}

const NOTHING_USED = { usage: {}, usageImplausible: false, usageIsFinal: true, serviceTier: null } as const;

/**
 * Writes the begin record, and waits until it is in the file. Only then is the request sent, and a crash from then on is charged
 * as estimated. Rejects with `service_unavailable` if the disk is full.
 */
function begun(candidate: Candidate, admission: Admission, gateway: Gateway): Promise<void> {
  const { deployment, price } = candidate;
  const { tags, tagRoute } = recordedTags(admission.asked.tags, admission.entitlement);
  const lost = ifLostNow(admission, candidate);
  // V8 copies a spread fast only where it comes first.
  gateway.journal.begin({
    ...admission.charged,
    requestId: admission.walk.id,
    clientRequestId: admission.walk.clientRequestId,
    admittedAtMs: admission.admittedAtMs,
    endpoint: admission.walk.endpoint.name,
    stream: admission.asked.facts.stream,
    attempts: admission.attempts,
    decision: admission.decision,
    deploymentId: deployment.id,
    provider: deployment.provider,
    upstreamModel: deployment.upstreamModel,
    priceId: price?.id ?? null,
    tags,
    tagRoute,
    attribution: attributionOf(admission.walk, gateway),
    heldInputTokens: lost.heldInputTokens,
    heldOutputTokens: lost.heldOutputTokens,
    heldNanoUsd: lost.heldNanoUsd,
  });
  return new Promise((resolve, reject) => {
    gateway.journal.whenWritten((outcome) => {
      if (outcome === 'written') resolve();
      else
        reject(
          serviceUnavailable(
            'The gateway cannot record the cost of this request, because its disk is full. The request was not sent to a provider. Try again later.',
          ),
        );
    }, admission.walk.id);
  });
}

/** Returns the charge if the process crashes now: this attempt's hold plus earlier use. Each begin record replaces the last. */
function ifLostNow(admission: Admission, candidate: Candidate): LostAttempt {
  const lost = admission.ifLost(candidate);
  if (admission.entries.length === 0) return lost;
  let outputTokens = 0;
  for (const { usage } of admission.entries) for (const bucket of OUTPUT_BUCKETS) outputTokens += usage[bucket] ?? 0;
  return {
    heldInputTokens: lost.heldInputTokens + admission.usedTokens - outputTokens,
    heldOutputTokens: lost.heldOutputTokens + outputTokens,
    heldNanoUsd: lost.heldNanoUsd + admission.usedNanoUsd,
  };
}

const OUTPUT_BUCKETS = ['output', 'reasoning', 'audio_output', 'image_output'] as const satisfies readonly UsageBucket[];

function judge(outcome: Outcome, made: Made, candidate: Candidate, admission: Admission, gateway: Gateway): Answer | Failed {
  const { id, credential } = candidate.deployment;
  switch (outcome.is) {
    case 'stream':
      gateway.health.succeeded(id, credential);
      return {
        is: 'stream',
        candidate,
        exchange: made.exchange,
        source: outcome.source,
        isOpened: outcome.isOpened,
        sentMs: made.sentMs,
      };
    case 'whole':
      return readWhole(outcome.bytes, made, candidate, admission, gateway);
    case 'error':
      noteEnd(admission, candidate, made, endOf(outcome), gateway);
      oweForError(outcome, made, candidate, admission, gateway);
      if (!CALLER_CODES.some((code) => code === outcome.error.kind)) gateway.health.failed(id, outcome.error.retryAfterMs);
      if (outcome.error.kind === 'credential') gateway.health.refused(id, credential, outcome.error.status);
      return judgeError(outcome.error);
    case 'failure':
      noteEnd(admission, candidate, made, endOf(outcome), gateway);
      gateway.health.failed(id, null);
      oweForFailure(outcome, made, candidate, admission, gateway);
      return judgeFailure(outcome.failure);
    case 'gone':
      noteEnd(admission, candidate, made, endOf(outcome), gateway);
      if (outcome.isWorkedOn) oweForGone(outcome, made, candidate, admission, gateway);
      throw new ClientGone();
    case 'stopped':
      noteEnd(admission, candidate, made, endOf(outcome), gateway);
      if (outcome.isWorkedOn) oweForGone(outcome, made, candidate, admission, gateway);
      throw stopping(admission);
  }
}

/**
 * Returns the refusal for a request that still waits for its answer when this process stops. A response in the background that was
 * cancelled is ended in the same way, but has nobody to tell.
 */
function stopping(admission: Admission): Refusal | ClientGone {
  if (admission.walk.reply.gone) return new ClientGone();
  noteLast(admission, 'gateway_stopped');
  return serviceUnavailable('The gateway is restarting. Send the request again.');
}

function readWhole(bytes: Buffer, made: Made, candidate: Candidate, admission: Admission, gateway: Gateway): Answer | Failed {
  const { id, credential } = candidate.deployment;
  try {
    const said = made.exchange.whole(bytes);
    gateway.health.succeeded(id, credential);
    const { bytes: sent, facts, contentType } = said;
    const { sentMs, tookMs, dropped } = made;
    return { is: 'whole', candidate, bytes: sent, contentType, facts, sentMs, tookMs, dropped };
  } catch (error) {
    // We owe the provider for an answer even if we cannot read it.
    if (!(error instanceof UnreadableAnswer)) tellDefect(error, admission.walk.id, gateway);
    gateway.health.failed(id, null);
    const isUnreadable = error instanceof UnreadableAnswer;
    const why = isUnreadable ? error.message : 'the gateway has a bug';
    const code = isUnreadable ? 'unreadable' : 'gateway_error';
    noteEnd(admission, candidate, made, { result: 'failed', status: 200, code, words: isUnreadable ? why : null }, gateway);
    // JSON that broke off cost the provider work. An empty body, or one that is not JSON, did not.
    if (bytes[0] === OPEN_BRACE) oweForUnreadable(admission, candidate, bytes.length);
    return new Failed(new Refusal('provider_error', `The provider's answer cannot be read: ${why}`), 'lasting');
  }
}

const OPEN_BRACE = 0x7b;

function cannotServe({ deployment }: Candidate, admission: Admission): Refusal {
  const { name } = admission.walk.endpoint;
  return new Refusal(
    'invalid_request',
    `The provider ${deployment.provider} does not support ${name}. Call another model or another endpoint.`,
    { param: 'model' },
  );
}

function nobodyFit(): Refusal {
  return new Refusal(
    'no_healthy_deployment',
    'No deployment of this model can serve right now, because calls to all of them failed recently. Try again in a moment.',
    {
      retry: { is: 'after', ms: 1_000, hammerProof: false },
    },
  );
}

/**
 * Reports whether to send the request again without the reasoning of earlier answers, which this account cannot read. Once for each
 * request. A large body stays as it is.
 */
function retriesUnsealed(tried: Failed, admission: Admission, gateway: Gateway): boolean {
  if (!tried.sealed || admission.isUnsealed || admission.asked.large !== null) return false;
  if (admission.attempts >= gateway.settings.attemptsMax) return false;
  admission.isUnsealed = true;
  return true;
}

/** Extends the hold, which covers one attempt, by the use so far. Returns false if no further attempt may be made. */
async function holdForAnother(admission: Admission, gateway: Gateway): Promise<boolean> {
  if (admission.walk.reply.gone) throw new ClientGone();
  const tokens = admission.usedTokens - admission.extendedTokens;
  const nanoUsd = admission.usedNanoUsd - admission.extendedNanoUsd;
  if (tokens === 0 && nanoUsd === 0) return true;
  if (!(await extended(admission, { tokens, nanoUsd }, gateway))) return false;
  // The client may have hung up during the wait, and then nothing more is sent.
  if (admission.walk.reply.gone) throw new ClientGone();
  admission.extendedTokens += tokens;
  admission.extendedNanoUsd += nanoUsd;
  return true;
}

/** Extends the hold. Returns false also if the counters fail: no further attempt is made, and the last failure is the answer. */
async function extended(admission: Admission, more: { tokens: number; nanoUsd: number }, gateway: Gateway): Promise<boolean> {
  try {
    return await gateway.counters.extend(admission.hold, more);
  } catch {
    return false;
  }
}

function pause(ms: number, admission: Admission, gateway: Gateway): Promise<void> {
  noteWait(admission, ms);
  return new Promise((resolve, reject) => {
    const cancel = gateway.after(ms, resolve);
    admission.cutShort = () => {
      cancel();
      reject(stopping(admission));
    };
    admission.walk.reply.onGone(() => {
      cancel();
      reject(new ClientGone());
    });
  });
}
