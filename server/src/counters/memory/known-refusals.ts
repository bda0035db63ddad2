import type { LimitPlan, LimitRule } from '../../domain/limits/limit-plan.ts';
import type { HoldResult, Refused, Refusing } from '../counters.ts';

/** A request limit that refused, and until when if nothing else happens. */
interface Known {
  /** The limit's value at the refusal: a higher one may not refuse. */
  readonly value: number;
  /** The time at which the limit has room again, by this process's monotonic clock. */
  readonly untilMs: number;
  /** The time until which this process refuses without asking the counters, by the same clock. */
  readonly believedUntilMs: number;
  /** The counters' clock minus this process's monotonic clock. */
  readonly offsetMs: number;
}

const KNOWN_MAX = 10_000;
/**
 * The most milliseconds for which a refusal is cached. Recovery or a correction can free room earlier, and this process may not
 * be notified.
 */
const BELIEVED_MS_MAX = 5_000;

/**
 * A cache of refusals by shared counters, so that the next refusal needs no round trip. A request limit gets room only when slots
 * expire. Other requests never free it sooner; a change of the limit or of what it counts can, and the caller reports that to
 * `forget`.
 */
export class KnownRefusals {
  readonly #byCounter = new Map<string, Known>();
  readonly #monotonicMs: () => number;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  note(plan: LimitPlan, result: HoldResult): void {
    if (result.admitted) return;
    const nowMs = this.#monotonicMs();
    for (const { rule: at, retryAfterMs } of result.refusing) {
      const rule = plan.rules[at] as LimitRule;
      if (retryAfterMs === null || !isOfRequests(rule)) continue;
      if (this.#byCounter.size >= KNOWN_MAX) this.#byCounter.clear();
      this.#byCounter.set(nameOf(plan, rule), {
        value: rule.value,
        untilMs: nowMs + retryAfterMs,
        // The clocks may differ slightly, so the counters decide in the last millisecond.
        believedUntilMs: nowMs + Math.min(retryAfterMs - 1, BELIEVED_MS_MAX),
        offsetMs: result.atMs - nowMs,
      });
    }
  }

  /** Returns the rules of the plan that are known to refuse, or null if there is none. */
  refused(plan: LimitPlan): Refused | null {
    const nowMs = this.#monotonicMs();
    const refusing: Refusing[] = [];
    const used = plan.rules.map(() => 0);
    const resetsAtMs = plan.rules.map(() => 0);
    let atMs = 0;
    for (const [at, rule] of plan.rules.entries()) {
      const known = this.#byCounter.get(nameOf(plan, rule));
      if (known === undefined || rule.value > known.value || nowMs >= known.believedUntilMs) continue;
      atMs = nowMs + known.offsetMs;
      used[at] = rule.value;
      resetsAtMs[at] = known.untilMs + known.offsetMs;
      refusing.push({ rule: at, retryAfterMs: Math.ceil(known.untilMs - nowMs) });
    }
    if (refusing.length === 0) return null;
    for (const [at, ms] of resetsAtMs.entries()) resetsAtMs[at] = Math.max(ms, atMs);
    return { admitted: false, atMs, readings: { used, held: plan.rules.map(() => 0), resetsAtMs }, refusing };
  }

  forget(counters: readonly { readonly name: string }[]): void {
    for (const { name } of counters) this.#byCounter.delete(name);
  }
}

function isOfRequests({ limit }: LimitRule): boolean {
  return limit === 'rpm' || limit === 'rph' || limit === 'rpd';
}

function nameOf({ counters }: LimitPlan, { counter }: LimitRule): string {
  return (counters[counter] as LimitPlan['counters'][number]).name;
}
