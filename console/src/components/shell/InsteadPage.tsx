import { Group, Paper, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { words } from './words.ts';

interface InsteadPageProps {
  readonly title: string;
  /** The title of the window, if it is another. */
  readonly windowTitle?: string;
  readonly icon?: ReactNode;
  /** The reason why the page is not here. */
  readonly children: ReactNode;
  /** The ways on. */
  readonly actions: ReactNode;
}

/** A page that stands in place of the one that was asked for: why that is not here, and the ways on. */
export function InsteadPage({ title, windowTitle = title, icon, children, actions }: InsteadPageProps) {
  useEffect(() => {
    document.title = words.windowTitle(windowTitle);
  }, [windowTitle]);
  return (
    <Paper p="xl" bg="transparent" mx="auto">
      <Stack align="center" gap="sm" ta="center" maw={560} mx="auto">
        {icon}
        <Title order={1}>{title}</Title>
        <Text c="dimmed" component="div">
          {children}
        </Text>
        <Group gap="xs" justify="center">
          {actions}
        </Group>
      </Stack>
    </Paper>
  );
}
