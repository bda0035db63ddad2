import { CountersUnreachable, type HoldResult, type Wanted } from '../counters/counters.ts';
import { OWN_ONLY } from '../domain/decision/decision-view.ts';
import { estimateHold, type HoldEstimate, type HoldQuestion, outputCapFor } from '../domain/limits/hold.ts';
import { askedTier, lookupBounds, piecesIn } from '../domain/money/beyond.ts';
import { toCounterNanoUsd } from '../domain/money/money.ts';
import { piecesBoundNanoUsd } from '../domain/money/pieces.ts';
import { costNanoUsd } from '../domain/money/price.ts';
import { leastInputTokens } from '../domain/routing/context-window.ts';
import type { Detour } from '../domain/routing/detours.ts';
import { hasOutput, takesOutputCap } from '../domain/routing/modes.ts';
import type { EstimateReason } from '../domain/usage/estimate-reason.ts';
import { restampRequestId } from '../lib/id.ts';
import { StoreError } from '../store/errors.ts';
import { admittedDecision } from './decisions/explain.ts';
import { type Candidate, holdCandidateOf } from './deployments/candidate.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import { type Entitlement, entitlementOf, outputHistoryOf } from './entitlement.ts';
import type { Gateway } from './gateway.ts';
import { limitRefusal } from './limit-refusal.ts';
import { Refusal, serviceUnavailable } from './refusal.ts';
import { fittingCandidates } from './settlement/unpriced.ts';
import type { CachedKey } from './snapshot/cached-key.ts';
import type { Labelled } from './snapshot/labelled.ts';
import { checkEndUser, entitlementForLabels } from './snapshot/labelled-entitlement.ts';
import { checkCallerTags, entitlementForTags, noDeploymentForTags } from './snapshot/tagged-entitlement.ts';
import type { Admission, Asked, LostAttempt, Walk } from './walk.ts';

/**
 * Checks access, then takes every limit and budget of all four scopes in one counters call: all or nothing. Returns the admission
 * with its hold, or throws a refusal and holds nothing. Also refuses if the journal is full, because spend that cannot be
 * recorded must not happen. Returns a promise only if the counters do.
 */
export function admit(walk: Walk, key: CachedKey, asked: Asked, gateway: Gateway): Admission | Promise<Admission> {
  const untagged = entitlementOf(key, asked.facts.model, gateway);
  const unlabelled = asked.tags === null ? untagged : entitlementForTags(untagged, asked.tags, gateway);
  walk.entitlement = unlabelled;
  if (unlabelled.refusal !== null) throw unlabelled.refusal;
  if (asked.tags !== null) checkCallerTags(unlabelled, asked.tags);
  const { labelled } = unlabelled;
  const entitlement = labelled === null ? unlabelled : withLabels(walk, unlabelled, labelled, asked, gateway);
  checkServable(entitlement, walk);
  if (!gateway.journal.room())
    throw serviceUnavailable('The settlement journal is full, so no request that costs money can start. Try again later.');
  const fitting = entitlement.needsPrice && !walk.endpoint.free ? fittingCandidates(entitlement, asked.facts) : null;
  const question = questionOf(walk, key, asked, entitlement, fitting);
  const estimate = walk.endpoint.free ? NOTHING_HELD : estimateHold(question);
  const admitted = (result: HoldResult) => {
    if (result.isDegraded === true) walk.isDegraded = true;
    if (!result.admitted) throw limitRefusal(result, entitlement, estimate, question, walk.endpoint.wire);
    walk.id = restampRequestId(walk.id, result.atMs);
    return admissionOf(walk, key, asked, entitlement, fitting, question, estimate, result, gateway);
  };
  const taken = take(walk, entitlement, estimate, gateway);
  return taken instanceof Promise ? taken.then(admitted) : admitted(taken);
}

/** Returns the entitlement with the limits by tag and end user. Throws if the request must name its end user and does not. */
function withLabels(walk: Walk, unlabelled: Entitlement, labels: Labelled, asked: Asked, gateway: Gateway): Entitlement {
  checkEndUser(walk, labels);
  const entitlement = entitlementForLabels(walk, unlabelled, asked, gateway);
  walk.entitlement = entitlement;
  return entitlement;
}

const NO_ESTIMATES: readonly EstimateReason[] = [];

const NOTHING_HELD: HoldEstimate = {
  tokens: 0,
  nanoUsd: 0,
  nanoUsdMin: 0,
  inputTokens: 0,
  outputTokens: 0,
  money: 'upper_bound',
};

function checkServable(entitlement: Entitlement, walk: Walk): void {
  const called = entitlement.chain[0];
  const { mode, alsoMode } = walk.endpoint;
  if (called === undefined || (called.mode !== mode && called.mode !== alsoMode)) {
    throw new Refusal(
      'invalid_request',
      `The model \`${entitlement.name}\` does not support ${walk.endpoint.name}. Call another model or another endpoint.`,
      {
        param: 'model',
      },
    );
  }
  if (entitlement.tags?.leftNobody === true) throw noDeploymentForTags(entitlement, walk.asked?.tags ?? null);
  if (entitlement.ordinary.length === 0 && entitlement.organization.own?.mode === 'own_only') throw noOwnDeployment(entitlement);
  if (entitlement.ordinary.length === 0) {
    throw new Refusal(
      'no_healthy_deployment',
      `The model \`${entitlement.name}\` has no enabled deployment. Ask an admin to enable or add one.`,
    );
  }
  if (!entitlement.needsPrice || walk.endpoint.free) return;
  for (const { price } of entitlement.ordinary) if (price !== null) return;
  throw new Refusal(
    'model_not_priced',
    `The model \`${entitlement.name}\` has no price, and a blocking budget covers this call. Ask an admin to set a price.`,
    {
      param: 'model',
    },
  );
}

function noOwnDeployment({ name }: Entitlement): Refusal {
  return new Refusal(
    'no_healthy_deployment',
    `The organization uses only its own deployments, and none of them is enabled for the model \`${name}\`. Add one, or let the platform's deployments serve it too (\`own_deployments\`).`,
    { param: OWN_ONLY },
  );
}

function questionOf(
  walk: Walk,
  key: CachedKey,
  { facts, stored }: Asked,
  entitlement: Entitlement,
  fitting: ReadonlySet<Candidate> | null,
): HoldQuestion {
  return {
    bodyBytes: walk.request.body.length + (stored === null ? 0 : stored.historyBytes) + (facts.moreBytes ?? 0),
    mediaParts: facts.mediaParts,
    mediaBytes: facts.mediaBytes,
    outputTokensMax: hasOutput(walk.endpoint.mode) ? facts.outputCap : 0,
    choices: facts.answers,
    candidates: fitting === null ? entitlement.holdCandidates : [...fitting].map(holdCandidateOf),
    history: outputHistoryOf(key, facts.model),
    outputCap: outputCapOf(walk.endpoint, entitlement),
    tokensMax: entitlement.tokensMax,
    beyond: facts.beyond,
  };
}

/**
 * A compaction has no output cap that a clamp could lower. Neither have pictures and sound, which are held in full wherever a budget
 * blocks.
 */
function outputCapOf({ wire, mode }: Endpoint, { clamps, needsPrice }: Entitlement): HoldQuestion['outputCap'] {
  if (!hasOutput(mode)) return 'as_asked';
  if (!takesOutputCap(mode)) return needsPrice ? 'uncapped' : 'as_asked';
  if (!clamps) return 'as_asked';
  return wire === 'openai-compact' ? 'uncapped' : 'clamp';
}

/** Takes the hold. Returns a promise only if the counters do. Throws `service_unavailable` if the counters fail. */
function take(walk: Walk, { plan }: Entitlement, wanted: Wanted, gateway: Gateway): HoldResult | Promise<HoldResult> {
  const refused = (error: unknown): never => {
    if (error instanceof CountersUnreachable) throw serviceUnavailable(error.message);
    if (!(error instanceof StoreError)) gateway.defect(error, walk.id);
    throw serviceUnavailable('The use of a limit or budget cannot be read right now. Try again in a moment.');
  };
  try {
    const answer = gateway.counters.hold(walk.id, plan, wanted);
    return answer instanceof Promise ? answer.catch(refused) : answer;
  } catch (error) {
    return refused(error);
  }
}

function admissionOf(
  walk: Walk,
  key: CachedKey,
  asked: Asked,
  entitlement: Entitlement,
  fitting: ReadonlySet<Candidate> | null,
  question: HoldQuestion,
  estimate: HoldEstimate,
  result: Extract<HoldResult, { admitted: true }>,
  gateway: Gateway,
): Admission {
  const cap = outputCapFor(question, result.nanoUsd);
  const { inputTokens } = estimate;
  const admission: Admission = {
    walk,
    key,
    charged: entitlement.charged,
    asked,
    entitlement,
    fitting,
    hold: result.hold,
    admittedAtMs: result.atMs,
    readings: result.readings,
    question,
    estimate,
    heldNanoUsd: result.nanoUsd,
    decision: admittedDecision(entitlement, estimate, result.readings),
    inputTokens,
    outputCap: entitlement.clamps && cap !== null && cap !== asked.facts.outputCap ? cap : null,
    entries: [],
    estimated: NO_ESTIMATES,
    attempts: 0,
    admittedMonotonicMs: gateway.clock.monotonicMs(),
    cache: null,
    isUnsealed: false,
    busyAt: null,
    compared: null,
    leastTokens: leastTokensOf(walk, entitlement, question),
    detoured: NO_DETOURS,
    tried: null,
    usedTokens: 0,
    usedNanoUsd: 0,
    outputBytes: 0,
    extendedTokens: 0,
    extendedNanoUsd: 0,
    settled: false,
    inFlightAt: -1,
    cutShort: null,
    ifLost: (candidate) =>
      lostAttempt(candidate, asked, inputTokens, Math.min(estimate.outputTokens, admission.outputMax(candidate))),
    outputMax: (candidate) => outputMax(candidate, cap, asked),
  };
  gateway.traffic.began(admission);
  return admission;
}

/** Returns the estimate of a chat request's fewest input tokens; 0 if nobody declares a context window. */
function leastTokensOf({ endpoint }: Walk, { windowMin }: Entitlement, question: HoldQuestion): number {
  return windowMin === Number.POSITIVE_INFINITY || endpoint.free || endpoint.mode !== 'chat' ? 0 : leastInputTokens(question);
}

const NO_DETOURS: readonly Detour[] = [];

/** Returns the most output tokens of one attempt, all choices together, which is also the most that money was held for. */
function outputMax({ deployment }: Candidate, cap: number | null, { facts }: Asked): number {
  return Math.min(cap ?? Number.MAX_SAFE_INTEGER, deployment.maxOutputTokens ?? Number.MAX_SAFE_INTEGER) * facts.answers;
}

/** Returns the charge for an attempt whose answer is lost, with the searches it may have made, at the requested service tier. */
function lostAttempt(
  { price, deployment }: Candidate,
  { facts: { beyond } }: Asked,
  inputTokens: number,
  outputTokens: number,
): LostAttempt {
  const { searches } = lookupBounds(beyond, deployment.searchesMax ?? null);
  const usage = { input: inputTokens, output: outputTokens, search: searches, request: 1 };
  const pieces = price === null ? 0n : piecesBoundNanoUsd(price, piecesIn(beyond));
  const nanoUsd = price === null ? 0 : toCounterNanoUsd(costNanoUsd(usage, price, askedTier(beyond)) + pieces);
  return { heldInputTokens: inputTokens, heldOutputTokens: outputTokens, heldNanoUsd: nanoUsd };
}
