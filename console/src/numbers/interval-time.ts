/** Times of the intervals of a chart, in the time zone in which the intervals begin. */

export type Interval = 'hour' | 'day' | 'week' | 'month';

const FORMATS = {
  hour: { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
  day: { day: 'numeric', month: 'short' },
  week: { day: 'numeric', month: 'short' },
  month: { month: 'short', year: 'numeric' },
} as const satisfies Record<Interval, Intl.DateTimeFormatOptions>;

/** Returns the format for the start of an interval, in the time zone in which the intervals begin. */
export function intervalFormat(interval: Interval, timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(undefined, { ...FORMATS[interval], timeZone });
}

/** Returns the format for a date with its year. */
export function longDateFormat(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone });
}

/** Returns the date in the zone as midnight UTC of that day, in milliseconds. */
export function dateMsIn(atMs: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return Date.parse(`${parts.format(atMs)}T00:00:00Z`);
}

/** Returns the minute that a clock in the zone shows, 0 to 59. Some zones are offset from UTC by half an hour. */
export function minuteIn(atMs: number, timeZone: string): number {
  return Number(new Intl.DateTimeFormat('en-US', { timeZone, minute: 'numeric' }).format(atMs));
}
