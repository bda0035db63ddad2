import type { AccessExplanation, AccessStep, AccessThrough, AccessVerdict } from '../access/access.ts';
import { type CounterUnit, type LimitPlan, type LimitRule, paramOfRule, targetText } from '../limits/limit-plan.ts';
import type { RateLimitName } from '../limits/rate-limit.ts';
import type { Scope } from '../tenancy/tenancy.ts';

/** One rule's state at the time of the decision. `unit` is the unit of `value`, `used` and `held`. */
export interface DecidedRule {
  readonly id: string;
  readonly scope: Scope;
  readonly scopeId: string;
  readonly limit: RateLimitName | 'budget';
  /** `gpt-5*`, `@beta`, or empty for every model. */
  readonly target: string;
  readonly unit: CounterUnit;
  readonly value: number;
  readonly used: number;
  readonly held: number;
  readonly verdict: RuleVerdict;
}

export type RuleVerdict =
  | { readonly is: 'passed' }
  /** An `alert` budget that is used up. It counts and never refuses. */
  | { readonly is: 'alerted' }
  /** Milliseconds until it would pass if nothing else happens; null if the wanted amount exceeds the whole limit. */
  | { readonly is: 'refused'; readonly retryAfterMs: number | null };

/** The reasons why one request was admitted or refused: access level by level, then every rule in the order of checking. */
export interface Decision {
  readonly calledName: string;
  readonly atMs: number;
  readonly access: AccessExplanation;
  /** The code of a refusal that neither access nor a rule made. */
  readonly otherRefusal: OtherRefusal | null;
  readonly wanted: DecisionWanted;
  readonly rules: readonly DecidedRule[];
}

/**
 * Refusals outside access and rules. A budget covers the request, and the model has no price in force, or no price for something
 * that the request asks for; or tags left no deployment.
 */
export const OTHER_REFUSALS = ['model_not_priced', 'unpriced_parameter', 'no_deployment_for_tags'] as const;
export type OtherRefusal = (typeof OTHER_REFUSALS)[number];

export interface DecisionWanted {
  readonly tokens: number;
  readonly nanoUsd: number;
}

/** A plan's rules without the ids of their scopes. Stored once per shape, so that a row holds only numbers. Plain data. */
export interface DecisionShape {
  readonly id: string;
  readonly rules: readonly ShapeRule[];
}

export interface ShapeRule {
  readonly id: string;
  readonly scope: Scope;
  readonly limit: RateLimitName | 'budget';
  readonly target: string;
  readonly unit: CounterUnit;
  readonly value: number;
  readonly action: LimitRule['action'];
}

/** A decision as a row stores it. */
export interface CompactDecision {
  /** Null if access refused and no rule was checked. */
  readonly shapeId: string | null;
  /** Each level's part: `o@beta t= k+`, the last one ending in `-` when it removed the target; empty for an unknown target. */
  readonly access: string;
  /**
   * Tokens and nano-dollars wanted; the number of rules that refused; each of those as (index, retry in ms or −1); then (used,
   * held) per rule.
   */
  readonly numbers: readonly number[];
}

/** The part of the counters' answer that a decision needs. The counters' own type fits it structurally. */
export interface DecisionReadings {
  readonly readings: { readonly used: readonly number[]; readonly held: readonly number[] };
  readonly refusing: readonly { readonly rule: number; readonly retryAfterMs: number | null }[];
}

/** The ids of a row's scopes, which its shape leaves out. `user` is null if no person owns the key. */
export type ScopeIds = Readonly<Record<Exclude<Scope, 'user'>, string>> & { readonly user: string | null };

/** The decision's part of a request-log row. */
export interface DecisionRow {
  readonly calledName: string;
  readonly atMs: number;
  readonly scopeIds: ScopeIds;
  readonly compact: CompactDecision;
  readonly otherRefusal?: OtherRefusal | null;
}

/** Returns the shape that all rows of this plan share. */
export function shapeOf(plan: LimitPlan): DecisionShape {
  return {
    id: plan.shapeId,
    rules: plan.rules.map((rule) => ({
      id: rule.id,
      scope: rule.scope,
      limit: rule.limit,
      target: targetText(rule.match),
      unit: (plan.counters[rule.counter] as LimitPlan['counters'][number]).unit,
      value: rule.value,
      action: rule.action,
    })),
  };
}

/**
 * Parses the text that `encodeDecision` writes (`proxy/decisions/explain.ts`, on the hot path). Returns null for any other text.
 */
export function parseDecision(text: string): CompactDecision | null {
  const parts = text.split('|');
  if (parts.length !== 3) return null;
  const [shapeId = '', access = '', list = ''] = parts;
  const numbers = list === '' ? [] : list.split(',').map(Number);
  return numbers.every(Number.isSafeInteger) ? { shapeId: shapeId === '' ? null : shapeId, access, numbers } : null;
}

/** Returns each level's part in an access verdict as a short text. Call it once per caller and name. */
export function encodeAccess({ steps }: Pick<AccessExplanation, 'steps'>): string {
  return steps.map(({ level, through }) => LEVEL_LETTERS[level] + throughMark(through)).join(' ');
}

/**
 * Returns the decision of a row. `shape` is null exactly if the row names none. Returns null if the numbers do not fit the shape,
 * so that a damaged row is not explained wrongly.
 */
export function decodeDecision(row: DecisionRow, shape: DecisionShape | null): Decision | null {
  const { numbers, access } = row.compact;
  const steps = decodeAccess(access, row.calledName);
  if (steps === null) return null;
  const rules = decodeRules(shape?.rules ?? [], numbers, row.scopeIds);
  if (rules === null) return null;
  const verdict = verdictOf(steps);
  return {
    calledName: row.calledName,
    atMs: row.atMs,
    access: { target: row.calledName, verdict, steps },
    otherRefusal: row.otherRefusal ?? null,
    wanted: { tokens: numbers[0] ?? 0, nanoUsd: numbers[1] ?? 0 },
    rules,
  };
}

/**
 * Reports whether limits refused the request before its body was read. Only its key was known then, so access to a model was not
 * checked.
 */
export function isOnHead({ access, rules }: Pick<Decision, 'access' | 'rules'>): boolean {
  return access.steps.length === 0 && rules.length > 0;
}

/** Returns the rules that refused, in their order; empty for an admitted request and for one that access refused. */
export function refusingRules(decision: Decision): readonly DecidedRule[] {
  return decision.rules.filter(({ verdict }) => verdict.is === 'refused');
}

/**
 * Returns the rule to name in a refusal: the one that would pass last. If several would, it is the first of them, which is the
 * widest.
 */
export function decidingRule(decision: Decision): DecidedRule | null {
  let deciding: DecidedRule | null = null;
  for (const rule of refusingRules(decision)) {
    if (deciding === null || retryOf(rule) > retryOf(deciding)) deciding = rule;
  }
  return deciding;
}

/** Returns the `param` of a refusal. */
export function paramOfDecision(decision: Decision): string | null {
  const rule = decidingRule(decision);
  return rule === null ? null : paramOfRule(rule);
}

function retryOf({ verdict }: DecidedRule): number {
  if (verdict.is !== 'refused') return -1;
  return verdict.retryAfterMs ?? Number.POSITIVE_INFINITY;
}

/** The stored value for a retry that would never pass. */
export const NEVER = -1;
const LEVEL_LETTERS = { organization: 'o', team: 't', user: 'u', key: 'k' } as const satisfies Record<Scope, string>;
const LETTER_LEVELS: Readonly<Record<string, Scope>> = { o: 'organization', t: 'team', u: 'user', k: 'key' };

function throughMark(through: AccessThrough | null): string {
  if (through === null) return '-';
  switch (through.is) {
    case 'all':
      return '*';
    case 'inherited':
      return '=';
    case 'target':
      return '+';
    case 'access_group':
      return `@${through.key}`;
  }
}

function decodeAccess(text: string, calledName: string): readonly AccessStep[] | null {
  if (text === '') return [];
  const steps: AccessStep[] = [];
  for (const part of text.split(' ')) {
    const level = LETTER_LEVELS[part.charAt(0)];
    const through = throughOfMark(part.slice(1), calledName);
    if (level === undefined || through === undefined) return null;
    steps.push({ level, through });
  }
  return steps;
}

function throughOfMark(mark: string, target: string): AccessThrough | null | undefined {
  if (mark === '-') return null;
  if (mark === '*') return { is: 'all' };
  if (mark === '=') return { is: 'inherited' };
  if (mark === '+') return { is: 'target', target };
  return mark.startsWith('@') && mark.length > 1 ? { is: 'access_group', key: mark.slice(1) } : undefined;
}

function verdictOf(steps: readonly AccessStep[]): AccessVerdict {
  const last = steps.at(-1);
  if (last === undefined) return { is: 'not_found', because: 'unknown_target' };
  if (last.through !== null) return { is: 'allowed' };
  return last.level === 'organization' ? { is: 'not_found', because: 'not_granted' } : { is: 'removed', level: last.level };
}

function decodeRules(shape: readonly ShapeRule[], numbers: readonly number[], scopeIds: ScopeIds): readonly DecidedRule[] | null {
  if (shape.length === 0 && numbers.length === 0) return [];
  const refused = numbers[2] ?? 0;
  const firstReading = 3 + refused * 2;
  if (numbers.length !== firstReading + shape.length * 2) return null;
  const retries = new Map<number, number>();
  for (let i = 3; i < firstReading; i += 2) retries.set(numbers[i] as number, numbers[i + 1] as number);
  return shape.map(({ action, ...rule }, i) => {
    const used = numbers[firstReading + i * 2] as number;
    const held = numbers[firstReading + i * 2 + 1] as number;
    const verdict = ruleVerdict(retries.get(i), action === 'alert' && used > rule.value);
    return { ...rule, scopeId: scopeIds[rule.scope] ?? '', used, held, verdict };
  });
}

function ruleVerdict(retry: number | undefined, alerted: boolean): RuleVerdict {
  if (retry !== undefined) return { is: 'refused', retryAfterMs: retry === NEVER ? null : retry };
  return { is: alerted ? 'alerted' : 'passed' };
}
