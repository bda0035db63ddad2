/** Every time that the console shows is formatted here, in the reader's locale: instants, periods, and names of days and months. */

const near = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });
const STEPS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;
const instant = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const timeOfDay = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });

/** Formats an instant in the reader's time zone: `Nov 28, 2026, 10:31 AM`. */
export function instantText(date: Date): string {
  return instant.format(date);
}

/** Formats an instant in UTC, to the second: `2026-11-28 10:31:05 UTC`. */
export function utcText(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Formats the date of an instant in the reader's time zone: `Nov 28, 2026`. */
export function dateText(date: Date): string {
  return day.format(date);
}

/** Formats the time of day of an instant in the reader's time zone: `2:15 PM`. For instants of the last hours. */
export function clockText(date: Date): string {
  return timeOfDay.format(date);
}

/** Formats a time to the second in the reader's time zone. It names the year only if it is not the current one. */
export function secondsText(date: Date): string {
  const year = date.getFullYear() === new Date().getFullYear() ? {} : ({ year: 'numeric' } as const);
  const time = { hour: 'numeric', minute: '2-digit', second: '2-digit' } as const;
  return new Intl.DateTimeFormat(undefined, { ...year, month: 'short', day: 'numeric', ...time }).format(date);
}

/** Formats an instant relative to now: `3 min. ago`, `in 2 days`. */
export function relativeText(date: Date, nowMs: number = Date.now()): string {
  const seconds = Math.round((date.getTime() - nowMs) / 1_000);
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return near.format(Math.trunc(seconds / size), unit);
  }
  return Math.abs(seconds) < 5 ? 'now' : near.format(seconds, 'second');
}

/** Formats an instant in an organization's zone, with the zone: `December 1, 2026 at 12:00 AM (Europe/Paris)`. */
export function zonedText(date: Date, timeZone: string): string {
  const zone = isZone(timeZone) ? timeZone : 'UTC';
  return `${new Intl.DateTimeFormat(undefined, { timeZone: zone, dateStyle: 'long', timeStyle: 'short' }).format(date)} (${zone})`;
}

/** A beginning without an end, or both. */
interface Period {
  readonly start: string;
  readonly end: string | null;
}

/**
 * Formats a period of whole days in a zone: `Nov 1 – 30, 2026`. A period that begins at any time of day is written in the reader's
 * zone, with its times: `timeZone` is null. Without an end, it is the beginning alone.
 */
export function periodText({ start, end }: Period, timeZone: string | null): string {
  const format = new Intl.DateTimeFormat(undefined, {
    dateStyle: 'medium',
    ...(timeZone === null ? { timeStyle: 'short' } : { timeZone }),
  });
  if (end === null) return format.format(new Date(start));
  // The last instant of a day is still in that day.
  return format.formatRange(new Date(start), new Date(Date.parse(end) - (timeZone === null ? 0 : 1)));
}

/** Returns the names of the weekdays, Monday first. */
export function weekdayNames(): readonly string[] {
  const names = new Intl.DateTimeFormat(undefined, { weekday: 'long', timeZone: 'UTC' });
  return Array.from({ length: 7 }, (_, index) => names.format(Date.UTC(2024, 0, 1 + index)));
}

/** Returns the names of the months. */
export function monthNames(): readonly string[] {
  const names = new Intl.DateTimeFormat(undefined, { month: 'long', timeZone: 'UTC' });
  return Array.from({ length: 12 }, (_, index) => names.format(Date.UTC(2024, index, 1)));
}

/** Returns true if this browser knows the time zone. */
function isZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

export type TimeParts = Readonly<Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', number>>;

/** Returns what a clock and a calendar show in a zone, for computing with. An unknown zone counts as UTC. */
export function partsIn(timeZone: string, at: Date): TimeParts {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: isZone(timeZone) ? timeZone : 'UTC',
    hourCycle: 'h23',
    calendar: 'gregory',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)])) as TimeParts;
}

/** Formats a span with its first and last moment: `Oct 1 – 28, 2026, 17:30`. `to` is exclusive. */
export function spanText(from: string, to: string, timeZone: string): string {
  const [start, end] = [new Date(from), new Date(Date.parse(to) - 1)];
  const isWhole = isMidnight(start, timeZone) && isMidnight(new Date(to), timeZone);
  const format = new Intl.DateTimeFormat(undefined, {
    dateStyle: 'medium',
    ...(isWhole ? {} : { timeStyle: 'short' as const }),
    timeZone,
  });
  return format.formatRange(start, end);
}

function isMidnight(at: Date, timeZone: string): boolean {
  const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone });
  return time.format(at) === '00:00:00';
}

const monthFormat = new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric', timeZone: 'UTC' });

/** Formats the server's name of a month, `2026-10`: `October 2026`. */
export function monthText(month: string): string {
  return monthFormat.format(new Date(`${month}-15T00:00:00Z`));
}

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit', timeZone: 'UTC' });

/** Formats a full hour of the day, 0 to 23: `8:00 AM`. */
export function hourText(hour: number): string {
  return clock.format(Date.UTC(1970, 0, 1, hour));
}
