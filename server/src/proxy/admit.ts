import type { HoldResult, Refusing, Wanted } from '../counters/counters.ts';
import { estimatedInputTokens, estimateHold, type HoldEstimate, type HoldQuestion, outputCapFor } from '../domain/hold.ts';
import { type LimitRule, paramOfRule, targetText } from '../domain/limit-plan.ts';
import { formatUsd, toCounterNanoUsd } from '../domain/money.ts';
import { costNanoUsd } from '../domain/price.ts';
import { SCOPE_CODES } from '../domain/tenancy.ts';
import { restampRequestId } from '../lib/id.ts';
import type { Gateway } from './gateway.ts';
import { type LimitDetails, Refusal, type Retry, serviceUnavailable } from './refusal.ts';
import type { CachedKey } from './snapshot.ts';
import { outputHistoryOf, type Standing, standingOf } from './standing.ts';
import type { Admission, Asked, Candidate, LostAttempt, Walk } from './walk.ts';

/** A refusal by a limit or budget, with what the decision needs to be explained later. */
export class LimitRefusal extends Refusal {
  readonly result: Extract<HoldResult, { admitted: false }>;
  readonly wanted: Wanted;
  constructor(refusal: ConstructorParameters<typeof Refusal>, result: Extract<HoldResult, { admitted: false }>, wanted: Wanted) {
    super(...refusal);
    this.result = result;
    this.wanted = wanted;
  }
}

/**
 * Access, then every limit and budget of all four scopes in one counters call: all or nothing. Throws a refusal and holds nothing, or
 * returns what is held. Also refuses when the journal has no room: what cannot be written down must not be spent.
 */
export async function admit(walk: Walk, key: CachedKey, asked: Asked, gateway: Gateway): Promise<Admission> {
  const standing = standingOf(key, asked.facts.model, gateway);
  walk.standing = standing;
  if (standing.refusal !== null) throw standing.refusal;
  checkServable(standing, walk);
  if (!gateway.journal.room())
    throw serviceUnavailable('The settlement journal is full. Nothing that costs money is begun until it drains.');
  const question = questionOf(walk, key, asked, standing);
  const estimate = walk.endpoint.free ? NOTHING_HELD : estimateHold(question);
  const result = await take(walk, standing, estimate, gateway);
  if (!result.admitted) throw limitRefusal(result, standing, estimate);
  walk.id = restampRequestId(walk.id, result.atMs);
  return admissionOf(walk, key, asked, standing, question, estimate, result, gateway);
}

const NOTHING_HELD: HoldEstimate = { tokens: 0, nanoUsd: 0, nanoUsdMin: 0, outputTokens: 0, money: 'upper_bound' };

function checkServable(standing: Standing, walk: Walk): void {
  const called = standing.chain[0];
  if (called === undefined || called.mode !== walk.endpoint.mode) {
    throw new Refusal('invalid_request', `The model \`${standing.name}\` does not serve ${walk.endpoint.name}.`, {
      param: 'model',
    });
  }
  if (standing.candidates.size === 0) {
    throw new Refusal('no_healthy_deployment', `The model \`${standing.name}\` has no deployment in service.`);
  }
  if (!standing.needsPrice || walk.endpoint.free) return;
  for (const { price } of standing.candidates.values()) if (price !== null) return;
  throw new Refusal(
    'model_not_priced',
    `The model \`${standing.name}\` has no price, and a budget covers this call. It is never free silently.`,
    {
      param: 'model',
    },
  );
}

function questionOf(walk: Walk, key: CachedKey, { facts }: Asked, standing: Standing): HoldQuestion {
  return {
    bodyBytes: walk.request.body.length,
    mediaParts: facts.mediaParts,
    mediaBytes: facts.mediaBytes,
    outputTokensMax: walk.endpoint.mode === 'embedding' ? 0 : facts.outputCap,
    choices: facts.answers,
    candidates: standing.holdCandidates,
    history: outputHistoryOf(key, facts.model),
    outputCap: standing.clamps && walk.endpoint.mode === 'chat' ? 'clamp' : 'as_asked',
  };
}

/** The counters may answer later, and while they are away what a budget covers cannot be admitted. */
async function take(walk: Walk, { plan }: Standing, wanted: Wanted, gateway: Gateway): Promise<HoldResult> {
  try {
    const result = gateway.counters.hold(walk.id, plan, wanted);
    return result instanceof Promise ? await result : result;
  } catch {
    throw serviceUnavailable('What was used of a limit or budget cannot be read right now. Try again.');
  }
}

function admissionOf(
  walk: Walk,
  key: CachedKey,
  asked: Asked,
  standing: Standing,
  question: HoldQuestion,
  estimate: HoldEstimate,
  result: Extract<HoldResult, { admitted: true }>,
  gateway: Gateway,
): Admission {
  const cap = outputCapFor(question, result.nanoUsd);
  const inputTokens = walk.endpoint.free ? 0 : estimatedInputTokens(question);
  gateway.traffic.inFlight(1);
  return {
    walk,
    key,
    asked,
    standing,
    hold: result.hold,
    admittedAtMs: result.atMs,
    readings: result.readings,
    estimate,
    inputTokens,
    outputCap: standing.clamps && cap !== null && cap !== asked.facts.outputCap ? cap : null,
    entries: [],
    attempts: 0,
    usedTokens: 0,
    usedNanoUsd: 0,
    extendedTokens: 0,
    extendedNanoUsd: 0,
    settled: false,
    ifLost: (candidate) => lostAttempt(candidate, inputTokens, estimate.outputTokens),
  };
}

function lostAttempt({ price }: Candidate, inputTokens: number, outputTokens: number): LostAttempt {
  const nanoUsd = price === null ? 0 : toCounterNanoUsd(costNanoUsd({ input: inputTokens, output: outputTokens }, price));
  return { heldInputTokens: inputTokens, heldOutputTokens: outputTokens, heldNanoUsd: nanoUsd };
}

/** The refusing rule whose wait is longest speaks for all of them: only after it has passed could the request be admitted. */
function limitRefusal(result: Extract<HoldResult, { admitted: false }>, standing: Standing, wanted: Wanted): LimitRefusal {
  let speaking = result.refusing[0] as Refusing;
  for (const refusing of result.refusing) if (waitOf(refusing) > waitOf(speaking)) speaking = refusing;
  const rule = standing.plan.rules[speaking.rule] as LimitRule;
  const requested = requestedOf(rule, wanted);
  const details = detailsOf(rule, speaking.rule, result, requested);
  const code = rule.limit === 'budget' ? 'insufficient_quota' : 'rate_limit_exceeded';
  const message = sentence(rule, details, speaking.retryAfterMs);
  return new LimitRefusal(
    [code, message, { param: paramOfRule(rule), retry: retryOf(rule, speaking), limit: details }],
    result,
    wanted,
  );
}

function waitOf(refusing: Refusing): number {
  return refusing.retryAfterMs ?? Number.POSITIVE_INFINITY;
}

/** Minute windows and in-flight limits pass soon, and SDKs may wait; hours and days say when and forbid hammering; budgets and holds above a whole limit never pass. */
function retryOf(rule: LimitRule, { retryAfterMs }: Refusing): Retry {
  if (rule.limit === 'budget' || retryAfterMs === null) return { is: 'never' };
  const soon = rule.limit === 'rpm' || rule.limit === 'tpm' || rule.limit === 'max_parallel';
  return { is: 'after', ms: retryAfterMs, hammerProof: !soon };
}

function requestedOf(rule: LimitRule, wanted: Wanted): number {
  if (rule.limit === 'budget') return wanted.nanoUsdMin;
  return rule.limit.startsWith('t') ? wanted.tokens : 1;
}

const WINDOWS = {
  rpm: 'minute',
  tpm: 'minute',
  rph: 'hour',
  tph: 'hour',
  rpd: 'day',
  tpd: 'day',
  max_parallel: 'now',
} as const;

function detailsOf(
  rule: LimitRule,
  at: number,
  { readings }: Extract<HoldResult, { admitted: false }>,
  requested: number,
): LimitDetails {
  const amount = (value: number) => (rule.limit === 'budget' ? formatUsd(value) : value);
  const resetsAtMs = readings.resetsAtMs[at] as number;
  return {
    scope: rule.scope,
    scopeId: rule.scopeId,
    limit: rule.limit,
    window: rule.limit === 'budget' ? paramOfRule(rule).slice(`${SCOPE_CODES[rule.scope]}_budget_`.length) : WINDOWS[rule.limit],
    limitValue: amount(rule.value),
    used: amount(readings.used[at] as number),
    held: amount(readings.held[at] as number),
    requested: amount(requested),
    resetsAt: Number.isFinite(resetsAtMs) && rule.limit !== 'max_parallel' ? new Date(resetsAtMs).toISOString() : null,
  };
}

const UNITS = {
  rpm: 'requests',
  rph: 'requests',
  rpd: 'requests',
  tpm: 'tokens',
  tph: 'tokens',
  tpd: 'tokens',
  max_parallel: 'requests in flight',
} as const;
const PER = { minute: 'per minute', hour: 'per hour', day: 'per day', now: 'at once' } as const;

/** One sentence: which rule, what it allows, what stands against it, and when it would pass. */
function sentence(rule: LimitRule, details: LimitDetails, retryAfterMs: number | null): string {
  const target = rule.match.is === 'any' ? '' : ` for ${targetText(rule.match)}`;
  const scope = `${details.scope} ${details.scopeId}`;
  if (rule.limit === 'budget') {
    const until = details.resetsAt === null ? 'It does not reset.' : `It resets at ${details.resetsAt}.`;
    return `The ${details.window} budget${target} of ${scope} is ${details.limitValue} USD; ${details.used} USD is used or held and this request needs ${details.requested} USD. ${until}`;
  }
  const what = `${details.limitValue} ${UNITS[rule.limit]} ${PER[WINDOWS[rule.limit]]}${target}`;
  if (retryAfterMs === null) {
    return `The limit of ${scope} is ${what}; this request needs ${details.requested} and can never pass.`;
  }
  return `The limit of ${scope} is ${what}; ${details.used} are used or held and this request needs ${details.requested}. It could pass in ${Math.ceil(retryAfterMs / 1_000)} s.`;
}
