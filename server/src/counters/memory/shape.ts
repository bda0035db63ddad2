import type { CounterSpec, CounterUnit, LimitPlan } from '../../domain/limits/limit-plan.ts';
import { CELLS_PER_COUNTER_MAX } from './trailing.ts';

/**
 * The part of a plan that callers with the same kinds of limits share: everything except whose counters it reads. Kept once, so
 * that a hundred thousand such keys cost one shape and a list of offsets each.
 */
export interface Shape {
  /** One entry for each counter of the plan. */
  readonly units: readonly Unit[];
  readonly windows: readonly Window[];
  /** One entry for each rule of the plan. */
  readonly ruleCounters: readonly number[];
  readonly ruleUnits: readonly Unit[];
  readonly ruleWindows: readonly Window[];
  readonly ruleValues: readonly number[];
  readonly ruleRefuses: readonly boolean[];
  /** One number for each rule, to be copied: copying is several times faster than growing an array. */
  readonly blank: readonly number[];
  /** True if a budget lowers the output rather than refusing. */
  readonly clamps: boolean;
  /** The most new cells that a hold on all of its counters can take. */
  readonly cellsMax: number;
}

/** Units and windows as small integers. A unit is also an index into the amounts a request wants. */
export const REQUESTS = 0;
export const TOKENS = 1;
export const NANO_USD = 2;
export const PARALLEL = 3;
export type Unit = 0 | 1 | 2 | 3;
const UNITS: Readonly<Record<CounterUnit, Unit>> = { requests: REQUESTS, tokens: TOKENS, nano_usd: NANO_USD, parallel: PARALLEL };

export const TRAILING = 0;
export const CALENDAR = 1;
export const NOW = 2;
export type Window = 0 | 1 | 2;
const WINDOWS: Readonly<Record<CounterSpec['window']['is'], Window>> = { trailing: TRAILING, calendar: CALENDAR, now: NOW };

const SHAPES_MAX = 2_000;

export function unitOf(spec: CounterSpec): Unit {
  return UNITS[spec.unit];
}

/** Returns the shape of a plan: a known one if its content is the same. */
export function shapeOf(shapes: Map<string, Shape>, plan: LimitPlan): Shape {
  const shape = newShape(plan);
  const content = contentOf(shape);
  const known = shapes.get(content);
  if (known !== undefined) return known;
  if (shapes.size >= SHAPES_MAX) shapes.clear();
  shapes.set(content, shape);
  return shape;
}

function newShape({ counters, rules }: LimitPlan): Shape {
  const units = counters.map(unitOf);
  const windows = counters.map((spec) => WINDOWS[spec.window.is]);
  return {
    units,
    windows,
    ruleCounters: rules.map((rule) => rule.counter),
    ruleUnits: rules.map((rule) => units[rule.counter] as Unit),
    ruleWindows: rules.map((rule) => windows[rule.counter] as Window),
    ruleValues: rules.map((rule) => rule.value),
    ruleRefuses: rules.map((rule) => rule.action === 'block'),
    blank: rules.map(() => 0.5),
    clamps: rules.some((rule) => rule.clampOutput && rule.action === 'block'),
    cellsMax: counters.length * CELLS_PER_COUNTER_MAX,
  };
}

/**
 * Returns the parts that all others follow from. A plan's own id does not serve: it names its budgets, so each key with a budget
 * has another.
 */
function contentOf({ units, windows, ruleCounters, ruleValues, ruleRefuses, clamps }: Shape): string {
  return [units, windows, ruleCounters, ruleValues, ruleRefuses, clamps].join('|');
}
