import { Text } from '@mantine/core';
import { instantText, relativeText, secondsText, utcText } from '../numbers/times.ts';
import { Hint } from './Hint.tsx';

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
    <Hint label={utcText(date)}>
      <time dateTime={at} className="nowrap">
        {relative ? relativeText(date) : seconds ? secondsText(date) : instantText(date)}
      </time>
    </Hint>
  );
}
