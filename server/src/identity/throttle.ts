/** How long somebody who guesses must wait: nothing for the first few failures, then twice as long after each. */

const FIRST_WAIT_MS = 2_000;
/** Failures are forgotten after this long without another. */
const FORGET_MS = 60 * 60_000;
const KEPT_MAX = 20_000;

interface Failures {
  readonly count: number;
  readonly lastMs: number;
}

export interface Throttle {
  /** Milliseconds until this one may try again; 0 when at once. */
  waitMs(name: string): number;
  failed(name: string): void;
  /** Forgets every failure. */
  succeeded(name: string): void;
  /** Takes the last failure back: for what many people share, where one's success proves nothing for the others. */
  forgiven(name: string): void;
}

/** How many failures come before the first wait, and how long a wait may become. */
export interface ThrottleBounds {
  readonly freeFailures: number;
  readonly waitMsMax: number;
}

/** Keeps the latest 20,000 names; what is older is forgotten, not blocked. */
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
      // A clock that was set back must not make anybody wait longer.
      return Math.min(waitMs, Math.max(0, failures.lastMs + waitMs - nowMs()));
    },
    failed: (name) => {
      const count = (failuresOf(name)?.count ?? 0) + 1;
      kept.delete(name); // The order of a Map is that of insertion: what failed last stands last.
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
