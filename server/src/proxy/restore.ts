import type { Counters } from '../counters/counters.ts';
import type { Catalogue } from '../domain/catalogue.ts';
import { type LimitPlan, planLimits } from '../domain/limit-plan.ts';
import type { KeyConfig, OrganizationConfig } from '../domain/tenancy.ts';
import type { RecentUse } from '../store/usage.ts';
import { unlimitedTeam } from './standing.ts';

export interface RestoreSources {
  readonly catalogue: Catalogue;
  readonly counters: Counters;
  readonly loadOrganizations: (organizationIds: readonly string[]) => Promise<ReadonlyMap<string, OrganizationConfig>>;
  readonly findKeys: (
    keys: readonly { readonly organizationId: string; readonly keyId: string }[],
  ) => Promise<readonly KeyConfig[]>;
}

const NO_GROUPS: ReadonlySet<string> = new Set();

/**
 * Counts the last hour anew before the first request is admitted, so that a restart grants nobody a fresh minute or hour. Days, periods and
 * rolling budgets are asked of the ledger when they are first needed. Returns how many keys were counted.
 */
export async function restoreRecent(uses: readonly RecentUse[], sources: RestoreSources, nowMs: number): Promise<number> {
  const byOrganization = Map.groupBy(uses, ({ organizationId }) => organizationId);
  let keys = 0;
  for (const organizationIds of batches([...byOrganization.keys()], ORGANIZATIONS_AT_ONCE)) {
    const organizations = await sources.loadOrganizations(organizationIds);
    const ofBatch = organizationIds.flatMap((id) => byOrganization.get(id) ?? []);
    const byKey = Map.groupBy(ofBatch, ({ keyId }) => keyId);
    for (const addresses of batches(
      [...byKey.values()].map(([first]) => first as RecentUse),
      KEYS_AT_ONCE,
    )) {
      for (const key of await sources.findKeys(addresses)) {
        const organization = organizations.get(key.organizationId);
        if (organization === undefined) continue;
        await restoreKey(byKey.get(key.id) ?? [], key, organization, sources, nowMs);
        keys += 1;
      }
    }
  }
  return keys;
}

const ORGANIZATIONS_AT_ONCE = 500;
const KEYS_AT_ONCE = 2_000;

function* batches<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}

async function restoreKey(
  uses: readonly RecentUse[],
  key: KeyConfig,
  organization: OrganizationConfig,
  { catalogue, counters }: RestoreSources,
  nowMs: number,
): Promise<void> {
  const plans = new Map<string, LimitPlan>();
  for (const { teamId, memberId, calledName, atMs, requests, tokens } of uses) {
    const planKey = `${teamId} ${memberId} ${calledName}`;
    let plan = plans.get(planKey);
    if (plan === undefined) {
      const groups = catalogue.targets.get(calledName)?.accessGroups ?? NO_GROUPS;
      const team = organization.teams.get(teamId) ?? unlimitedTeam(teamId);
      const member = memberId === null ? null : (organization.members.get(memberId) ?? null);
      plan = planLimits({ key, organization, team, member }, calledName, groups, nowMs);
      plans.set(planKey, plan);
    }
    await counters.restore(plan, { atMs, amount: requests, unit: 'requests' });
    await counters.restore(plan, { atMs, amount: tokens, unit: 'tokens' });
  }
}
