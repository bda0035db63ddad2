import type { AccessStep, AccessThrough, AccessVerdict } from '../access/access.ts';
import { askedOf, type TagShape } from '../access/tag-routing.ts';
import { formatUsd } from '../money/money.ts';
import {
  type AttemptBody,
  type AttemptFacts,
  attemptsMade,
  attemptsWords,
  type RoutingBody,
  routingBody,
  tenantsAttempts,
  tenantsRouting,
} from './attempts-made.ts';
import {
  type DecidedRule,
  type Decision,
  type DecisionShape,
  decidingRule,
  decodeDecision,
  isOnHead,
  OTHER_REFUSALS,
  parseDecision,
} from './decision.ts';
import { sentenceOf } from './decision-sentence.ts';

/** The facts about a decision in a request-log row, or in the journal's record of that row. */
export interface DecisionFacts extends AttemptFacts {
  readonly requestId: string;
  readonly organizationId: string;
  readonly teamId: string;
  readonly keyId: string;
  /** `mem_…` when a person owns the key. */
  readonly memberId: string | null;
  readonly calledName: string;
  readonly atMs: number;
  readonly code: string | null;
  readonly param: string | null;
  /** The stored text of the decision; empty if the request was refused before any rule was checked. */
  readonly decision: string;
  /** The request's tags as the row stores them; absent, null or empty if it has none. */
  readonly tags?: readonly string[] | null;
  readonly tagRoute?: string | null;
}

/**
 * The reasons why one request was admitted or refused, as both planes return them in JSON. Numbers of a budget are decimal USD.
 */
export interface DecisionBody {
  readonly request_id: string;
  readonly time: string;
  readonly organization_id: string;
  readonly team_id: string;
  readonly key_id: string;
  readonly member_id: string | null;
  /** The called name; null if the request was refused before its body was read that far. */
  readonly model: string | null;
  readonly verdict: 'admitted' | 'refused';
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;
  /** One sentence for people. */
  readonly sentence: string;
  /** The amounts that the request asked to hold; null if no rule was checked. */
  readonly requested: { readonly tokens: number; readonly spend: string } | null;
  /** Null when neither the request nor its key, team or organization named a tag. */
  readonly tags: TagsBody | null;
  /** Each level's part; null if the request was refused before access was checked. */
  readonly access: AccessBody | null;
  /** Every rule, in the order of checking. */
  readonly rules: readonly RuleBody[];
  /** The comparison that ordered the deployments of the called name; null if none was made. */
  readonly routing: RoutingBody | null;
  /** The attempts at providers; null for a request of an earlier version of which only their number is known. */
  readonly attempts_made: readonly AttemptBody[] | null;
}

/** The result of tag routing among the deployments that access gave. */
export interface TagsBody {
  /** The tags that the request named. */
  readonly asked: readonly string[];
  /** The default tags that applied, because no tag of the request routes at the called name. */
  readonly defaults: readonly string[];
  readonly required: readonly string[];
  /** The tags that chose the deployments of the called name; empty if the deployments without tags serve, or if none is left. */
  readonly routed: readonly string[];
  /** The ids of the deployments that were left: those of the called name first, then those of its fallbacks. */
  readonly deployments: readonly string[];
  /** The result for the called name and each of its fallbacks. Each target is decided by itself. */
  readonly targets: readonly TagShape['targets'][number][];
}

export interface AccessBody {
  readonly verdict: AccessVerdict['is'];
  /** The level that removed the model, or did not grant it. */
  readonly removed_by: AccessStep['level'] | null;
  readonly steps: readonly AccessStepBody[];
}

export interface AccessStepBody {
  readonly level: AccessStep['level'];
  /** Null: this level removed it. */
  readonly through: AccessThrough['is'] | null;
  /** The access group through which the target passes; null if it passes otherwise. */
  readonly access_group: string | null;
}

export interface RuleBody {
  /** `org_rpm`, `key_tpm:gpt-5*`, `team_budget_month:bud_…`. */
  readonly rule: string;
  readonly scope: DecidedRule['scope'];
  readonly scope_id: string;
  readonly limit: DecidedRule['limit'];
  /** `gpt-5*`, `@beta`; null for every model. */
  readonly target: string | null;
  readonly unit: 'requests' | 'tokens' | 'usd';
  readonly limit_value: number | string;
  /** Settled and held use together. For an admitted request it includes its own hold. */
  readonly used: number | string;
  /** The part of `used` without `held`. */
  readonly settled: number | string;
  /** The part of `used` that requests in flight hold. For an admitted request it includes its own hold. */
  readonly held: number | string;
  /** The amount that is left after `used`, at least 0. */
  readonly remaining: number | string;
  /** The part of `used` above the limit. `limit_value` + `over` = `settled` + `held` + `remaining`. */
  readonly over: number | string;
  readonly verdict: DecidedRule['verdict']['is'];
  /** Milliseconds until a refusing rule would pass if nothing else happens. Null if it never would, and for other rules. */
  readonly retry_after_ms: number | null;
  /** True for the rule that the refusal names. */
  readonly deciding: boolean;
}

/** Returns the id of the shape that is needed to read a row's rules; null if none is needed. */
export function shapeIdOfDecision(decision: string): string | null {
  return parseDecision(decision)?.shapeId ?? null;
}

/**
 * Renders a decision. If the shape is missing or does not fit, the body has no rules and the sentence says so. A wrong
 * explanation would be worse. `tagShape` is the shape that the row's `tagRoute` names.
 */
export function decisionBody(facts: DecisionFacts, shape: DecisionShape | null, tagShape: TagShape | null = null): DecisionBody {
  const compact = parseDecision(facts.decision);
  const decision = compact === null ? null : decodeDecision({ ...rowOf(facts), compact }, shape);
  const attempts = attemptsMade(facts);
  const isAsked = compact !== null && compact.numbers.length > 0;
  return {
    request_id: facts.requestId,
    time: new Date(facts.atMs).toISOString(),
    organization_id: facts.organizationId,
    team_id: facts.teamId,
    key_id: facts.keyId,
    member_id: facts.memberId,
    model: facts.calledName || null,
    verdict: facts.status === 'refused' ? 'refused' : 'admitted',
    status: facts.httpStatus,
    code: facts.code,
    param: facts.param,
    sentence: withAttempts(sentence(facts, decision), facts, attempts),
    requested: decision === null || !isAsked ? null : wantedBody(decision),
    tags: tagsBody(facts, tagShape),
    access: decision === null || isOnHead(decision) ? null : accessBody(decision.access),
    rules: decision === null ? [] : rulesBody(decision),
    routing: routingBody(facts),
    attempts_made: attempts,
  };
}

/**
 * Returns the decision as a tenant may see it. A name that does not exist reads the same as one that is not granted to the
 * organization. So nobody can find out which models exist by calling them. A provider's words about the operator's account are
 * left out, and so are the scores of deployments: they tell how others use them.
 */
export function tenantsDecision(whole: DecisionBody): DecisionBody {
  const body = { ...whole, routing: tenantsRouting(whole.routing), attempts_made: tenantsAttempts(whole.attempts_made) };
  if (body.access?.verdict !== 'not_found') return body;
  return {
    ...body,
    sentence: `Refused: there is no model or route group named ${body.model}, or it is not granted to the organization.`,
    tags: body.tags === null ? null : { ...body.tags, defaults: [], required: [], routed: [], deployments: [], targets: [] },
    access: { verdict: 'not_found', removed_by: null, steps: [] },
  };
}

/** Returns the tags part. If the shape is missing, only the tags that the request named remain: the row holds those. */
function tagsBody({ tags, tagRoute }: DecisionFacts, shape: TagShape | null): TagsBody | null {
  if (!tagRoute) return null;
  const targets = shape?.targets ?? [];
  return {
    asked: askedOf({ tags: tags ?? [], tagRoute }),
    defaults: shape?.defaults ?? [],
    required: shape?.required ?? [],
    routed: targets[0]?.routed ?? [],
    deployments: [...new Set(targets.flatMap(({ deployments }) => deployments))],
    targets,
  };
}

/** Returns an access verdict as JSON, with each level's part in it. */
function accessBody({ verdict, steps }: { readonly verdict: AccessVerdict; readonly steps: readonly AccessStep[] }): AccessBody {
  return {
    verdict: verdict.is,
    removed_by: steps.find(({ through }) => through === null)?.level ?? null,
    steps: steps.map(stepBody),
  };
}

/** Returns one level's part in an access verdict as JSON. */
export function stepBody({ level, through }: AccessStep): AccessStepBody {
  return { level, through: through?.is ?? null, access_group: through?.is === 'access_group' ? through.key : null };
}

function rowOf(facts: DecisionFacts) {
  return {
    calledName: facts.calledName,
    atMs: facts.atMs,
    scopeIds: { organization: facts.organizationId, team: facts.teamId, user: facts.memberId, key: facts.keyId },
    otherRefusal: OTHER_REFUSALS.find((code) => code === facts.code) ?? null,
  };
}

/** The `param` of a refusal because an organization uses only its own deployments. */
export const OWN_ONLY = 'own_deployments';

/**
 * The refusal codes that access, limits, budgets, prices or tags give. Any other refusal stores no numbers: its code explains it.
 */
const DECIDED_BY_RULES: ReadonlySet<string> = new Set([
  'rate_limit_exceeded',
  'insufficient_quota',
  ...OTHER_REFUSALS,
  'model_not_allowed',
  'model_not_found',
]);

function sentence(facts: DecisionFacts, decision: Decision | null): string {
  if (facts.status === 'refused' && facts.param === OWN_ONLY)
    return 'Refused: the organization uses only its own deployments, and none of them is enabled for this model.';
  if (facts.status === 'refused' && !DECIDED_BY_RULES.has(facts.code ?? '')) {
    return `Refused with ${facts.code ?? `status ${facts.httpStatus}`}, not by access, a limit or a budget.`;
  }
  if (decision !== null) return sentenceOf(decision);
  const verdict = facts.status === 'refused' ? `Refused with ${facts.code ?? `status ${facts.httpStatus}`}` : 'Admitted';
  return `${verdict}. The rules of this decision cannot be read.`;
}

/** Adds what the attempts of an admitted request came to. */
function withAttempts(decided: string, facts: DecisionFacts, attempts: readonly AttemptBody[] | null): string {
  const words = facts.status === 'refused' ? null : attemptsWords(facts, attempts, facts.attempts);
  return words === null ? decided : `${decided.replace(/\.$/, '')}; ${words}.`;
}

function wantedBody({ wanted }: Decision) {
  return { tokens: wanted.tokens, spend: formatUsd(wanted.nanoUsd) };
}

function rulesBody(decision: Decision): readonly RuleBody[] {
  const deciding = decidingRule(decision);
  return decision.rules.map((rule) => ({
    rule: rule.id,
    scope: rule.scope,
    scope_id: rule.scopeId,
    limit: rule.limit,
    target: rule.target === '' ? null : rule.target,
    unit: rule.unit === 'nano_usd' ? 'usd' : rule.unit === 'tokens' ? 'tokens' : 'requests',
    limit_value: amount(rule, rule.value),
    used: amount(rule, rule.used),
    settled: amount(rule, rule.used - rule.held),
    held: amount(rule, rule.held),
    remaining: amount(rule, Math.max(0, rule.value - rule.used)),
    over: amount(rule, Math.max(0, rule.used - rule.value)),
    verdict: rule.verdict.is,
    retry_after_ms: rule.verdict.is === 'refused' ? rule.verdict.retryAfterMs : null,
    deciding: rule === deciding,
  }));
}

function amount({ unit }: DecidedRule, value: number): number | string {
  return unit === 'nano_usd' ? formatUsd(value) : value;
}
