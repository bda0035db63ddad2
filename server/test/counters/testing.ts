import type { Counters, HoldResult, SeedFrom, SeedPoint, Wanted } from '../../src/counters/counters.ts';
import type { CounterSpec, CounterUnit, CounterWindow, LimitPlan, LimitRule } from '../../src/domain/limits/limit-plan.ts';
import { FAR_FUTURE_MS } from '../../src/domain/limits/period.ts';
import type { Clock } from '../../src/lib/timing/clock.ts';

/** What the tests of every kind of counters are written with: a clock turned by hand, plans made by hand, a ledger that is asked. */

export interface HandClock extends Clock {
  setMs(ms: number): void;
  /** Negative turns it back. */
  turn(ms: number): void;
}

export function handClock(startMs: number): HandClock {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    setMs: (ms) => {
      nowMs = ms;
    },
    turn: (ms) => {
      nowMs += ms;
    },
  };
}

export const NOON = Date.parse('2026-07-23T12:00:00Z');
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

export const MINUTE: CounterWindow = { is: 'trailing', slotMs: 1_000 };
export const HOUR: CounterWindow = { is: 'trailing', slotMs: MINUTE_MS };
/** Days in UTC around noon of the tests' day. */
export const DAY: CounterWindow = calendar([-1, 0, 1, 2].map((days) => NOON - DAY_MS / 2 + days * DAY_MS));
export const TOTAL: CounterWindow = calendar([0, FAR_FUTURE_MS]);
export const IN_FLIGHT: CounterWindow = { is: 'now' };

export function calendar(boundariesMs: readonly number[]): CounterWindow {
  return { is: 'calendar', boundariesMs };
}

/** A rule as a test states it: what is counted, over what, at most how much. */
export interface RuleFacts {
  readonly unit: CounterUnit;
  readonly window: CounterWindow;
  readonly value: number;
  /** Calendar counters over other boundaries are other counters, unless they say that they are the same. */
  readonly series?: string;
  readonly scopeId?: string;
  readonly action?: 'block' | 'alert';
  readonly clampOutput?: boolean;
  /** Only what calls an access group's members. */
  readonly group?: string;
}

/** Rules that say the same of scope, unit and window share a counter, as in a real plan. */
export function planOf(...facts: readonly RuleFacts[]): LimitPlan {
  const counters: CounterSpec[] = [];
  const rules = facts.map((fact, index): LimitRule => {
    const spec = specOf(fact);
    let counter = counters.findIndex(({ name }) => name === spec.name);
    if (counter === -1) counter = counters.push(spec) - 1;
    return ruleOf(fact, spec, index, counter);
  });
  return { organizationId: 'org_1', counters, rules, validUntilMs: FAR_FUTURE_MS, shapeId: 'by hand' };
}

/** The same plan, made when the called name had these access groups. */
export function withGroups(plan: LimitPlan, ...groups: readonly string[]): LimitPlan {
  return { ...plan, groups: new Set(groups) };
}

function specOf({ unit, window, group, scopeId = 'org_1' }: RuleFacts): CounterSpec {
  const match = group === undefined ? ({ is: 'any' } as const) : ({ is: 'access_group', key: group } as const);
  return {
    name: `${scopeId}|${unit}|${group === undefined ? 'any' : `@${group}`}|${windowName(window)}`,
    organizationId: 'org_1',
    scope: 'organization',
    scopeId,
    unit,
    match,
    window,
  };
}

export const wants = (tokens = 0, nanoUsd = 0, nanoUsdMin = nanoUsd): Wanted => ({ tokens, nanoUsd, nanoUsdMin });
export const used = (tokens = 0, nanoUsd = 0) => ({ tokens, nanoUsd });

/** Makes the counters under test, with nothing counted yet. */
export type MakeCounters = (options: { readonly clock: HandClock; readonly seedFrom: SeedFrom }) => Counters | Promise<Counters>;

/** Counters with nothing counted yet, a clock at noon, and a ledger that holds nothing unless told. */
export async function freshCounters(make: MakeCounters, ledger = askedLedger()) {
  const clock = handClock(NOON);
  return { clock, ledger, counters: await make({ clock, seedFrom: ledger.seedFrom }) };
}

/** The hold, for a test in which it must be given. */
export function admitted(result: HoldResult): Extract<HoldResult, { admitted: true }> {
  if (result.admitted) return result;
  throw new Error(`refused: ${JSON.stringify(result.refusing)}`);
}

export function refused(result: HoldResult): Extract<HoldResult, { admitted: false }> {
  if (!result.admitted) return result;
  throw new Error('admitted, where it should have been refused');
}

/** A ledger that answers when it is told to, with what it held at the instant it was asked. */
export interface AskedLedger {
  readonly seedFrom: SeedFrom;
  /** What it holds, in order. */
  readonly points: SeedPoint[];
  readonly questions: { readonly name: string; readonly fromMs: number; readonly toMs: number }[];
  /** Waits until so many questions have come in all. */
  asked(count: number): Promise<void>;
  /** Answers every open question. */
  answer(): void;
  fail(reason: Error): void;
}

/** Answers at once unless `waits`. */
export function askedLedger(points: SeedPoint[] = [], { waits = false } = {}): AskedLedger {
  const questions: AskedLedger['questions'] = [];
  const open: { readonly give: () => void; readonly fail: (reason: Error) => void }[] = [];
  return {
    points,
    questions,
    seedFrom: (spec, fromMs, toMs) => {
      questions.push({ name: spec.name, fromMs, toMs });
      const found = points.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
      if (!waits) return Promise.resolve(found);
      return new Promise((resolve, reject) => open.push({ give: () => resolve(found), fail: reject }));
    },
    asked: async (count) => {
      while (questions.length < count) await new Promise((resolve) => setImmediate(resolve));
    },
    answer: () => {
      for (const question of open.splice(0)) question.give();
    },
    fail: (reason) => {
      for (const question of open.splice(0)) question.fail(reason);
    },
  };
}

function windowName(window: CounterWindow): string {
  if (window.is === 'trailing') return `rolling:${window.slotMs}`;
  return window.is === 'now' ? 'now' : `periods:${window.boundariesMs[0]}`;
}

function ruleOf(fact: RuleFacts, { name, scope, scopeId, unit, match }: CounterSpec, index: number, counter: number): LimitRule {
  const { value, action = 'block', clampOutput = false } = fact;
  const budgetId = unit === 'nano_usd' ? `bud_${index}` : null;
  const limit = budgetId === null ? 'rpm' : 'budget';
  return { id: `${index}:${name}`, scope, scopeId, limit, match, budgetId, value, action, clampOutput, counter };
}
