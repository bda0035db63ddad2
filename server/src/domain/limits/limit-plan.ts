/**
 * The rules that one request must pass: all limits and budgets of its four scopes, as one list over one list of counters.
 *
 * Problem. Organization, team, user and key each have rate limits by minute, hour and day, and budgets by calendar or rolling
 * period. Each also has limits for single models or groups. All rules that match the called name apply to a request. Finding them
 * for each request would cost more than checking them, and two rules over the same period must not count twice.
 *
 * Approach. `planLimits` lists the rules of one caller and one called name, and the counters they read. Rules with the same
 * scope, target and period share a counter. A counter is named by those three and never by the rule, so a changed, added or
 * deleted rule keeps the use. A plan is built once and reused by identity until its configuration changes, or a calendar boundary
 * in it passes.
 *
 * Invariants. Every rule that matches is in the plan, whatever the order of scopes. A plan holds no amounts: those belong to the
 * counters. The same inputs give the same plan, with the same `shapeId`, in every process: decisions in the log are decoded with
 * it.
 *
 * What breaks it. Matching the serving deployment instead of the called name: a fallback would change the limits. Naming a
 * counter by a budget's id: editing the budget would reset its spend.
 */
import { hash } from 'node:crypto';
import { type Caller, SCOPE_CODES, type Scope, type ScopePolicy } from '../tenancy/tenancy.ts';
import type { Budget } from './budget.ts';
import {
  type CounterOf,
  type CounterSpec,
  type CounterTime,
  counterName,
  counterSpec,
  RATE_LIMIT_COUNTERS,
  type WindowKind,
} from './counter-spec.ts';
import { isLabelled, type Labels, NO_LABELS } from './label-limit.ts';
import { FAR_FUTURE_MS } from './period.ts';
import {
  isLabelMatch,
  type LabelMatch,
  RATE_LIMITS,
  type RateLimitName,
  type RateLimits,
  type TargetMatch,
} from './rate-limit.ts';
import { matches, targetText } from './target-match.ts';

export type { CounterSpec, CounterUnit, CounterWindow } from './counter-spec.ts';
export { matches, paramOfRule, targetText } from './target-match.ts';

/** One configured limit or budget that this request must pass. */
export interface LimitRule {
  /** Stable within a plan: `org_rpm`, `key_tpm:gpt-5*`, `team_rpm:@beta`, `org_budget_month:bud_…`. */
  readonly id: string;
  readonly scope: Scope;
  readonly scopeId: string;
  readonly limit: RateLimitName | 'budget';
  readonly match: TargetMatch;
  readonly budgetId: string | null;
  /** The limit's value in the counter's unit. */
  readonly value: number;
  /** `alert` rules count and never refuse. */
  readonly action: 'block' | 'alert';
  /** Only budgets: true if the output cap may be lowered to the affordable amount. */
  readonly clampOutput: boolean;
  /** The index of the rule's counter in the plan. Two budgets over the same period share one counter. */
  readonly counter: number;
}

/** Every rule that applies to one caller calling one name. Frozen, built once, then reused by identity. */
export interface LimitPlan {
  readonly organizationId: string;
  readonly counters: readonly CounterSpec[];
  readonly rules: readonly LimitRule[];
  /** The plan must be rebuilt after this instant, because its calendar boundaries end there. */
  readonly validUntilMs: number;
  /** A hash over the rules without scope ids. It names this plan's shape in request-log rows. */
  readonly shapeId: string;
  /** The ids to which use is attributed; absent from plans under which no call is made. */
  readonly use?: PlanUse;
  /** The access groups of the called name when the plan was made. Absent: the plan fits any group. */
  readonly groups?: ReadonlySet<string>;
}

/** The facts about a request that decide whether a counter counts it. */
export interface PlanUse {
  readonly teamId: string;
  /** Null: a service account's key. */
  readonly memberId: string | null;
  readonly keyId: string;
  readonly calledName: string;
  /** The tags and the end user, if a limit may count by them. */
  readonly labels?: Labels;
}

/** Reports whether a counter counts a request with these ids. `groupsOf` returns the present access groups of a called name. */
export function countsUse(
  { scope, scopeId, match }: Pick<CounterSpec, 'scope' | 'scopeId' | 'match'>,
  use: PlanUse,
  groupsOf: (calledName: string) => ReadonlySet<string>,
): boolean {
  const ids = { organization: scopeId, team: use.teamId, user: use.memberId, key: use.keyId };
  if (ids[scope] !== scopeId) return false;
  if (isLabelMatch(match)) return isLabelled(match, use.labels ?? NO_LABELS);
  return matches(match, use.calledName, groupsOf(use.calledName));
}

/**
 * Reports whether a counter no longer counts a request that holds on it, because the called name has left the counter's access
 * group. The plan passed in is the one that would admit the request now. A deleted limit does not matter here: its counter
 * continues.
 */
export function hasLeft({ match }: Pick<CounterSpec, 'match'>, { groups }: Pick<LimitPlan, 'groups'>): boolean {
  return match.is === 'access_group' && groups !== undefined && !groups.has(match.key);
}

/** The rules of one scope for every called name, with the counters they read. */
export type ScopeRules = Pick<LimitPlan, 'counters' | 'rules'>;

/**
 * Returns every rule that a call must pass, in the order organization, team, user, key. Each scope lists its rate limits, then
 * the model limits and budgets that match the called name. Off the hot path: keep the plan until `validUntilMs`, or until a
 * scope's policy is replaced.
 */
export function planLimits(
  caller: Caller,
  calledName: string,
  accessGroupsOfName: ReadonlySet<string>,
  nowMs: number,
): LimitPlan {
  const { organization, team, member, key } = caller;
  const called: Called = {
    organizationId: organization.id,
    name: calledName,
    groups: accessGroupsOfName,
    time: { timeZone: organization.timeZone, nowMs },
  };
  const parts = [sharedPart('organization', organization, called, 0)];
  parts.push(sharedPart('team', team, called, countersOf(parts)));
  if (member !== null) parts.push(partFor('user', member, called, countersOf(parts)));
  parts.push(partFor('key', key, called, countersOf(parts)));
  const rules = parts.flatMap((part) => part.rules);
  return Object.freeze({
    organizationId: organization.id,
    counters: Object.freeze(parts.flatMap((part) => part.counters)),
    rules: Object.freeze(rules),
    validUntilMs: Math.min(...parts.map((part) => part.validUntilMs)),
    shapeId: shapeIdOf(rules),
    use: Object.freeze({ teamId: team.id, memberId: member?.id ?? null, keyId: key.id, calledName }),
    groups: accessGroupsOfName,
  });
}

/** Returns a plan with some of the rules of another, and only the counters that they read. */
export function planOf(plan: Omit<LimitPlan, 'rules' | 'shapeId'>, some: readonly LimitRule[]): LimitPlan {
  const read = [...new Set(some.map(({ counter }) => counter))];
  const rules = some.map((rule) => Object.freeze({ ...rule, counter: read.indexOf(rule.counter) }));
  const counters = read.map((counter) => plan.counters[counter] as CounterSpec);
  return Object.freeze({ ...plan, counters: Object.freeze(counters), rules: Object.freeze(rules), shapeId: shapeIdOf(rules) });
}

/** Returns the lowest of a plan's token limits, whatever their window, in tokens; Infinity if it has none. Off the hot path. */
export function tightestTokenLimit({ rules }: Pick<LimitPlan, 'rules'>): number {
  let tightest = Number.POSITIVE_INFINITY;
  for (const { limit, value } of rules)
    if (limit !== 'budget' && RATE_LIMIT_COUNTERS[limit].unit === 'tokens') tightest = Math.min(tightest, value);
  return tightest;
}

/**
 * Returns every rule of one scope, including those for single models and tags. A status page lists them. Left out are the rules for end
 * users, who have a counter each.
 */
export function rulesOfScope(of: ScopeOf, policy: ScopePolicy, timeZone: string, nowMs: number): ScopeRules {
  const draft = draftOf(of, policy, () => true, 0, { timeZone, nowMs });
  addLabelLimits(draft, policy, ({ is }) => is === 'tag', null);
  return { counters: draft.counters, rules: draft.rules };
}

/**
 * Returns a plan with the rules for the labels of one request added. The rules are the same for each end user; only the counters that
 * they read differ. Returns the plan itself if no rule is for these labels.
 */
export function planWithLabels(plan: LimitPlan, { organization, team, key }: Caller, labels: Labels, nowMs: number): LimitPlan {
  const counters = [...plan.counters];
  const rules = [...plan.rules];
  let { validUntilMs } = plan;
  const levels = [
    ['organization', organization],
    ['team', team],
    ['key', key],
  ] as const;
  for (const [scope, holder] of levels) {
    if (holder.labelLimits === undefined || holder.labelLimits.length === 0) continue;
    const of = { organizationId: organization.id, scope, scopeId: holder.id };
    const draft = newDraft(of, counters.length, { timeZone: organization.timeZone, nowMs });
    addLabelLimits(draft, holder, (match) => isLabelled(match, labels), labels.endUser);
    counters.push(...draft.counters);
    rules.push(...draft.rules);
    validUntilMs = Math.min(validUntilMs, draft.validUntilMs);
  }
  if (rules.length === plan.rules.length) return plan;
  const use = plan.use === undefined ? {} : { use: Object.freeze({ ...plan.use, labels }) };
  const shapeId = shapeIdOf(rules);
  return Object.freeze({
    ...plan,
    ...use,
    validUntilMs,
    shapeId,
    counters: Object.freeze(counters),
    rules: Object.freeze(rules),
  });
}

/** Returns the counter that a budget reads. */
export function counterOfBudget(of: ScopeOf, { match, period }: Budget, time: CounterTime): CounterSpec {
  return counterSpec({ ...of, unit: 'nano_usd', match }, period, time).spec;
}

/** The scope that rules belong to. */
type ScopeOf = Pick<CounterOf, 'organizationId' | 'scope' | 'scopeId'>;

/** The part of a plan's inputs that does not depend on the caller's team, user or key. */
interface Called {
  readonly organizationId: string;
  readonly name: string;
  readonly groups: ReadonlySet<string>;
  readonly time: CounterTime;
}

/** One scope's part of a plan. */
interface Part extends ScopeRules {
  readonly of: ScopeOf;
  /** The number of counters of wider scopes, which come before its own. */
  readonly first: number;
  readonly validUntilMs: number;
}

function countersOf(parts: readonly Part[]): number {
  return parts.reduce((count, part) => count + part.counters.length, 0);
}

type Holder = ScopePolicy & { readonly id: string };

function partFor(scope: Scope, holder: Holder, { organizationId, name, groups, time }: Called, first: number): Part {
  const of = { organizationId, scope, scopeId: holder.id };
  return partOf(of, holder, (match) => matches(match, name, groups), first, time);
}

interface SharedPart extends Part {
  readonly groups: ReadonlySet<string>;
  readonly madeFor: CounterTime;
}

/**
 * A cache of parts, by the configuration they were made from, which is replaced whole. All keys of an organization or team share
 * its part, and plans take most of the memory of twenty thousand active keys. The cache only saves memory, so it may be cleared.
 */
const SHARED = new WeakMap<ScopePolicy, Map<string, SharedPart>>();
const SHARED_NAMES_MAX = 100;

function sharedPart(scope: Scope, holder: Holder, called: Called, first: number): Part {
  const byName = SHARED.get(holder) ?? new Map<string, SharedPart>();
  const known = byName.get(called.name);
  if (known !== undefined && isSame(known, called, first)) return known;
  const { groups, time } = called;
  const part = { ...partFor(scope, holder, called, first), groups, madeFor: time };
  if (byName.size >= SHARED_NAMES_MAX) byName.clear();
  SHARED.set(holder, byName.set(called.name, part));
  return part;
}

function isSame(known: SharedPart, { organizationId, groups, time }: Called, first: number): boolean {
  const isOfTime =
    time.timeZone === known.madeFor.timeZone && known.madeFor.nowMs <= time.nowMs && time.nowMs < known.validUntilMs;
  return isOfTime && known.first === first && known.groups === groups && known.of.organizationId === organizationId;
}

interface Draft {
  readonly of: ScopeOf;
  readonly first: number;
  readonly time: CounterTime;
  readonly counters: CounterSpec[];
  readonly rules: LimitRule[];
  validUntilMs: number;
}

const ANY: TargetMatch = { is: 'any' };

function partOf(
  of: ScopeOf,
  policy: ScopePolicy,
  applies: (match: TargetMatch) => boolean,
  first: number,
  time: CounterTime,
): Part {
  const { counters, rules, validUntilMs } = draftOf(of, policy, applies, first, time);
  return { of, first, counters: Object.freeze(counters), rules: Object.freeze(rules), validUntilMs };
}

function newDraft(of: ScopeOf, first: number, time: CounterTime): Draft {
  return { of, first, time, counters: [], rules: [], validUntilMs: FAR_FUTURE_MS };
}

function draftOf(
  of: ScopeOf,
  policy: ScopePolicy,
  applies: (match: TargetMatch) => boolean,
  first: number,
  time: CounterTime,
): Draft {
  const draft = newDraft(of, first, time);
  addRateLimits(draft, ANY, policy.rateLimits);
  for (const { match, rateLimits } of policy.modelLimits) {
    if (applies(match)) addRateLimits(draft, match, rateLimits);
  }
  for (const budget of policy.budgets) {
    if (applies(budget.match)) addBudget(draft, budget);
  }
  return draft;
}

/** Adds the limits by label that apply. `endUser`: the one whose counters the rules for each end user read. */
function addLabelLimits(
  draft: Draft,
  { labelLimits = [] }: ScopePolicy,
  applies: (match: LabelMatch) => boolean,
  endUser: string | null,
): void {
  for (const { match, rateLimits, budgets } of labelLimits) {
    if (!applies(match)) continue;
    const counted: LabelMatch = match.is === 'tag' ? match : Object.freeze({ is: 'end_user', name: endUser });
    addRateLimits(draft, match, rateLimits, counted);
    for (const budget of budgets) addBudget(draft, budget, counted);
  }
}

function addRateLimits(draft: Draft, match: TargetMatch, limits: RateLimits, counted = match): void {
  for (const limit of RATE_LIMITS) {
    const value = limits[limit];
    if (value === undefined) continue;
    const { unit, kind } = RATE_LIMIT_COUNTERS[limit];
    const { scope, scopeId } = draft.of;
    draft.rules.push(
      Object.freeze({
        id: match.is === 'any' ? RULE_IDS[scope][limit] : `${RULE_IDS[scope][limit]}:${targetText(match)}`,
        scope,
        scopeId,
        limit,
        match,
        budgetId: null,
        value,
        action: 'block',
        clampOutput: false,
        counter: counterFor(draft, { ...draft.of, unit, match: counted }, kind),
      }),
    );
  }
}

/** The rule ids by scope and limit, built once for all plans. */
const RULE_IDS = Object.fromEntries(
  Object.entries(SCOPE_CODES).map(([scope, code]) => [
    scope,
    Object.fromEntries(RATE_LIMITS.map((limit) => [limit, `${code}_${limit}`])),
  ]),
) as Readonly<Record<Scope, Readonly<Record<RateLimitName, string>>>>;

function addBudget(draft: Draft, budget: Budget, counted = budget.match): void {
  const { scope, scopeId } = draft.of;
  draft.rules.push(
    Object.freeze({
      id: `${SCOPE_CODES[scope]}_budget_${budget.period.is}:${budget.id}`,
      scope,
      scopeId,
      limit: 'budget',
      match: budget.match,
      budgetId: budget.id,
      value: budget.amountNanoUsd,
      action: budget.action,
      clampOutput: budget.clampOutput,
      counter: counterFor(draft, { ...draft.of, unit: 'nano_usd', match: counted }, budget.period),
    }),
  );
}

/**
 * Returns the index of the counter with this name, and adds it if the scope lacks it. Rules that count the same thing share it.
 */
function counterFor(draft: Draft, of: CounterOf, kind: WindowKind): number {
  const name = counterName(of, kind, draft.time.timeZone);
  const known = draft.counters.findIndex((counter) => counter.name === name);
  if (known !== -1) return draft.first + known;
  const { spec, validUntilMs } = counterSpec(of, kind, draft.time);
  draft.validUntilMs = Math.min(draft.validUntilMs, validUntilMs);
  return draft.first + draft.counters.push(spec) - 1;
}

function shapeIdOf(rules: readonly LimitRule[]): string {
  const facts = rules.map((rule) => [rule.id, rule.value, rule.action, rule.clampOutput ? 1 : 0, rule.counter]);
  return hash('sha256', JSON.stringify(facts), 'base64url').slice(0, 16);
}
