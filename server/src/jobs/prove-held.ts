/** Whether shared counters hold what the requests in flight hold of them: a slot that nobody gave back is in no ledger. */
import type { HeldAmount } from '../counters/counters.ts';
import { type CounterSpec, rulesOfScope } from '../domain/limits/limit-plan.ts';
import { modelLimitsFrom, rateLimitsFrom } from '../store/configuration/policy-columns.ts';
import type { Database } from '../store/database.ts';
import { slotScopesInUse } from '../store/past/slots-in-use.ts';
import type { OrganizationRow } from '../store/tenancy/organizations.ts';
import { readable } from './readable.ts';

/** Has counters hold what requests in flight hold of them. Returns those that held something else. */
export type CompareHeld = (counters: readonly CounterSpec[]) => Promise<readonly HeldAmount[]>;

/** Puts right the counters of requests in flight of these organizations and of what in them was used since an instant. Returns how many. */
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
