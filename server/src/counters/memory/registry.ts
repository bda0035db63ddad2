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

/** Every counter of the process, by name; for calendar counters by the start of the period as well. */
export interface Registry {
  readonly cells: Cells;
  readonly shapes: Map<string, Shape>;
  readonly seriesByName: Map<string, Series>;
  /** Moves on when a counter was dropped or its past became doubtful, so that whoever kept offsets looks them up again. */
  generation: number;
  size: number;
  /** Counters that were needed and whose past is not known yet: the answer is on its way, or the last question failed. */
  readonly cold: Set<Counter>;
  /** The latest admission known of an earlier process. A period that began before it may have been used by that one. */
  othersUntilMs: number;
  /** Where the next round of eviction goes on. */
  cursor: IterableIterator<Series>;
}

/** All counters of one name: one per calendar period, else a single one. */
export interface Series {
  readonly name: string;
  /** Since when everything that counts here was counted here. */
  aliveSinceMs: number;
  /** The last admission counted by a period that has been dropped since. */
  lastTakenMs: number;
  readonly periods: Counter[];
}

export interface Counter {
  readonly spec: CounterSpec;
  readonly series: Series;
  readonly offset: number;
  /** Which period; counters without one have all time. */
  readonly period: Period;
  past: Past;
}

/** What a counter knows of the time before it: all, nothing yet, or the answer is on its way. */
export type Past =
  | { readonly is: 'known' }
  | { readonly is: 'unknown' }
  | { readonly is: 'asked'; readonly answered: Promise<void> };
export const KNOWN: Past = { is: 'known' };
export const UNKNOWN: Past = { is: 'unknown' };

/** A period as the boundaries give it: the last one known goes on until a newer plan knows where it ends. */
export interface Period {
  readonly startMs: number;
  /** Infinity when it has no end, or none that the boundaries reach. */
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

/** The period an instant falls in. Before the first boundary the first one; beyond the last the last, for it must never end unseen. */
export function periodAt(boundariesMs: readonly number[], atMs: number): Period {
  let index = boundariesMs.length - 1;
  while (index > 0 && boundariesMs[index]! > atMs) index--;
  const endMs = boundariesMs[index + 1] ?? FAR_FUTURE_MS;
  return { startMs: boundariesMs[index] ?? 0, endMs: endMs >= FAR_FUTURE_MS ? Number.POSITIVE_INFINITY : endMs };
}

/** The counter that counts what is admitted at an instant, made where there is none. Reserve cells first. */
export function counterAt(registry: Registry, spec: CounterSpec, atMs: number, nowMs: number): Counter {
  const period = spec.window.is === 'calendar' ? periodAt(spec.window.boundariesMs, atMs) : ALL_TIME;
  const series = registry.seriesByName.get(spec.name) ?? newSeries(registry, spec.name, nowMs);
  return periodOf(series, period.startMs) ?? newCounter(registry, series, spec, period, nowMs);
}

/** Null when nothing counts there. */
export function existingCounter(registry: Registry, name: string, startMs: number): Counter | null {
  const series = registry.seriesByName.get(name);
  return series === undefined ? null : periodOf(series, startMs);
}

/** What a series knows may have gaps: ask again for what can be asked, and begin trailing requests and tokens empty. */
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

/** Other requests count than did: ask again for all of it, minutes and hours too. A counter that nothing was counted in yet is made to ask. */
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
 * Drops counters that nothing in flight holds and that are empty (trailing requests and tokens) or were not touched for so long (the
 * others, whose past can be asked for again). Looks at no more than `most` names, so that the pause is bounded, and goes on from there
 * the next time. Returns how many counters it dropped.
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

/** Whether the ledger can be asked for this counter's past. Minute and hour limits start empty, and what is in flight is known. */
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

/** A period that begins while its series lives, before anything else was counted, is known from its first request on. */
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

/** What a minute or hour limit has to ask for is over with its window. */
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
