import { Box, type BoxProps, Group, Title, type TitleOrder } from '@mantine/core';
import type { ReactNode } from 'react';

interface SectionProps extends BoxProps {
  readonly title: string;
  /** The level of the title. Defaults to 2. */
  readonly order?: TitleOrder;
  /** Controls beside the title. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

/** A part of a page: its title and its content. White space sets it apart, and no line around it. */
export function Section({ title, order = 2, aside, children, ...box }: SectionProps) {
  return (
    <Box component="section" aria-label={title} miw={0} {...box}>
      <Group justify="space-between" gap="xs" mb="xs">
        <Title order={order}>{title}</Title>
        {aside}
      </Group>
      {children}
    </Box>
  );
}
