import { type CounterSpec, rulesOfScope } from '../../domain/limits/limit-plan.ts';
import type { TargetMatch } from '../../domain/limits/rate-limit.ts';
import type { KeyConfig, OrganizationConfig, Scope, ScopePolicy } from '../../domain/tenancy/tenancy.ts';

/**
 * Returns the counters that a new configuration uses and the one before did not. Their values in memory may have gaps, because
 * nothing was counted while the limit was not set.
 */
export function countersAddedToOrganization(
  before: OrganizationConfig,
  after: OrganizationConfig,
  nowMs: number,
): readonly CounterSpec[] {
  const added = (scope: Scope, id: string, was: ScopePolicy | undefined, is: ScopePolicy) =>
    countersAdded(
      { organizationId: after.id, scope, scopeId: id },
      { policy: was ?? NO_LIMITS, timeZone: before.timeZone },
      { policy: is, timeZone: after.timeZone },
      nowMs,
    );
  const counters = [...added('organization', after.id, before, after)];
  for (const team of after.teams.values()) counters.push(...added('team', team.id, before.teams.get(team.id), team));
  for (const member of after.members.values()) counters.push(...added('user', member.id, before.members.get(member.id), member));
  return counters;
}

/** Returns the counters added to one key, because its own limits changed or because its organization changed its time zone. */
export function countersAddedToKey(before: Zoned<KeyConfig>, after: Zoned<KeyConfig>, nowMs: number): readonly CounterSpec[] {
  const { organizationId, id } = after.policy;
  return countersAdded({ organizationId, scope: 'key', scopeId: id }, before, after, nowMs);
}

/** A policy, with the time zone of its days and periods. */
export interface Zoned<Policy extends ScopePolicy = ScopePolicy> {
  readonly policy: Policy;
  readonly timeZone: string;
}

const NO_LIMITS: ScopePolicy = { rateLimits: {}, modelLimits: [], budgets: [] };

function countersAdded(
  of: { readonly organizationId: string; readonly scope: Scope; readonly scopeId: string },
  before: Zoned,
  after: Zoned,
  nowMs: number,
): readonly CounterSpec[] {
  if (isUnlimited(after.policy)) return [];
  const countersOf = ({ policy, timeZone }: Zoned) => rulesOfScope(of, policy, timeZone, nowMs).counters;
  const known = new Set(countersOf(before).map(({ name }) => name));
  return countersOf(after).filter(({ name }) => !known.has(name));
}

function isUnlimited({ rateLimits, modelLimits, budgets, labelLimits = [] }: ScopePolicy): boolean {
  const lists = modelLimits.length + budgets.length + labelLimits.length;
  return lists === 0 && Object.keys(rateLimits).length === 0;
}

/** Returns the counters of limits and budgets on these access groups: those of an organization, its teams and its members. */
export function countersOfGroups(
  organization: OrganizationConfig,
  groups: ReadonlySet<string>,
  nowMs: number,
): readonly CounterSpec[] {
  const { id, timeZone, teams, members } = organization;
  const of = (scope: Scope, scopeId: string, policy: ScopePolicy) =>
    countersOn(groups, { organizationId: id, scope, scopeId }, { policy, timeZone }, nowMs);
  const counters = [...of('organization', id, organization)];
  for (const team of teams.values()) counters.push(...of('team', team.id, team));
  for (const member of members.values()) counters.push(...of('user', member.id, member));
  return counters;
}

/** Returns the counters of one key's limits and budgets on these access groups. */
export function countersOfGroupsOfKey(key: Zoned<KeyConfig>, groups: ReadonlySet<string>, nowMs: number): readonly CounterSpec[] {
  const { organizationId, id } = key.policy;
  return countersOn(groups, { organizationId, scope: 'key', scopeId: id }, key, nowMs);
}

function countersOn(
  groups: ReadonlySet<string>,
  of: { readonly organizationId: string; readonly scope: Scope; readonly scopeId: string },
  { policy, timeZone }: Zoned,
  nowMs: number,
): readonly CounterSpec[] {
  const isOn = ({ match }: { readonly match: TargetMatch }) => match.is === 'access_group' && groups.has(match.key);
  const { modelLimits, budgets } = policy;
  if (!modelLimits.some(isOn) && !budgets.some(isOn)) return [];
  const onGroups = { rateLimits: {}, modelLimits: modelLimits.filter(isOn), budgets: budgets.filter(isOn) };
  return rulesOfScope(of, onGroups, timeZone, nowMs).counters;
}
