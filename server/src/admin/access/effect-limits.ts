import { windowSpan } from '../../domain/limits/counter-spec.ts';
import { type CounterSpec, type LimitRule, matches, rulesOfScope, type ScopeRules } from '../../domain/limits/limit-plan.ts';
import { isLabelMatch } from '../../domain/limits/rate-limit.ts';
import { formatUsd } from '../../domain/money/money.ts';
import type { Catalogue } from '../../domain/routing/catalogue.ts';
import type { ScopePolicy } from '../../domain/tenancy/tenancy.ts';
import type { Database } from '../../store/database.ts';
import { type KeyUse, keysAbove } from '../../store/tenancy/key-use.ts';
import * as keys from '../../store/tenancy/keys.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import * as teams from '../../store/tenancy/teams.ts';
import { settledUseOf } from '../../store/usage/settled-use.ts';
import type { AdminCall } from '../http/call.ts';
import type { RequestInFlight } from '../http/deps.ts';
import { loadPolicy, NO_POLICY } from '../organizations/policy.ts';
import type { TreeChange } from './effect-access.ts';

/** Finds who is already above a limit that a change would set: the scope itself, and its keys by what each used. */

const SHOWN_MAX = 20;

export interface PolicyHere {
  readonly policy: ScopePolicy;
  readonly timeZone: string;
}

export async function readPolicy(tx: Database, { level, organizationId, id }: TreeChange): Promise<PolicyHere> {
  const timeZone = (await organizations.timeZones(tx, [organizationId])).get(organizationId) ?? 'UTC';
  const row = await rowOf(tx, level, organizationId, id);
  return { policy: row === null ? NO_POLICY : await loadPolicy(tx, level, row), timeZone };
}

interface Comparison {
  readonly before: PolicyHere;
  readonly after: PolicyHere;
  readonly catalogue: Catalogue;
}

/**
 * Returns each scope and key that is above a limit that is new or lower than before, at most 20. Compares settled use; for
 * `max_parallel` it compares the requests in flight in this process.
 */
export async function limitsEffect(call: AdminCall, tx: Database, changed: TreeChange, { before, after, catalogue }: Comparison) {
  const nowMs = call.deps.clock.nowMs();
  const was = new Map(rulesFor(changed, before, nowMs).rules.map((rule) => [ruleKey(rule), rule.value]));
  const { rules, counters } = rulesFor(changed, after, nowMs);
  const over: Over[] = [];
  for (const rule of rules) {
    const counter = counters[rule.counter];
    if (rule.value >= (was.get(ruleKey(rule)) ?? Number.POSITIVE_INFINITY) || counter === undefined) continue;
    const use = counter.window.is === 'now' ? useInFlight(call, counter, catalogue) : await settledUse(tx, counter, nowMs);
    if (use.used <= rule.value) continue;
    over.push(overOf(rule, use.used));
    if (changed.level === 'key') continue;
    for (const key of await use.keysAbove(rule.value)) over.push({ key_id: key.keyId, ...overOf(rule, key.used) });
  }
  return over.slice(0, SHOWN_MAX);
}

/** Returns the limits and budgets that a change removes: what they covered is then no longer limited by them. */
export function limitsRemoved(changed: TreeChange, before: PolicyHere, after: PolicyHere, nowMs: number) {
  const is = new Set(rulesFor(changed, after, nowMs).rules.map(ruleKey));
  return rulesFor(changed, before, nowMs)
    .rules.filter((rule) => !is.has(ruleKey(rule)))
    .slice(0, SHOWN_MAX)
    .map((rule) => {
      const { used: _, ...removed } = overOf(rule, 0);
      return removed;
    });
}

/** The use that a limit counts now. `keysAbove` returns the keys that are above an amount by themselves, the greatest first. */
interface Use {
  readonly used: number;
  keysAbove(amount: number): Promise<readonly KeyUse[]> | readonly KeyUse[];
}

async function settledUse(tx: Database, counter: CounterSpec, nowMs: number): Promise<Use> {
  return {
    used: await settledUseOf(tx, counter, nowMs),
    // Keys are not told apart within a tag.
    keysAbove: (amount) =>
      isLabelMatch(counter.match)
        ? []
        : keysAbove(tx, counter, { ...windowSpan(counter.window, nowMs), amount, most: SHOWN_MAX }),
  };
}

function useInFlight({ deps }: AdminCall, counter: CounterSpec, catalogue: Catalogue): Use {
  const byKey = new Map<string, number>();
  for (const request of deps.process.inFlight()) {
    if (isCounted(request, counter, catalogue)) byKey.set(request.keyId, (byKey.get(request.keyId) ?? 0) + 1);
  }
  const keys = [...byKey].map(([keyId, used]) => ({ keyId, used })).sort((a, b) => b.used - a.used);
  return {
    used: keys.reduce((total, key) => total + key.used, 0),
    keysAbove: (amount) => keys.filter(({ used }) => used > amount),
  };
}

function isCounted(
  request: RequestInFlight,
  { organizationId, scope, scopeId, match }: CounterSpec,
  catalogue: Catalogue,
): boolean {
  // Requests in flight do not say their labels here, so those of a tag are not compared.
  if (request.organizationId !== organizationId || isLabelMatch(match)) return false;
  const ids = { organization: organizationId, team: request.teamId, user: request.memberId, key: request.keyId };
  if (ids[scope] !== scopeId) return false;
  return matches(match, request.calledName, catalogue.targets.get(request.calledName)?.accessGroups ?? NO_GROUPS);
}

const NO_GROUPS: ReadonlySet<string> = new Set();

interface Over {
  readonly key_id?: string;
  readonly scope: TreeChange['level'];
  readonly limit: string;
  readonly value: number | string;
  readonly used: number | string;
}

function rulesFor({ level, organizationId, id }: TreeChange, { policy, timeZone }: PolicyHere, nowMs: number): ScopeRules {
  return rulesOfScope({ organizationId, scope: level, scopeId: id }, policy, timeZone, nowMs);
}

/** Returns the identity of a rule before and after a change: a budget's id, or a rate limit's name and target. */
function ruleKey(rule: LimitRule): string {
  return rule.budgetId ?? rule.id;
}

function overOf(rule: LimitRule, used: number): Over {
  const amount = rule.limit === 'budget' ? formatUsd : (value: number) => value;
  return { scope: rule.scope, limit: rule.limit, value: amount(rule.value), used: amount(used) };
}

async function rowOf(tx: Database, level: TreeChange['level'], organizationId: string, id: string) {
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
