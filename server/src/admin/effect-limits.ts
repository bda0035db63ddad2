import { type LimitRule, rulesOfScope, type ScopeRules } from '../domain/limit-plan.ts';
import { formatUsd } from '../domain/money.ts';
import { FAR_FUTURE_MS } from '../domain/period.ts';
import type { ScopePolicy } from '../domain/tenancy.ts';
import type { Database } from '../store/database.ts';
import { keysAbove } from '../store/key-use.ts';
import * as keys from '../store/keys.ts';
import * as memberships from '../store/memberships.ts';
import * as organizations from '../store/organizations.ts';
import * as teams from '../store/teams.ts';
import { spendSince } from '../store/usage.ts';
import type { AdminCall } from './call.ts';
import type { Changed } from './effect-access.ts';
import { loadPolicy, NO_POLICY } from './policy.ts';

/** Who is above a limit already that a change would set: the scope itself, and its keys by what they used. */

const SHOWN_MAX = 20;

export interface PolicyHere {
  readonly policy: ScopePolicy;
  readonly timeZone: string;
}

export async function readPolicy(tx: Database, { level, organizationId, id }: Changed): Promise<PolicyHere> {
  const timeZone = (await organizations.timeZones(tx, [organizationId])).get(organizationId) ?? 'UTC';
  const row = await rowOf(tx, level, organizationId, id);
  return { policy: row === null ? NO_POLICY : await loadPolicy(tx, level, row), timeZone };
}

/** Of limits that are new or lower than they were. Settled use alone: what is in flight is not yet used. */
export async function limitsEffect(call: AdminCall, tx: Database, changed: Changed, before: PolicyHere, after: PolicyHere) {
  const nowMs = call.deps.clock.nowMs();
  const was = new Map(rulesFor(changed, before, nowMs).rules.map((rule) => [ruleKey(rule), rule.value]));
  const { rules, counters } = rulesFor(changed, after, nowMs);
  const over: Over[] = [];
  for (const rule of rules) {
    const counter = counters[rule.counter];
    if (rule.value >= (was.get(ruleKey(rule)) ?? Number.POSITIVE_INFINITY) || counter === undefined) continue;
    const { window } = counter;
    // What is in flight is known to the counters alone, and passes by itself.
    if (window.is === 'now') continue;
    const fromMs = window.is === 'calendar' ? begun(window.boundariesMs, nowMs) : nowMs - window.slotMs * 60 + 1;
    const used = (await spendSince(tx, counter, fromMs, FAR_FUTURE_MS)).reduce((total, point) => total + point.amount, 0);
    if (used <= rule.value) continue;
    over.push(overOf(rule, used));
    if (changed.level === 'key') continue;
    const span = { fromMs, toMs: FAR_FUTURE_MS, amount: rule.value, most: SHOWN_MAX };
    for (const key of await keysAbove(tx, counter, span)) over.push({ key_id: key.keyId, ...overOf(rule, key.used) });
  }
  return over.slice(0, SHOWN_MAX);
}

interface Over {
  readonly key_id?: string;
  readonly scope: Changed['level'];
  readonly limit: string;
  readonly value: number | string;
  readonly used: number | string;
}

function rulesFor({ level, organizationId, id }: Changed, { policy, timeZone }: PolicyHere, nowMs: number): ScopeRules {
  return rulesOfScope({ organizationId, scope: level, scopeId: id }, policy, timeZone, nowMs);
}

/** Of one rule before and after: a budget by its id, a rate limit by its name and target. */
function ruleKey(rule: LimitRule): string {
  return rule.budgetId ?? rule.id;
}

function overOf(rule: LimitRule, used: number): Over {
  const amount = rule.limit === 'budget' ? formatUsd : (value: number) => value;
  return { scope: rule.scope, limit: rule.limit, value: amount(rule.value), used: amount(used) };
}

function begun(boundariesMs: readonly number[], nowMs: number): number {
  return boundariesMs.findLast((boundary) => boundary <= nowMs) ?? 0;
}

async function rowOf(tx: Database, level: Changed['level'], organizationId: string, id: string) {
  switch (level) {
    case 'organization': {
      const row = await organizations.find(tx, id);
      return row === null ? null : { ...row, organizationId };
    }
    case 'team':
      return teams.find(tx, { organizationId, id });
    case 'user':
      return memberships.find(tx, { organizationId, id });
    case 'key':
      return keys.find(tx, { organizationId, id });
  }
}
