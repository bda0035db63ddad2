import { CountersAway, type Readings } from '../../counters/counters.ts';
import { windowSpan } from '../../domain/limits/counter-spec.ts';
import type { CounterSpec, CounterWindow } from '../../domain/limits/limit-plan.ts';
import { FAR_FUTURE_MS } from '../../domain/limits/period.ts';
import { settledUse } from '../../store/usage/settled-use.ts';
import type { AdminDeps } from '../http/deps.ts';

/** What counters say now. */
export interface UseNow extends Readings {
  /** False: settled use from the ledger, without what requests in flight hold, because the counters are out of reach. */
  readonly live: boolean;
}

/**
 * Reads counters, in the order given. While the counters that all replicas share are out of reach the ledger answers in their place. Rejects
 * with StoreUnavailable when that is out of reach too.
 */
export async function readUse({ db, clock, counters }: AdminDeps, specs: readonly CounterSpec[]): Promise<UseNow> {
  if (specs.length === 0) return NOTHING;
  try {
    return { ...(await counters.read(specs)), live: true };
  } catch (error) {
    if (!(error instanceof CountersAway)) throw error;
  }
  const nowMs = clock.nowMs();
  const used = await settledUse(db, specs, nowMs);
  return {
    used,
    held: used.map(() => 0),
    resetsAtMs: specs.map(({ window }, index) => (used[index] === 0 ? nowMs : resetsAtMs(window, nowMs))),
    live: false,
  };
}

const NOTHING: UseNow = { used: [], held: [], resetsAtMs: [], live: true };

/** Of a trailing window the latest that it can be. */
function resetsAtMs(window: CounterWindow, nowMs: number): number {
  if (window.is === 'trailing') return Math.min(nowMs + window.slotMs * 60, FAR_FUTURE_MS);
  return windowSpan(window, nowMs).toMs;
}
