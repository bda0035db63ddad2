/** Checks that shared counters hold what requests in flight hold. The ledger does not show a slot that was never released. */
import type { HeldAmount } from '../counters/counters.ts';
import { type CounterSpec, rulesOfScope } from '../domain/limits/limit-plan.ts';
import { modelLimitsFrom, rateLimitsFrom } from '../store/configuration/policy-columns.ts';
import type { Database } from '../store/database.ts';
import { slotScopesInUse } from '../store/past/slots-in-use.ts';
import type { OrganizationRow } from '../store/tenancy/organizations.ts';
import { readable } from './readable.ts';

/** Sets the counters to what requests in flight hold. Returns those that held another amount. */
export type CompareHeld = (counters: readonly CounterSpec[]) => Promise<readonly HeldAmount[]>;

/** Corrects the in-flight counters of these organizations and of their scopes in use. Returns how many were wrong. */
export async function proveSlots(
  { db, nowMs, compareHeld }: { readonly db: Database; readonly nowMs: number; readonly compareHeld: CompareHeld },
  rows: readonly OrganizationRow[],
  usedSince: Date,
): Promise<number> {
  const ids = rows.map(({ id }) => id);
  const own = rows.map(({ id, rateLimits, modelLimits }) => {
    return { organizationId: id, scope: 'organization', scopeId: id, rateLimits, modelLimits } as const;
  });
  const counters = [...own, ...(await slotScopesInUse(db, ids, usedSince))].flatMap(({ rateLimits, modelLimits, ...scope }) =>
    readable(() => {
      const policy = { rateLimits: rateLimitsFrom(rateLimits), modelLimits: modelLimitsFrom(modelLimits), budgets: [] };
      return rulesOfScope(scope, policy, 'UTC', nowMs).counters;
    }, []),
  );
  const slots = counters.filter(({ window }) => window.is === 'now');
  return (await compareHeld(slots)).length;
}
