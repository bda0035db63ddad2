/** The refresher of standings over a suite's database. */
import { createMemoryCounters } from '../../src/counters/memory/memory-counters.ts';
import { createRefresh, type RefreshOptions } from '../../src/jobs/standings.ts';
import { spendSince } from '../../src/store/usage/usage.ts';
import type { AdminWorld } from '../admin/support.ts';

/** A refresher of its own over the suite's database, with counters that ask the ledger. */
export function newRefresher({ deps: { db, clock } }: AdminWorld, options: Partial<RefreshOptions>): () => Promise<number> {
  const counters = createMemoryCounters({ clock, seedFrom: (counter, fromMs, toMs) => spendSince(db, counter, fromMs, toMs) });
  return createRefresh({ db, clock, counters, ...options });
}

/** One turn, with counters that begin now and so ask the ledger, as they do after a start. Returns how many organizations were judged. */
export function refreshOnce(world: AdminWorld): Promise<number> {
  return newRefresher(world, {})();
}

/** Turns until nothing is due. */
export async function refreshAll(world: AdminWorld): Promise<void> {
  while ((await refreshOnce(world)) > 0);
}
