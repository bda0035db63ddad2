/** Delays repeated failures: no wait after the first few, then twice as long after each. */

const FIRST_WAIT_MS = 2_000;
/** The time after which failures are forgotten if there is no further one. */
const FORGET_MS = 60 * 60_000;
const KEPT_MAX = 20_000;

interface Failures {
  readonly count: number;
  readonly lastMs: number;
}

export interface Throttle {
  /** Returns the milliseconds until this name may try again; 0 if it may now. */
  waitMs(name: string): number;
  failed(name: string): void;
  /** Clears all failures. */
  succeeded(name: string): void;
  /** Removes one failure. For names that many people share, where one person's success proves nothing about the others. */
  forgiven(name: string): void;
}

/** The number of failures before the first wait, and the longest wait. */
export interface ThrottleBounds {
  readonly freeFailures: number;
  readonly waitMsMax: number;
}

/** Keeps the 20,000 names that failed last. An older name is forgotten, not blocked. */
export function createThrottle(nowMs: () => number, { freeFailures, waitMsMax }: ThrottleBounds): Throttle {
  const waitAfter = (failures: number) => (failures < 0 ? 0 : Math.min(waitMsMax, FIRST_WAIT_MS * 2 ** failures));
  const kept = new Map<string, Failures>();
  const failuresOf = (name: string): Failures | null => {
    const failures = kept.get(name);
    return failures === undefined || failures.lastMs < nowMs() - FORGET_MS ? null : failures;
  };
  return {
    waitMs: (name) => {
      const failures = failuresOf(name);
      if (failures === null) return 0;
      const waitMs = waitAfter(failures.count - freeFailures);
      // If the clock was set back, nobody must wait longer.
      return Math.min(waitMs, Math.max(0, failures.lastMs + waitMs - nowMs()));
    },
    failed: (name) => {
      const count = (failuresOf(name)?.count ?? 0) + 1;
      kept.delete(name); // A Map keeps insertion order, so the latest failure comes last.
      kept.set(name, { count, lastMs: nowMs() });
      if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value as string);
    },
    succeeded: (name) => void kept.delete(name),
    forgiven: (name) => {
      const failures = kept.get(name);
      if (failures !== undefined) kept.set(name, { ...failures, count: Math.max(0, failures.count - 1) });
    },
  };
}
