import { Box, Group, Progress, Text } from '@mantine/core';
import { scoreText } from '../../../numbers/numbers.ts';

/** A score from 0 to 1, as a number and a bar. */
export function Score({ value, color = 'blue' }: { value: unknown; color?: string }) {
  if (typeof value !== 'number') return null;
  return (
    <Group gap="xs" wrap="nowrap">
      <Text fz="sm" w={56} ta="right" style={{ fontVariantNumeric: 'tabular-nums' }}>
        {scoreText(value)}
      </Text>
      <Box flex={1} aria-hidden>
        <Progress value={Math.max(0, Math.min(1, value)) * 100} color={color} />
      </Box>
    </Group>
  );
}
