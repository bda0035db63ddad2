import { Button, Grid, Stack } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { dialectOf } from '../../api/dialects/dialects.ts';
import { openAiCompletions } from '../../api/dialects/openai-completions.ts';
import type { Draft } from '../../api/media/fields.ts';
import { bodyOf, type Kind, kindOf } from '../../api/media/kinds.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { MediaComposer, MessageComposer } from './Composer.tsx';
import { type CallSettings, moreOf, useConversation } from './conversation.ts';
import { Settings } from './Settings.tsx';
import { TurnView, type WireState } from './TurnView.tsx';
import { type Mode, useModeOf } from './useCallable.ts';
import { words } from './words.ts';

const START = { system: '', stream: true, maxTokens: 500, temperature: '', more: '', tags: [] } as const;

/**
 * Calls any callable target with one of the keys, in its mode. Shows the answer as it arrives, its cost and latency, the decision,
 * and the request and the answer as they were on the wire.
 */
export function PlaygroundPage() {
  const [state, setState] = useUrlState();
  const [rest, setRest] = useState<Omit<CallSettings, 'keyId' | 'dialect' | 'model'>>(START);
  // The inputs of each kind of call, so that nothing typed is lost by a look at another one.
  const [drafts, setDrafts] = useState<Readonly<Record<string, Draft>>>({});
  const [keyId, model] = [state.key ?? '', state.model ?? ''];
  const modeOfTarget = useModeOf(keyId, model);
  const mode = modeIn(state.mode) ?? modeOfTarget ?? 'chat';
  const kind = kindOf(mode, state.call);
  const draft = (kind === null ? undefined : drafts[kind.id]) ?? {};
  const dialect = mode === 'completion' ? openAiCompletions : dialectOf(state.dialect);
  const settings: CallSettings = { ...rest, keyId, dialect, model };
  const wire: WireState = { isOpen: state.wire === 'on', toggle: () => setState({ wire: state.wire === 'on' ? '' : 'on' }) };
  const conversation = useConversation();
  const isRunning = conversation.turns.some(({ end }) => end === null);
  const isReady = keyId !== '' && model.trim() !== '' && moreOf(rest.more) !== null;
  const onDraft = (next: Draft) => kind !== null && setDrafts({ ...drafts, [kind.id]: next });
  const frame = { isReady, isRunning, onStop: conversation.stop };
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
            {...{ settings, mode, kind, draft, onDraft }}
            onChoose={(choices) => setState({ ...choices })}
            onChange={(change) => setRest({ ...rest, ...change })}
          />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 8, lg: 9 }}>
          <Stack gap="sm">
            <Conversation conversation={conversation} settings={settings} isRunning={isRunning} wire={wire} />
            {kind === null ? (
              <MessageComposer {...frame} onSend={(question) => void conversation.ask(question, settings)} />
            ) : (
              <MediaComposer
                {...{ ...frame, kind, draft, onDraft }}
                onSend={() => {
                  const more = moreOf(rest.more) ?? {};
                  const call = { keyId, kind, model: model.trim(), draft, more, tags: rest.tags };
                  void conversation.run(titleOf(kind, draft), call);
                }}
              />
            )}
          </Stack>
        </Grid.Col>
      </Grid>
    </Page>
  );
}

function modeIn(text: string | undefined): Mode | null {
  return text !== undefined && Object.hasOwn(words.modes, text) ? (text as Mode) : null;
}

/** Returns the name of a call in the list of calls: its main text, or its first file. */
function titleOf(kind: Kind, draft: Draft): string {
  const { prompt, query, input } = bodyOf(kind, '', draft);
  const text = query ?? prompt ?? (Array.isArray(input) ? input.join('\n') : input);
  const [file] = kind.fields.flatMap(({ name }) => (Array.isArray(draft[name]) ? draft[name] : []));
  const isOfFile = kind.mode === 'transcription' || text === undefined;
  return isOfFile ? ((file as { name?: string } | undefined)?.name ?? kind.name) : String(text);
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
