import { Box, Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

interface SectionProps {
  readonly title: string;
  readonly about?: ReactNode;
  readonly beside?: ReactNode;
  readonly actions?: ReactNode;
  readonly children?: ReactNode;
}

/** A section with a line about it below its title, as on the profile page. */
export function Section({ title, about, beside, actions, children }: SectionProps) {
  return (
    <Box component="section" aria-label={title}>
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start" gap="sm">
          <div style={{ flex: '1 1 300px' }}>
            <Group gap="xs">
              <Title order={2}>{title}</Title>
              {beside}
            </Group>
            {about !== undefined && (
              <Text fz="sm" c="dimmed" mt={2} component="div">
                {about}
              </Text>
            )}
          </div>
          {actions !== undefined && <Group gap="xs">{actions}</Group>}
        </Group>
        {children}
      </Stack>
    </Box>
  );
}
