import { type CounterSpec, rulesOfScope } from '../../domain/limits/limit-plan.ts';
import { startOfPeriodMs } from '../../domain/money/own-key-budget.ts';
import * as budgets from '../../store/tenancy/budgets.ts';
import * as keys from '../../store/tenancy/keys.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import type { TeamRow } from '../../store/tenancy/teams.ts';
import type { AdminCall } from '../http/call.ts';
import type { AdminDeps } from '../http/deps.ts';
import { NO_POLICY } from '../organizations/policy.ts';
import { readUse } from '../organizations/read-use.ts';
import { memberIn } from '../people/reassign.ts';
import { ownKeysCap } from '../teams/self-service.ts';
import type { EndedUse } from '../teams/self-service-keys.ts';

/**
 * Returns what a member's ended logins in a team used of their budgets in the present period, with what their requests in flight hold.
 * So who logs out and in again gets back what they did not spend, and no more. Empty if the team bounds nothing, or while the counters
 * are out of reach: then each counts with its whole budget. Call it outside of a transaction, because counters may read the ledger.
 */
export async function endedUseOf(deps: AdminDeps, team: TeamRow, membershipId: string): Promise<EndedUse> {
  const cap = ownKeysCap(team.selfService);
  if (cap === null) return new Map();
  const { organizationId, id: teamId } = team;
  const timeZone = (await organizations.timeZones(deps.db, [organizationId])).get(organizationId) ?? 'UTC';
  const since = new Date(startOfPeriodMs(cap, timeZone, deps.clock.nowMs()));
  const ids = await keys.endedLogins(deps.db, { organizationId, teamId, membershipId }, since);
  const budgetsOf = await budgets.listMany(deps.db, [organizationId], 'key', ids);
  const specs: (CounterSpec & { readonly keyId: string })[] = ids.flatMap((keyId) => {
    const policy = { ...NO_POLICY, budgets: budgetsOf.get(keyId) ?? [] };
    const of = { organizationId, scope: 'key', scopeId: keyId } as const;
    return rulesOfScope(of, policy, timeZone, deps.clock.nowMs()).counters.map((counter) => ({ ...counter, keyId }));
  });
  const { used, live } = await readUse(deps, specs);
  const ended = new Map<string, number>();
  if (live) for (const [at, { keyId }] of specs.entries()) ended.set(keyId, Math.max(ended.get(keyId) ?? 0, used[at] ?? 0));
  return ended;
}

/** Returns what the caller's ended logins in a team used of their budgets. */
export async function endedUseOfCaller({ actor, deps }: AdminCall<unknown, unknown, unknown>, team: TeamRow): Promise<EndedUse> {
  const { organizationId, id: teamId } = team;
  const owner = await memberIn(deps.db, { organizationId, teamId }, actor.accountId ?? '');
  return endedUseOf(deps, team, owner?.ownerMembershipId ?? '');
}
