import type { Clock } from '../../src/lib/timing/clock.ts';

/** Time that passes only when it is told to, with what waits for it. */
export interface HandTime {
  readonly clock: Clock;
  readonly after: (ms: number, callback: () => void) => () => void;
  /** So much time passes; what falls due meanwhile is called, in its order. */
  pass(ms: number): void;
}

export function handTime(startMs = Date.parse('2026-07-24T12:00:00Z')): HandTime {
  let passedMs = 0;
  let waiting: { readonly atMs: number; readonly callback: () => void }[] = [];
  return {
    clock: { nowMs: () => startMs + passedMs, monotonicMs: () => passedMs },
    after: (ms, callback) => {
      const timer = { atMs: passedMs + ms, callback };
      waiting.push(timer);
      return () => {
        waiting = waiting.filter((one) => one !== timer);
      };
    },
    pass: (ms) => {
      const untilMs = passedMs + ms;
      for (;;) {
        const [next] = waiting.filter(({ atMs }) => atMs <= untilMs).sort((one, other) => one.atMs - other.atMs);
        if (next === undefined) break;
        waiting = waiting.filter((one) => one !== next);
        passedMs = next.atMs;
        next.callback();
      }
      passedMs = untilMs;
    },
  };
}
