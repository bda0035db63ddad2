import { Text } from '@mantine/core';
import { words } from './words.ts';

/** Stands for the price of a model of which none is known. */
export function NoPrice() {
  return (
    <Text component="span" fz="sm" c="dimmed">
      {words.notPriced}
    </Text>
  );
}
