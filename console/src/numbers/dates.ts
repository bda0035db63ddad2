/** Dates of a time zone that is not the reader's, in the reader's locale. */

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
