// biome-ignore-all lint/style/noNonNullAssertion: every offset used here is one that Cells handed out.
import type { Cells } from './cells.ts';

/**
 * A trailing window of 60 slots' length. A slot keeps its sum and the time of its last admission, and expires when that time is a
 * full window old. So no use expires early, and capacity returns at most one slot late. Up to 61 slots count at once. The ring
 * begins with 4 slots and grows, because most counters of a large installation see few requests.
 */

/** The cells of every counter, as places after its offset. */
export const SUM = 0;
export const HELD = 1;
/** The number of requests in flight that hold of this counter. A counter with any must not be evicted. */
export const HOLDS = 2;
/** The time at which the counter was made or, for counters without slots, last taken from. */
export const TOUCHED = 3;
export const PLAIN_CELLS = 4;

/** The further cells of a trailing window. */
const SLOT_MS = 4;
const WINDOW_MS = 5;
/** A time before which no slot expires. May be early, never late. */
export const NEXT_EXPIRY = 6;
/**
 * The time at which the newest slot expires, and the window is empty, if nothing is added. In the past if the window is empty.
 */
export const EMPTY_AT = 7;
/** The end of the newest slot. A later admission begins a new one. */
const NEWEST_END = 8;
/** Offset of the newest slot. */
const NEWEST = 9;
const RING = 10;
const CAPACITY = 11;
/** Index into the ring of the oldest slot, and the number of slots from it on. */
const FIRST = 12;
const COUNT = 13;
const TRAILING_CELLS = 14;

/** The cells of a slot: its sum, the part of it that is still held, and the time of the last admission. */
const SLOT_HELD = 1;
const LAST_AT = 2;
const SLOT_CELLS = 3;

const SLOTS_IN_WINDOW = 60;
const FIRST_CAPACITY = 4;
const GROWTH = 4;
/** The most cells that a counter takes when it is created and filled completely. The ring has then grown twice. */
export const CELLS_PER_COUNTER_MAX = TRAILING_CELLS + FIRST_CAPACITY * (1 + GROWTH + GROWTH * GROWTH) * SLOT_CELLS;

/** Returns a new, empty window. The caller has reserved the cells. */
export function newTrailing(cells: Cells, slotMs: number): number {
  const at = cells.take(TRAILING_CELLS);
  const { data } = cells;
  data[at + SLOT_MS] = slotMs;
  data[at + WINDOW_MS] = slotMs * SLOTS_IN_WINDOW;
  data[at + CAPACITY] = FIRST_CAPACITY;
  data[at + RING] = cells.take(FIRST_CAPACITY * SLOT_CELLS);
  markEmpty(data, at);
  return at;
}

export function freeTrailing(cells: Cells, at: number): void {
  cells.give(cells.data[at + RING]!, cells.data[at + CAPACITY]! * SLOT_CELLS);
  cells.give(at, TRAILING_CELLS);
}

/** Drops the slots whose last admission is a full window old. */
export function expire(cells: Cells, at: number, nowMs: number): void {
  const { data } = cells;
  if (nowMs < data[at + NEXT_EXPIRY]!) return;
  const expiredAtMs = nowMs - data[at + WINDOW_MS]!;
  while (data[at + COUNT]! > 0) {
    const oldest = slotOffset(data, at, 0);
    if (data[oldest + LAST_AT]! > expiredAtMs) {
      data[at + NEXT_EXPIRY] = data[oldest + LAST_AT]! + data[at + WINDOW_MS]!;
      return;
    }
    data[at + SUM]! -= data[oldest]!;
    data[at + HELD]! -= data[oldest + SLOT_HELD]!;
    data[at + FIRST] = (data[at + FIRST]! + 1) & (data[at + CAPACITY]! - 1);
    data[at + COUNT]! -= 1;
  }
  markEmpty(data, at);
}

/** Holds an amount in the present slot. */
export function takeNow(cells: Cells, at: number, nowMs: number, amount: number): void {
  const { data } = cells;
  const slot = nowMs < data[at + NEWEST_END]! ? data[at + NEWEST]! : slotFor(cells, at, nowMs);
  data[slot]! += amount;
  data[slot + SLOT_HELD]! += amount;
  data[slot + LAST_AT] = nowMs;
  data[at + EMPTY_AT] = nowMs + data[at + WINDOW_MS]!;
  data[at + SUM]! += amount;
  data[at + HELD]! += amount;
}

/** Holds an amount in the slot of an earlier admission. One that has expired holds nothing. Call `expire` first. */
export function takeAt(cells: Cells, at: number, atMs: number, nowMs: number, amount: number): void {
  const { data } = cells;
  const whenMs = Math.min(atMs, nowMs);
  if (whenMs <= nowMs - data[at + WINDOW_MS]!) return;
  addSettled(cells, at, whenMs, amount, nowMs);
  data[slotFor(cells, at, whenMs) + SLOT_HELD]! += amount;
  data[at + HELD]! += amount;
}

/**
 * Turns what was held at an admission into what was used. If the slot has expired, so has the unused part; use beyond the hold
 * goes to the present slot. Call `expire` first.
 */
export function settleSlot(cells: Cells, at: number, admittedMs: number, held: number, used: number, nowMs: number): void {
  const { data } = cells;
  const slot = heldSlot(data, at, admittedMs, held);
  if (slot === -1) {
    if (used > held) addSettled(cells, at, nowMs, used - held, nowMs);
    return;
  }
  data[slot]! += used - held;
  data[slot + SLOT_HELD]! -= held;
  data[at + SUM]! += used - held;
  data[at + HELD]! -= held;
}

/** Counts what was used at an instant, unless that instant is a full window ago. A later instant than now counts as now. */
export function addSettled(cells: Cells, at: number, atMs: number, amount: number, nowMs: number): void {
  const { data } = cells;
  const whenMs = Math.min(atMs, nowMs);
  if (whenMs <= nowMs - data[at + WINDOW_MS]!) return;
  const slot = slotFor(cells, at, whenMs);
  data[slot]! += amount;
  data[slot + LAST_AT] = Math.max(data[slot + LAST_AT]!, whenMs);
  data[at + EMPTY_AT] = Math.max(data[at + EMPTY_AT]!, whenMs + data[at + WINDOW_MS]!);
  data[at + SUM]! += amount;
}

/** Keeps what is held and drops what was settled, because the counter is about to ask for its past again. */
export function dropSettled(cells: Cells, at: number): void {
  const { data } = cells;
  for (let i = 0; i < data[at + COUNT]!; i++) {
    const slot = slotOffset(data, at, i);
    data[slot] = data[slot + SLOT_HELD]!;
  }
  data[at + SUM] = data[at + HELD]!;
}

/**
 * Returns the milliseconds until slots with at least `amount` in total have expired, if nothing else happens. At most the window.
 * Call `expire` first.
 */
export function untilExpiredMs(cells: Cells, at: number, nowMs: number, amount: number): number {
  const { data } = cells;
  let expired = 0;
  for (let i = 0; i < data[at + COUNT]!; i++) {
    const slot = slotOffset(data, at, i);
    expired += data[slot]!;
    if (expired >= amount) return data[slot + LAST_AT]! + data[at + WINDOW_MS]! - nowMs;
  }
  return data[at + WINDOW_MS]!;
}

export function windowMs(cells: Cells, at: number): number {
  return cells.data[at + WINDOW_MS]!;
}

/** Returns the time of the newest admission that still counts; −Infinity if none does. */
export function newestMs(cells: Cells, at: number): number {
  return cells.data[at + EMPTY_AT]! - cells.data[at + WINDOW_MS]!;
}

export function isEmpty(cells: Cells, at: number): boolean {
  return cells.data[at + COUNT] === 0;
}

function markEmpty(data: Float64Array, at: number): void {
  data[at + COUNT] = 0;
  data[at + NEXT_EXPIRY] = Number.POSITIVE_INFINITY;
  data[at + EMPTY_AT] = Number.NEGATIVE_INFINITY;
  data[at + NEWEST_END] = Number.NEGATIVE_INFINITY;
}

function slotOffset(data: Float64Array, at: number, index: number): number {
  return data[at + RING]! + ((data[at + FIRST]! + index) & (data[at + CAPACITY]! - 1)) * SLOT_CELLS;
}

/** Returns the offset of the slot that still holds what was taken at an admission, or -1. */
function heldSlot(data: Float64Array, at: number, admittedMs: number, held: number): number {
  const newestEndMs = data[at + NEWEST_END]!;
  const inNewest = admittedMs < newestEndMs && admittedMs >= newestEndMs - data[at + SLOT_MS]!;
  const slot = inNewest ? data[at + NEWEST]! : olderSlot(data, at, admittedMs);
  // An expired slot may exist again with settled use in it, but never with what was held.
  return slot !== -1 && data[slot + SLOT_HELD]! >= held ? slot : -1;
}

function olderSlot(data: Float64Array, at: number, admittedMs: number): number {
  const index = indexFrom(data, at, admittedMs);
  if (index === data[at + COUNT]) return -1;
  const slot = slotOffset(data, at, index);
  const slotMs = data[at + SLOT_MS]!;
  return Math.floor(data[slot + LAST_AT]! / slotMs) === Math.floor(admittedMs / slotMs) ? slot : -1;
}

/** Returns the index of the first slot whose last admission is not before the instant. Tries the last two first. */
function indexFrom(data: Float64Array, at: number, atMs: number): number {
  let low = 0;
  let high = data[at + COUNT]!;
  if (high > 1 && data[slotOffset(data, at, high - 2) + LAST_AT]! < atMs) low = high - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (data[slotOffset(data, at, middle) + LAST_AT]! < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Returns the offset of the slot that an instant falls in, and creates the slot if there is none. */
function slotFor(cells: Cells, at: number, atMs: number): number {
  const { data } = cells;
  const number = Math.floor(atMs / data[at + SLOT_MS]!);
  const startMs = number * data[at + SLOT_MS]!;
  const index = indexFrom(data, at, startMs);
  if (index < data[at + COUNT]!) {
    const slot = slotOffset(data, at, index);
    if (Math.floor(data[slot + LAST_AT]! / data[at + SLOT_MS]!) === number) return slot;
  }
  return insertSlot(cells, at, index, atMs);
}

/** Inserts a slot at an index. The index is the end unless a past is being filled in. */
function insertSlot(cells: Cells, at: number, index: number, atMs: number): number {
  if (cells.data[at + COUNT] === cells.data[at + CAPACITY]) growRing(cells, at);
  const { data } = cells;
  const count = data[at + COUNT]!;
  for (let i = count; i > index; i--) {
    const from = slotOffset(data, at, i - 1);
    data.copyWithin(slotOffset(data, at, i), from, from + SLOT_CELLS);
  }
  const slot = slotOffset(data, at, index);
  data[slot] = 0;
  data[slot + SLOT_HELD] = 0;
  data[slot + LAST_AT] = atMs;
  data[at + COUNT] = count + 1;
  data[at + NEXT_EXPIRY] = Math.min(data[at + NEXT_EXPIRY]!, atMs + data[at + WINDOW_MS]!);
  markNewest(data, at);
  return slot;
}

function markNewest(data: Float64Array, at: number): void {
  const newest = slotOffset(data, at, data[at + COUNT]! - 1);
  const slotMs = data[at + SLOT_MS]!;
  data[at + NEWEST] = newest;
  data[at + NEWEST_END] = (Math.floor(data[newest + LAST_AT]! / slotMs) + 1) * slotMs;
}

function growRing(cells: Cells, at: number): void {
  const capacity = cells.data[at + CAPACITY]!;
  const ring = cells.take(capacity * GROWTH * SLOT_CELLS);
  const { data } = cells;
  for (let i = 0; i < capacity; i++) {
    const from = slotOffset(data, at, i);
    data.copyWithin(ring + i * SLOT_CELLS, from, from + SLOT_CELLS);
  }
  cells.give(data[at + RING]!, capacity * SLOT_CELLS);
  data[at + RING] = ring;
  data[at + CAPACITY] = capacity * GROWTH;
  data[at + FIRST] = 0;
}
