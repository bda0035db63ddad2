import { Button, Group, Modal, Paper, Radio, SimpleGrid, Stack, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { words } from './words.ts';

export interface ConflictField {
  readonly name: string;
  readonly label: string;
  /** The value in words, one line or several. */
  readonly yours: ReactNode;
  readonly theirs: ReactNode;
}

export type Choices = Readonly<Record<string, 'yours' | 'theirs'>>;

interface ConflictDialogProps {
  readonly opened: boolean;
  readonly what: string;
  /** Fields that both sides changed, for the person to choose from. */
  readonly fields: readonly ConflictField[];
  /** Labels of fields that only the other person changed. Their values are taken over. */
  readonly taken: readonly string[];
  readonly onResolve: (choices: Choices) => void;
  readonly onCancel: () => void;
}

/** Shows both versions, field by field, if someone else saved in between. The person chooses, and loses nothing they typed. */
export function ConflictDialog({ opened, what, fields, taken, onResolve, onCancel }: ConflictDialogProps) {
  const [choices, setChoices] = useState<Choices>({});
  const choiceOf = (name: string) => choices[name] ?? 'yours';
  return (
    <Modal
      opened={opened}
      onClose={onCancel}
      size="xl"
      title={words.changedBySomeoneElse(what)}
      closeButtonProps={{ 'aria-label': words.backToEditing }}
    >
      <Stack gap="md">
        <Text fz="sm">{fields.length === 0 ? words.otherFieldsChanged : words.sameFieldsChanged}</Text>
        {fields.map(({ name, label, yours, theirs }) => (
          <Radio.Group
            key={name}
            label={label}
            value={choiceOf(name)}
            onChange={(choice) => setChoices({ ...choices, [name]: choice as 'yours' | 'theirs' })}
          >
            <SimpleGrid cols={{ base: 1, xs: 2 }} mt={4}>
              <Version value="yours" label={words.yours} text={yours} />
              <Version value="theirs" label={words.theirsAlreadySaved} text={theirs} />
            </SimpleGrid>
          </Radio.Group>
        ))}
        {taken.length > 0 && (
          <Text fz="sm" c="dimmed">
            {words.alsoKept(taken.join(', '))}
          </Text>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            {words.backToEditing}
          </Button>
          <Button onClick={() => onResolve(Object.fromEntries(fields.map(({ name }) => [name, choiceOf(name)])))}>
            {fields.length === 0 ? words.keepBothChanges : words.useTheChosenVersions}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Version({ value, label, text }: { value: string; label: string; text: ReactNode }) {
  return (
    <Paper withBorder p="xs">
      <Radio value={value} label={label} size="sm" />
      <Text fz="sm" mt={4} style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {text}
      </Text>
    </Paper>
  );
}
