/** The spans that reports compare: a month of a calendar, and the period before a span. */
import type { PeriodSpan } from '../limits/period.ts';

/** The form of a month: `2026-10`, in the years 1970 to 9999. */
export const MONTH_FORM = /^(19[7-9]\d|[2-9]\d{3})-(0[1-9]|1[0-2])$/;

/** Returns the whole month of a zone. `month` must have MONTH_FORM. */
export function monthSpan(month: string, timeZone: string): PeriodSpan {
  const first = Temporal.PlainDate.from(`${month}-01`);
  return { startMs: startOfDay(first, timeZone), endMs: startOfDay(first.add({ months: 1 }), timeZone) };
}

/** Returns the month of a zone that contains the instant, `2026-10`, or the one so many months before. */
export function monthOf(atMs: number, timeZone: string, monthsBefore = 0): string {
  return zoned(atMs, timeZone).toPlainDate().with({ day: 1 }).subtract({ months: monthsBefore }).toString().slice(0, 7);
}

/**
 * Returns the span to compare with. Whole months are compared with as many months before, and a part of a month from its first day
 * with the same days of the month before. A span that begins with a day is moved back by the days that it touches, so that times of
 * day are compared with the same ones. Any other span is compared with the same length before it.
 */
export function spanBefore(span: PeriodSpan, timeZone: string): PeriodSpan {
  const [start, end] = [zoned(span.startMs, timeZone), zoned(span.endMs, timeZone)];
  if (!isDayStart(start)) return { startMs: 2 * span.startMs - span.endMs, endMs: span.startMs };
  return monthsBefore(start, end) ?? daysBefore(start, end);
}

function monthsBefore(start: Temporal.ZonedDateTime, end: Temporal.ZonedDateTime): PeriodSpan | null {
  if (start.day !== 1) return null;
  const [first, timeZone] = [start.toPlainDate(), start.timeZoneId];
  const count = (end.year - start.year) * 12 + end.month - start.month;
  if (end.day === 1 && isDayStart(end)) {
    return { startMs: startOfDay(first.subtract({ months: count }), timeZone), endMs: start.epochMilliseconds };
  }
  if (count > 0) return null;
  const before = first.subtract({ months: 1 });
  // 30 March has no counterpart in February: then the whole month is compared.
  const endMs = end.day > before.daysInMonth ? start.epochMilliseconds : end.subtract({ months: 1 }).epochMilliseconds;
  return { startMs: startOfDay(before, timeZone), endMs: Math.min(endMs, start.epochMilliseconds) };
}

function daysBefore(start: Temporal.ZonedDateTime, end: Temporal.ZonedDateTime): PeriodSpan {
  const whole = start.toPlainDate().until(end.toPlainDate(), { largestUnit: 'days' }).days;
  const days = isDayStart(end) ? whole : whole + 1;
  return {
    startMs: startOfDay(start.toPlainDate().subtract({ days }), start.timeZoneId),
    endMs: end.subtract({ days }).epochMilliseconds,
  };
}

function isDayStart(at: Temporal.ZonedDateTime): boolean {
  return at.epochMilliseconds === at.startOfDay().epochMilliseconds;
}

function startOfDay(date: Temporal.PlainDate, timeZone: string): number {
  return date.toZonedDateTime(timeZone).epochMilliseconds;
}

function zoned(atMs: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(atMs)).toZonedDateTimeISO(timeZone);
}
