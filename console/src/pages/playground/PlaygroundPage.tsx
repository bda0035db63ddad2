import { Box, Button, Grid, Group, Paper, Stack, Text, Textarea } from '@mantine/core';
import { IconPlayerStop, IconSend } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { dialectOf } from '../../api/dialects/dialects.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { type CallSettings, moreOf, useConversation } from './conversation.ts';
import { Settings } from './Settings.tsx';
import { TurnView, type WireState } from './TurnView.tsx';
import { words } from './words.ts';

const START = { system: '', stream: true, maxTokens: 500, temperature: '', more: '', tags: [] } as const;

/**
 * Calls any callable target with one of the keys, in any dialect. Shows the answer as it arrives, its cost and latency, the
 * decision, and the request and the answer as they were on the wire.
 */
export function PlaygroundPage() {
  const [state, setState] = useUrlState();
  const [rest, setRest] = useState<Omit<CallSettings, 'keyId' | 'dialect' | 'model'>>(START);
  const dialect = dialectOf(state.dialect);
  const settings: CallSettings = { ...rest, keyId: state.key ?? '', dialect, model: state.model ?? '' };
  const wire: WireState = { isOpen: state.wire === 'on', toggle: () => setState({ wire: state.wire === 'on' ? '' : 'on' }) };
  const conversation = useConversation();
  const isRunning = conversation.turns.some(({ end }) => end === null);
  return (
    <Page
      title={words.playground}
      about={words.callsMean}
      actions={
        <Button variant="default" disabled={conversation.turns.length === 0 || isRunning} onClick={conversation.clear}>
          {words.clear}
        </Button>
      }
    >
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 4, lg: 3 }}>
          <Settings
            settings={settings}
            onKey={(key) => setState({ key })}
            onDialect={(id) => setState({ dialect: id })}
            onModel={(model) => setState({ model })}
            onChange={(change) => setRest({ ...rest, ...change })}
          />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 8, lg: 9 }}>
          <Stack gap="sm">
            <Conversation conversation={conversation} settings={settings} isRunning={isRunning} wire={wire} />
            <Composer
              isReady={settings.keyId !== '' && settings.model.trim() !== '' && moreOf(settings.more) !== null}
              isRunning={isRunning}
              onSend={(question) => void conversation.ask(question, settings)}
              onStop={conversation.stop}
            />
          </Stack>
        </Grid.Col>
      </Grid>
    </Page>
  );
}

interface ConversationProps {
  readonly conversation: ReturnType<typeof useConversation>;
  readonly settings: CallSettings;
  readonly isRunning: boolean;
  readonly wire: WireState;
}

function Conversation({ conversation, settings, isRunning, wire }: ConversationProps) {
  const { turns, askAgain } = conversation;
  const end = useRef<HTMLDivElement>(null);
  const lastText = turns.at(-1)?.answer.length ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: more text is the trigger.
  useEffect(() => {
    void end.current?.scrollIntoView({ block: 'nearest' });
  }, [lastText, turns.length]);
  if (turns.length === 0) return <EmptyState title={words.noMessagesYet}>{words.howToBegin}</EmptyState>;
  return (
    <Stack gap="sm" role="log" aria-label={words.conversation} aria-live="off">
      {turns.map((turn) => (
        <TurnView
          key={turn.id}
          turn={turn}
          wire={wire}
          {...(isRunning ? {} : { onAgain: () => void askAgain(turn, settings) })}
        />
      ))}
      <div ref={end} />
    </Stack>
  );
}

interface ComposerProps {
  readonly isReady: boolean;
  readonly isRunning: boolean;
  readonly onSend: (question: string) => void;
  readonly onStop: () => void;
}

function Composer({ isReady, isRunning, onSend, onStop }: ComposerProps) {
  const [text, setText] = useState('');
  const send = () => {
    if (!isReady || isRunning || text.trim() === '') return;
    onSend(text);
    setText('');
  };
  return (
    <Paper
      withBorder
      p="sm"
      component="form"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
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
      <Group justify="space-between" mt="xs">
        <Text fz="xs" c="dimmed">
          {isReady ? words.enterSends : words.chooseKeyAndTarget}
        </Text>
        <Box>
          {isRunning ? (
            <Button color="red" variant="default" leftSection={<IconPlayerStop size={16} />} onClick={onStop}>
              {words.stop}
            </Button>
          ) : (
            <Button type="submit" leftSection={<IconSend size={16} />} disabled={!isReady || text.trim() === ''}>
              {words.send}
            </Button>
          )}
        </Box>
      </Group>
    </Paper>
  );
}
