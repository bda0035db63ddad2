import { Box, SimpleGrid, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** Small facts of one object, side by side: name above, value below. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <Box>
      <SimpleGrid component="dl" m={0} cols={{ base: 2, sm: 3, lg: 6 }} spacing="xs" verticalSpacing="sm">
        {facts.map(([name, value]) => (
          <Box key={name} miw={0}>
            <Text component="dt" fz="xs" c="dimmed">
              {name}
            </Text>
            <Text component="dd" m={0} fz="sm" style={{ overflowWrap: 'anywhere', textWrap: 'balance' }}>
              {value}
            </Text>
          </Box>
        ))}
      </SimpleGrid>
    </Box>
  );
}
