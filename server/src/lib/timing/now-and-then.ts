import type { Clock } from './clock.ts';

/** So many names are remembered; beyond that some are let through sooner. */
const NAMES_MAX = 10_000;

/**
 * Lets each name through once in a while, so that what is worth a line in the log does not fill it. Answers with how many of the name were held
 * back since it was let through last; null: this one is held back.
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
