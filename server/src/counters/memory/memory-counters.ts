// biome-ignore-all lint/style/noNonNullAssertion: every offset used here is one that Cells handed out.
import type { CounterSpec, LimitPlan, LimitRule } from '../../domain/limits/limit-plan.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import type {
  Actual,
  Counters,
  Hold,
  HoldResult,
  Readings,
  Refused,
  SeedFrom,
  SeedPoint,
  TakenBefore,
  Wanted,
} from '../counters.ts';
import { mustBeWhole } from './amounts.ts';
import { Cells } from './cells.ts';
import { check, expireAll, REFUSED, readingsOf, refusingRules } from './check.ts';
import { ForwardTime } from './forward-time.ts';
import { counterAt, doubtPast, evict, existingCounter, forgetPast, newRegistry } from './registry.ts';
import { type Resolved, resolve } from './resolve.ts';
import { seedAll } from './seeding.ts';
import { unitOf } from './shape.ts';
import { amountsOf, MemoryHold, setAmounts, settleAll, takeAll, takeAllAgain } from './take.ts';
import { addSettled, CELLS_PER_COUNTER_MAX, expire, HELD, SUM } from './trailing.ts';

export interface MemoryCountersOptions {
  readonly clock: Clock;
  readonly seedFrom: SeedFrom;
  /**
   * Limits how long a request waits for the past of its counters: rejects when it gives up. By default a request waits without
   * limit.
   */
  readonly patience?: (answered: Promise<void>) => Promise<void>;
  /**
   * The milliseconds for which an idle day, period or rolling-money counter is kept. After that its past is read from the ledger
   * again.
   */
  readonly idleMs?: number;
}

/** Limits and budgets of one process. Every operation completes in one turn, so each is atomic. */
export interface MemoryCounters extends Counters {
  /**
   * Drops idle counters, looking at no more than `most` (20,000) names at a time. Returns how many it dropped. Call it about once
   * a minute.
   */
  evictIdle(most?: number): number;
  /** Returns the number of counters kept now. */
  size(): number;
  /** Returns the number of cold counters: needed, and without their past yet. */
  cold(): number;
  /** Returns the number of requests that hold something now. */
  inFlight(): number;
  /** Returns the counters' time: the clock's, but never backwards. */
  nowMs(): number;
  /** Returns the size of all counters' numbers, in bytes. */
  bytes(): number;
}

/** Longer than a key stays in the cache: a cached key is served while the ledger is out of reach. */
const IDLE_MS = 40 * 60_000;
const EVICT_AT_ONCE = 20_000;
const NOTHING: Actual = { tokens: 0, nanoUsd: 0 };

/**
 * Creates counters that answer synchronously, unless they must first read the past of a day, a budget period or a rolling budget
 * from the ledger. That happens after a start, for a new counter, and for one that was idle. Then they return a promise. It
 * rejects, with nothing taken, when the ledger is out of reach.
 */
export function createMemoryCounters(options: MemoryCountersOptions): MemoryCounters {
  return new CountersInMemory(options);
}

class CountersInMemory implements MemoryCounters {
  readonly #seedFrom: SeedFrom;
  readonly #patience: (answered: Promise<void>) => Promise<void>;
  readonly #idleMs: number;
  readonly #cells = new Cells();
  readonly #registry = newRegistry(this.#cells);
  readonly #resolvedByPlan = new WeakMap<LimitPlan, Resolved>();
  /** Reused by every operation: none of them is interrupted. */
  readonly #amounts = amountsOf(0, 0, 0, 0);
  readonly #time: ForwardTime;
  #inFlight = 0;

  constructor({ clock, seedFrom, patience = (answered) => answered, idleMs = IDLE_MS }: MemoryCountersOptions) {
    this.#time = new ForwardTime(clock);
    this.#seedFrom = seedFrom;
    this.#patience = patience;
    this.#idleMs = idleMs;
  }

  hold(requestId: string, plan: LimitPlan, wanted: Wanted): HoldResult | Promise<HoldResult> {
    mustBeWhole(wanted.tokens, wanted.nanoUsd, wanted.nanoUsdMin);
    const nowMs = this.nowMs();
    const resolved = this.#resolvedAt(plan, nowMs);
    const asked = this.#askForPast(resolved);
    return asked === null
      ? this.#holdNow(requestId, plan, resolved, wanted, nowMs)
      : asked.then(() => this.hold(requestId, plan, wanted));
  }

  #holdNow(requestId: string, plan: LimitPlan, resolved: Resolved, wanted: Wanted, atMs: number): HoldResult {
    expireAll(this.#cells, resolved, atMs);
    setAmounts(this.#amounts, 1, wanted.tokens, wanted.nanoUsd, 1);
    const nanoUsd = check(this.#cells, resolved, this.#amounts, wanted.nanoUsdMin);
    if (nanoUsd === REFUSED) return this.#refusedNow(resolved, wanted.nanoUsdMin, atMs);
    this.#cells.reserve(resolved.shape.cellsMax);
    setAmounts(this.#amounts, 1, wanted.tokens, nanoUsd, 1);
    takeAll(this.#cells, resolved, this.#amounts, atMs);
    this.#inFlight++;
    const taken = new MemoryHold(requestId, plan, { atMs, tokens: wanted.tokens, nanoUsd }, resolved);
    return { admitted: true, atMs, hold: taken, nanoUsd, readings: readingsOf(this.#cells, resolved, atMs) };
  }

  /** Returns the refusal of the request in `#amounts`. */
  #refusedNow(resolved: Resolved, nanoUsdMin: number, atMs: number): Refused {
    const refusing = refusingRules(this.#cells, resolved, this.#amounts, nanoUsdMin, atMs);
    return { admitted: false, atMs, readings: readingsOf(this.#cells, resolved, atMs), refusing };
  }

  /** Returns null if a counter still lacks its past: this method does not wait for the ledger. */
  exhausted(plan: LimitPlan): Refused | null {
    const nowMs = this.nowMs();
    const resolved = this.#resolvedAt(plan, nowMs);
    if (resolved.mayLackPast && resolved.counters.some(({ past }) => past.is !== 'known')) return null;
    expireAll(this.#cells, resolved, nowMs);
    setAmounts(this.#amounts, 1, 0, 0, 0);
    return check(this.#cells, resolved, this.#amounts, 0) === REFUSED ? this.#refusedNow(resolved, 0, nowMs) : null;
  }

  /** Takes from the present slot and from the period of the admission. */
  extend(hold: Hold, more: { readonly tokens: number; readonly nanoUsd: number }): boolean | Promise<boolean> {
    mustBeWhole(more.tokens, more.nanoUsd, 0);
    const held = mustBeOurs(hold);
    if (held.settled) return false;
    const asked = seedAll(this.#registry, held.resolved.counters, this.#seedFrom, this.#time);
    if (asked !== null) return this.#patience(asked).then(() => this.extend(hold, more));
    const nowMs = this.nowMs();
    expireAll(this.#cells, held.resolved, nowMs);
    setAmounts(this.#amounts, 0, more.tokens, more.nanoUsd, 0);
    if (check(this.#cells, held.resolved, this.#amounts, more.nanoUsd) === REFUSED) return false;
    this.#cells.reserve(held.resolved.shape.cellsMax);
    takeAll(this.#cells, held.resolved, this.#amounts, nowMs);
    held.extensions = [...(held.extensions ?? []), { atMs: nowMs, tokens: more.tokens, nanoUsd: more.nanoUsd }];
    return true;
  }

  settle(hold: Hold, actual: Actual, planNow: LimitPlan): void {
    mustBeWhole(actual.tokens, actual.nanoUsd, 0);
    const held = mustBeOurs(hold);
    if (held.settled) return;
    held.settled = true;
    this.#inFlight--;
    const nowMs = this.nowMs();
    this.#cells.reserve(held.resolved.shape.cellsMax);
    settleAll(this.#cells, held, setAmounts(this.#amounts, 1, actual.tokens, actual.nanoUsd, 0), planNow, nowMs);
    if (planNow !== held.plan) this.#countWhereNotHeld(held, actual, planNow, nowMs);
  }

  /** Needs no past: what is held stays when a counter reads its past. */
  retake(requestId: string, plan: LimitPlan, taken: TakenBefore): Hold {
    mustBeWhole(taken.tokens, taken.nanoUsd, 0);
    const nowMs = this.nowMs();
    const resolved = resolve(this.#registry, plan, nowMs, taken.atMs);
    this.#cells.reserve(resolved.shape.cellsMax);
    setAmounts(this.#amounts, 1, taken.tokens, taken.nanoUsd, 1);
    takeAllAgain(this.#cells, resolved, this.#amounts, taken.atMs, nowMs);
    this.#inFlight++;
    return new MemoryHold(requestId, plan, taken, resolved);
  }

  release(hold: Hold): void {
    this.settle(hold, NOTHING, hold.plan);
  }

  /**
   * Counts the request in limits and budgets set while it was in flight, in the slot and period of its admission. If a counter
   * has not asked for its past yet, asking drops what is counted here, and the ledger's answer includes it.
   */
  #countWhereNotHeld(held: MemoryHold, actual: Actual, planNow: LimitPlan, nowMs: number): void {
    this.#cells.reserve(planNow.counters.length * CELLS_PER_COUNTER_MAX);
    setAmounts(this.#amounts, 1, actual.tokens, actual.nanoUsd, 0);
    for (const spec of planNow.counters) {
      if (spec.window.is === 'now') continue;
      const counter = counterAt(this.#registry, spec, held.atMs, nowMs);
      if (held.resolved.counters.includes(counter)) continue;
      this.#addUsed(spec, counter.offset, { atMs: held.atMs, amount: this.#amounts[unitOf(spec)]! }, nowMs);
    }
  }

  read(counters: readonly CounterSpec[]): Readings | Promise<Readings> {
    const nowMs = this.nowMs();
    const resolved = resolve(this.#registry, planReading(counters), nowMs);
    const asked = this.#askForPast(resolved);
    if (asked !== null) return asked.then(() => this.read(counters));
    expireAll(this.#cells, resolved, nowMs);
    return readingsOf(this.#cells, resolved, nowMs);
  }

  restore(plan: LimitPlan, at: SeedPoint & { readonly unit: 'requests' | 'tokens' }): void {
    mustBeWhole(at.amount, 0, 0);
    this.#time.saw(at.atMs);
    this.#registry.othersUntilMs = Math.max(this.#registry.othersUntilMs, at.atMs);
    const nowMs = this.nowMs();
    const resolved = this.#resolvedAt(plan, nowMs);
    this.#cells.reserve(resolved.shape.cellsMax);
    for (const { spec, offset } of resolved.counters) {
      if (spec.window.is === 'trailing' && spec.unit === at.unit) this.#addUsed(spec, offset, at, nowMs);
    }
  }

  correct(spec: CounterSpec, periodStartMs: number, amount: number): void {
    mustBeWhole(amount, 0, 0);
    const counter = existingCounter(this.#registry, spec.name, periodStartMs);
    if (counter === null || counter.past.is !== 'known' || spec.window.is !== 'calendar') return;
    this.#cells.data[counter.offset + SUM] = amount + this.#cells.data[counter.offset + HELD]!;
  }

  forget(counters: readonly CounterSpec[]): void {
    const nowMs = this.nowMs();
    for (const { name } of counters) forgetPast(this.#registry, name, nowMs);
  }

  recount(counters: readonly CounterSpec[]): void {
    const nowMs = this.nowMs();
    for (const spec of counters) {
      this.#cells.reserve(CELLS_PER_COUNTER_MAX);
      doubtPast(this.#registry, spec, nowMs);
    }
  }

  #addUsed(spec: CounterSpec, offset: number, { atMs, amount }: SeedPoint, nowMs: number): void {
    if (spec.window.is === 'trailing') {
      expire(this.#cells, offset, nowMs);
      addSettled(this.#cells, offset, atMs, amount, nowMs);
    } else {
      this.#cells.data[offset + SUM]! += amount;
    }
  }

  #resolvedAt(plan: LimitPlan, nowMs: number): Resolved {
    const known = this.#resolvedByPlan.get(plan);
    if (known !== undefined && known.generation === this.#registry.generation && nowMs < known.untilMs) return known;
    const resolved = resolve(this.#registry, plan, nowMs);
    this.#resolvedByPlan.set(plan, resolved);
    return resolved;
  }

  #askForPast(resolved: Resolved): Promise<void> | null {
    if (!resolved.mayLackPast) return null;
    const asked = seedAll(this.#registry, resolved.counters, this.#seedFrom, this.#time);
    if (asked !== null) return this.#patience(asked);
    resolved.mayLackPast = false;
    return null;
  }

  evictIdle(most = EVICT_AT_ONCE): number {
    return evict(this.#registry, this.nowMs(), this.#idleMs, most);
  }

  size(): number {
    return this.#registry.size;
  }

  cold(): number {
    return this.#registry.cold.size;
  }

  inFlight(): number {
    return this.#inFlight;
  }

  nowMs(): number {
    return this.#time.nowMs();
  }

  bytes(): number {
    return this.#cells.data.byteLength;
  }
}

/** Returns a plan with one rule for each counter to read. */
function planReading(counters: readonly CounterSpec[]): LimitPlan {
  const rules = counters.map(
    (spec, counter): LimitRule => ({
      id: spec.name,
      scope: spec.scope,
      scopeId: spec.scopeId,
      limit: 'budget',
      match: spec.match,
      budgetId: null,
      value: 0,
      action: 'alert',
      clampOutput: false,
      counter,
    }),
  );
  return { organizationId: '', counters, rules, validUntilMs: 0, shapeId: '' };
}

function mustBeOurs(hold: Hold): MemoryHold {
  if (hold instanceof MemoryHold) return hold;
  throw new TypeError('the hold belongs to other counters');
}
