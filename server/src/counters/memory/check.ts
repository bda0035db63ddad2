// biome-ignore-all lint/style/noNonNullAssertion: every offset used here is one that Cells handed out.

import type { Readings, Refusing } from '../counters.ts';
import type { Cells } from './cells.ts';
import type { Resolved } from './resolve.ts';
import { CALENDAR, NANO_USD, NOW, REQUESTS, TRAILING } from './shape.ts';
import { EMPTY_AT, expire, HELD, NEXT_EXPIRY, SUM, untilExpiredMs } from './trailing.ts';

/** The amounts that a request wants, indexed by unit: requests, tokens, nano-dollars, in flight. */
export type Amounts = Float64Array;

export const REFUSED = -1;

/** The retry delay for a limit on requests in flight. Nobody can know when one of them ends. */
const PARALLEL_RETRY_MS = 1_000;

/** Drops trailing slots that are a full window old. Call it before reading any counter. */
export function expireAll(cells: Cells, resolved: Resolved, nowMs: number): void {
  const { offsets } = resolved;
  const { windows } = resolved.shape;
  for (let i = 0; i < offsets.length; i++) {
    if (windows[i] === TRAILING && nowMs >= cells.data[offsets[i]! + NEXT_EXPIRY]!) expire(cells, offsets[i]!, nowMs);
  }
}

/**
 * Checks every rule and changes nothing. For an extension, which adds no request, it checks only the rules that the extension
 * takes from. Returns the nano-dollars to hold: all that is wanted, or, if a budget clamps, what the tightest budget has left,
 * but at least `nanoUsdMin`. Returns REFUSED if any rule refuses.
 */
export function check(cells: Cells, resolved: Resolved, wanted: Amounts, nanoUsdMin: number): number {
  const { data } = cells;
  const { offsets } = resolved;
  const { ruleCounters, ruleUnits, ruleValues, ruleRefuses, clamps } = resolved.shape;
  const requests = wanted[REQUESTS]!;
  let roomNanoUsd = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ruleCounters.length; i++) {
    const unit = ruleUnits[i]!;
    if (!ruleRefuses[i] || requests + wanted[unit]! === 0) continue;
    const value = ruleValues[i]!;
    const left = value - data[offsets[ruleCounters[i]!]! + SUM]!;
    if (value === 0) return REFUSED;
    if (unit === NANO_USD) roomNanoUsd = Math.min(roomNanoUsd, left);
    else if (wanted[unit]! > left) return REFUSED;
  }
  if (wanted[NANO_USD]! <= roomNanoUsd) return wanted[NANO_USD]!;
  return clamps && nanoUsdMin <= roomNanoUsd ? roomNanoUsd : REFUSED;
}

/** Returns every rule that refuses, each with the time until it can pass. */
export function refusingRules(
  cells: Cells,
  resolved: Resolved,
  wanted: Amounts,
  nanoUsdMin: number,
  nowMs: number,
): readonly Refusing[] {
  const { ruleCounters, ruleUnits, ruleValues, ruleRefuses, clamps } = resolved.shape;
  const refusing: Refusing[] = [];
  for (let rule = 0; rule < ruleCounters.length; rule++) {
    if (!ruleRefuses[rule]) continue;
    const unit = ruleUnits[rule]!;
    const amount = unit === NANO_USD && clamps ? nanoUsdMin : wanted[unit]!;
    const value = ruleValues[rule]!;
    const excess = cells.data[resolved.offsets[ruleCounters[rule]!]! + SUM]! + amount - value;
    if (value > 0 && excess <= 0) continue;
    const canPass = value > 0 && amount <= value;
    refusing.push({ rule, retryAfterMs: canPass ? untilRoomMs(cells, resolved, rule, excess, nowMs) : null });
  }
  return refusing;
}

/** Copies the state of every rule: callers read a decision long after the counters have changed. */
export function readingsOf(cells: Cells, resolved: Resolved, nowMs: number): Readings {
  const { data } = cells;
  const { offsets, endsMs } = resolved;
  const { ruleCounters, ruleWindows, blank } = resolved.shape;
  const used = blank.slice();
  const held = blank.slice();
  const resetsAtMs = blank.slice();
  for (let i = 0; i < ruleCounters.length; i++) {
    const counter = ruleCounters[i]!;
    const offset = offsets[counter]!;
    used[i] = data[offset + SUM]!;
    held[i] = data[offset + HELD]!;
    if (ruleWindows[i] === TRAILING) resetsAtMs[i] = Math.max(data[offset + EMPTY_AT]!, nowMs);
    else if (ruleWindows[i] === CALENDAR) resetsAtMs[i] = endsMs[counter]!;
    else resetsAtMs[i] = data[offset + SUM] === 0 ? nowMs : nowMs + PARALLEL_RETRY_MS;
  }
  return { used, held, resetsAtMs };
}

function untilRoomMs(cells: Cells, resolved: Resolved, rule: number, excess: number, nowMs: number): number | null {
  const window = resolved.shape.ruleWindows[rule]!;
  const counter = resolved.shape.ruleCounters[rule]!;
  if (window === TRAILING) return untilExpiredMs(cells, resolved.offsets[counter]!, nowMs, excess);
  if (window === NOW) return PARALLEL_RETRY_MS;
  const endMs = resolved.endsMs[counter]!;
  return endMs === Number.POSITIVE_INFINITY ? null : endMs - nowMs;
}
