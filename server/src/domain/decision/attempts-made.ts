/** The attempts of a request as both planes return them, from its row or its journal record. */
import type { RoutingStrategy } from '../routing/catalogue.ts';
import type { PassedOverReason } from '../routing/compared.ts';
import {
  ACCOUNT_CODES,
  type AttemptNext,
  type AttemptRecord,
  type AttemptResult,
  ERROR_RESULTS,
  type NotTriedReason,
  parseAttempts,
} from '../usage/attempt.ts';

/** The facts about attempts in a request-log row, or in the journal's record of that row. */
export interface AttemptFacts {
  readonly attempts: number;
  /** `refused`, or how an admitted request ended. */
  readonly status: string;
  readonly httpStatus: number;
  readonly stream: boolean;
  readonly deploymentId: string | null;
  readonly gatewayUs: number;
  readonly providerMs: number | null;
  /** The list, or its text. Null if one attempt answered and nothing else happened, and in rows of earlier versions. */
  readonly tried?: readonly AttemptRecord[] | string | null;
  /** The provider and the upstream model of `deploymentId`; null or absent if they are unknown. */
  readonly answeredBy?: AnsweredBy | null;
  /** Those of the deployments that the request's organization brought. Null or absent: it is unknown. */
  readonly own?: ReadonlySet<string> | null;
}

/** The side that brought a deployment. Null: unknown, while the database cannot be read. */
export type DeploymentOwner = 'organization' | 'platform' | null;

function ownerIn({ own = null }: Pick<AttemptFacts, 'own'>, deploymentId: string): DeploymentOwner {
  if (own === null) return null;
  return own.has(deploymentId) ? 'organization' : 'platform';
}

/** Returns the ids of all deployments that a request's decision names. */
export function deploymentIdsOf({
  tried = null,
  deploymentId,
}: Pick<AttemptFacts, 'tried' | 'deploymentId'>): ReadonlySet<string> {
  const listed = (typeof tried === 'string' ? parseAttempts(tried) : tried) ?? [];
  const named = listed.flatMap((one) => [one, ...one.notTried, ...(one.compared?.candidates ?? [])]);
  return new Set([...(deploymentId === null ? [] : [deploymentId]), ...named.map((one) => one.deploymentId)]);
}

/** The upstream that answered. */
export interface AnsweredBy {
  readonly provider: string;
  readonly upstreamModel: string;
}

export interface AttemptBody {
  readonly attempt: number;
  readonly deployment_id: string;
  readonly owner: DeploymentOwner;
  readonly provider: string;
  readonly upstream_model: string;
  readonly started_ms: number;
  readonly took_ms: number;
  readonly result: AttemptResult;
  readonly status: number | null;
  readonly code: string | null;
  readonly message: string | null;
  readonly next: AttemptNext;
  readonly next_reason: string | null;
  readonly wait_ms: number | null;
  readonly not_tried: readonly {
    readonly deployment_id: string;
    readonly owner: DeploymentOwner;
    readonly reason: NotTriedReason;
  }[];
  readonly dropped: readonly string[];
}

/** The comparison that ordered the deployments of a called name. */
export interface RoutingBody {
  readonly strategy: RoutingStrategy;
  /** True if the session of the request decided the order. */
  readonly by_session: boolean;
  /** True if the request is in the share of the called name's canary. */
  readonly canary: boolean;
  readonly candidates: readonly {
    readonly deployment_id: string;
    readonly owner: DeploymentOwner;
    /** Lower goes first. Null: unknown or not compared. */
    readonly score: number | null;
    readonly passed_over: PassedOverReason | null;
  }[];
}

/** Returns the comparison that a row keeps; null if it keeps none. A score that goes behind all others is shown as none. */
export function routingBody(facts: AttemptFacts): RoutingBody | null {
  const { tried = null } = facts;
  const [first] = (typeof tried === 'string' ? parseAttempts(tried) : tried) ?? [];
  if (!first?.compared) return null;
  const { strategy, bySession, isCanary = false, candidates } = first.compared;
  return {
    strategy,
    by_session: bySession,
    canary: isCanary,
    candidates: candidates.map(({ deploymentId, score, passedOver }) => ({
      deployment_id: deploymentId,
      owner: ownerIn(facts, deploymentId),
      score: score === null || !Number.isFinite(score) ? null : score,
      passed_over: passedOver,
    })),
  };
}

/** Returns the comparison as a tenant may see it: without scores, which tell how other tenants use a deployment. */
export function tenantsRouting(routing: RoutingBody | null): RoutingBody | null {
  if (routing === null) return null;
  return { ...routing, candidates: routing.candidates.map((one) => ({ ...one, score: null })) };
}

/** Returns the attempts; null for a request of an earlier version of which only their number is known. */
export function attemptsMade(facts: AttemptFacts): readonly AttemptBody[] | null {
  const { tried = null } = facts;
  const listed = typeof tried === 'string' ? parseAttempts(tried) : tried;
  if (listed !== null) return listed.map((one, at) => bodyOf(one, at, facts));
  if (tried !== null) return null;
  return facts.attempts === 0 ? [] : onlyAttempt(facts);
}

function bodyOf(one: AttemptRecord, at: number, facts: AttemptFacts): AttemptBody {
  return {
    attempt: at + 1,
    deployment_id: one.deploymentId,
    owner: ownerIn(facts, one.deploymentId),
    provider: one.provider,
    upstream_model: one.upstreamModel,
    started_ms: one.startedMs,
    took_ms: one.tookMs,
    result: one.result,
    status: one.status,
    code: one.code,
    message: one.message,
    next: one.next,
    next_reason: one.nextReason,
    wait_ms: one.waitMs,
    not_tried: one.notTried.map(({ deploymentId, reason }) => ({
      deployment_id: deploymentId,
      owner: ownerIn(facts, deploymentId),
      reason,
    })),
    dropped: one.dropped,
  };
}

/** Derives the one attempt of a request that it answered, or that this process did not survive. */
function onlyAttempt(facts: AttemptFacts): readonly AttemptBody[] | null {
  const { attempts, status, httpStatus, deploymentId, answeredBy = null } = facts;
  if (attempts !== 1 || deploymentId === null || answeredBy === null) return null;
  if (status !== 'succeeded' && status !== 'estimated') return null;
  // The end that a start writes for a request whose process died has no status.
  const isLost = httpStatus === 0;
  const only: AttemptRecord = {
    deploymentId,
    ...answeredBy,
    startedMs: 0,
    tookMs: isLost ? 0 : tookMs(facts),
    result: isLost ? 'cancelled' : 'answered',
    status: isLost ? null : httpStatus,
    code: isLost ? 'gateway_stopped' : null,
    message: null,
    next: 'ended',
    nextReason: isLost ? 'gateway_stopped' : null,
    waitMs: null,
    notTried: [],
    dropped: [],
  };
  return [bodyOf(only, 0, facts)];
}

/** A row's provider time ends at a stream's first event. The rest of a stream is in the gateway's time. */
function tookMs({ stream, gatewayUs, providerMs }: AttemptFacts): number {
  return Math.round((providerMs ?? 0) + (stream ? gatewayUs / 1_000 : 0));
}

/** Returns the attempts as a tenant may see them: without a provider's words about the operator's account. */
export function tenantsAttempts(attempts: readonly AttemptBody[] | null): readonly AttemptBody[] | null {
  return attempts?.map((one) => (isAboutAccount(one) ? { ...one, message: null } : one)) ?? null;
}

function isAboutAccount({ code }: Pick<AttemptBody, 'code'>): boolean {
  return ACCOUNT_CODES.some((one) => one === code);
}

/**
 * Returns what the attempts came to, as a part of a sentence. Null if there is nothing to say but that the request was answered.
 * It leaves out words about the operator's account.
 */
export function attemptsWords(
  { status, code, deploymentId }: { readonly status: string; readonly code: string | null } & Partial<AttemptFacts>,
  attempts: readonly AttemptBody[] | null,
  count: number,
): string | null {
  const isFailed = status === 'failed';
  if (attempts === null) return isFailed ? `it failed after ${counted(count)}, of which no more is known` : null;
  const last = attempts.at(-1);
  if (last === undefined) {
    if (status === 'cancelled') return 'the client hung up before an attempt was made';
    // Tokens that the gateway counts itself name the deployment that they were counted for.
    if (status === 'succeeded' && deploymentId === null) return 'a kept answer was given again, at no cost';
    return isFailed ? `no attempt was made${code === null ? '' : ` (${code})`}` : null;
  }
  const failed = attempts.filter(isError).length;
  const after = failed === 0 ? '' : `${counted(failed)} failed, and then `;
  if (last.result === 'answered') {
    if (status === 'cancelled') return `${after}the client hung up before it had the answer of ${placeOf(last)}`;
    return failed === 0 ? null : `${after}${placeOf(last)} answered`;
  }
  if (last.result === 'cancelled') return `${after}${CANCELLED[last.code ?? ''] ?? 'the attempt was ended'}`;
  if (last.next_reason === 'answered_here') return `${after}the gateway answered`;
  const why = last.next_reason === 'client_gone' ? ', and then the client hung up' : '';
  if (failed === 1) return `the attempt at ${placeOf(last)} failed: it ${failureOf(last)}${why}`;
  return `${counted(failed)} failed: the last, at ${placeOf(last)}, ${failureOf(last)}${why}`;
}

/** Reports whether an attempt failed by the provider's doing, and was not cancelled. */
function isError({ result }: Pick<AttemptBody, 'result'>): boolean {
  return ERROR_RESULTS.some((one) => one === result);
}

const CANCELLED: Readonly<Record<string, string>> = {
  client_gone: 'the client hung up',
  gateway_stopped: 'the gateway stopped',
  gateway_error: 'the gateway failed',
};

const FAILURES: Readonly<Record<string, string>> = {
  timeout: 'did not answer in time',
  not_connected: 'could not be reached',
  reset: 'closed the connection',
  unreadable: 'gave an answer that cannot be read',
  protocol: 'gave no valid answer',
  refused_address: 'has an address that may not be called',
  gateway_error: 'gave an answer that the gateway failed to read',
};

function failureOf(attempt: AttemptBody): string {
  const words = attempt.message === null || isAboutAccount(attempt) ? '' : ` (“${attempt.message}”)`;
  if (attempt.result === 'broken') return `began to answer and broke off${words}`;
  if (attempt.result === 'failed') return FAILURES[attempt.code ?? ''] ?? 'failed';
  return `said ${attempt.status ?? 'no'}${words}`;
}

function placeOf({ provider, upstream_model: model }: AttemptBody): string {
  return model === '' ? provider : `${provider}/${model}`;
}

const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

function counted(count: number): string {
  return `${NUMBERS[count] ?? count} ${count === 1 ? 'attempt' : 'attempts'}`;
}
