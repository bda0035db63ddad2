/**
 * The rules that one request must pass: all limits and budgets of its four scopes, as one list over one list of counters.
 *
 * Problem. Organization, team, user and key each have rate limits by minute, hour and day, limits for single models or groups, and budgets by
 * calendar or rolling period. A request is under all that match the name it called. Finding them for each request would cost more than checking
 * them, and two rules over the same period must not count twice.
 *
 * Approach. `planLimits` lists the rules of one caller and one called name, and the counters they read. Rules with the same scope, target and
 * period share a counter: a counter is named by those three and never by the rule, so that a changed, added or deleted rule keeps what was used.
 * A plan is built once and reused by identity until something it was built from changes, or a calendar boundary that it knows has passed.
 *
 * Invariants. Every rule that matches is in the plan, whatever the order of scopes. A plan holds no amounts: those are the counters' own. The same
 * inputs give the same plan, with the same `shapeId`, in every process: decisions in the log are read by it.
 *
 * What breaks it. Matching the deployment that serves instead of the name that was called: a fallback would change its limits. Naming a counter by
 * a budget's id: editing the budget would reset its spend.
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
import { FAR_FUTURE_MS } from './period.ts';
import { RATE_LIMITS, type RateLimitName, type RateLimits, type TargetMatch } from './rate-limit.ts';

export type { CounterSpec, CounterUnit, CounterWindow } from './counter-spec.ts';

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
  /** Only budgets: the output cap may be lowered to what is affordable. */
  readonly clampOutput: boolean;
  /** Index into the plan's counters. Two budgets over the same period share one counter. */
  readonly counter: number;
}

/** Every rule that applies to one caller calling one name. Frozen, built once, then reused by identity. */
export interface LimitPlan {
  readonly organizationId: string;
  readonly counters: readonly CounterSpec[];
  readonly rules: readonly LimitRule[];
  /** Rebuild after this instant: the calendar boundaries reach no further. */
  readonly validUntilMs: number;
  /** Hash over the rules without scope ids: names this plan's shape in request-log rows. */
  readonly shapeId: string;
  /** Whose use it is; absent from plans that no call is made under. */
  readonly use?: PlanUse;
  /** The access groups that the called name had when the plan was made; absent: as of any group. */
  readonly groups?: ReadonlySet<string>;
}

/** What a counter must know of a request to say whether it counts it. */
export interface PlanUse {
  readonly teamId: string;
  /** Null: a service account's key. */
  readonly memberId: string | null;
  readonly keyId: string;
  readonly calledName: string;
}

/** Whether a counter counts what these use; `groupsOf`: the access groups of a called name now. */
export function countsUse(
  { scope, scopeId, match }: Pick<CounterSpec, 'scope' | 'scopeId' | 'match'>,
  use: PlanUse,
  groupsOf: (calledName: string) => ReadonlySet<string>,
): boolean {
  const ids = { organization: scopeId, team: use.teamId, user: use.memberId, key: use.keyId };
  return ids[scope] === scopeId && matches(match, use.calledName, groupsOf(use.calledName));
}

/**
 * Whether a counter that a request holds of counts it no longer: the called name has left the counter's access group since. `planNow`: the
 * plan it would be admitted under now. A limit that was taken away meanwhile is no reason, its counter goes on as it is.
 */
export function hasLeft({ match }: Pick<CounterSpec, 'match'>, { groups }: Pick<LimitPlan, 'groups'>): boolean {
  return match.is === 'access_group' && groups !== undefined && !groups.has(match.key);
}

/** The rules of one scope with the counters they read, whatever name is called. */
export type ScopeRules = Pick<LimitPlan, 'counters' | 'rules'>;

/**
 * Every rule a call must pass: organization, team, user, key; in each its rate limits, then the model limits and budgets that match
 * the called name. Off the hot path: keep the plan until `validUntilMs` or until a scope's policy is replaced.
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

/** A plan of some of the rules of another, with only the counters that they read. */
export function planOf(plan: Omit<LimitPlan, 'rules' | 'shapeId'>, some: readonly LimitRule[]): LimitPlan {
  const read = [...new Set(some.map(({ counter }) => counter))];
  const rules = some.map((rule) => Object.freeze({ ...rule, counter: read.indexOf(rule.counter) }));
  const counters = read.map((counter) => plan.counters[counter] as CounterSpec);
  return Object.freeze({ ...plan, counters: Object.freeze(counters), rules: Object.freeze(rules), shapeId: shapeIdOf(rules) });
}

/** The lowest of a plan's token limits, whatever their window, in tokens; Infinity where it has none. Off the hot path. */
export function tightestTokenLimit({ rules }: Pick<LimitPlan, 'rules'>): number {
  let tightest = Number.POSITIVE_INFINITY;
  for (const { limit, value } of rules)
    if (limit !== 'budget' && RATE_LIMIT_COUNTERS[limit].unit === 'tokens') tightest = Math.min(tightest, value);
  return tightest;
}

/** Every rule of one scope, those for single models included: what a status page lists. */
export function rulesOfScope(of: ScopeOf, policy: ScopePolicy, timeZone: string, nowMs: number): ScopeRules {
  const { counters, rules } = partOf(of, policy, () => true, 0, { timeZone, nowMs });
  return { counters, rules };
}

/** The counter that a budget reads. */
export function counterOfBudget(of: ScopeOf, { match, period }: Budget, time: CounterTime): CounterSpec {
  return counterSpec({ ...of, unit: 'nano_usd', match }, period, time).spec;
}

/** What a refusal names in `param`: the rule without its target or budget. `key_tpm:gpt-5*` → `key_tpm`. */
export function paramOfRule(rule: Pick<LimitRule, 'id'>): string {
  const colon = rule.id.indexOf(':');
  return colon === -1 ? rule.id : rule.id.slice(0, colon);
}

/** Whether a limit's or budget's target covers a called name. The deployment that serves plays no part. */
export function matches(match: TargetMatch, calledName: string, accessGroupsOfName: ReadonlySet<string>): boolean {
  switch (match.is) {
    case 'any':
      return true;
    case 'exact':
      return match.name === calledName;
    case 'prefix':
      return calledName.startsWith(match.prefix);
    case 'access_group':
      return accessGroupsOfName.has(match.key);
  }
}

/** A target as people write it: `gpt-5-nano`, `gpt-5*`, `@beta`; empty for everything. */
export function targetText(match: TargetMatch): string {
  switch (match.is) {
    case 'any':
      return '';
    case 'exact':
      return match.name;
    case 'prefix':
      return `${match.prefix}*`;
    case 'access_group':
      return `@${match.key}`;
  }
}

/** Whose rules. */
type ScopeOf = Pick<CounterOf, 'organizationId' | 'scope' | 'scopeId'>;

/** What a plan is made for, whoever calls. */
interface Called {
  readonly organizationId: string;
  readonly name: string;
  readonly groups: ReadonlySet<string>;
  readonly time: CounterTime;
}

/** One scope's part of a plan. */
interface Part extends ScopeRules {
  readonly of: ScopeOf;
  /** How many counters of wider scopes stand before its own. */
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
 * An organization's and a team's part is the same in the plans of all their keys, and twenty thousand keys in traffic are mostly plans. By the
 * configuration it was made of, which is replaced whole; what is remembered only saves memory, so it may be dropped.
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
  const draft: Draft = { of, first, time, counters: [], rules: [], validUntilMs: FAR_FUTURE_MS };
  addRateLimits(draft, ANY, policy.rateLimits);
  for (const { match, rateLimits } of policy.modelLimits) {
    if (applies(match)) addRateLimits(draft, match, rateLimits);
  }
  for (const budget of policy.budgets) {
    if (applies(budget.match)) addBudget(draft, budget);
  }
  const { counters, rules, validUntilMs } = draft;
  return { of, first, counters: Object.freeze(counters), rules: Object.freeze(rules), validUntilMs };
}

function addRateLimits(draft: Draft, match: TargetMatch, limits: RateLimits): void {
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
        counter: counterFor(draft, { ...draft.of, unit, match }, kind),
      }),
    );
  }
}

/** Once, however many plans there are. */
const RULE_IDS = Object.fromEntries(
  Object.entries(SCOPE_CODES).map(([scope, code]) => [
    scope,
    Object.fromEntries(RATE_LIMITS.map((limit) => [limit, `${code}_${limit}`])),
  ]),
) as Readonly<Record<Scope, Readonly<Record<RateLimitName, string>>>>;

function addBudget(draft: Draft, budget: Budget): void {
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
      counter: counterFor(draft, { ...draft.of, unit: 'nano_usd', match: budget.match }, budget.period),
    }),
  );
}

/** The place of the counter with this name, made once per scope: rules that count the same thing share it. */
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
