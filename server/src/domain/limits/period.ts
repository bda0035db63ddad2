import type { BudgetPeriod } from './budget.ts';

/** A period that begins at instants of a calendar. A rolling period has no such beginnings. */
export type CalendarPeriod = Exclude<BudgetPeriod, { is: 'rolling' }>;

/** A time span from `startMs` up to, not including, `endMs`. */
export interface PeriodSpan {
  readonly startMs: number;
  readonly endMs: number;
}

/** The last instant that a Date can hold. A `total` period ends there. Below 2^53, so counters and Lua store it exactly. */
export const FAR_FUTURE_MS = 8_640_000_000_000_000;

const HOUR_MS = 3_600_000;

/** Returns the period that contains the instant. Periods follow each other without gap or overlap, in every zone. */
export function periodAt(period: CalendarPeriod, timeZone: string, atMs: number): PeriodSpan {
  if (period.is === 'total') return { startMs: 0, endMs: FAR_FUTURE_MS };
  const index = indexAt(period, timeZone, atMs);
  return { startMs: startOf(period, timeZone, index), endMs: startOf(period, timeZone, index + 1) };
}

/**
 * Returns `count` (2 to 64) strictly ascending boundaries: the start of the period that contains the instant, then each later
 * start. A `total` period has only two.
 */
export function boundariesFrom(period: CalendarPeriod, timeZone: string, atMs: number, count: number): readonly number[] {
  if (period.is === 'total') return [0, FAR_FUTURE_MS];
  return startsFrom(period, timeZone, atMs, (starts) => starts.length === count);
}

/**
 * Returns the ascending starts of periods: that of the period that contains `fromMs`, then each later one before `toMs`. Null if
 * there are more than `countMax`.
 */
export function startsWithin(
  period: CountedPeriod,
  timeZone: string,
  { startMs: fromMs, endMs: toMs }: PeriodSpan,
  countMax: number,
): readonly number[] | null {
  // No period is longer than this, so a far too long span is recognized without computing any start.
  if ((toMs - fromMs) / DAYS_MAX[period.is] / DAY_MS > countMax) return null;
  const isEnough = (starts: readonly number[]) => (starts.at(-1) as number) >= toMs || starts.length > countMax + 1;
  const starts = startsFrom(period, timeZone, fromMs, isEnough);
  const within = starts.filter((startMs, at) => at === 0 || startMs < toMs);
  return within.length > countMax ? null : within;
}

/** The most days that a period has. A zone that moved across the date line adds one. */
const DAYS_MAX: Readonly<Record<CountedPeriod['is'], number>> = { day: 2, week: 8, month: 32, quarter: 93, year: 367 };

/**
 * Returns ascending starts until `isEnough`, the first of them that of the period that contains the instant. Throws RangeError
 * after STEPS_MAX periods.
 */
function startsFrom(
  period: CountedPeriod,
  timeZone: string,
  atMs: number,
  isEnough: (starts: readonly number[]) => boolean,
): readonly number[] {
  const firstIndex = indexAt(period, timeZone, atMs);
  const starts = [startOf(period, timeZone, firstIndex)];
  for (let step = 1; !isEnough(starts); step += 1) {
    if (step > STEPS_MAX) throw new RangeError(`the period was not found within ${STEPS_MAX} steps`);
    const next = startOf(period, timeZone, firstIndex + step);
    // A date that a zone skipped (Apia, 30 December 2011) is an empty period: no start of its own.
    if (next > (starts[starts.length - 1] as number)) starts.push(next);
  }
  return starts;
}

/** The most periods that one call computes: see `startsWithin` and the callers of `boundariesFrom`. */
const STEPS_MAX = 10_000;

/**
 * Returns the period that contains the instant and those before it, newest first, `count` in all. Each ends where the next newer
 * one begins. A rolling period ends at the instant. A `total` period is the only one.
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

/** Returns the end of the period that contains the instant. The next period begins there with nothing spent. */
export function nextResetMs(period: CalendarPeriod, timeZone: string, atMs: number): number {
  return periodAt(period, timeZone, atMs).endMs;
}

/** Returns the length of a rolling period in milliseconds. */
export function rollingMs(period: Extract<BudgetPeriod, { is: 'rolling' }>): number {
  return period.hours * HOUR_MS;
}

/**
 * Returns a name of a period's kind, anchor and zone, such as `month:31@Europe/Paris`. A budget with another anchor or zone
 * therefore uses another counter.
 */
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

/** The forms of names of time zones. The database of zones says which of them exist. */
export const TIME_ZONE_PATTERN = '^[A-Za-z][A-Za-z0-9_+\\-/]*$';

/**
 * Returns the zone's name as IANA spells it, or null if there is no such zone. Offsets (`+02:00`) are not zones, because they
 * have no DST.
 */
export function canonicalTimeZone(name: string): string | null {
  if (name.length > 64 || !/^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(name)) return null;
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId;
  } catch {
    return null;
  }
}

/** Reports whether the runtime knows this IANA zone. */
export function isTimeZone(name: string): boolean {
  return canonicalTimeZone(name) !== null;
}

/** A period that can be numbered: every calendar period except `total`. */
export type CountedPeriod = Exclude<CalendarPeriod, { is: 'total' }>;

/**
 * Returns the index of the period that contains the instant, counted from the year 0 or the epoch. Throws RangeError if the guess
 * is too far off.
 */
function indexAt(period: CountedPeriod, timeZone: string, atMs: number): number {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.floor(atMs)).toZonedDateTimeISO(timeZone);
  // The local date is only a guess: if clocks are set back across midnight, a date occurs again after the next one has begun.
  const guess = guessIndex(period, local);
  let index = guess;
  while (index > guess - GUESS_OFF_MAX && startOf(period, timeZone, index) > atMs) index -= 1;
  while (index < guess + GUESS_OFF_MAX && startOf(period, timeZone, index + 1) <= atMs) index += 1;
  if (index === guess - GUESS_OFF_MAX || index === guess + GUESS_OFF_MAX) throw new RangeError('no period contains this time');
  return index;
}

/** The most periods that a guess may be off. Clocks and anchors cause one. More is a defect, and the search must stop. */
const GUESS_OFF_MAX = 4;

function guessIndex(period: CountedPeriod, local: Temporal.ZonedDateTime): number {
  switch (period.is) {
    case 'day':
      return epochDayOf(local);
    case 'week':
      return Math.floor((epochDayOf(local) - FIRST_MONDAY) / 7);
    case 'month':
      return local.year * 12 + local.month - 1;
    case 'quarter':
      return local.year * 4 + Math.floor((local.month - 1) / 3);
    case 'year':
      return local.year;
  }
}

/** Returns the days from 1 January 1970 to a date. `Date.UTC` cannot be used: it reads the years 0 to 99 as 1900 to 1999. */
function epochDayOf({ year, month, day }: Temporal.ZonedDateTime): number {
  return new Date(0).setUTCFullYear(year, month - 1, day) / DAY_MS;
}

/** Returns the first existing instant of the period's first date, in Unix milliseconds. */
function startOf(period: CountedPeriod, timeZone: string, index: number): number {
  return firstDateOf(period, index).toZonedDateTime(timeZone).epochMilliseconds;
}

const DAY_MS = 86_400_000;
/** The day number of the first Monday, 5 January 1970. */
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

/** Returns the date, with a day such as 31 clamped to the month's last day. The anchor itself never changes. */
function clampedDate(year: number, monthIndex: number, day: number): Temporal.PlainDate {
  return Temporal.PlainDate.from({ year, month: (monthIndex % 12) + 1, day }, { overflow: 'constrain' });
}
