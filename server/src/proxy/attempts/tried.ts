/**
 * Notes the attempts of a request for its row. The attempt that answers an ordinary request is not noted: the row says all of it.
 * So such a request allocates nothing here.
 */

import type { AnswerFacts } from '../../dialects/dialect.ts';
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import { isTooSmall } from '../../domain/routing/context-window.ts';
import { secretTexts } from '../../domain/routing/credential.ts';
import type { Detour } from '../../domain/routing/detours.ts';
import {
  type AttemptRecord,
  type AttemptResult,
  keptText,
  MESSAGE_CHARS_MAX,
  NOT_TRIED_MAX,
  type NotTried,
} from '../../domain/usage/attempt.ts';
import { withoutContent } from '../../domain/usage/provider-words.ts';
import { redactSecrets } from '../../lib/redact.ts';
import type { UpstreamFailureKind } from '../../upstream/call.ts';
import type { Candidate } from '../deployments/candidate.ts';
import type { Gateway } from '../gateway.ts';
import { tellDefect } from '../refuse.ts';
import { canServe } from '../route.ts';
import type { Admission, NotedAttempt, Tried } from '../walk.ts';
import type { Outcome } from './outcome.ts';

/** The reason why a request ended after a failed attempt. */
export type EndReason =
  /** No other candidate would answer differently. */
  | 'final'
  | 'no_candidate_left'
  | 'attempts_max'
  /** The limits or budgets have no room for another attempt. */
  | 'hold_refused'
  | 'client_gone'
  /** An answer had begun, which cannot be taken back. */
  | 'answer_begun'
  | 'gateway_stopped'
  /** The provider of the next candidate lacks the endpoint, so the gateway answered. */
  | 'answered_here'
  /** The journal or the gateway failed. */
  | 'gateway_error';

/** The end of one attempt. */
export interface AttemptEnd {
  readonly result: AttemptResult;
  readonly status: number | null;
  readonly code: string | null;
  /** The provider's words, which may hold anything. */
  readonly words: string | null;
}

/** The times of one attempt, in monotonic milliseconds, and what its request lacks. */
interface Times {
  readonly sentMs: number;
  readonly tookMs: number;
  readonly dropped: readonly string[];
}

const ANSWERED: AttemptEnd = { result: 'answered', status: 200, code: null, words: null };
/** A stream whose client hung up, one that ended because this process stops, and one that met a defect of ours. */
const GONE: AttemptEnd = { result: 'cancelled', status: 200, code: 'client_gone', words: null };
const STOPPED: AttemptEnd = { result: 'cancelled', status: 200, code: 'gateway_stopped', words: null };
const DEFECT: AttemptEnd = { result: 'cancelled', status: 200, code: 'gateway_error', words: null };

/** Counts the end of an attempt, and notes it. Never throws, whatever the provider said. */
export function noteEnd(admission: Admission, candidate: Candidate, times: Times, end: AttemptEnd, gateway: Gateway): void {
  try {
    gateway.traffic.upstreamAttempt(candidate.deployment.provider, end.result);
    const { attempts } = triedOf(admission);
    const noted = notedOf(admission, candidate, times, end);
    if (attempts.length === 0 && admission.compared !== null) noted.compared = admission.compared;
    attempts.push(noted);
  } catch (error) {
    tellDefect(error, admission.walk.id, gateway);
  }
}

/** A whole answer. `sentMs` is null if the gateway answered itself. */
interface WholeAnswer {
  readonly candidate: Candidate;
  readonly sentMs: number | null;
  readonly tookMs: number;
  readonly dropped: readonly string[];
}

/** A stream that was chosen as the answer. */
interface StreamedAnswer {
  readonly candidate: Candidate;
  readonly sentMs: number;
  readonly exchange: { readonly dropped: readonly string[] };
}

/** The end of a streamed request, as in its row. */
interface StreamEnding {
  readonly status: 'succeeded' | 'failed' | 'cancelled';
  readonly httpStatus: number;
  readonly code: string | null;
}

/**
 * Counts a whole answer, and notes it only if there is more to say than that. An answer of the gateway's own is no attempt. Never
 * throws.
 */
export function noteWhole(admission: Admission, { candidate, sentMs, tookMs, dropped }: WholeAnswer, gateway: Gateway): void {
  if (sentMs === null) {
    noteLast(admission, 'answered_here');
    triedOf(admission);
  } else if (isOrdinary(admission, dropped)) {
    gateway.traffic.upstreamAttempt(candidate.deployment.provider, 'answered');
  } else noteEnd(admission, candidate, { sentMs, tookMs, dropped }, ANSWERED, gateway);
}

/** Counts the end of a stream, and notes it only if there is more to say than that it answered. Never throws. */
export function noteStream(admission: Admission, answer: StreamedAnswer, end: AttemptEnd, gateway: Gateway): void {
  const { candidate, sentMs } = answer;
  const { dropped } = answer.exchange;
  if (end === ANSWERED && isOrdinary(admission, dropped)) {
    gateway.traffic.upstreamAttempt(candidate.deployment.provider, 'answered');
    return;
  }
  noteEnd(admission, candidate, { sentMs, tookMs: gateway.clock.monotonicMs() - sentMs, dropped }, end, gateway);
  noteLast(
    admission,
    end === GONE ? 'client_gone' : end === STOPPED ? 'gateway_stopped' : end === DEFECT ? 'gateway_error' : 'answer_begun',
  );
}

/** Reports whether the row says all of an answer: nothing went before it, was lost or compared, and the client has it. */
function isOrdinary({ tried, compared, walk }: Admission, dropped: readonly string[]): boolean {
  return tried === null && compared === null && dropped.length === 0 && !walk.reply.gone;
}

/** Returns the end of a stream by the end of its request. `broke`: the way in which its connection broke; null: it did not. */
export function endOfStream(
  { status, httpStatus, code }: StreamEnding,
  { complete, error }: AnswerFacts,
  broke: UpstreamFailureKind | null,
): AttemptEnd {
  if (complete) return ANSWERED;
  if (code === 'provider_error')
    return { result: 'broken', status: 200, code: broke ?? (error === null ? 'incomplete' : 'error_in_stream'), words: error };
  if (status === 'failed') return DEFECT;
  return httpStatus === 200 ? STOPPED : GONE;
}

/** Returns the end of an attempt by its outcome, for an outcome that is no answer. */
export function endOf(outcome: Extract<Outcome, { is: 'error' | 'failure' | 'gone' | 'stopped' }>): AttemptEnd {
  switch (outcome.is) {
    case 'error':
      return { result: 'error', status: outcome.error.status, code: outcome.error.kind, words: outcome.error.message };
    case 'failure': {
      if (outcome.isCut) return { ...STOPPED, status: outcome.status };
      const result = outcome.answerBytes > 0 ? 'broken' : 'failed';
      return { result, status: outcome.status, code: outcome.failure.kind, words: outcome.failure.message };
    }
    case 'stopped':
      return { ...STOPPED, status: outcome.said === null ? null : 200 };
    case 'gone':
      return { ...GONE, status: outcome.said === null ? null : 200 };
  }
}

/** Notes that a candidate's dialect cannot express the request, for the list of candidates that were not tried. */
export function noteUntranslatable(admission: Admission, { deployment }: Candidate): void {
  triedOf(admission).untranslatable.push(deployment.id);
}

/** Called before an attempt is sent: the one before it was retried or fell back. */
export function noteNext({ tried }: Admission, { deployment }: Candidate): void {
  const last = undecided(tried);
  if (last === null) return;
  const isRetry = last.deploymentId === deployment.id;
  last.next = isRetry ? 'retried' : 'fell_back';
  last.nextReason = isRetry ? 'only_candidate' : nextReasonOf(tried);
}

function nextReasonOf(tried: Tried | null): string {
  const detour = tried?.detour ?? null;
  if (tried !== null) tried.detour = null;
  return detour === null ? 'other_candidate' : `${detour}_fallback`;
}

/** Notes that the next attempt is at a target beside the chain, and why. */
export function noteDetour({ tried }: Admission, detour: Detour): void {
  if (tried !== null) tried.detour = detour;
}

/** Notes the pause before a retry. */
export function noteWait({ tried }: Admission, ms: number): void {
  const last = undecided(tried);
  if (last !== null) last.waitMs = Math.round(ms);
}

/** Notes why no further attempt follows. Only the first reason counts. */
export function noteLast({ tried }: Admission, reason: EndReason): void {
  const last = undecided(tried);
  if (last !== null) last.nextReason = reason;
}

/** As noteLast, and lists the candidates that were not tried. `order`: the candidates that routing chose. Never throws. */
export function noteGivenUp(admission: Admission, reason: EndReason, order: readonly Candidate[], gateway: Gateway): void {
  const last = undecided(admission.tried);
  if (last === null) return;
  last.nextReason = reason;
  try {
    last.notTried = notTriedOf(admission, order, gateway);
  } catch (error) {
    tellDefect(error, admission.walk.id, gateway);
  }
}

/**
 * Returns the list for the row; null if one attempt answered and nothing else happened. It is empty if no attempt was sent, also
 * if one was counted: the client was gone by then, or the disk was full.
 */
export function triedForRow({ tried, attempts }: Admission, answeredBy: Candidate | null): readonly AttemptRecord[] | null {
  if (tried !== null) return tried.attempts;
  return answeredBy === null && attempts > 0 ? NO_ATTEMPTS : null;
}

const NO_ATTEMPTS: readonly AttemptRecord[] = [];

function triedOf(admission: Admission): Tried {
  admission.tried ??= { attempts: [], untranslatable: [], detour: null };
  return admission.tried;
}

/** Returns the last attempt, if nothing is known yet of what follows. */
function undecided(tried: Tried | null): NotedAttempt | null {
  const last = tried?.attempts.at(-1);
  return last !== undefined && last.next === 'ended' && last.nextReason === null && last.result !== 'answered' ? last : null;
}

function notedOf(
  admission: Admission,
  { deployment }: Candidate,
  { sentMs, tookMs, dropped }: Times,
  end: AttemptEnd,
): NotedAttempt {
  return {
    deploymentId: deployment.id,
    provider: deployment.provider,
    upstreamModel: deployment.upstreamModel,
    startedMs: Math.max(0, Math.round(sentMs - admission.admittedMonotonicMs)),
    tookMs: Math.max(0, Math.round(tookMs)),
    result: end.result,
    status: end.status,
    code: end.code,
    message: end.words === null ? null : keptWords(end.words, deployment, admission),
    next: 'ended',
    nextReason: null,
    waitMs: null,
    notTried: NONE,
    dropped,
  };
}

const NONE: readonly NotTried[] = [];

/** Returns a provider's words without content and secrets. They are removed before the text is cut, so that none is cut in half. */
function keptWords(words: string, { credential }: DeploymentConfig, { asked }: Admission): string | null {
  const own = withoutContent(words, asked.large === null ? JSON.stringify(asked.body) : null);
  return keptText(redactSecrets(own, credential === null ? null : secretTexts(credential)), MESSAGE_CHARS_MAX) || null;
}

function notTriedOf(admission: Admission, order: readonly Candidate[], gateway: Gateway): readonly NotTried[] {
  const { attempts, untranslatable } = admission.tried as Tried;
  const tried = new Set(attempts.map(({ deploymentId }) => deploymentId));
  const all = new Set([...admission.entitlement.ordinary, ...order]);
  const left = [...all].filter(({ deployment }) => !tried.has(deployment.id));
  const { wire } = admission.walk.endpoint;
  return left.slice(0, NOT_TRIED_MAX).map((candidate) => {
    const { id: deploymentId, provider } = candidate.deployment;
    if (!canServe(candidate, admission)) return { deploymentId, reason: 'unpriced' };
    if (isTooSmall(candidate.deployment, admission.leastTokens) && !order.includes(candidate))
      return { deploymentId, reason: 'too_small' };
    if (untranslatable.includes(deploymentId)) return { deploymentId, reason: 'untranslatable' };
    if ((gateway.providers.get(provider)?.wireFor(wire, candidate.deployment) ?? null) === null)
      return { deploymentId, reason: 'unsupported' };
    return { deploymentId, reason: order.includes(candidate) ? 'not_reached' : 'cooling_down' };
  });
}
