import { Box, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** A placeholder for an empty page or list: it says what will appear and what to do first. */
export function EmptyState({ title, children, action }: { title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <Box py={48} px="md">
      <Stack align="center" gap="xs" ta="center" maw={520} mx="auto">
        <Title order={2}>{title}</Title>
        <Text c="dimmed" fz="sm" component="div">
          {children}
        </Text>
        {action}
      </Stack>
    </Box>
  );
}
