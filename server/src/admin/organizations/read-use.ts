import { CountersUnreachable, type Readings } from '../../counters/counters.ts';
import { windowSpan } from '../../domain/limits/counter-spec.ts';
import type { CounterSpec, CounterWindow } from '../../domain/limits/limit-plan.ts';
import { FAR_FUTURE_MS } from '../../domain/limits/period.ts';
import { settledUse } from '../../store/usage/settled-use.ts';
import type { AdminDeps } from '../http/deps.ts';

/** The present readings of counters. */
export interface UseNow extends Readings {
  /**
   * False if the counters are unreachable. Then the use is what the ledger has settled, without the holds of requests in flight.
   */
  readonly live: boolean;
}

/**
 * Reads counters, in the order given. If the shared counters are unreachable, reads the ledger instead. Rejects with
 * StoreUnavailable if that is unreachable too.
 */
export async function readUse({ db, clock, counters }: AdminDeps, specs: readonly CounterSpec[]): Promise<UseNow> {
  if (specs.length === 0) return NOTHING;
  try {
    return { ...(await counters.read(specs)), live: true };
  } catch (error) {
    if (!(error instanceof CountersUnreachable)) throw error;
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

/** Returns the time at which a window resets. For a trailing window this is the latest possible time. */
function resetsAtMs(window: CounterWindow, nowMs: number): number {
  if (window.is === 'trailing') return Math.min(nowMs + window.slotMs * 60, FAR_FUTURE_MS);
  return windowSpan(window, nowMs).toMs;
}
