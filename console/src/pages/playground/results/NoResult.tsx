import { Text } from '@mantine/core';
import { words } from '../words.ts';

/** Stands for an answer that does not have what its kind of call gives. */
export function NoResult() {
  return (
    <Text fz="sm" c="dimmed">
      {words.nothingToShow}
    </Text>
  );
}
