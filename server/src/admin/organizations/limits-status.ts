import { z } from 'zod';
import type { CounterSpec, CounterWindow, LimitRule, ScopeRules } from '../../domain/limits/limit-plan.ts';
import { rulesOfScope, targetText } from '../../domain/limits/limit-plan.ts';
import { FAR_FUTURE_MS } from '../../domain/limits/period.ts';
import { RATE_LIMITS } from '../../domain/limits/rate-limit.ts';
import type { WordedRule } from '../../domain/limits/rule-words.ts';
import { LIMIT_STANDINGS, standingOf, standingReason, type UsedRule, usedRatio } from '../../domain/limits/standing.ts';
import { formatUsd } from '../../domain/money/money.ts';
import { can, type PermissionObject } from '../../domain/tenancy/permission.ts';
import { SCOPES, type Scope, type ScopePolicy } from '../../domain/tenancy/tenancy.ts';
import { matchToColumns } from '../../store/configuration/policy-columns.ts';
import type { AdminCall } from '../http/call.ts';
import type { AdminDeps } from '../http/deps.ts';
import { readUse, type UseNow } from './read-use.ts';

/** The live use of every limit and budget of a scope, from the counters. */

const place = {
  scope: z.enum(SCOPES),
  target: z.string().nullable(),
  access_group: z.string().nullable(),
  tag: z
    .string()
    .nullable()
    .meta({ description: 'The tag of a limit by label. Limits of end users have a counter for each, and are not listed.' }),
};
const resetsAt = z.string().nullable().meta({
  format: 'date-time',
  description: 'The time at which the full value is available again if nothing more is used. Null if never.',
});

export const limitsStatusOut = z
  .object({
    live: z.boolean().meta({
      description:
        'False while the shared counters are unavailable. The figures then come from the ledger, without requests in flight, and `held` and the use of `max_parallel` are 0.',
    }),
    rate_limits: z.array(
      z.object({
        ...place,
        limit: z.enum(RATE_LIMITS),
        value: z.int(),
        used: z.int().meta({ description: 'The settled and the held amount together.' }),
        held: z.int().meta({ description: 'The part of `used` that requests in flight hold.' }),
        resets_at: resetsAt,
      }),
    ),
    standing: z
      .object({
        status: z.enum(LIMIT_STANDINGS).meta({
          description:
            '`over_budget`: a blocking budget is used up. `near_limit`: 80 % of a budget or rate limit is used. Judged from the figures of this answer.',
        }),
        rule: z.string().nullable().meta({
          description: 'The rule that decides, the most used one: `org_budget_month:bud_…`. Null if no rule is near its limit.',
        }),
        used_ratio: z.number().nullable().meta({ description: 'The used part of that rule, with `held`. 1 means used up.' }),
        reason: z.string().nullable().meta({ description: 'One sentence for people. Null if no rule is near its limit.' }),
      })
      .meta({ id: 'LimitsStanding', description: 'The state of the limits and budgets, and the rule that decides it.' }),
    budgets: z.array(
      z.object({
        ...place,
        id: z.string(),
        action: z.enum(['block', 'alert']),
        amount: z.string(),
        spent: z.string().meta({ description: 'The settled spend, without `held`.' }),
        held: z.string(),
        remaining: z.string(),
        period_start: z.string().nullable(),
        resets_at: resetsAt,
      }),
    ),
  })
  .meta({ id: 'LimitsStatus' });

export type LimitsStatus = z.output<typeof limitsStatusOut>;

/** The status as views contain it: null if the caller may not read usage there. */
export const visibleStatusOut = limitsStatusOut
  .nullable()
  .meta({ description: 'Null if the caller lacks usage.read here. The limits themselves are in the other fields.' });

/** A scope with its policy and its organization's time zone. */
export interface ScopeOfLimits {
  readonly organizationId: string;
  readonly scope: Scope;
  readonly scopeId: string;
  readonly policy: ScopePolicy;
  readonly timeZone: string;
}

/**
 * Returns the use of several scopes, in their order, with one query to the counters. While shared counters are unreachable, reads
 * the ledger instead. Rejects if the ledger is needed and unreachable too.
 */
export async function limitsStatus(deps: AdminDeps, scopes: readonly ScopeOfLimits[]): Promise<readonly LimitsStatus[]> {
  const nowMs = deps.clock.nowMs();
  const all = scopes.map((of) => rulesOfScope(of, of.policy, of.timeZone, nowMs));
  const counters = all.flatMap((rules) => rules.counters);
  const readings = await readUse(deps, counters);
  let first = 0;
  return all.map((rules) => {
    const status = statusOf(rules, readings, first, nowMs);
    first += rules.counters.length;
    return status;
  });
}

/** A scope with its place in the tree, which decides who may read its use. */
export interface PlacedScope extends ScopeOfLimits {
  readonly place: PermissionObject;
}

/** Returns what `limitsStatus` returns, but null for each scope whose usage the caller may not read. */
export async function visibleLimitsStatus(
  { actor, deps }: AdminCall<unknown, unknown, unknown>,
  scopes: readonly PlacedScope[],
): Promise<readonly (LimitsStatus | null)[]> {
  const visible = scopes.filter(({ place }) => can(actor, 'usage.read', place));
  const read = await limitsStatus(deps, visible);
  const statuses = new Map(visible.map((scope, index) => [scope, read[index] ?? null]));
  return scopes.map((scope) => statuses.get(scope) ?? null);
}

function statusOf({ rules, counters }: ScopeRules, readings: UseNow, first: number, nowMs: number): LimitsStatus {
  const rate_limits: LimitsStatus['rate_limits'] = [];
  const budgets: LimitsStatus['budgets'] = [];
  const judged: JudgedRule[] = [];
  for (const rule of rules) {
    const at = first + rule.counter;
    const use = { used: readings.used[at] ?? 0, held: readings.held[at] ?? 0 };
    judged.push({ ...rule, ...use, target: targetText(rule.match), unit: (counters[rule.counter] as CounterSpec).unit });
    const resets_at = instantOrNull(readings.resetsAtMs[at] ?? nowMs);
    if (rule.limit !== 'budget') {
      rate_limits.push({ ...placeOf(rule), limit: rule.limit, value: rule.value, ...use, resets_at });
    } else {
      const period_start = periodStart(counters[rule.counter]?.window, nowMs);
      budgets.push({ ...placeOf(rule), ...moneyOf(rule, use), period_start, resets_at });
    }
  }
  return { live: readings.live, rate_limits, standing: renderStanding(judged), budgets };
}

type JudgedRule = UsedRule & WordedRule;

function renderStanding(rules: readonly JudgedRule[]): LimitsStatus['standing'] {
  const { status, rule } = standingOf(rules);
  if (rule === null) return { status, rule: null, used_ratio: null, reason: null };
  return { status, rule: rule.id, used_ratio: usedRatio(rule), reason: standingReason(rule) };
}

function placeOf(rule: LimitRule) {
  const { matchTarget, matchAccessGroup } = matchToColumns(rule.match);
  const tag = rule.match.is === 'tag' ? rule.match.tag : null;
  return { scope: rule.scope, target: matchTarget, access_group: matchAccessGroup, tag };
}

function moneyOf(rule: LimitRule, { used, held }: { readonly used: number; readonly held: number }) {
  return {
    id: rule.budgetId ?? '',
    action: rule.action,
    amount: formatUsd(rule.value),
    spent: formatUsd(used - held),
    held: formatUsd(held),
    remaining: formatUsd(Math.max(0, rule.value - used)),
  };
}

/** Returns the start of the present period: a calendar boundary or, for a rolling period, the start of its window. */
function periodStart(window: CounterWindow | undefined, nowMs: number): string | null {
  if (window === undefined || window.is === 'now') return null;
  if (window.is === 'trailing') return instantOrNull(nowMs - window.slotMs * 60);
  const begun = window.boundariesMs.filter((boundary) => boundary > 0 && boundary <= nowMs);
  return instantOrNull(begun.at(-1) ?? Number.POSITIVE_INFINITY);
}

function instantOrNull(ms: number): string | null {
  return ms >= FAR_FUTURE_MS ? null : new Date(ms).toISOString();
}
