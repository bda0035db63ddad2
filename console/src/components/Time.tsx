import { Text, Tooltip } from '@mantine/core';

const near = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });
const STEPS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

interface TimeProps {
  readonly at: string | null | undefined;
  /** True to show the time relative to now: `3 min. ago`. */
  readonly relative?: boolean;
  /** True to show seconds, for rows that follow each other closely. */
  readonly seconds?: boolean;
}

/** An instant in the reader's time zone, with UTC on hover. A missing instant is a dash. */
export function Time({ at, relative = false, seconds = false }: TimeProps) {
  if (at == null)
    return (
      <Text component="span" inherit c="dimmed">
        –
      </Text>
    );
  const date = new Date(at);
  return (
    <Tooltip
      label={`${date
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z/, '')} UTC`}
    >
      <time dateTime={at} className="nowrap">
        {relative ? relativeText(date) : seconds ? secondsText(date) : instantText(date)}
      </time>
    </Tooltip>
  );
}

function instantText(date: Date): string {
  return date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** Formats a time to the second. It names the year only if it is not the current one. */
function secondsText(date: Date): string {
  const isThisYear = date.getFullYear() === new Date().getFullYear();
  const time = { hour: 'numeric', minute: '2-digit', second: '2-digit' } as const;
  return date.toLocaleString(undefined, { ...(isThisYear ? {} : { year: 'numeric' }), month: 'short', day: 'numeric', ...time });
}

/** Formats an instant relative to now: `3 min. ago`, `in 2 days`. */
export function relativeText(date: Date, nowMs: number = Date.now()): string {
  const seconds = Math.round((date.getTime() - nowMs) / 1_000);
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return near.format(Math.trunc(seconds / size), unit);
  }
  return Math.abs(seconds) < 5 ? 'now' : near.format(seconds, 'second');
}
