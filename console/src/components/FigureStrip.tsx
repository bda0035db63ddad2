import { SimpleGrid, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** A figure with its name, and a smaller note below it. */
export type Figure = readonly [name: string, value: ReactNode, note?: ReactNode];

/** The figures of a page, side by side: name above, value below, both larger than facts. */
export function FigureStrip({ figures }: { figures: readonly Figure[] }) {
  return (
    <SimpleGrid component="dl" m={0} cols={{ base: 2, xs: 3, md: 6 }} verticalSpacing="sm">
      {figures.map(([name, value, note]) => (
        <div key={name}>
          <Text component="dt" fz="xs" c="dimmed">
            {name}
          </Text>
          <Text component="dd" m={0} fz="lg" fw={600}>
            {value}
          </Text>
          {note !== undefined && (
            <Text component="dd" m={0} fz="xs" c="dimmed">
              {note}
            </Text>
          )}
        </div>
      ))}
    </SimpleGrid>
  );
}
