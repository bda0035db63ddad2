/** The limits that a batch must pass, and those that its lines count for. */
import { type LimitPlan, type LimitRule, planLimits, planOf } from '../../domain/limits/limit-plan.ts';
import type { BatchRow } from '../../store/batches/batches.ts';
import { type Entitlement, unlimitedTeam } from '../entitlement.ts';
import type { Gateway } from '../gateway.ts';
import type { CachedKey } from '../snapshot/cached-key.ts';

/** The limits of requests: a batch is one. */
const OF_REQUESTS: ReadonlySet<LimitRule['limit']> = new Set(['rpm', 'rph', 'rpd']);
/** The limits that count what its lines use. Those of shorter times are about load, which a batch is not. */
const OF_LINES: ReadonlySet<LimitRule['limit']> = new Set(['tpd', 'budget']);

/** Returns the rules that admit a batch. */
export function planOfBatch({ plan }: Pick<Entitlement, 'plan'>): LimitPlan {
  return planOf(
    plan,
    plan.rules.filter(({ limit }) => OF_REQUESTS.has(limit) || OF_LINES.has(limit)),
  );
}

/**
 * Returns the rules that the lines of a batch count for now, in the periods of its admission: those of its key, and of the team and
 * the person that it is charged to. Null if the organization is gone.
 */
export function planOfLines(key: CachedKey, row: BatchRow, gateway: Pick<Gateway, 'snapshot'>): LimitPlan | null {
  const organization = key.holder.config;
  if (organization === null) return null;
  const team = organization.teams.get(row.teamId) ?? unlimitedTeam(row.teamId);
  const member = row.memberId === null ? null : (organization.members.get(row.memberId) ?? null);
  const groups = gateway.snapshot.catalogue().targets.get(row.calledName)?.accessGroups ?? NO_GROUPS;
  const whole = planLimits({ key: key.config, organization, team, member }, row.calledName, groups, row.createdAt.getTime());
  return planOf(
    whole,
    whole.rules.filter(({ limit }) => OF_LINES.has(limit)),
  );
}

const NO_GROUPS: ReadonlySet<string> = new Set();
