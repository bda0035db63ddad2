import type { LimitPlan } from '../../domain/limits/limit-plan.ts';
import { type Counter, counterAt, periodAt, type Registry } from './registry.ts';
import { type Shape, shapeOf } from './shape.ts';
import { CELLS_PER_COUNTER_MAX } from './trailing.ts';

/**
 * A plan with its counters looked up, as plain arrays of numbers. So a hold needs no Map, no string and no object for each rule.
 * Valid until a calendar period ends or a counter is dropped. Never changed in place, because holds in flight keep theirs.
 */
export interface Resolved {
  readonly generation: number;
  readonly untilMs: number;
  readonly shape: Shape;
  /** One entry for each counter of the plan. */
  readonly counters: readonly Counter[];
  readonly offsets: readonly number[];
  /** The end of the counter's period; Infinity if it has none. */
  readonly endsMs: readonly number[];
  /** Cleared by the first hold that finds every counter's past known. */
  mayLackPast: boolean;
}

/**
 * Looks up every counter of a plan and creates those that do not exist yet. Uses maps and strings, so it is not for every
 * request. `atMs`: the admission whose periods are wanted; now if absent.
 */
export function resolve(registry: Registry, plan: LimitPlan, nowMs: number, atMs: number = nowMs): Resolved {
  registry.cells.reserve(plan.counters.length * CELLS_PER_COUNTER_MAX);
  const counters = plan.counters.map((spec) => counterAt(registry, spec, atMs, nowMs));
  const endsMs = plan.counters.map(({ window }) =>
    window.is === 'calendar' ? periodAt(window.boundariesMs, atMs).endMs : Number.POSITIVE_INFINITY,
  );
  return {
    generation: registry.generation,
    untilMs: Math.min(Number.POSITIVE_INFINITY, ...endsMs),
    shape: shapeOf(registry.shapes, plan),
    counters,
    offsets: counters.map((counter) => counter.offset),
    endsMs,
    mayLackPast: counters.some((counter) => counter.past.is !== 'known'),
  };
}
