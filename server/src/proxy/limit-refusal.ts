import type { HoldResult, Refusing, Wanted } from '../counters/counters.ts';
import type { InboundWire } from '../dialects/dialect.ts';
import { OUTPUT_CAP_NAMES } from '../dialects/exchange.ts';
import type { HoldQuestion } from '../domain/limits/hold.ts';
import { type CounterSpec, type LimitRule, paramOfRule, targetText } from '../domain/limits/limit-plan.ts';
import { amountWords } from '../domain/limits/rule-words.ts';
import { type CapChange, wayOut } from '../domain/limits/way-out.ts';
import { formatUsd } from '../domain/money/money.ts';
import { SCOPE_CODES } from '../domain/tenancy/tenancy.ts';
import type { Entitlement } from './entitlement.ts';
import { type LimitDetails, Refusal, type Retry } from './refusal.ts';

/** A refusal by a limit or budget, with the data that a later explanation of the decision needs. */
export class LimitRefusal extends Refusal {
  readonly result: Extract<HoldResult, { admitted: false }>;
  readonly wanted: Wanted;
  constructor(refusal: ConstructorParameters<typeof Refusal>, result: Extract<HoldResult, { admitted: false }>, wanted: Wanted) {
    super(...refusal);
    this.result = result;
    this.wanted = wanted;
  }
}

/** Makes the refusal from the refusing rule with the longest wait, because only after that wait could the request be admitted. */
export function limitRefusal(
  result: Extract<HoldResult, { admitted: false }>,
  entitlement: Entitlement,
  wanted: Wanted,
  question: Pick<HoldQuestion, 'outputCap' | 'outputTokensMax'>,
  wire: InboundWire,
): LimitRefusal {
  let speaking = result.refusing[0] as Refusing;
  for (const refusing of result.refusing) if (waitOf(refusing) > waitOf(speaking)) speaking = refusing;
  const rule = entitlement.plan.rules[speaking.rule] as LimitRule;
  const requested = requestedOf(rule, wanted);
  const details = detailsOf(rule, speaking.rule, result, requested);
  const code = rule.limit === 'budget' ? 'insufficient_quota' : 'rate_limit_exceeded';
  const { unit } = entitlement.plan.counters[rule.counter] as CounterSpec;
  const change = wayOut(unit, rule.value, capChange(question), OUTPUT_CAP_NAMES[wire]);
  const isAbove = rule.value === 0 || requested > rule.value;
  const message = sentence(rule, details, isAbove ? 'above' : (speaking.retryAfterMs ?? 'spent'), change);
  // Claude Code, which is logged in, shows the sentence of this type as it is. To others a used budget is a limit like any.
  const errorType = rule.limit === 'budget' && entitlement.caller.key.kind === 'login' ? 'billing_error' : null;
  return new LimitRefusal(
    [code, message, { param: paramOfRule(rule), retry: retryOf(rule, speaking), limit: details, errorType }],
    result,
    wanted,
  );
}

function waitOf(refusing: Refusing): number {
  return refusing.retryAfterMs ?? Number.POSITIVE_INFINITY;
}

/**
 * Returns the retry advice. For minute windows and in-flight limits, SDKs may wait and retry. For hours and days, it names the
 * time and forbids automatic retries. For budgets, and requests above a whole limit, a retry never helps.
 */
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

const PER = { minute: 'per minute', hour: 'per hour', day: 'per day', now: 'at once' } as const;

/** Returns how the caller could change the output cap to need less; null if a budget clamps it, or if there is no output. */
function capChange({ outputCap, outputTokensMax }: Pick<HoldQuestion, 'outputCap' | 'outputTokensMax'>): CapChange {
  if (outputCap === 'clamp' || outputTokensMax === 0) return null;
  return outputTokensMax === null ? 'set' : 'lower';
}

/**
 * Writes the message: the rule, its limit, its use, and when the request could pass. If it never can, the message says what must
 * change. `above`: the request exceeds the whole limit. `spent`: a budget without a known wait is used up.
 */
function sentence(rule: LimitRule, details: LimitDetails, passes: number | 'above' | 'spent', change: string): string {
  const target = rule.match.is === 'any' ? '' : ` for ${targetText(rule.match)}`;
  const scope = `${details.scope} ${details.scopeId}`;
  const changed = `${change.charAt(0).toUpperCase()}${change.slice(1)}.`;
  if (rule.limit === 'budget') {
    const what = `The ${details.window} budget${target} of ${scope} is ${details.limitValue} USD; ${details.used} USD is used or held and this request needs ${details.requested} USD`;
    if (passes === 'above') return `${what}, so it can never pass. ${changed}`;
    return details.resetsAt === null ? `${what}. It does not reset. ${changed}` : `${what}. It resets at ${details.resetsAt}.`;
  }
  const isParallel = rule.limit === 'max_parallel';
  const amount = amountWords(rule.value, isParallel ? 'parallel' : rule.limit.startsWith('t') ? 'tokens' : 'requests');
  const what = `The limit of ${scope} is ${amount}${isParallel ? ' in flight' : ''} ${PER[WINDOWS[rule.limit]]}${target}`;
  if (typeof passes === 'string') {
    const why = rule.limit.startsWith('t') ? ' for its input alone' : '';
    return `${what}; this request needs ${details.requested}${why}, so it can never pass. ${changed}`;
  }
  return `${what}; ${details.used} are used or held and this request needs ${details.requested}. It could pass in ${Math.ceil(passes / 1_000)} s.`;
}
