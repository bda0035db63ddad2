/** The refresher of standings over a suite's database. */
import { createMemoryCounters } from '../../src/counters/memory.ts';
import { createRefresh } from '../../src/jobs/standings.ts';
import { spendSince } from '../../src/store/usage.ts';
import type { AdminWorld } from '../admin/support.ts';

/** One turn, with counters that begin now and so ask the ledger, as they do after a start. Returns how many organizations were judged. */
export function refreshOnce({ deps: { db, clock } }: AdminWorld): Promise<number> {
  const counters = createMemoryCounters({ clock, seedFrom: (counter, fromMs, toMs) => spendSince(db, counter, fromMs, toMs) });
  return createRefresh({ db, clock, counters })();
}

/** Turns until nothing is due. */
export async function refreshAll(world: AdminWorld): Promise<void> {
  while ((await refreshOnce(world)) > 0);
}
