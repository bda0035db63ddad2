/**
 * Divides a time span into whole days and months of a time zone, and the rest at its ends. Folded use is stored by those days and
 * months.
 */
import { FAR_FUTURE_MS, type PeriodSpan, periodAt } from '../limits/period.ts';

/** A calendar day of a zone: usually 24 hours, more or less if its clocks change. */
export interface LocalDay extends PeriodSpan {
  /** The date, `2026-03-29`. */
  readonly day: string;
}

const MINUTE_MS = 60_000;

/** Returns the day of a zone that contains the instant. */
export function localDayAt(timeZone: string, atMs: number): LocalDay {
  const { startMs, endMs } = periodAt({ is: 'day' }, timeZone, atMs);
  return { startMs, endMs, day: dateOf(timeZone, startMs) };
}

/**
 * Returns the days of a zone that a span touches, in order. The first and the last are cut to the span. Empty for an empty span.
 */
export function localDays(timeZone: string, fromMs: number, toMs: number): readonly LocalDay[] {
  const days: LocalDay[] = [];
  for (let atMs = fromMs; atMs < toMs; ) {
    const { day, endMs } = localDayAt(timeZone, atMs);
    days.push({ day, startMs: atMs, endMs: Math.min(endMs, toMs) });
    atMs = endMs;
  }
  return days;
}

/** Returns the first instant of the zone's month that contains the instant. */
export function localMonthStartMs(timeZone: string, atMs: number): number {
  return periodAt({ is: 'month', anchorDay: 1 }, timeZone, atMs).startMs;
}

/** A range of dates, from the first to the last, both included. `-infinity` and `infinity` are allowed. */
export interface DateRange {
  readonly first: string;
  readonly last: string;
}

/** A part of a span, from `fromMs` up to, not including, `toMs`. */
interface Part {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A span, divided into rows of days and months, and single rows for the rest. */
export interface FoldedSpan {
  /** The parts before the first whole day and after the last; at most two. */
  readonly rest: readonly Part[];
  /** All whole days together; null if there are none. Days that are not folded yet are read row by row too. */
  readonly whole: Part | null;
  /** The whole months among those days. */
  readonly months: DateRange | null;
  /** The whole days before and after those months: at most two ranges of up to 31 days, unless there is no whole month. */
  readonly days: readonly DateRange[];
}

/** A cache, because thousands of counters need the same few periods. It is cleared when it is full. */
const SPANS = new Map<string, FoldedSpan>();
const SPANS_MAX = 4_096;

/**
 * Divides a span by the days and months of a zone that begin at or after `knownFromMs`. Earlier days are not folded and belong to
 * the rest. 0 for `knownFromMs`: all days are folded.
 */
export function foldedSpan(timeZone: string, { fromMs, toMs }: Part, knownFromMs: number): FoldedSpan {
  const name = `${timeZone} ${fromMs} ${toMs} ${knownFromMs}`;
  const known = SPANS.get(name);
  if (known !== undefined) return known;
  const span = divided(timeZone, { fromMs, toMs }, knownFromMs);
  if (SPANS.size >= SPANS_MAX) SPANS.clear();
  SPANS.set(name, span);
  return span;
}

function divided(timeZone: string, { fromMs, toMs }: Part, knownFromMs: number): FoldedSpan {
  const day = (atMs: number) => localDayAt(timeZone, atMs);
  const startMs = fromMs <= 0 && knownFromMs <= 0 ? 0 : atOrAfter(Math.max(fromMs, knownFromMs, MINUTE_MS), day);
  const endMs = atOrBefore(toMs, day);
  if (startMs >= endMs) return { rest: [{ fromMs, toMs }], whole: null, months: null, days: [] };
  const month = (atMs: number) => periodAt({ is: 'month', anchorDay: 1 }, timeZone, atMs);
  const firstMonthMs = startMs === 0 ? 0 : atOrAfter(startMs, month);
  const lastMonthMs = atOrBefore(endMs, month);
  const hasMonths = firstMonthMs < lastMonthMs;
  const range = (from: number, to: number): DateRange[] =>
    from < to ? [{ first: firstDate(timeZone, from), last: lastDate(timeZone, to) }] : [];
  return {
    rest: [
      { fromMs, toMs: startMs },
      { fromMs: endMs, toMs },
    ].filter((part) => part.fromMs < part.toMs),
    whole: { fromMs: startMs, toMs: endMs },
    months: hasMonths ? (range(firstMonthMs, lastMonthMs)[0] ?? null) : null,
    days: hasMonths ? [...range(startMs, firstMonthMs), ...range(lastMonthMs, endMs)] : range(startMs, endMs),
  };
}

type PeriodOf = (atMs: number) => PeriodSpan;

/** Returns the first beginning of a period at or after an instant. */
function atOrAfter(atMs: number, periodOf: PeriodOf): number {
  if (atMs >= FAR_FUTURE_MS) return FAR_FUTURE_MS;
  const { startMs, endMs } = periodOf(atMs);
  return startMs === atMs ? atMs : endMs;
}

/** Returns the last beginning of a period at or before an instant. FAR_FUTURE_MS counts as such a beginning. */
function atOrBefore(atMs: number, periodOf: PeriodOf): number {
  return atMs >= FAR_FUTURE_MS ? FAR_FUTURE_MS : periodOf(atMs).startMs;
}

function firstDate(timeZone: string, fromMs: number): string {
  return fromMs === 0 ? '-infinity' : dateOf(timeZone, fromMs);
}

function lastDate(timeZone: string, toMs: number): string {
  return toMs >= FAR_FUTURE_MS ? 'infinity' : dateOf(timeZone, toMs - 1);
}

function dateOf(timeZone: string, atMs: number): string {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).toPlainDate().toString();
}
