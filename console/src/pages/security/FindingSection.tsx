import { Badge, Box, Button, Group, Text, Title } from '@mantine/core';
import { IconChevronDown, IconChevronUp } from '@tabler/icons-react';
import { type ReactNode, useId } from 'react';
import { countText } from '../../numbers/numbers.ts';
import type { Finding } from './findings.ts';
import { words } from './words.ts';

interface FindingSectionProps {
  readonly finding: Finding;
  readonly count: number | string;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  /** A link to the page that fixes the finding, and exports. */
  readonly actions: ReactNode;
  /** The list, mounted when the person opens it. */
  readonly children: ReactNode;
}

/** One finding: its count, its meaning, the remedy, and the list on request. */
export function FindingSection({ finding, count, isOpen, onToggle, actions, children }: FindingSectionProps) {
  const listId = useId();
  const isNone = count === 0;
  return (
    <Box component="section" aria-label={finding.title}>
      <Group justify="space-between" align="flex-start" gap="sm">
        <Box miw={0} style={{ flex: '1 1 380px' }}>
          <Group gap="xs" mb={4}>
            <Title order={2}>{finding.title}</Title>
            <Badge color={isNone ? 'green' : 'yellow'}>{isNone ? words.none : countText(count)}</Badge>
          </Group>
          <Text fz="sm" c={isNone ? 'dimmed' : undefined} maw={720}>
            {isNone ? finding.none : finding.meaning}
          </Text>
          {!isNone && (
            <Text fz="sm" c="dimmed" mt={2} maw={720}>
              {finding.advice}
            </Text>
          )}
        </Box>
        {!isNone && (
          <Group gap="xs">
            {actions}
            <Button
              variant="default"
              aria-expanded={isOpen}
              aria-controls={listId}
              aria-label={words.toggleList(isOpen, finding.title)}
              rightSection={isOpen ? <IconChevronUp size={14} /> : <IconChevronDown size={14} />}
              onClick={onToggle}
            >
              {isOpen ? words.hideList : words.showList}
            </Button>
          </Group>
        )}
      </Group>
      <Box id={listId}>{!isNone && isOpen && <Box mt="md">{children}</Box>}</Box>
    </Box>
  );
}
