/** Counters by what they count and over what time: how one is named, and where its calendar's periods begin. */

import type { Scope } from '../tenancy/tenancy.ts';
import type { BudgetPeriod } from './budget.ts';
import { boundariesFrom, type CalendarPeriod, FAR_FUTURE_MS, type PeriodSpan, periodAt, periodName } from './period.ts';
import type { RateLimitName, TargetMatch } from './rate-limit.ts';

/** What a counter adds up. `parallel` is requests in flight. */
export type CounterUnit = 'requests' | 'tokens' | 'nano_usd' | 'parallel';

/** Over what stretch of time a counter counts. The counters choose the slot or period by their own clock, never the caller's. */
export type CounterWindow =
  /** Any trailing span of `slotMs` × 60; kept in 61 slots and a running sum. */
  | { readonly is: 'trailing'; readonly slotMs: number }
  /** Calendar periods: rising instants, each period from one boundary up to, not including, the next. */
  | { readonly is: 'calendar'; readonly boundariesMs: readonly number[] }
  /** In flight now. */
  | { readonly is: 'now' };

/** One counter, named by what it counts and never by who limits it, so that an edited limit keeps what was used. */
export interface CounterSpec {
  /** `{scopeId}|{unit}|{match}|{window kind}`; a calendar counter's period instance is added by the counters. */
  readonly name: string;
  readonly organizationId: string;
  readonly scope: Scope;
  readonly scopeId: string;
  readonly unit: CounterUnit;
  readonly match: TargetMatch;
  readonly window: CounterWindow;
}

/** What a window is called before it is known where its periods begin. */
export type WindowKind = BudgetPeriod | { readonly is: 'minute' } | { readonly is: 'now' };

/** What each rate limit counts. */
export const RATE_LIMIT_COUNTERS: Readonly<Record<RateLimitName, { unit: CounterUnit; kind: WindowKind }>> = {
  rpm: { unit: 'requests', kind: { is: 'minute' } },
  tpm: { unit: 'tokens', kind: { is: 'minute' } },
  rph: { unit: 'requests', kind: { is: 'rolling', hours: 1 } },
  tph: { unit: 'tokens', kind: { is: 'rolling', hours: 1 } },
  rpd: { unit: 'requests', kind: { is: 'day' } },
  tpd: { unit: 'tokens', kind: { is: 'day' } },
  max_parallel: { unit: 'parallel', kind: { is: 'now' } },
};

/** Whose days and periods they are, and around which instant. */
export interface CounterTime {
  readonly timeZone: string;
  readonly nowMs: number;
}

/** Whose counter it is and what it counts. */
export type CounterOf = Pick<CounterSpec, 'organizationId' | 'scope' | 'scopeId' | 'unit' | 'match'>;

/** One counter, and until when its boundaries reach. */
export function counterSpec(
  { organizationId, scope, scopeId, unit, match }: CounterOf,
  kind: WindowKind,
  time: CounterTime,
): { readonly spec: CounterSpec; readonly validUntilMs: number } {
  const { window, validUntilMs } = windowOf(kind, time);
  const name = counterName({ scopeId, unit, match }, kind, time.timeZone);
  return { spec: Object.freeze({ name, organizationId, scope, scopeId, unit, match, window }), validUntilMs };
}

/** `{scopeId}|{unit}|{match}|{window kind}`: the same whoever limits it. */
export function counterName(
  { scopeId, unit, match }: Pick<CounterOf, 'scopeId' | 'unit' | 'match'>,
  kind: WindowKind,
  timeZone: string,
): string {
  return `${scopeId}|${unit}|${matchName(match)}|${windowName(kind, timeZone)}`;
}

/** Unlike `targetText` never ambiguous: a model may be called `@cf/llama`, and the mark in front says which kind it is. */
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
 * Remembered calendars: the same few serve every plan of every tenant in a zone, and at midnight all their plans are rebuilt at once.
 * What is remembered only saves the time to work it out again, so it may be dropped whole.
 */
const CALENDARS = new Map<string, Calendar>();
const CALENDARS_MAX = 4_096;

/**
 * The period before now, the present one and the next: the counters' clock may run a little before or behind ours, and a request
 * admitted just before a boundary settles after it. The plan is rebuilt when the present period ends.
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
 * What a window counts at this instant, from `fromMs` up to, not including, `toMs`: the period there is now, or what trails behind it. Empty for
 * requests in flight.
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
