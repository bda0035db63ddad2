import { hash } from 'node:crypto';
import type { Budget } from './budget.ts';
import { boundariesFrom, type CalendarPeriod, FAR_FUTURE_MS, type PeriodSpan, periodAt, periodName } from './period.ts';
import { RATE_LIMITS, type RateLimitName, type RateLimits, type TargetMatch } from './rate-limit.ts';
import { type Caller, SCOPE_CODES, type Scope, type ScopePolicy } from './tenancy.ts';

/** What a counter adds up. `parallel` is requests in flight. */
export type CounterUnit = 'requests' | 'tokens' | 'nano_usd' | 'parallel';

/** Over what stretch of time a counter counts. The counters choose the slot or period by their own clock, never the caller's. */
export type CounterWindow =
  /** Any trailing span of `slotMs` × 60; kept in 61 slots and a running sum. */
  | { readonly is: 'trailing'; readonly slotMs: number }
  /** Calendar periods: rising instants, each period from one boundary up to, not including, the next. */
  | { readonly is: 'calendar'; readonly boundariesMs: readonly number[] }
  /** In flight now. */
  | { readonly is: 'now' };

/** One counter, named by what it counts and never by who limits it, so that an edited limit keeps what was used. */
export interface CounterSpec {
  /** `{scopeId}|{unit}|{match}|{window kind}`; a calendar counter's period instance is added by the counters. */
  readonly name: string;
  readonly organizationId: string;
  readonly scope: Scope;
  readonly scopeId: string;
  readonly unit: CounterUnit;
  readonly match: TargetMatch;
  readonly window: CounterWindow;
}

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
  const applies = (match: TargetMatch) => matches(match, calledName, accessGroupsOfName);
  const draft = newDraft(organization.id, organization.timeZone, nowMs);
  addScope(draft, 'organization', organization.id, organization, applies);
  addScope(draft, 'team', team.id, team, applies);
  if (member !== null) addScope(draft, 'user', member.id, member, applies);
  addScope(draft, 'key', key.id, key, applies);
  return Object.freeze({
    organizationId: organization.id,
    counters: Object.freeze(draft.counters),
    rules: Object.freeze(draft.rules),
    validUntilMs: draft.validUntilMs,
    shapeId: shapeIdOf(draft.rules),
    use: Object.freeze({ teamId: team.id, memberId: member?.id ?? null, keyId: key.id, calledName }),
  });
}

/** Every rule of one scope, those for single models included: what a status page lists. */
export function rulesOfScope(
  of: { readonly organizationId: string; readonly scope: Scope; readonly scopeId: string },
  policy: ScopePolicy,
  timeZone: string,
  nowMs: number,
): ScopeRules {
  const draft = newDraft(of.organizationId, timeZone, nowMs);
  addScope(draft, of.scope, of.scopeId, policy, () => true);
  return { counters: Object.freeze(draft.counters), rules: Object.freeze(draft.rules) };
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

interface Draft {
  readonly organizationId: string;
  readonly timeZone: string;
  readonly nowMs: number;
  readonly counters: CounterSpec[];
  readonly rules: LimitRule[];
  readonly counterByName: Map<string, number>;
  validUntilMs: number;
}

function newDraft(organizationId: string, timeZone: string, nowMs: number): Draft {
  return { organizationId, timeZone, nowMs, counters: [], rules: [], counterByName: new Map(), validUntilMs: FAR_FUTURE_MS };
}

const ANY: TargetMatch = { is: 'any' };

function addScope(
  draft: Draft,
  scope: Scope,
  scopeId: string,
  policy: ScopePolicy,
  applies: (match: TargetMatch) => boolean,
): void {
  addRateLimits(draft, scope, scopeId, ANY, policy.rateLimits);
  for (const { match, rateLimits } of policy.modelLimits) {
    if (applies(match)) addRateLimits(draft, scope, scopeId, match, rateLimits);
  }
  for (const budget of policy.budgets) {
    if (applies(budget.match)) addBudget(draft, scope, scopeId, budget);
  }
}

function addRateLimits(draft: Draft, scope: Scope, scopeId: string, match: TargetMatch, limits: RateLimits): void {
  for (const limit of RATE_LIMITS) {
    const value = limits[limit];
    if (value === undefined) continue;
    const { unit, kind } = RATE_LIMIT_COUNTERS[limit];
    const target = match.is === 'any' ? '' : `:${targetText(match)}`;
    addRule(draft, {
      id: `${SCOPE_CODES[scope]}_${limit}${target}`,
      scope,
      scopeId,
      limit,
      match,
      budgetId: null,
      value,
      action: 'block',
      clampOutput: false,
      counter: counterFor(draft, scope, scopeId, unit, match, kind),
    });
  }
}

function addBudget(draft: Draft, scope: Scope, scopeId: string, budget: Budget): void {
  addRule(draft, {
    id: `${SCOPE_CODES[scope]}_budget_${budget.period.is}:${budget.id}`,
    scope,
    scopeId,
    limit: 'budget',
    match: budget.match,
    budgetId: budget.id,
    value: budget.amountNanoUsd,
    action: budget.action,
    clampOutput: budget.clampOutput,
    counter: counterFor(draft, scope, scopeId, 'nano_usd', budget.match, budget.period),
  });
}

function addRule(draft: Draft, rule: LimitRule): void {
  draft.rules.push(Object.freeze(rule));
}

type WindowKind = Budget['period'] | { readonly is: 'minute' } | { readonly is: 'now' };

const RATE_LIMIT_COUNTERS: Readonly<Record<RateLimitName, { unit: CounterUnit; kind: WindowKind }>> = {
  rpm: { unit: 'requests', kind: { is: 'minute' } },
  tpm: { unit: 'tokens', kind: { is: 'minute' } },
  rph: { unit: 'requests', kind: { is: 'rolling', hours: 1 } },
  tph: { unit: 'tokens', kind: { is: 'rolling', hours: 1 } },
  rpd: { unit: 'requests', kind: { is: 'day' } },
  tpd: { unit: 'tokens', kind: { is: 'day' } },
  max_parallel: { unit: 'parallel', kind: { is: 'now' } },
};

/** The index of the counter with this name, made once per plan: rules that count the same thing share it. */
function counterFor(
  draft: Draft,
  scope: Scope,
  scopeId: string,
  unit: CounterUnit,
  match: TargetMatch,
  kind: WindowKind,
): number {
  const name = `${scopeId}|${unit}|${matchName(match)}|${windowName(kind, draft.timeZone)}`;
  const known = draft.counterByName.get(name);
  if (known !== undefined) return known;
  const window = windowOf(draft, kind);
  draft.counters.push(Object.freeze({ name, organizationId: draft.organizationId, scope, scopeId, unit, match, window }));
  draft.counterByName.set(name, draft.counters.length - 1);
  return draft.counters.length - 1;
}

/** Unlike `targetText` never ambiguous: a model may be called `@cf/llama`, and the mark in front says which kind it is. */
function matchName(match: TargetMatch): string {
  switch (match.is) {
    case 'any':
      return 'any';
    case 'exact':
      return `=${match.name}`;
    case 'prefix':
      return `^${match.prefix}`;
    case 'access_group':
      return `@${match.key}`;
  }
}

function windowName(kind: WindowKind, timeZone: string): string {
  if (kind.is === 'minute' || kind.is === 'now') return kind.is;
  return periodName(kind, timeZone);
}

function windowOf(draft: Draft, kind: WindowKind): CounterWindow {
  if (kind.is === 'now') return NOW;
  if (kind.is === 'minute') return MINUTE;
  if (kind.is === 'rolling') return { is: 'trailing', slotMs: kind.hours * 60_000 };
  const calendar = calendarAround(kind, draft.timeZone, draft.nowMs);
  draft.validUntilMs = Math.min(draft.validUntilMs, calendar.present.endMs);
  return calendar.window;
}

const NOW: CounterWindow = Object.freeze({ is: 'now' });
const MINUTE: CounterWindow = Object.freeze({ is: 'trailing', slotMs: 1_000 });

interface Calendar {
  readonly present: PeriodSpan;
  readonly window: CounterWindow;
}

/**
 * Remembered calendars: the same few serve every plan of every tenant in a zone, and at midnight all their plans are rebuilt at once.
 * What is remembered only saves the time to work it out again, so it may be dropped whole.
 */
const CALENDARS = new Map<string, Calendar>();
const CALENDARS_MAX = 4_096;

/**
 * The period before now, the present one and the next: the counters' clock may run a little before or behind ours, and a request
 * admitted just before a boundary settles after it. The plan is rebuilt when the present period ends.
 */
function calendarAround(period: CalendarPeriod, timeZone: string, nowMs: number): Calendar {
  const name = periodName(period, timeZone);
  const known = CALENDARS.get(name);
  if (known !== undefined && known.present.startMs <= nowMs && nowMs < known.present.endMs) return known;
  const present = periodAt(period, timeZone, nowMs);
  const boundariesMs = Object.freeze(boundariesFrom(period, timeZone, present.startMs - 1, 4));
  const calendar: Calendar = { present, window: Object.freeze({ is: 'calendar', boundariesMs }) };
  if (CALENDARS.size >= CALENDARS_MAX) CALENDARS.clear();
  CALENDARS.set(name, calendar);
  return calendar;
}

function shapeIdOf(rules: readonly LimitRule[]): string {
  const facts = rules.map((rule) => [rule.id, rule.value, rule.action, rule.clampOutput ? 1 : 0, rule.counter]);
  return hash('sha256', JSON.stringify(facts), 'base64url').slice(0, 16);
}
