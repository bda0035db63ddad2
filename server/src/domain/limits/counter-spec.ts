/** Counter definitions: their names, and the boundaries of their calendar periods. */

import type { Scope } from '../tenancy/tenancy.ts';
import type { BudgetPeriod } from './budget.ts';
import { boundariesFrom, type CalendarPeriod, FAR_FUTURE_MS, type PeriodSpan, periodAt, periodName } from './period.ts';
import type { RateLimitName, TargetMatch } from './rate-limit.ts';

/** The unit that a counter adds up. `parallel` is requests in flight. */
export type CounterUnit = 'requests' | 'tokens' | 'nano_usd' | 'parallel';

/** The time span that a counter covers. The counters choose the slot or period by their own clock, never the caller's. */
export type CounterWindow =
  /** Any trailing span of `slotMs` × 60; kept in 61 slots and a running sum. */
  | { readonly is: 'trailing'; readonly slotMs: number }
  /** Calendar periods: ascending instants. Each period lasts from one boundary up to, not including, the next. */
  | { readonly is: 'calendar'; readonly boundariesMs: readonly number[] }
  /** The requests that are in flight now. */
  | { readonly is: 'now' };

/** One counter, named by what it counts and never by the limit. So an edited limit keeps its use. */
export interface CounterSpec {
  /** `{scopeId}|{unit}|{match}|{window kind}`. The counters add the period instance of a calendar counter. */
  readonly name: string;
  readonly organizationId: string;
  readonly scope: Scope;
  readonly scopeId: string;
  readonly unit: CounterUnit;
  readonly match: TargetMatch;
  readonly window: CounterWindow;
}

/** The kind of a window, before its period boundaries are known. */
export type WindowKind = BudgetPeriod | { readonly is: 'minute' } | { readonly is: 'now' };

/** The unit and the window of each rate limit. */
export const RATE_LIMIT_COUNTERS: Readonly<Record<RateLimitName, { unit: CounterUnit; kind: WindowKind }>> = {
  rpm: { unit: 'requests', kind: { is: 'minute' } },
  tpm: { unit: 'tokens', kind: { is: 'minute' } },
  rph: { unit: 'requests', kind: { is: 'rolling', hours: 1 } },
  tph: { unit: 'tokens', kind: { is: 'rolling', hours: 1 } },
  rpd: { unit: 'requests', kind: { is: 'day' } },
  tpd: { unit: 'tokens', kind: { is: 'day' } },
  max_parallel: { unit: 'parallel', kind: { is: 'now' } },
};

/** The time zone of the days and periods, and the instant around which to compute them. */
export interface CounterTime {
  readonly timeZone: string;
  readonly nowMs: number;
}

/** The scope that a counter belongs to, its unit, and the names it matches. */
export type CounterOf = Pick<CounterSpec, 'organizationId' | 'scope' | 'scopeId' | 'unit' | 'match'>;

/** Returns one counter, and the time until which its boundaries are valid. */
export function counterSpec(
  { organizationId, scope, scopeId, unit, match }: CounterOf,
  kind: WindowKind,
  time: CounterTime,
): { readonly spec: CounterSpec; readonly validUntilMs: number } {
  const { window, validUntilMs } = windowOf(kind, time);
  const name = counterName({ scopeId, unit, match }, kind, time.timeZone);
  return { spec: Object.freeze({ name, organizationId, scope, scopeId, unit, match, window }), validUntilMs };
}

/** Returns `{scopeId}|{unit}|{match}|{window kind}`: the same name for every limit that reads the counter. */
export function counterName(
  { scopeId, unit, match }: Pick<CounterOf, 'scopeId' | 'unit' | 'match'>,
  kind: WindowKind,
  timeZone: string,
): string {
  return `${scopeId}|${unit}|${matchName(match)}|${windowName(kind, timeZone)}`;
}

/**
 * Returns a name that is never ambiguous, unlike `targetText`: a model may be called `@cf/llama`, so a mark in front states the
 * kind.
 */
function matchName(match: TargetMatch): string {
  switch (match.is) {
    case 'any':
      return 'any';
    case 'exact':
      return `=${match.name}`;
    case 'prefix':
      return `^${match.prefix}`;
    case 'access_group':
      return `@${match.key}`;
    case 'tag':
      return `#${match.tag}`;
    // A name may hold any character, a bar too. It stays apart from the rest, because no part after it holds one.
    case 'end_user':
      return `~${match.name ?? ''}`;
  }
}

function windowName(kind: WindowKind, timeZone: string): string {
  if (kind.is === 'minute' || kind.is === 'now') return kind.is;
  return periodName(kind, timeZone);
}

function windowOf(kind: WindowKind, { timeZone, nowMs }: CounterTime): { window: CounterWindow; validUntilMs: number } {
  if (kind.is === 'now') return { window: NOW, validUntilMs: FAR_FUTURE_MS };
  if (kind.is === 'minute') return { window: MINUTE, validUntilMs: FAR_FUTURE_MS };
  if (kind.is === 'rolling') return { window: { is: 'trailing', slotMs: kind.hours * 60_000 }, validUntilMs: FAR_FUTURE_MS };
  const { window, present } = calendarAround(kind, timeZone, nowMs);
  return { window, validUntilMs: present.endMs };
}

const NOW: CounterWindow = Object.freeze({ is: 'now' });
const MINUTE: CounterWindow = Object.freeze({ is: 'trailing', slotMs: 1_000 });

interface Calendar {
  readonly present: PeriodSpan;
  readonly window: CounterWindow;
}

/**
 * A cache of calendars: the same few serve every plan of every tenant in a zone, and at midnight all their plans are rebuilt at
 * once. It only saves computing time, so it is cleared when it is full.
 */
const CALENDARS = new Map<string, Calendar>();
const CALENDARS_MAX = 4_096;

/**
 * Returns the previous, the present and the next period. The counters' clock may run a little before or behind ours, and a
 * request admitted just before a boundary settles after it. The plan is rebuilt when the present period ends.
 */
function calendarAround(period: CalendarPeriod, timeZone: string, nowMs: number): Calendar {
  const name = periodName(period, timeZone);
  const known = CALENDARS.get(name);
  if (known !== undefined && known.present.startMs <= nowMs && nowMs < known.present.endMs) return known;
  const present = periodAt(period, timeZone, nowMs);
  const boundariesMs = Object.freeze(boundariesFrom(period, timeZone, present.startMs - 1, 4));
  const calendar: Calendar = { present, window: Object.freeze({ is: 'calendar', boundariesMs }) };
  if (CALENDARS.size >= CALENDARS_MAX) CALENDARS.clear();
  CALENDARS.set(name, calendar);
  return calendar;
}

/**
 * Returns the span that a window counts at this instant, from `fromMs` up to, not including, `toMs`: the present period, or the
 * trailing span. Empty for requests in flight.
 */
export function windowSpan(window: CounterWindow, nowMs: number): { readonly fromMs: number; readonly toMs: number } {
  switch (window.is) {
    case 'now':
      return { fromMs: nowMs, toMs: nowMs };
    case 'trailing':
      return { fromMs: nowMs - window.slotMs * 60 + 1, toMs: FAR_FUTURE_MS };
    case 'calendar':
      return {
        fromMs: window.boundariesMs.findLast((boundary) => boundary <= nowMs) ?? 0,
        toMs: window.boundariesMs.find((boundary) => boundary > nowMs) ?? FAR_FUTURE_MS,
      };
  }
}
