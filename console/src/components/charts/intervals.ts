import { dateMsIn, type Interval, intervalFormat, longDateFormat, minuteIn } from '../../numbers/interval-time.ts';

export interface Stretch {
  readonly from: string;
  readonly to: string;
  readonly interval: Interval;
  /** The time zone in which the intervals begin. */
  readonly timeZone: string;
}

export interface IntervalMark {
  /** The key that `intervalKey` returns for every instant in this interval. */
  readonly key: string;
  /** The text beside the axis. */
  readonly label: string;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const INTERVALS_MAX = 2_000;
/** The number of days above which a range can hold the same day of two years. Labels then include the year. */
const YEAR_DAYS = 366;

/** Returns every interval that the range touches, empty ones too, the oldest first. At most 2,000. */
export function intervalsOf(stretch: Stretch): readonly IntervalMark[] {
  return stretch.interval === 'hour' ? hoursOf(stretch) : datesOf(stretch);
}

/** Returns the key of an instant's interval: its hour, or the date in the zone on which its day, week or month begins. */
export function intervalKey(time: string, { interval, timeZone }: Pick<Stretch, 'interval' | 'timeZone'>): string {
  const atMs = Date.parse(time);
  if (interval === 'hour') return String(hourStartMs(atMs, timeZone));
  return keyOfDate(beginningOf(dateMsIn(atMs, timeZone), interval));
}

function hoursOf({ from, to, timeZone }: Stretch): readonly IntervalMark[] {
  const format = intervalFormat('hour', timeZone);
  const firstMs = hourStartMs(Date.parse(from), timeZone);
  const count = Math.min(INTERVALS_MAX, Math.ceil((Date.parse(to) - firstMs) / HOUR_MS));
  return Array.from({ length: Math.max(0, count) }, (_, index) => {
    const startMs = firstMs + index * HOUR_MS;
    return { key: String(startMs), label: format.format(startMs) };
  });
}

/** Counts dates as UTC days, so that daylight saving time has no effect. */
function datesOf({ from, to, interval, timeZone }: Stretch): readonly IntervalMark[] {
  const lastMs = dateMsIn(Date.parse(to) - 1, timeZone);
  const isLong = (Date.parse(to) - Date.parse(from)) / DAY_MS > YEAR_DAYS && interval !== 'month';
  const format = isLong ? longDateFormat('UTC') : intervalFormat(interval, 'UTC');
  const marks: IntervalMark[] = [];
  let startMs = beginningOf(dateMsIn(Date.parse(from), timeZone), interval);
  while (startMs <= lastMs && marks.length < INTERVALS_MAX) {
    marks.push({ key: keyOfDate(startMs), label: format.format(startMs) });
    startMs = nextOf(startMs, interval);
  }
  return marks;
}

function beginningOf(dayMs: number, interval: Interval): number {
  const day = new Date(dayMs);
  if (interval === 'month') return Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1);
  // Weeks begin on Mondays, as the server counts them.
  return interval === 'week' ? dayMs - ((day.getUTCDay() + 6) % 7) * DAY_MS : dayMs;
}

function nextOf(startMs: number, interval: Interval): number {
  const start = new Date(startMs);
  if (interval === 'month') return Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1);
  return startMs + (interval === 'week' ? 7 : 1) * DAY_MS;
}

function keyOfDate(startMs: number): string {
  return new Date(startMs).toISOString().slice(0, 10);
}

/** Returns the start of the hour in the zone. Some zones are offset from UTC by half an hour. */
function hourStartMs(atMs: number, timeZone: string): number {
  const minute = minuteIn(atMs, timeZone);
  return Math.floor(atMs / 60_000) * 60_000 - minute * 60_000;
}
