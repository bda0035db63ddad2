import { Group, Kbd, Modal, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useSession } from '../../api/session.tsx';
import { jumpsFor, useShortcuts } from './shortcuts.ts';
import { words } from './words.ts';

/** Listens to the keys of every page. The `?` key shows them in a dialog. */
export function Shortcuts() {
  const [opened, { open, close }] = useDisclosure(false);
  useShortcuts(open);
  return (
    <Modal opened={opened} onClose={close} title={words.keyboardShortcuts} size="lg">
      <Keys />
    </Modal>
  );
}

function Keys() {
  const jumps = jumpsFor(useSession());
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xl">
      <Stack gap="xs">
        <Title order={3}>{words.onEveryPage}</Title>
        {words.shortcuts.map(({ keys, does }) => (
          <Line key={does} does={does}>
            {keys.map((key) => (
              <Kbd key={key}>{key}</Kbd>
            ))}
          </Line>
        ))}
      </Stack>
      <Stack gap="xs">
        <Title order={3}>{words.goToAPage}</Title>
        {jumps.map(({ letter, entry }) => (
          <Line key={letter} does={entry.label}>
            <Kbd>{words.goKey}</Kbd>
            <Kbd>{letter}</Kbd>
          </Line>
        ))}
      </Stack>
    </SimpleGrid>
  );
}

function Line({ does, children }: { does: string; children: ReactNode }) {
  return (
    <Group justify="space-between" wrap="nowrap" gap="sm">
      <Text fz="sm">{does}</Text>
      <Group gap={4} wrap="nowrap">
        {children}
      </Group>
    </Group>
  );
}
