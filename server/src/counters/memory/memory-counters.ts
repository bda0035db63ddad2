// biome-ignore-all lint/style/noNonNullAssertion: every offset used here is one that Cells handed out.
import type { CounterSpec, LimitPlan, LimitRule } from '../../domain/limits/limit-plan.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import type { Actual, Counters, Hold, HoldResult, Readings, Refused, SeedFrom, SeedPoint, Wanted } from '../counters.ts';
import { mustBeWhole } from './amounts.ts';
import { Cells } from './cells.ts';
import { check, expireAll, REFUSED, readingsOf, refusingRules } from './check.ts';
import { ForwardTime } from './forward-time.ts';
import { counterAt, doubtPast, evict, existingCounter, forgetPast, newRegistry } from './registry.ts';
import { type Resolved, resolve } from './resolve.ts';
import { seedAll } from './seeding.ts';
import { unitOf } from './shape.ts';
import { amountsOf, MemoryHold, setAmounts, settleAll, takeAll } from './take.ts';
import { addSettled, CELLS_PER_COUNTER_MAX, expire, HELD, SUM } from './trailing.ts';

export interface MemoryCountersOptions {
  readonly clock: Clock;
  readonly seedFrom: SeedFrom;
  /** How long a request waits for the past of its counters: rejects when it gives up. For as long as it takes unless given. */
  readonly patience?: (answered: Promise<void>) => Promise<void>;
  /** How long a day, period or rolling-money counter is kept after its last request; its past is then read from the ledger again. */
  readonly idleMs?: number;
}

/** Limits and budgets of one process. Every operation runs to its end in one turn, so each is atomic. */
export interface MemoryCounters extends Counters {
  /** Drops idle counters, looking at no more than `most` (20,000) names at a time. Returns how many. To be called every minute or so. */
  evictIdle(most?: number): number;
  /** Counters kept at the moment. */
  size(): number;
  /** Those among them that were needed and do not know their past yet. */
  cold(): number;
  /** Requests holding something at the moment. */
  inFlight(): number;
  /** The time they go by: the clock's, but never backwards. */
  nowMs(): number;
  /** Bytes kept for the numbers of all counters. */
  bytes(): number;
}

/** Longer than a key stays in the cache: a cached key is served while the ledger is out of reach. */
const IDLE_MS = 40 * 60_000;
const EVICT_AT_ONCE = 20_000;

/**
 * Answers at once, but where the past of a day, a budget period or a rolling budget must first be read from the ledger (after a start,
 * for a counter newly set, for one that was idle): then a promise, which rejects with nothing taken when the ledger is out of reach.
 */
export function createMemoryCounters({
  clock,
  seedFrom,
  patience = (answered) => answered,
  idleMs = IDLE_MS,
}: MemoryCountersOptions): MemoryCounters {
  const cells = new Cells();
  const registry = newRegistry(cells);
  const resolvedByPlan = new WeakMap<LimitPlan, Resolved>();
  const amounts = amountsOf(0, 0, 0, 0);
  const clockwork = new ForwardTime(clock);
  const time = () => clockwork.nowMs();
  let inFlight = 0;

  return {
    hold,
    exhausted,
    extend,
    settle,
    read,
    restore,
    correct,
    forget,
    recount,
    evictIdle: (most = EVICT_AT_ONCE) => evict(registry, time(), idleMs, most),
    size: () => registry.size,
    cold: () => registry.cold.size,
    inFlight: () => inFlight,
    nowMs: time,
    bytes: () => cells.data.byteLength,
  };

  function hold(requestId: string, plan: LimitPlan, wanted: Wanted): HoldResult | Promise<HoldResult> {
    mustBeWhole(wanted.tokens, wanted.nanoUsd, wanted.nanoUsdMin);
    const nowMs = time();
    const resolved = resolvedAt(plan, nowMs);
    const asked = askForPast(resolved);
    return asked === null ? holdNow(requestId, plan, resolved, wanted, nowMs) : asked.then(() => hold(requestId, plan, wanted));
  }

  function holdNow(requestId: string, plan: LimitPlan, resolved: Resolved, wanted: Wanted, atMs: number): HoldResult {
    expireAll(cells, resolved, atMs);
    setAmounts(amounts, 1, wanted.tokens, wanted.nanoUsd, 1);
    const nanoUsd = check(cells, resolved, amounts, wanted.nanoUsdMin);
    if (nanoUsd === REFUSED) return refusedNow(resolved, wanted.nanoUsdMin, atMs);
    cells.reserve(resolved.shape.cellsMax);
    setAmounts(amounts, 1, wanted.tokens, nanoUsd, 1);
    takeAll(cells, resolved, amounts, atMs);
    inFlight++;
    const taken = new MemoryHold(requestId, plan, { atMs, tokens: wanted.tokens, nanoUsd }, resolved);
    return { admitted: true, atMs, hold: taken, nanoUsd, readings: readingsOf(cells, resolved, atMs) };
  }

  /** What `amounts` holds does not pass. */
  function refusedNow(resolved: Resolved, nanoUsdMin: number, atMs: number): Refused {
    const refusing = refusingRules(cells, resolved, amounts, nanoUsdMin, atMs);
    return { admitted: false, atMs, readings: readingsOf(cells, resolved, atMs), refusing };
  }

  /** What has to ask for its past is not known to be exhausted: nobody waits for an answer here. */
  function exhausted(plan: LimitPlan): Refused | null {
    const nowMs = time();
    const resolved = resolvedAt(plan, nowMs);
    if (resolved.mayLackPast && resolved.counters.some(({ past }) => past.is !== 'known')) return null;
    expireAll(cells, resolved, nowMs);
    setAmounts(amounts, 1, 0, 0, 0);
    return check(cells, resolved, amounts, 0) === REFUSED ? refusedNow(resolved, 0, nowMs) : null;
  }

  /** Taken from the present slot and the period of the admission. */
  function extend(hold: Hold, more: { readonly tokens: number; readonly nanoUsd: number }): boolean | Promise<boolean> {
    mustBeWhole(more.tokens, more.nanoUsd, 0);
    const held = mustBeOurs(hold);
    if (held.settled) return false;
    const asked = seedAll(registry, held.resolved.counters, seedFrom, time);
    if (asked !== null) return patience(asked).then(() => extend(hold, more));
    const nowMs = time();
    expireAll(cells, held.resolved, nowMs);
    setAmounts(amounts, 0, more.tokens, more.nanoUsd, 0);
    if (check(cells, held.resolved, amounts, more.nanoUsd) === REFUSED) return false;
    cells.reserve(held.resolved.shape.cellsMax);
    takeAll(cells, held.resolved, amounts, nowMs);
    held.extensions = [...(held.extensions ?? []), { atMs: nowMs, tokens: more.tokens, nanoUsd: more.nanoUsd }];
    return true;
  }

  function settle(hold: Hold, actual: Actual, planNow: LimitPlan): void {
    mustBeWhole(actual.tokens, actual.nanoUsd, 0);
    const held = mustBeOurs(hold);
    if (held.settled) return;
    held.settled = true;
    inFlight--;
    const nowMs = time();
    cells.reserve(held.resolved.shape.cellsMax);
    settleAll(cells, held, setAmounts(amounts, 1, actual.tokens, actual.nanoUsd, 0), planNow, nowMs);
    if (planNow !== held.plan) countWhereNotHeld(held, actual, planNow, nowMs);
  }

  /**
   * A limit or budget set while the request was in flight counts it too, in the slot and period of its admission. Where the past was not
   * asked for yet the question will drop what is counted here, and find it in the ledger's answer.
   */
  function countWhereNotHeld(held: MemoryHold, actual: Actual, planNow: LimitPlan, nowMs: number): void {
    cells.reserve(planNow.counters.length * CELLS_PER_COUNTER_MAX);
    setAmounts(amounts, 1, actual.tokens, actual.nanoUsd, 0);
    for (const spec of planNow.counters) {
      if (spec.window.is === 'now') continue;
      const counter = counterAt(registry, spec, held.atMs, nowMs);
      if (held.resolved.counters.includes(counter)) continue;
      addUsed(spec, counter.offset, { atMs: held.atMs, amount: amounts[unitOf(spec)]! }, nowMs);
    }
  }

  function read(counters: readonly CounterSpec[]): Readings | Promise<Readings> {
    const nowMs = time();
    const resolved = resolve(registry, planReading(counters), nowMs);
    const asked = askForPast(resolved);
    if (asked !== null) return asked.then(() => read(counters));
    expireAll(cells, resolved, nowMs);
    return readingsOf(cells, resolved, nowMs);
  }

  function restore(plan: LimitPlan, at: SeedPoint & { readonly unit: 'requests' | 'tokens' }): void {
    mustBeWhole(at.amount, 0, 0);
    clockwork.saw(at.atMs);
    registry.othersUntilMs = Math.max(registry.othersUntilMs, at.atMs);
    const nowMs = time();
    const resolved = resolvedAt(plan, nowMs);
    cells.reserve(resolved.shape.cellsMax);
    for (const { spec, offset } of resolved.counters) {
      if (spec.window.is === 'trailing' && spec.unit === at.unit) addUsed(spec, offset, at, nowMs);
    }
  }

  function correct(spec: CounterSpec, periodStartMs: number, amount: number): void {
    mustBeWhole(amount, 0, 0);
    const counter = existingCounter(registry, spec.name, periodStartMs);
    if (counter === null || counter.past.is !== 'known' || spec.window.is !== 'calendar') return;
    cells.data[counter.offset + SUM] = amount + cells.data[counter.offset + HELD]!;
  }

  function forget(counters: readonly CounterSpec[]): void {
    const nowMs = time();
    for (const { name } of counters) forgetPast(registry, name, nowMs);
  }

  function recount(counters: readonly CounterSpec[]): void {
    const nowMs = time();
    for (const spec of counters) {
      cells.reserve(CELLS_PER_COUNTER_MAX);
      doubtPast(registry, spec, nowMs);
    }
  }

  function addUsed(spec: CounterSpec, offset: number, { atMs, amount }: SeedPoint, nowMs: number): void {
    if (spec.window.is === 'trailing') {
      expire(cells, offset, nowMs);
      addSettled(cells, offset, atMs, amount, nowMs);
    } else {
      cells.data[offset + SUM]! += amount;
    }
  }

  function resolvedAt(plan: LimitPlan, nowMs: number): Resolved {
    const known = resolvedByPlan.get(plan);
    if (known !== undefined && known.generation === registry.generation && nowMs < known.untilMs) return known;
    const resolved = resolve(registry, plan, nowMs);
    resolvedByPlan.set(plan, resolved);
    return resolved;
  }

  function askForPast(resolved: Resolved): Promise<void> | null {
    if (!resolved.mayLackPast) return null;
    const asked = seedAll(registry, resolved.counters, seedFrom, time);
    if (asked !== null) return patience(asked);
    resolved.mayLackPast = false;
    return null;
  }
}

/** A plan with one rule per counter that is only read. */
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
  throw new TypeError('this hold was not given out by these counters');
}
