import type { Hold } from '../../src/counters/counters.ts';
import type { CounterSpec, LimitPlan } from '../../src/domain/limits/limit-plan.ts';
import { NaiveWindow } from '../counters/naive-window.ts';
import { periodAt, sum } from './settled-requests.ts';

/** Tokens and money taken at one instant: a hold, or one of its extensions. */
export interface Part {
  readonly atMs: number;
  readonly tokens: number;
  readonly nanoUsd: number;
}

/** A request in flight, by what was seen of it. */
export interface Open<Asker> {
  readonly requestId: string;
  readonly asker: Asker;
  readonly plan: LimitPlan;
  readonly parts: [Part, ...Part[]];
  /** By the name of each counter it holds of, when the period it counts in began (0 where there is none). */
  readonly periods: ReadonlyMap<string, number>;
}

/** Every request in flight, and the trailing windows, which know requests in flight and settled ones alike. */
export class OpenRequests<Asker> {
  readonly byHold = new Map<Hold, Open<Asker>>();
  readonly #windows = new Map<string, NaiveWindow<Part>>();

  /** Nothing is in flight, and no window knows anything. */
  clear(): void {
    this.byHold.clear();
    this.#windows.clear();
  }

  windowOf(spec: CounterSpec, nowMs: number): NaiveWindow<Part> {
    if (spec.window.is !== 'trailing') throw new Error(`${spec.name} does not trail`);
    const window = this.#windows.get(spec.name) ?? new NaiveWindow<Part>(spec.window.slotMs);
    this.#windows.set(spec.name, window);
    window.expire(nowMs);
    return window;
  }

  dropSettled(name: string): void {
    this.#windows.get(name)?.dropSettled();
  }

  /** Takes a part in every window of the plan; an extension (`requests` 0) only where it takes something. */
  take(plan: LimitPlan, part: Part, requests: 0 | 1): void {
    for (const spec of trailing(plan)) {
      const amount = spec.unit === 'requests' ? requests : part.tokens;
      if (amount + requests > 0) this.windowOf(spec, part.atMs).take(part, part.atMs, amount);
    }
  }

  /** What was used fills the parts in the order in which they were taken; what goes beyond belongs to the admission. */
  settle({ plan, parts }: Open<Asker>, usedTokens: number, nowMs: number): void {
    const [first, ...more] = parts;
    let left = Math.max(0, usedTokens - first.tokens);
    const shares = more.map((part) => {
      const share = Math.min(left, part.tokens);
      left -= share;
      return share;
    });
    const firstShare = Math.min(usedTokens, first.tokens) + left;
    for (const spec of trailing(plan)) {
      const window = this.windowOf(spec, nowMs);
      if (spec.unit === 'requests') window.settle(first, 1, 1, nowMs);
      else for (const [i, part] of [...more, first].entries()) window.settle(part, part.tokens, shares[i] ?? firstShare, nowMs);
    }
  }

  /** Minute and hour limits set while the request was in flight count it at its admission. */
  countWhereNotHeld(
    { plan, parts }: Open<Asker>,
    { tokens }: { readonly tokens: number },
    planNow: LimitPlan,
    nowMs: number,
  ): void {
    const names = new Set(plan.counters.map(({ name }) => name));
    const [{ atMs }] = parts;
    for (const spec of trailing(planNow)) {
      const window = this.windowOf(spec, nowMs);
      if (names.has(spec.name) || atMs <= nowMs - window.slotMs * 60) continue;
      window.add(Math.min(atMs, nowMs), spec.unit === 'requests' ? 1 : tokens);
    }
  }

  /** Who holds of a counter, and in which period by their own plan (0 where there is none). */
  holding(spec: CounterSpec): readonly { readonly open: Open<Asker>; readonly startMs: number }[] {
    const holding = [];
    for (const open of this.byHold.values()) {
      const startMs = open.periods.get(spec.name);
      if (startMs !== undefined) holding.push({ open, startMs });
    }
    return holding;
  }
}

/** Every counter of a plan by name, with when the period of an instant began. */
export function periodsOf(plan: LimitPlan, atMs: number): ReadonlyMap<string, number> {
  return new Map(
    plan.counters.map(({ name, window }) => [name, window.is === 'calendar' ? periodAt(window.boundariesMs, atMs).startMs : 0]),
  );
}

export function heldOf(spec: CounterSpec, parts: readonly Part[]): number {
  if (spec.unit === 'requests' || spec.unit === 'parallel') return 1;
  return sum(parts.map(({ tokens, nanoUsd }) => (spec.unit === 'tokens' ? tokens : nanoUsd)));
}

/** Minute and hour limits of requests and tokens. */
function trailing(plan: LimitPlan): readonly CounterSpec[] {
  return plan.counters.filter(({ window, unit }) => window.is === 'trailing' && unit !== 'nano_usd');
}
