import type { Clock } from './clock.ts';

/** The most names remembered; beyond that some are let through sooner. */
const NAMES_MAX = 10_000;

/**
 * Returns a function that lets each name through once per `everyMs`, so that a repeated event does not fill the log. It returns
 * how many calls with that name were held back since the last one, or null if this call is held back.
 */
export function nowAndThen(everyMs: number, clock: Pick<Clock, 'monotonicMs'>): (name: string) => number | null {
  const seen = new Map<string, { readonly sinceMs: number; heldBack: number }>();
  return (name) => {
    const nowMs = clock.monotonicMs();
    const last = seen.get(name);
    if (last !== undefined && nowMs - last.sinceMs < everyMs) {
      last.heldBack += 1;
      return null;
    }
    if (seen.size >= NAMES_MAX) seen.clear();
    seen.set(name, { sinceMs: nowMs, heldBack: 0 });
    return last?.heldBack ?? 0;
  };
}
