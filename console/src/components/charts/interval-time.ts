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
