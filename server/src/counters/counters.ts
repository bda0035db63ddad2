/**
 * The state of limits and budgets: how much each counter has used, and what requests in flight hold of it.
 *
 * Problem. Many requests ask at once. Each is under up to some twenty rules of four scopes (organization, team, user, key). A rule that is read
 * first and raised later admits too many. A rule that is raised alone leaves a trace when the next rule refuses. What a request costs is known
 * only after it has been answered.
 *
 * Approach. `hold` checks every rule of a plan and takes what is wanted from all of their counters in one step, or takes nothing. `settle`
 * replaces what was held by what was used, once, and returns the rest. What is held expires with its process, so that a crash takes nothing for
 * ever. A counter that knows nothing yet is *cold*. It asks the ledger for its past, and a plan with a cold counter is refused until the answer
 * has come (see store/past).
 *
 * Invariants.
 * - used + held never exceeds a limit that refuses, at any instant, in any window of its length.
 * - A refusal changes no counter.
 * - Settling the same request twice changes what settling it once changes.
 * - After a restart a counter says what the ledger says, plus what is held now.
 *
 * What breaks it. Reading a clock here: the counters have one clock, and in Redis it is Redis's. A number that is not whole or above 2^53 - 1:
 * plausibility is judged before this border. A second way to raise a counter beside `hold` and `settle`: the proof (jobs/proof.ts) would find it
 * and take it away again.
 *
 * Three implementations keep this contract (server/test/counters): memory/ for one process, redis/ for several, and shared/ for several when
 * Redis may be out of reach.
 */
import type { CounterSpec, LimitPlan } from '../domain/limits/limit-plan.ts';

/** What one request wants to take. Whole numbers ≥ 0. */
export interface Wanted {
  readonly tokens: number;
  /** The part of `tokens` that no lower limit makes smaller; all of it where unsaid. */
  readonly inputTokens?: number;
  /** Upper bound or adaptive estimate of its price. */
  readonly nanoUsd: number;
  /** The least that may be held instead when a budget clamps the output; equal to `nanoUsd` when none does. */
  readonly nanoUsdMin: number;
}

/**
 * The state of every rule at the instant of the decision, this request's own hold included when it was admitted. One number per rule
 * (or per counter read), in their order: three plain arrays cost a third of one object per rule.
 */
export interface Readings {
  /** Settled and held together, in the rule's unit. */
  readonly used: readonly number[];
  /** The part of `used` that is held by requests in flight. */
  readonly held: readonly number[];
  /** When the rule would be back to its full value if nothing else happened; Infinity when never (a `total` budget). */
  readonly resetsAtMs: readonly number[];
}

export interface Refusing {
  /** Index into the plan's rules. */
  readonly rule: number;
  /** Until enough expires if nothing else happens; null when what is wanted exceeds the whole limit and can never pass. */
  readonly retryAfterMs: number | null;
}

export type HoldResult =
  | {
      readonly admitted: true;
      /** The counters' own clock; becomes the request's `admitted_at`. */
      readonly atMs: number;
      readonly hold: Hold;
      /** What was held of money: `nanoUsd`, or less when a budget clamped. */
      readonly nanoUsd: number;
      readonly readings: Readings;
      /** Judged by this replica's share of each rate limit, because the counters that all share were out of reach. */
      readonly isDegraded?: boolean;
    }
  | {
      readonly admitted: false;
      readonly atMs: number;
      readonly readings: Readings;
      readonly refusing: readonly Refusing[];
      /** Judged by this replica's share of each rate limit, because the counters that all share were out of reach. */
      readonly isDegraded?: boolean;
    };

/** A request that some rule refuses. */
export type Refused = Extract<HoldResult, { readonly admitted: false }>;

/** The counters that all replicas share are out of reach, and what was asked of them cannot be answered without. Says so to the caller. */
export class CountersAway extends Error {}

/** What a request in flight holds. Opaque: only the counters that gave it out read it. */
export interface Hold {
  readonly requestId: string;
  readonly plan: LimitPlan;
  readonly atMs: number;
}

/** Requests that counters hold something for, requests in flight, and how many are on one side only. */
export interface HeldReport {
  readonly held: number;
  readonly inFlight: number;
  readonly difference: number;
}

/** A counter that held another amount than the requests in flight do that it counts. */
export interface HeldAmount {
  readonly counter: CounterSpec;
  readonly held: number;
  readonly inFlight: number;
}

/** What a request used in the end, over all its attempts. */
export interface Actual {
  readonly tokens: number;
  readonly nanoUsd: number;
}

/** A counter's past, from the ledger: what was admitted when. */
export interface SeedPoint {
  readonly atMs: number;
  readonly amount: number;
}

/**
 * Limit and budget state. The memory form answers at once, the Redis form later: every method returns a value or a promise.
 * Nothing here takes `now`: the counters use their own clock.
 */
export interface Counters {
  /** All or nothing, in one atomic step: every rule of the plan is checked, and only if all pass is anything taken. */
  hold(requestId: string, plan: LimitPlan, wanted: Wanted): HoldResult | Promise<HoldResult>;
  /**
   * Whether one more request would be refused, as far as this process knows without waiting for anybody; takes nothing. Null: not known to be.
   * For plans of request limits alone.
   */
  exhausted(plan: LimitPlan): Refused | null;
  /** Enlarge a hold for a further attempt: tokens and money only, all or nothing. False: refused, nothing changed. */
  extend(hold: Hold, more: { readonly tokens: number; readonly nanoUsd: number }): boolean | Promise<boolean>;
  /**
   * Correct the slot and period of the admission to what was used, and give back the rest. Idempotent by hold.
   * `planNow` is the plan that the request would be admitted under now: what it counts and the hold's plan did not is added as well (but
   * for limits of requests in flight), so that a limit or budget set while a request was in flight misses none of it. A counter of an access
   * group that the called name has left gets its hold back whole.
   */
  settle(hold: Hold, actual: Actual, planNow: LimitPlan): void | Promise<void>;
  /** Current state of each counter, for status pages. Seeds what has no past yet, so it rejects when the ledger is out of reach. */
  read(counters: readonly CounterSpec[]): Readings | Promise<Readings>;
  /** Add what was admitted before this process began (start-up) to the plan's trailing request and token counters. */
  restore(plan: LimitPlan, at: SeedPoint & { readonly unit: 'requests' | 'tokens' }): void | Promise<void>;
  /** Correct a calendar counter's settled part to the ledger (proof job); what is held stays. Trailing counters forget by themselves. */
  correct(counter: CounterSpec, periodStartMs: number, amount: number): void | Promise<void>;
  /**
   * What these counters know of settled use may have gaps: calendar and rolling-money counters are seeded again when next needed, trailing
   * request and token counters start empty. To be called for every counter a configuration change adds to a scope, in the same turn in
   * which the change goes live; a limit taken away and set again would otherwise miss what was used in between. Holds in flight stay.
   * Counters that many processes share forget once per change, whoever of them learns of it when; without a change, at once.
   */
  forget(counters: readonly CounterSpec[], change?: ConfigurationChange): void | Promise<void>;
  /**
   * These counters count other requests than before, those of the past included: the members of their access groups have changed. All of
   * them, minute and hour limits too, ask the ledger when next needed. To be called in the same turn in which the change goes live, by every
   * process that learns of it. Holds in flight stay.
   */
  recount(counters: readonly CounterSpec[]): void | Promise<void>;
}

/** Which change of the configuration adds counters: whose configuration it is, and the version it thereby has. */
export interface ConfigurationChange {
  readonly of: 'organization' | 'key';
  readonly version: number;
}

/**
 * Where a calendar or rolling-money counter's past comes from when it is first needed and its window began before the counters did.
 * Returns the points in order; rejects when the ledger is out of reach (the hold then fails with that error, nothing taken).
 * The answer is of the instant of the question, or of a later one at which it calls `nowAsOf`: what was counted until then is in it.
 */
export type SeedFrom = (counter: CounterSpec, fromMs: number, toMs: number, nowAsOf: () => void) => Promise<readonly SeedPoint[]>;
