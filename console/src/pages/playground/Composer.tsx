import { Box, Button, Group, Paper, Stack, Text, Textarea } from '@mantine/core';
import { IconPlayerStop, IconSend } from '@tabler/icons-react';
import { type FormEvent, type ReactNode, useState } from 'react';
import { type Draft, isComplete } from '../../api/media/fields.ts';
import type { Kind } from '../../api/media/kinds.ts';
import { MediaFields } from './MediaFields.tsx';
import { words } from './words.ts';

interface ComposerProps {
  /** False if a key, a target or a valid setting is missing. */
  readonly isReady: boolean;
  readonly isRunning: boolean;
  readonly onStop: () => void;
}

/** Writes the next message of a conversation. */
export function MessageComposer({ onSend, ...frame }: ComposerProps & { readonly onSend: (question: string) => void }) {
  const [text, setText] = useState('');
  const { isReady, isRunning } = frame;
  const send = () => {
    if (!isReady || isRunning || text.trim() === '') return;
    onSend(text);
    setText('');
  };
  return (
    <Frame
      {...frame}
      hint={isReady ? words.enterSends : words.chooseKeyAndTarget}
      canSend={isReady && text.trim() !== ''}
      onSend={send}
    >
      <Textarea
        label={words.message}
        placeholder={words.sayHello}
        autosize
        minRows={2}
        maxRows={12}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
    </Frame>
  );
}

interface MediaComposerProps extends ComposerProps {
  readonly kind: Kind;
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
  readonly onSend: () => void;
}

/** The main inputs of a call that is no conversation. */
export function MediaComposer({ kind, draft, onDraft, onSend, ...frame }: MediaComposerProps) {
  const isWhole = isComplete(kind.fields, draft);
  const missing = isWhole
    ? ''
    : words.fillIn(kind.fields.filter(({ isRequired }) => isRequired).map(({ name }) => words.field[name] ?? name));
  return (
    <Frame
      {...frame}
      hint={frame.isReady ? missing : words.chooseKeyAndTarget}
      canSend={frame.isReady && isWhole}
      onSend={() => {
        if (frame.isReady && isWhole && !frame.isRunning) onSend();
      }}
    >
      <Stack gap="sm">
        <MediaFields key={kind.id} fields={kind.fields.filter(({ isMain }) => isMain)} draft={draft} onChange={onDraft} />
      </Stack>
    </Frame>
  );
}

interface FrameProps extends ComposerProps {
  readonly hint: string;
  readonly canSend: boolean;
  readonly onSend: () => void;
  readonly children: ReactNode;
}

function Frame({ isRunning, onStop, hint, canSend, onSend, children }: FrameProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSend();
  };
  return (
    <Paper withBorder p="sm" component="form" onSubmit={submit}>
      {children}
      <Group justify="space-between" mt="xs">
        <Text fz="xs" c="dimmed">
          {hint}
        </Text>
        <Box>
          {isRunning ? (
            <Button color="red" variant="default" leftSection={<IconPlayerStop size={16} />} onClick={onStop}>
              {words.stop}
            </Button>
          ) : (
            <Button type="submit" leftSection={<IconSend size={16} />} disabled={!canSend}>
              {words.send}
            </Button>
          )}
        </Box>
      </Group>
    </Paper>
  );
}
