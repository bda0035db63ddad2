import type { LimitPlan, LimitRule } from '../../domain/limits/limit-plan.ts';
import type { HoldResult, Refused, Refusing } from '../counters.ts';

/** A request limit that refused, and until when it does if nothing else happens. */
interface Known {
  /** The limit's value then: a higher one may not refuse. */
  readonly value: number;
  /** When it has room again, by this process's monotonic clock. */
  readonly untilMs: number;
  /** How long that is believed without asking. */
  readonly believedUntilMs: number;
  /** When that is by the counters' clock, less this process's. */
  readonly offsetMs: number;
}

const KNOWN_MAX = 10_000;
/** A request that nobody knows of any more is given back, and a count that was wrong is corrected: neither is told to every process. */
const BELIEVED_MS_MAX = 5_000;

/**
 * What a process remembers of refusals that shared counters gave it, so that the next one need not ask. A request limit only ever has room when
 * its time comes: nothing that others do gives room sooner, but for a change of the limit or of what it counts, which `forget` is told of.
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
        // The last millisecond is left to the counters: two clocks do not tick alike.
        believedUntilMs: nowMs + Math.min(retryAfterMs - 1, BELIEVED_MS_MAX),
        offsetMs: result.atMs - nowMs,
      });
    }
  }

  /** The rules of the plan that are known to refuse; null where none is. */
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
