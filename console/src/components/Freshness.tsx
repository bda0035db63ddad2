import { Badge, Group, Text, Tooltip } from '@mantine/core';

/** The source of live figures: the event stream, polling every few seconds, or the ledger if the counters cannot be reached. */
export type Freshness = 'streamed' | 'polled' | 'stored';

/** A badge that says how fresh the figures beside it are. */
export function FreshnessMark({ freshness }: { freshness: Freshness }) {
  const { color, words } = MARKS[freshness];
  return (
    <Group gap={6}>
      <Badge size="xs" variant="dot" color={color}>
        {words}
      </Badge>
      {freshness === 'stored' && <Reason />}
    </Group>
  );
}

const MARKS = {
  streamed: { color: 'green', words: 'Live' },
  polled: { color: 'gray', words: 'Every 5 seconds' },
  stored: { color: 'yellow', words: 'Not live' },
} as const;

const REASON = 'Redis cannot be reached. These figures are from the ledger and leave out requests in flight.';

function Reason() {
  return (
    <Text fz="xs" c="dimmed">
      {REASON}
    </Text>
  );
}

/** A short label in a row, with the reason in a tooltip. */
export function NotLive() {
  return (
    <Tooltip label={REASON} multiline w={260}>
      <Text component="span" fz="xs" c="dimmed" className="nowrap">
        not live
      </Text>
    </Tooltip>
  );
}
