// biome-ignore-all lint/style/noNonNullAssertion: every offset used here is one that Cells handed out.
import type { CounterSpec } from '../../domain/limits/limit-plan.ts';
import { FAR_FUTURE_MS } from '../../domain/limits/period.ts';
import type { Cells } from './cells.ts';
import type { Shape } from './shape.ts';
import {
  dropSettled,
  expire,
  freeTrailing,
  HOLDS,
  isEmpty,
  newestMs,
  newTrailing,
  PLAIN_CELLS,
  TOUCHED,
  windowMs,
} from './trailing.ts';

/** Every counter of the process, by name; calendar counters also by the start of the period. */
export interface Registry {
  readonly cells: Cells;
  readonly shapes: Map<string, Shape>;
  readonly seriesByName: Map<string, Series>;
  /** Grows when a counter is dropped or its past becomes doubtful, so that holders of offsets look them up again. */
  generation: number;
  size: number;
  /** Counters that were needed and whose past is not known yet: the answer is pending, or the last question failed. */
  readonly cold: Set<Counter>;
  /** The latest admission known of an earlier process. A period that began before it may have been used by that one. */
  othersUntilMs: number;
  /** The position at which the next round of eviction continues. */
  cursor: IterableIterator<Series>;
}

/** All counters of one name: one per calendar period, else a single one. */
export interface Series {
  readonly name: string;
  /** The time since which this process has counted everything that belongs here. */
  aliveSinceMs: number;
  /** The time of the last admission counted by a period that has been dropped since. */
  lastTakenMs: number;
  readonly periods: Counter[];
}

export interface Counter {
  readonly spec: CounterSpec;
  readonly series: Series;
  readonly offset: number;
  /** The counter's period; all time for counters without periods. */
  readonly period: Period;
  past: Past;
}

/** The state of a counter's past: known, unknown, or asked for. */
export type Past =
  | { readonly is: 'known' }
  | { readonly is: 'unknown' }
  | { readonly is: 'asked'; readonly answered: Promise<void> };
export const KNOWN: Past = { is: 'known' };
export const UNKNOWN: Past = { is: 'unknown' };

/** A period as the boundaries give it. The last known one has no end until a newer plan knows its end. */
export interface Period {
  readonly startMs: number;
  /** The end of the period; Infinity if it has none, or none that the boundaries reach. */
  readonly endMs: number;
}

const ALL_TIME: Period = { startMs: 0, endMs: Number.POSITIVE_INFINITY };

export function newRegistry(cells: Cells): Registry {
  const seriesByName = new Map<string, Series>();
  return {
    cells,
    shapes: new Map(),
    seriesByName,
    generation: 0,
    size: 0,
    cold: new Set(),
    othersUntilMs: Number.NEGATIVE_INFINITY,
    cursor: seriesByName.values(),
  };
}

/**
 * Returns the period that an instant falls in: the first one if it is before the first boundary, the last one if it is after the
 * last. The last one never ends by itself.
 */
export function periodAt(boundariesMs: readonly number[], atMs: number): Period {
  let index = boundariesMs.length - 1;
  while (index > 0 && boundariesMs[index]! > atMs) index--;
  const endMs = boundariesMs[index + 1] ?? FAR_FUTURE_MS;
  return { startMs: boundariesMs[index] ?? 0, endMs: endMs >= FAR_FUTURE_MS ? Number.POSITIVE_INFINITY : endMs };
}

/** Returns the counter for admissions at an instant, and creates it if there is none. Reserve cells first. */
export function counterAt(registry: Registry, spec: CounterSpec, atMs: number, nowMs: number): Counter {
  const period = spec.window.is === 'calendar' ? periodAt(spec.window.boundariesMs, atMs) : ALL_TIME;
  const series = registry.seriesByName.get(spec.name) ?? newSeries(registry, spec.name, nowMs);
  return periodOf(series, period.startMs) ?? newCounter(registry, series, spec, period, nowMs);
}

/** Returns null if there is no such counter. */
export function existingCounter(registry: Registry, name: string, startMs: number): Counter | null {
  const series = registry.seriesByName.get(name);
  return series === undefined ? null : periodOf(series, startMs);
}

/**
 * Drops settled use that may have gaps. Counters with a past in the ledger ask for it again; trailing requests and tokens start
 * empty.
 */
export function forgetPast(registry: Registry, name: string, nowMs: number): void {
  const series = registry.seriesByName.get(name);
  if (series === undefined) return;
  series.aliveSinceMs = nowMs;
  registry.generation++;
  for (const counter of series.periods) {
    registry.cold.delete(counter);
    if (hasLedgerPast(counter.spec)) counter.past = UNKNOWN;
    else {
      counter.past = KNOWN;
      if (counter.spec.window.is === 'trailing') dropSettled(registry.cells, counter.offset);
    }
  }
}

/**
 * Makes every counter of the series ask for all of its past again, minutes and hours too, because it counts other requests than
 * before. Creates the present counter if there is none, so that it asks as well.
 */
export function doubtPast(registry: Registry, spec: CounterSpec, nowMs: number): void {
  if (spec.window.is === 'now') return;
  counterAt(registry, spec, nowMs, nowMs);
  const series = registry.seriesByName.get(spec.name)!;
  series.aliveSinceMs = nowMs;
  registry.generation++;
  for (const counter of series.periods) {
    registry.cold.delete(counter);
    counter.past = UNKNOWN;
  }
}

/**
 * Drops counters that no request in flight holds. Trailing requests and tokens must also be empty; the others must be idle for
 * `idleMs`, since they can ask the ledger again. Looks at no more than `most` names, so that the pause is bounded, and continues
 * there the next time. Returns how many counters it dropped.
 */
export function evict(registry: Registry, nowMs: number, idleMs: number, most: number): number {
  const before = registry.size;
  for (let seen = Math.min(most, registry.seriesByName.size); seen > 0; seen--) {
    let next = registry.cursor.next();
    if (next.done) {
      registry.cursor = registry.seriesByName.values();
      next = registry.cursor.next();
    }
    if (!next.done) evictFrom(registry, next.value, nowMs, idleMs);
  }
  const dropped = before - registry.size;
  if (dropped > 0) registry.generation++;
  return dropped;
}

/**
 * Reports whether the ledger can supply this counter's past. Minute and hour limits start empty, and what is in flight is known.
 */
function hasLedgerPast(spec: CounterSpec): boolean {
  return spec.window.is === 'calendar' || (spec.window.is === 'trailing' && spec.unit === 'nano_usd');
}

function periodOf(series: Series, startMs: number): Counter | null {
  return series.periods.find((counter) => counter.period.startMs === startMs) ?? null;
}

function newSeries(registry: Registry, name: string, nowMs: number): Series {
  const series: Series = { name, aliveSinceMs: nowMs, lastTakenMs: Number.NEGATIVE_INFINITY, periods: [] };
  registry.seriesByName.set(name, series);
  return series;
}

function newCounter(registry: Registry, series: Series, spec: CounterSpec, period: Period, nowMs: number): Counter {
  const { cells } = registry;
  const past = knowsPast(registry, series, spec, period) ? KNOWN : UNKNOWN;
  const offset = spec.window.is === 'trailing' ? newTrailing(cells, spec.window.slotMs) : cells.take(PLAIN_CELLS);
  cells.data[offset + TOUCHED] = nowMs;
  const counter: Counter = { spec, series, offset, period, past };
  series.periods.push(counter);
  registry.size++;
  return counter;
}

/**
 * Reports whether a new counter is complete from its first request on: its period began after its series, and after all else that
 * was counted.
 */
function knowsPast(registry: Registry, series: Series, spec: CounterSpec, { startMs }: Period): boolean {
  if (!hasLedgerPast(spec)) return true;
  if (spec.window.is !== 'calendar' || series.aliveSinceMs > startMs || registry.othersUntilMs >= startMs) return false;
  return lastTakenMs(registry, series) < startMs;
}

function lastTakenMs(registry: Registry, series: Series): number {
  const touched = series.periods.map((counter) => registry.cells.data[counter.offset + TOUCHED]!);
  return Math.max(series.lastTakenMs, ...touched);
}

function evictFrom(registry: Registry, series: Series, nowMs: number, idleMs: number): void {
  for (const counter of [...series.periods]) {
    if (isIdle(registry.cells, counter, nowMs, idleMs)) drop(registry, counter);
  }
  if (series.periods.length === 0) registry.seriesByName.delete(series.name);
}

function isIdle(cells: Cells, { spec, offset, past, series }: Counter, nowMs: number, idleMs: number): boolean {
  const { data } = cells;
  if (data[offset + HOLDS]! > 0 || past.is === 'asked') return false;
  if (spec.window.is !== 'trailing') return data[offset + TOUCHED]! + idleMs <= nowMs;
  expire(cells, offset, nowMs);
  if (!hasLedgerPast(spec)) return isEmpty(cells, offset) && !mayLackPast(cells, offset, past, series.aliveSinceMs, nowMs);
  return Math.max(data[offset + TOUCHED]!, newestMs(cells, offset)) + idleMs <= nowMs;
}

/** Reports whether a minute or hour limit may still lack part of its window. After one whole window it lacks nothing. */
function mayLackPast(cells: Cells, offset: number, past: Past, sinceMs: number, nowMs: number): boolean {
  return past.is !== 'known' && nowMs - sinceMs < windowMs(cells, offset);
}

function drop(registry: Registry, counter: Counter): void {
  const { cells } = registry;
  const { series, offset, spec } = counter;
  series.lastTakenMs = Math.max(series.lastTakenMs, cells.data[offset + TOUCHED]!);
  series.periods.splice(series.periods.indexOf(counter), 1);
  registry.cold.delete(counter);
  if (spec.window.is === 'trailing') freeTrailing(cells, offset);
  else cells.give(offset, PLAIN_CELLS);
  registry.size--;
}
