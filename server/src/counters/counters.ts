/**
 * The state of limits and budgets: how much each counter has used, and what requests in flight hold of it.
 *
 * Problem. Many requests arrive at the same time. Each must pass up to about twenty rules of four scopes (organization, team,
 * user, key). If rules are checked first and counters raised later, too many requests pass. If counters are raised one by one and
 * a later rule refuses, the earlier counters keep an amount that nobody uses. The cost of a request is known only after its
 * answer.
 *
 * Approach. `hold` checks every rule of a plan and takes what is wanted from all of their counters in one step, or takes nothing.
 * `settle` replaces the hold by what was used, once, and returns the rest. A hold expires with its process, so that a crash takes
 * nothing for ever. A counter that does not know its past is *cold*. It asks the ledger for it, and a request whose plan has a
 * cold counter waits for the answer (see store/past).
 *
 * Invariants.
 * - No hold raises used + held above a limit that refuses, in any window of its length. A settlement can, by what the request
 *   used beyond its hold.
 * - A refusal changes no counter.
 * - Settling a request twice has the same effect as settling it once.
 * - After a restart a counter equals the ledger plus what is held now.
 *
 * What breaks it. Reading another clock: the counters have one clock, and in Redis it is Redis's. A number that is not whole or
 * is above 2^53 - 1: callers check amounts for plausibility before they call. A second way to raise a counter beside `hold` and
 * `settle`: the proof (jobs/proof.ts) would report it as drift and correct it.
 *
 * Three implementations keep this contract (server/test/counters): memory/ for one process, redis/ for several, and shared/ for
 * several when Redis may be out of reach.
 */
import type { CounterSpec, LimitPlan } from '../domain/limits/limit-plan.ts';

/** The amounts that one request wants to take. Whole numbers ≥ 0. */
export interface Wanted {
  readonly tokens: number;
  /** The part of `tokens` that no lower limit makes smaller; all of it if absent. */
  readonly inputTokens?: number;
  /** Upper bound or adaptive estimate of the request's price. */
  readonly nanoUsd: number;
  /** The least that may be held instead if a budget clamps the output; equal to `nanoUsd` if none does. */
  readonly nanoUsdMin: number;
}

/**
 * The state of every rule at the instant of the decision, including this request's own hold if it was admitted. One number per
 * rule (or per counter read), in their order: three plain arrays cost a third of one object per rule.
 */
export interface Readings {
  /** The settled and held amounts together, in the rule's unit. */
  readonly used: readonly number[];
  /** The part of `used` that is held by requests in flight. */
  readonly held: readonly number[];
  /** The time at which the rule is back to its full value if nothing else happens; Infinity if never (a `total` budget). */
  readonly resetsAtMs: readonly number[];
}

export interface Refusing {
  /** The index of the rule in the plan. */
  readonly rule: number;
  /**
   * The milliseconds until enough expires if nothing else happens; null if the request wants more than the whole limit and can
   * never pass.
   */
  readonly retryAfterMs: number | null;
}

export type HoldResult =
  | {
      readonly admitted: true;
      /** The admission time by the counters' clock; becomes the request's `admitted_at`. */
      readonly atMs: number;
      readonly hold: Hold;
      /** The money held: `nanoUsd`, or less when a budget clamped. */
      readonly nanoUsd: number;
      readonly readings: Readings;
      /** True if this replica judged by its share of each rate limit, because the shared counters were out of reach. */
      readonly isDegraded?: boolean;
    }
  | {
      readonly admitted: false;
      readonly atMs: number;
      readonly readings: Readings;
      readonly refusing: readonly Refusing[];
      /** True if this replica judged by its share of each rate limit, because the shared counters were out of reach. */
      readonly isDegraded?: boolean;
    };

/** A request that some rule refuses. */
export type Refused = Extract<HoldResult, { readonly admitted: false }>;

/** Thrown when the shared counters are out of reach and the call needs them. The caller sees the message. */
export class CountersUnreachable extends Error {}

/** The amounts that a request in flight holds. Opaque: only the counters that returned it read it. */
export interface Hold {
  readonly requestId: string;
  readonly plan: LimitPlan;
  readonly atMs: number;
}

/** The number of requests that counters hold something for, of requests in flight, and of requests on one side only. */
export interface HeldReport {
  readonly held: number;
  readonly inFlight: number;
  readonly difference: number;
}

/** A counter whose held amount differs from what its requests in flight hold. */
export interface HeldAmount {
  readonly counter: CounterSpec;
  readonly held: number;
  readonly inFlight: number;
}

/** The amounts that a request used in the end, over all its attempts. */
export interface Actual {
  readonly tokens: number;
  readonly nanoUsd: number;
}

/** The amounts that were taken at an earlier admission. */
export interface TakenBefore extends Actual {
  readonly atMs: number;
}

/** A point of a counter's past, from the ledger: how much was admitted, and when. */
export interface SeedPoint {
  readonly atMs: number;
  readonly amount: number;
}

/**
 * Limit and budget state. The memory implementation returns values, the Redis implementation promises. No method takes `now`: the
 * counters use their own clock.
 */
export interface Counters {
  /** Checks every rule of the plan and takes from all counters, or takes nothing. One atomic step. */
  hold(requestId: string, plan: LimitPlan, wanted: Wanted): HoldResult | Promise<HoldResult>;
  /**
   * Returns the refusal that one more request would get, or null if this process knows of none. Takes nothing and does not wait.
   * For plans with only request limits.
   */
  exhausted(plan: LimitPlan): Refused | null;
  /**
   * Enlarges a hold for a further attempt: tokens and money only, all or nothing. Returns false, and changes nothing, if a rule
   * refuses.
   */
  extend(hold: Hold, more: { readonly tokens: number; readonly nanoUsd: number }): boolean | Promise<boolean>;
  /**
   * Corrects the slot and period of the admission to what was used, and releases the rest. Idempotent by hold. `planNow` is the
   * plan that would admit the request now. Settlement also adds the use to counters that only `planNow` has, except limits on
   * requests in flight. So a limit or budget set while the request was in flight counts it in full. If the called name has left
   * an access group, the group's counter gets its whole hold back.
   */
  settle(hold: Hold, actual: Actual, planNow: LimitPlan): void | Promise<void>;
  /**
   * Takes what an earlier admission took, whatever the limits say, in the slots and periods of that admission. For work that outlasts
   * the process that admitted it. Idempotent by request id where counters are shared. The plan must not count requests.
   */
  retake(requestId: string, plan: LimitPlan, taken: TakenBefore): Hold | Promise<Hold>;
  /** Gives back all of a hold from `retake` for which no row is ever stored. */
  release(hold: Hold): void | Promise<void>;
  /**
   * Returns the current state of each counter, for status pages. Seeds cold counters first, so it rejects when the ledger is out
   * of reach.
   */
  read(counters: readonly CounterSpec[]): Readings | Promise<Readings>;
  /** Adds what was admitted before this process began (start-up) to the plan's trailing request and token counters. */
  restore(plan: LimitPlan, at: SeedPoint & { readonly unit: 'requests' | 'tokens' }): void | Promise<void>;
  /**
   * Corrects the settled part of a calendar counter to the ledger (proof job); what is held stays. Trailing counters need no
   * correction: their slots expire.
   */
  correct(counter: CounterSpec, periodStartMs: number, amount: number): void | Promise<void>;
  /**
   * Drops settled use from counters that may have missed some. Calendar and rolling-money counters are seeded again when next
   * needed; trailing request and token counters start empty. Holds in flight stay. Call it for every counter that a configuration
   * change adds to a scope, in the same turn in which the change goes live. Otherwise a limit that was removed and set again
   * misses the use in between. Shared counters apply each change once, whichever replica reports it; without a change, they drop
   * the use at once.
   */
  forget(counters: readonly CounterSpec[], change?: ConfigurationChange): void | Promise<void>;
  /**
   * Marks counters whose access groups have changed members, and which therefore count other requests, past ones included. All of
   * them, minute and hour limits too, ask the ledger when next needed. Every process calls it in the same turn in which it makes
   * the change live. Holds in flight stay.
   */
  recount(counters: readonly CounterSpec[]): void | Promise<void>;
}

/** A change of the configuration that adds counters: what it changed, and the version after it. */
export interface ConfigurationChange {
  readonly of: 'organization' | 'key';
  readonly version: number;
}

/**
 * Reads the past of a counter that is first needed after its window began. Resolves to the points in order. Rejects when the
 * ledger is out of reach; the hold then fails with that error and takes nothing. The points include everything counted up to the
 * call, or up to a later instant at which the source calls `nowAsOf`.
 */
export type SeedFrom = (counter: CounterSpec, fromMs: number, toMs: number, nowAsOf: () => void) => Promise<readonly SeedPoint[]>;
