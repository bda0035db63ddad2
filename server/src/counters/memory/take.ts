// biome-ignore-all lint/style/noNonNullAssertion: every offset used here is one that Cells handed out.
import { hasLeft, type LimitPlan } from '../../domain/limits/limit-plan.ts';
import type { Hold } from '../counters.ts';
import type { Cells } from './cells.ts';
import type { Amounts } from './check.ts';
import type { Resolved } from './resolve.ts';
import { NANO_USD, PARALLEL, REQUESTS, TOKENS, TRAILING } from './shape.ts';
import { expire, HELD, HOLDS, SUM, settleSlot, TOUCHED, takeAt, takeNow } from './trailing.ts';

/** The tokens and money taken at one instant. */
export interface Part {
  readonly atMs: number;
  readonly tokens: number;
  readonly nanoUsd: number;
}

/** A hold of the memory counters: what was taken, when, and from which counters. */
export class MemoryHold implements Hold, Part {
  readonly requestId: string;
  readonly plan: LimitPlan;
  readonly atMs: number;
  readonly tokens: number;
  readonly nanoUsd: number;
  readonly resolved: Resolved;
  /** The parts that further attempts took; most requests have one attempt. */
  extensions: Part[] | null = null;
  settled = false;

  constructor(requestId: string, plan: LimitPlan, part: Part, resolved: Resolved) {
    this.requestId = requestId;
    this.plan = plan;
    this.atMs = part.atMs;
    this.tokens = part.tokens;
    this.nanoUsd = part.nanoUsd;
    this.resolved = resolved;
  }
}

/**
 * Takes from every counter. The caller has expired, checked and reserved. An extension adds no request and takes only what it
 * wants.
 */
export function takeAll(cells: Cells, resolved: Resolved, amounts: Amounts, nowMs: number): void {
  const { offsets } = resolved;
  const { units, windows } = resolved.shape;
  const requests = amounts[REQUESTS]!;
  for (let i = 0; i < offsets.length; i++) {
    const offset = offsets[i]!;
    const amount = amounts[units[i]!]!;
    if (amount + requests === 0) continue;
    const { data } = cells;
    data[offset + HOLDS]! += requests;
    if (windows[i] === TRAILING) {
      takeNow(cells, offset, nowMs, amount);
    } else {
      data[offset + SUM]! += amount;
      data[offset + HELD]! += amount;
      data[offset + TOUCHED] = nowMs;
    }
  }
}

/** Takes from every counter again what a request took at an earlier admission, whatever the limits say. The caller has reserved. */
export function takeAllAgain(cells: Cells, resolved: Resolved, amounts: Amounts, atMs: number, nowMs: number): void {
  const { offsets } = resolved;
  const { units, windows } = resolved.shape;
  for (let i = 0; i < offsets.length; i++) {
    const offset = offsets[i]!;
    const amount = amounts[units[i]!]!;
    const { data } = cells;
    data[offset + HOLDS]! += 1;
    if (windows[i] === TRAILING) {
      expire(cells, offset, nowMs);
      takeAt(cells, offset, atMs, nowMs, amount);
    } else {
      data[offset + SUM]! += amount;
      data[offset + HELD]! += amount;
      data[offset + TOUCHED] = nowMs;
    }
  }
}

/**
 * Turns what a hold took into what was used. The use of each single attempt is not known. So the total fills the parts in the
 * order in which they were taken, and the excess belongs to the admission. A counter gets its whole part back if the called name
 * has left its group.
 */
export function settleAll(cells: Cells, hold: MemoryHold, used: Amounts, planNow: LimitPlan, nowMs: number): void {
  const left = planNow === hold.plan ? null : hold.plan.counters.map((spec) => hasLeft(spec, planNow));
  if (hold.extensions !== null) {
    let tokensLeft = Math.max(0, used[TOKENS]! - hold.tokens);
    let nanoUsdLeft = Math.max(0, used[NANO_USD]! - hold.nanoUsd);
    for (const part of hold.extensions) {
      const share = amountsOf(0, Math.min(tokensLeft, part.tokens), Math.min(nanoUsdLeft, part.nanoUsd), 0);
      tokensLeft -= share[TOKENS]!;
      nanoUsdLeft -= share[NANO_USD]!;
      used[TOKENS]! -= share[TOKENS]!;
      used[NANO_USD]! -= share[NANO_USD]!;
      settlePart(cells, hold.resolved, part.atMs, amountsOf(0, part.tokens, part.nanoUsd, 0), share, left, nowMs);
    }
  }
  setAmounts(HELD_AMOUNTS, 1, hold.tokens, hold.nanoUsd, 1);
  settlePart(cells, hold.resolved, hold.atMs, HELD_AMOUNTS, used, left, nowMs);
}

/** Reused by every settlement: no settlement awaits while it uses this. */
const HELD_AMOUNTS = amountsOf(1, 0, 0, 1);

function settlePart(
  cells: Cells,
  resolved: Resolved,
  takenAtMs: number,
  held: Amounts,
  used: Amounts,
  left: readonly boolean[] | null,
  nowMs: number,
): void {
  const { offsets } = resolved;
  const { units, windows } = resolved.shape;
  const requests = held[REQUESTS]!;
  for (let i = 0; i < offsets.length; i++) {
    const offset = offsets[i]!;
    const unit = units[i]!;
    if (requests + held[unit]! === 0) continue;
    const stays = left?.[i] ? 0 : used[unit]!;
    const { data } = cells;
    data[offset + HOLDS]! -= requests;
    if (windows[i] === TRAILING) {
      expire(cells, offset, nowMs);
      settleSlot(cells, offset, takenAtMs, held[unit]!, stays, nowMs);
    } else {
      data[offset + SUM]! += stays - held[unit]!;
      data[offset + HELD]! -= held[unit]!;
    }
  }
}

export function amountsOf(requests: number, tokens: number, nanoUsd: number, parallel: number): Amounts {
  return setAmounts(new Float64Array(4), requests, tokens, nanoUsd, parallel);
}

export function setAmounts(amounts: Amounts, requests: number, tokens: number, nanoUsd: number, parallel: number): Amounts {
  amounts[REQUESTS] = requests;
  amounts[TOKENS] = tokens;
  amounts[NANO_USD] = nanoUsd;
  amounts[PARALLEL] = parallel;
  return amounts;
}
