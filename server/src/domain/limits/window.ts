/** The number of slots in a window's span. One more slot lets the oldest expire while the newest fills. */
const SLOTS_PER_WINDOW = 60;
const SLOTS = SLOTS_PER_WINDOW + 1;

/**
 * A trailing window in slots, as the counters store it. Each slot has its sum and the time of its last admission, and expires
 * when that time is a full window old. So no span ever admits more than the limit, and used capacity returns at most one slot
 * late.
 */
export interface TrailingWindow {
  readonly slotMs: number;
  readonly amounts: Float64Array;
  readonly lastAdmissionMs: Float64Array;
  /** The number, since the epoch, of the slot that each place holds; −1 for none. */
  readonly slotNumbers: Float64Array;
  /** The sum over the slots that have not expired. */
  used: number;
  /** The latest time seen. A clock that is set back does not restore expired slots. */
  nowMs: number;
}

export type WindowVerdict =
  | { readonly is: 'admitted' }
  /**
   * Milliseconds until enough slots expire if nothing else happens; null if the amount exceeds the whole limit and can never
   * pass.
   */
  | { readonly is: 'refused'; readonly retryAfterMs: number | null };

export function newWindow(slotMs: number): TrailingWindow {
  return {
    slotMs,
    amounts: new Float64Array(SLOTS),
    lastAdmissionMs: new Float64Array(SLOTS),
    slotNumbers: new Float64Array(SLOTS).fill(-1),
    used: 0,
    nowMs: 0,
  };
}

/** Returns the whole span in milliseconds. */
export function spanMs(window: TrailingWindow): number {
  return window.slotMs * SLOTS_PER_WINDOW;
}

/** Returns the amount that counts at this instant. */
export function usedAt(window: TrailingWindow, nowMs: number): number {
  expire(window, nowMs);
  return window.used;
}

/** Takes the amount if it fits under the limit. A refusal changes nothing. */
export function admit(window: TrailingWindow, amount: number, limit: number, nowMs: number): WindowVerdict {
  expire(window, nowMs);
  if (window.used + amount > limit) return { is: 'refused', retryAfterMs: retryAfterMs(window, amount, limit, nowMs) };
  take(window, amount, window.nowMs);
  return ADMITTED;
}

/**
 * Returns the milliseconds until the amount would fit if nothing else happened: at most the span, at least 1, 0 if it fits now.
 * Null: it never fits.
 */
export function retryAfterMs(window: TrailingWindow, amount: number, limit: number, nowMs: number): number | null {
  expire(window, nowMs);
  // At a limit of 0 not even an empty amount passes.
  if (amount > limit || limit === 0) return null;
  let used = window.used;
  let after = 0;
  for (let age = SLOTS - 1; age >= 0 && used + amount > limit; age -= 1) {
    const place = placeOf(window, slotNumber(window, window.nowMs) - age);
    if (place === -1) continue;
    used -= window.amounts[place] as number;
    after = (window.lastAdmissionMs[place] as number) + spanMs(window) - window.nowMs;
  }
  return Math.ceil(after);
}

/**
 * Corrects the amount admitted at `admittedAtMs` by `delta`. While its slot counts, the slot is corrected. After the slot
 * expired, an unused hold has already returned. An excess is then added to the present slot, because used amounts must count.
 */
export function correct(window: TrailingWindow, admittedAtMs: number, delta: number, nowMs: number): void {
  expire(window, nowMs);
  const place = placeOf(window, slotNumber(window, admittedAtMs));
  if (place !== -1) {
    const corrected = Math.max(0, (window.amounts[place] as number) + delta);
    window.used += corrected - (window.amounts[place] as number);
    window.amounts[place] = corrected;
  } else if (delta > 0) {
    take(window, delta, window.nowMs);
  }
}

/** Returns the time at which everything has expired if nothing else happens; the present time if nothing is used. */
export function emptyAtMs(window: TrailingWindow, nowMs: number): number {
  expire(window, nowMs);
  let latest = Number.NEGATIVE_INFINITY;
  for (let place = 0; place < SLOTS; place += 1) {
    if ((window.slotNumbers[place] as number) >= 0) latest = Math.max(latest, window.lastAdmissionMs[place] as number);
  }
  return latest === Number.NEGATIVE_INFINITY ? window.nowMs : latest + spanMs(window);
}

const ADMITTED: WindowVerdict = { is: 'admitted' };

/** Expires every slot whose last admission is a full window old. */
function expire(window: TrailingWindow, nowMs: number): void {
  if (nowMs > window.nowMs) window.nowMs = nowMs;
  const oldestMs = window.nowMs - spanMs(window);
  for (let place = 0; place < SLOTS; place += 1) {
    if ((window.slotNumbers[place] as number) < 0 || (window.lastAdmissionMs[place] as number) > oldestMs) continue;
    window.used -= window.amounts[place] as number;
    window.amounts[place] = 0;
    window.slotNumbers[place] = -1;
  }
}

function take(window: TrailingWindow, amount: number, atMs: number): void {
  const number = slotNumber(window, atMs);
  const place = number % SLOTS;
  // The earlier slot at this place is 61 slots old, so `expire` has cleared it.
  window.slotNumbers[place] = number;
  window.amounts[place] = (window.amounts[place] as number) + amount;
  window.lastAdmissionMs[place] = atMs;
  window.used += amount;
}

function slotNumber(window: TrailingWindow, atMs: number): number {
  return Math.floor(atMs / window.slotMs);
}

/** Returns the place of a slot while it counts, else −1. */
function placeOf(window: TrailingWindow, number: number): number {
  if (number < 0) return -1;
  const place = number % SLOTS;
  return window.slotNumbers[place] === number ? place : -1;
}
