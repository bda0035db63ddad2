import { systemClock as clock } from '../lib/timing/clock.ts';
import { claimOnce } from '../store/accounts/sign-in.ts';
import type { Database } from '../store/database.ts';

/** Returns a function that claims a name for a time, over all replicas. It resolves with false if the name is already claimed. */
export function claimsIn(db: Database): (name: string, forMs: number) => Promise<boolean> {
  return (name, forMs) => {
    const nowMs = clock.nowMs();
    return claimOnce(db, { name, at: new Date(nowMs), until: new Date(nowMs + forMs) });
  };
}
