/** Budgets whose spend may have passed a threshold, and the record of passed thresholds. */
import { and, eq, gt, sql } from 'drizzle-orm';
import type { Budget } from '../../domain/limits/budget.ts';
import type { Scope } from '../../domain/tenancy/tenancy.ts';
import { type BudgetColumns, budgetFrom } from '../configuration/policy-columns.ts';
import type { Database } from '../database.ts';
import { accounts, budgetAlerts, budgets, keys, memberships, rollups, teamRollups, teams } from '../schema.ts';

/** A budget and its scope. */
export interface WatchedBudget {
  readonly organizationId: string;
  readonly scope: Scope;
  readonly scopeId: string;
  readonly budget: Budget;
}

/**
 * Returns budgets of these organizations: all of the organization scope, those of teams, members and keys in use since
 * `usedSince`, and those changed since `changedSince`.
 */
export async function inUse(
  db: Database,
  organizationIds: readonly string[],
  { usedSince, changedSince }: { readonly usedSince: Date; readonly changedSince: Date },
): Promise<readonly WatchedBudget[]> {
  const used = (column: 'member_id' | 'key_id') => sql`exists (select 1 from ${rollups} as used where
    used.organization_id = ${budgets.organizationId} and used.${sql.identifier(column)} = ${budgets.scopeId} and used.bucket_start >= ${usedSince})`;
  const usedTeam = sql`exists (select 1 from ${teamRollups} as used where used.organization_id = ${budgets.organizationId}
    and used.hour_start >= ${usedSince} and used.team_id = ${budgets.scopeId})`;
  // Raw rows of the driver: for thousands of budgets, mapping each column in the query builder would cost most of the time.
  const { rows } = await db.execute<StoredBudget>(sql`
    select organization_id, scope, scope_id, id, amount_nano_usd, period, match_target, match_access_group, thresholds, action, clamp_output
    from ${budgets} where ${budgets.organizationId} = any(${sql.param(organizationIds)}::text[]) and ${budgets.deletedAt} is null
      and case when ${budgets.changedAt} >= ${changedSince} then true else
        case ${budgets.scope} when 'organization' then true when 'team' then ${usedTeam}
        when 'user' then ${used('member_id')} else ${used('key_id')} end end`);
  return rows.map(watchedFrom);
}

/** A row as the PostgreSQL driver returns it. */
interface StoredBudget extends Record<string, unknown> {
  readonly organization_id: string;
  readonly scope: Scope;
  readonly scope_id: string;
  readonly id: string;
  readonly amount_nano_usd: string;
  readonly period: BudgetColumns['period'];
  readonly match_target: string | null;
  readonly match_access_group: string | null;
  readonly thresholds: readonly number[];
  readonly action: BudgetColumns['action'];
  readonly clamp_output: boolean;
}

function watchedFrom(row: StoredBudget): WatchedBudget {
  const budget = budgetFrom({
    id: row.id,
    amountNanoUsd: Number(row.amount_nano_usd),
    period: row.period,
    matchTarget: row.match_target,
    matchAccessGroup: row.match_access_group,
    thresholds: row.thresholds,
    action: row.action,
    clampOutput: row.clamp_output,
  });
  return { organizationId: row.organization_id, scope: row.scope, scopeId: row.scope_id, budget };
}

/** The thresholds of one period to record as passed. */
export interface Passing {
  readonly organizationId: string;
  readonly budgetId: string;
  readonly periodStart: Date;
  readonly thresholds: readonly number[];
  /** Skips thresholds that alerted after this time. Set for a rolling period, which has no start to separate two alerts. */
  readonly quietSince: Date | null;
  readonly at: Date;
}

/** Records each threshold once per period, also under concurrent calls. Returns the newly recorded ones, in ascending order. */
export async function recordPassed(tx: Database, passing: Passing): Promise<readonly number[]> {
  const { organizationId, budgetId, periodStart, at } = passing;
  const of = and(eq(budgetAlerts.organizationId, organizationId), eq(budgetAlerts.budgetId, budgetId));
  // Lock the budget. Otherwise, when a rolling period ends, two transactions could both miss the other's record.
  await tx
    .select({ id: budgets.id })
    .from(budgets)
    .where(and(eq(budgets.organizationId, organizationId), eq(budgets.id, budgetId)))
    .for('no key update');
  const recent =
    passing.quietSince === null
      ? []
      : await tx
          .select({ threshold: budgetAlerts.threshold })
          .from(budgetAlerts)
          .where(and(of, gt(budgetAlerts.createdAt, passing.quietSince)));
  const wanted = passing.thresholds.filter((threshold) => !recent.some((row) => row.threshold === threshold));
  if (wanted.length === 0) return [];
  const fresh = await tx
    .insert(budgetAlerts)
    .values(wanted.map((threshold) => ({ organizationId, budgetId, periodStart, threshold, createdAt: at })))
    .onConflictDoNothing()
    .returning({ threshold: budgetAlerts.threshold });
  return fresh.map(({ threshold }) => threshold).sort((a, b) => a - b);
}

/** Returns the name of a scope and the id of its team. The name of an organization is null, as is the team of a user. */
export async function scopeFacts(
  db: Database,
  { organizationId, scope, scopeId }: Omit<WatchedBudget, 'budget'>,
): Promise<{ readonly name: string | null; readonly teamId: string | null }> {
  const [row] = await (() => {
    switch (scope) {
      case 'organization':
        return Promise.resolve([{ name: null, teamId: null }]);
      case 'team':
        return db
          .select({ name: teams.name, teamId: teams.id })
          .from(teams)
          .where(and(eq(teams.organizationId, organizationId), eq(teams.id, scopeId)));
      case 'key':
        return db
          .select({ name: keys.name, teamId: keys.teamId })
          .from(keys)
          .where(and(eq(keys.organizationId, organizationId), eq(keys.id, scopeId)));
      case 'user':
        return db
          .select({ name: accounts.name, teamId: sql<null>`null` })
          .from(memberships)
          .innerJoin(accounts, eq(accounts.id, memberships.accountId))
          .where(and(eq(memberships.organizationId, organizationId), eq(memberships.id, scopeId)));
    }
  })();
  return row ?? { name: null, teamId: null };
}
