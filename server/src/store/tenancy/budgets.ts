/** Budgets of organizations, teams, members and keys. */
import { and, asc, eq, isNull, notInArray } from 'drizzle-orm';
import type { Budget } from '../../domain/limits/budget.ts';
import type { Scope } from '../../domain/tenancy/tenancy.ts';
import { budgetFrom, budgetToColumns } from '../configuration/policy-columns.ts';
import type { Database } from '../database.ts';
import { budgets, hasAnyId } from '../schema.ts';

/** One scope of one organization, which has budgets. */
export interface BudgetsOf {
  readonly organizationId: string;
  readonly scope: Scope;
  readonly scopeId: string;
}

/**
 * Returns the budgets of several scopes of one kind, by scope id, in the order that people gave them. Scopes without any are
 * absent.
 */
export async function listMany(
  db: Database,
  organizationIds: readonly string[],
  scope: Scope,
  scopeIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Budget[]>> {
  if (scopeIds.length === 0) return new Map();
  const rows = await db
    .select()
    .from(budgets)
    .where(
      and(
        hasAnyId(budgets.organizationId, organizationIds),
        eq(budgets.scope, scope),
        hasAnyId(budgets.scopeId, scopeIds),
        isNull(budgets.deletedAt),
      ),
    )
    .orderBy(asc(budgets.position), asc(budgets.id));
  const byScope = Map.groupBy(rows, (row) => row.scopeId);
  return new Map([...byScope].map(([scopeId, items]) => [scopeId, items.map(budgetFrom)]));
}

/** Replaces the scope's budgets by the list. Updates those with a stored id, adds others, and marks missing ones as deleted. */
export async function replace(db: Database, of: BudgetsOf, items: readonly Budget[], at: Date): Promise<void> {
  const kept = items.map((item) => item.id);
  await db
    .update(budgets)
    .set({ deletedAt: at })
    .where(
      and(
        eq(budgets.organizationId, of.organizationId),
        eq(budgets.scope, of.scope),
        eq(budgets.scopeId, of.scopeId),
        isNull(budgets.deletedAt),
        ...(kept.length === 0 ? [] : [notInArray(budgets.id, kept)]),
      ),
    );
  for (const [position, item] of items.entries()) {
    const { id, ...columns } = mutable(item);
    await db
      .insert(budgets)
      .values({ ...of, id, ...columns, position, createdAt: at, changedAt: at })
      .onConflictDoUpdate({ target: [budgets.organizationId, budgets.id], set: { ...columns, position, changedAt: at } });
  }
}

/** Returns the columns with a mutable array, which Drizzle's types require. */
function mutable(item: Budget) {
  const columns = budgetToColumns(item);
  return { ...columns, thresholds: [...columns.thresholds] };
}
