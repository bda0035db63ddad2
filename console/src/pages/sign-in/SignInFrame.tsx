import { Box, Center, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { Logo } from '../../components/shell/Logo.tsx';
import { SchemeToggle } from '../../components/shell/Shell.tsx';
import { words } from './words.ts';

/** The frame of every page for people who are not signed in: one narrow card. */
export function SignInFrame({ title, about, children }: { title: string; about?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = words.pageTitle(title);
  }, [title]);
  return (
    <Box component="main" mih="100vh" p="md">
      <Group justify="flex-end">
        <SchemeToggle />
      </Group>
      <Center pt={{ base: 16, sm: '8vh' }}>
        <Stack w={400} maw="100%" gap="lg">
          <Group justify="center">
            <Logo />
          </Group>
          <Paper withBorder p="lg" radius="md">
            <Stack gap="md">
              <div>
                <Title order={1} fz="lg">
                  {title}
                </Title>
                {about !== undefined && (
                  <Text component="div" fz="sm" c="dimmed" mt={4}>
                    {about}
                  </Text>
                )}
              </div>
              {children}
            </Stack>
          </Paper>
        </Stack>
      </Center>
    </Box>
  );
}
