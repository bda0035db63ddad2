import type { BudgetPeriod } from './budget.ts';

/** A period that begins at instants of a calendar; a rolling one trails and has no beginnings. */
export type CalendarPeriod = Exclude<BudgetPeriod, { is: 'rolling' }>;

/** From `startMs` up to, not including, `endMs`. */
export interface PeriodSpan {
  readonly startMs: number;
  readonly endMs: number;
}

/** The last instant a Date can name: where a `total` period ends. Below 2^53, so counters and Lua hold it exactly. */
export const FAR_FUTURE_MS = 8_640_000_000_000_000;

const HOUR_MS = 3_600_000;

/** The one period that contains the instant. Periods follow each other without gap or overlap, in every zone. */
export function periodAt(period: CalendarPeriod, timeZone: string, atMs: number): PeriodSpan {
  if (period.is === 'total') return { startMs: 0, endMs: FAR_FUTURE_MS };
  const index = indexAt(period, timeZone, atMs);
  return { startMs: startOf(period, timeZone, index), endMs: startOf(period, timeZone, index + 1) };
}

/** `count` (2 to 64) strictly rising boundaries: the start of the period that contains the instant, then each later start. */
export function boundariesFrom(period: CalendarPeriod, timeZone: string, atMs: number, count: number): readonly number[] {
  if (period.is === 'total') return [0, FAR_FUTURE_MS];
  let index = indexAt(period, timeZone, atMs);
  const boundaries = [startOf(period, timeZone, index)];
  while (boundaries.length < count) {
    index += 1;
    const next = startOf(period, timeZone, index);
    // A date that a zone skipped (Apia, 30 December 2011) is an empty period: no boundary of its own.
    if (next > (boundaries[boundaries.length - 1] as number)) boundaries.push(next);
  }
  return boundaries;
}

/**
 * The period that contains the instant and those before it, newest first, `count` of them and each ending where the one after it begins.
 * A rolling one ends at the instant; a total one is the only one there is.
 */
export function periodsBack(period: BudgetPeriod, timeZone: string, atMs: number, count: number): readonly PeriodSpan[] {
  if (period.is === 'rolling') {
    const lengthMs = rollingMs(period);
    return Array.from({ length: count }, (_, back) => ({ startMs: atMs - (back + 1) * lengthMs, endMs: atMs - back * lengthMs }));
  }
  const spans = [periodAt(period, timeZone, atMs)];
  while (period.is !== 'total' && spans.length < count) {
    spans.push(periodAt(period, timeZone, (spans.at(-1) as PeriodSpan).startMs - 1));
  }
  return spans;
}

/** When the period that contains the instant ends and the next begins with nothing spent. */
export function nextResetMs(period: CalendarPeriod, timeZone: string, atMs: number): number {
  return periodAt(period, timeZone, atMs).endMs;
}

/** How long a rolling period trails. */
export function rollingMs(period: Extract<BudgetPeriod, { is: 'rolling' }>): number {
  return period.hours * HOUR_MS;
}

/** Names a period's kind, anchor and zone: a re-anchored or re-zoned budget counts elsewhere. `month:31@Europe/Paris`. */
export function periodName(period: BudgetPeriod, timeZone: string): string {
  switch (period.is) {
    case 'rolling':
      return `rolling:${period.hours}h`;
    case 'total':
      return 'total';
    case 'day':
      return `day@${timeZone}`;
    case 'week':
    case 'month':
      return `${period.is}:${period.anchorDay}@${timeZone}`;
    case 'quarter':
    case 'year':
      return `${period.is}:${period.anchorMonth}-${period.anchorDay}@${timeZone}`;
  }
}

/** The zone's name as IANA spells it, or null when there is no such zone. Offsets (`+02:00`) are not zones: they know no DST. */
export function canonicalTimeZone(name: string): string | null {
  if (name.length > 64 || !/^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(name)) return null;
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId;
  } catch {
    return null;
  }
}

/** True when the runtime knows this IANA zone. */
export function isTimeZone(name: string): boolean {
  return canonicalTimeZone(name) !== null;
}

type CountedPeriod = Exclude<CalendarPeriod, { is: 'total' }>;

/** Which period, counted from the year 0 or the epoch, contains the instant. */
function indexAt(period: CountedPeriod, timeZone: string, atMs: number): number {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.floor(atMs)).toZonedDateTimeISO(timeZone);
  let index = guessIndex(period, local);
  // The local date is only a guess: clocks set back across midnight show a date again after the next one has begun.
  while (startOf(period, timeZone, index) > atMs) index -= 1;
  while (startOf(period, timeZone, index + 1) <= atMs) index += 1;
  return index;
}

function guessIndex(period: CountedPeriod, local: Temporal.ZonedDateTime): number {
  switch (period.is) {
    case 'day':
      return Math.floor(Date.UTC(local.year, local.month - 1, local.day) / DAY_MS);
    case 'week':
      return Math.floor((Date.UTC(local.year, local.month - 1, local.day) / DAY_MS - FIRST_MONDAY) / 7);
    case 'month':
      return local.year * 12 + local.month - 1;
    case 'quarter':
      return local.year * 4 + Math.floor((local.month - 1) / 3);
    case 'year':
      return local.year;
  }
}

/** The first existing instant of the period's first date. */
function startOf(period: CountedPeriod, timeZone: string, index: number): number {
  return firstDateOf(period, index).toZonedDateTime(timeZone).epochMilliseconds;
}

const DAY_MS = 86_400_000;
/** 5 January 1970 was a Monday. */
const FIRST_MONDAY = 4;

function firstDateOf(period: CountedPeriod, index: number): Temporal.PlainDate {
  switch (period.is) {
    case 'day':
      return dateOfEpochDay(index);
    case 'week':
      return dateOfEpochDay(FIRST_MONDAY + index * 7 + period.anchorDay - 1);
    case 'month':
      return clampedDate(Math.floor(index / 12), index, period.anchorDay);
    case 'quarter':
      return clampedDate(Math.floor(index / 4), (index % 4) * 3 + period.anchorMonth - 1, period.anchorDay);
    case 'year':
      return clampedDate(index, period.anchorMonth - 1, period.anchorDay);
  }
}

function dateOfEpochDay(day: number): Temporal.PlainDate {
  const utc = new Date(day * DAY_MS);
  return Temporal.PlainDate.from({ year: utc.getUTCFullYear(), month: utc.getUTCMonth() + 1, day: utc.getUTCDate() });
}

/** Day 31 becomes the month's last day in that month only: the anchor itself is never changed. */
function clampedDate(year: number, monthIndex: number, day: number): Temporal.PlainDate {
  return Temporal.PlainDate.from({ year, month: (monthIndex % 12) + 1, day }, { overflow: 'constrain' });
}
