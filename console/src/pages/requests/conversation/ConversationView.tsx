import { Alert, Badge, Group, Paper, Stack, Text } from '@mantine/core';
import { IconFile, IconTool } from '@tabler/icons-react';
import { CopyIcon } from '../../../components/CopyText.tsx';
import { wordOf } from '../../../components/StatusBadge.tsx';
import { countText } from '../../../numbers/numbers.ts';
import { words } from '../words.ts';
import classes from './conversation.module.css';
import type { Conversation } from './conversation.ts';
import type { Message, Part } from './message.ts';

/** A stored conversation: its messages by role, with tool calls and placeholders for media. Everything in it is shown as text. */
export function ConversationView({ conversation }: { conversation: Conversation }) {
  const { messages, leftOut, isCut, tools, error, answer } = conversation;
  return (
    <Stack gap="xs">
      {tools.length > 0 && (
        <Text fz="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {words.toolsOffered(tools.join(', '))}
        </Text>
      )}
      {isCut && (
        <Text fz="sm" fw={500}>
          {words.messagesTooLong}
        </Text>
      )}
      {leftOut > 0 && (
        <Text fz="sm" c="dimmed">
          {words.earlierNotShown(countText(leftOut))}
        </Text>
      )}
      <Stack component="ol" gap="xs" m={0} p={0} className={classes.list} aria-label={words.conversation}>
        {messages.map((message, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a stored conversation does not change.
          <MessageView key={index} message={message} />
        ))}
      </Stack>
      <AnswerNote answer={answer} />
      {error !== null && (
        <Alert color="red" title={words.theClientGotThisError} p="xs">
          <div className={classes.text} dir="auto">
            {error}
          </div>
        </Alert>
      )}
    </Stack>
  );
}

function AnswerNote({ answer }: Pick<Conversation, 'answer'>) {
  if (answer === 'whole') return null;
  const notes = {
    broken: words.answerIncomplete,
    none: words.noAnswerIsStored,
    unreadable: words.answerIsNoMessage,
  };
  return (
    <Text fz="sm" fw={500}>
      {notes[answer]}
    </Text>
  );
}

const ROLES: Readonly<Record<string, string>> = words.roles;

function MessageView({ message: { from, role, parts, stop } }: { message: Message }) {
  const name = Object.hasOwn(ROLES, role) ? ROLES[role] : wordOf(role);
  const text = textOf(parts);
  return (
    <Paper component="li" withBorder p="xs" className={classes.message} data-role={role}>
      <Group justify="space-between" gap="xs" wrap="nowrap" mb={4}>
        <Group gap="xs">
          <Text fz="xs" fw={600} component="div">
            <bdi>{name}</bdi>
          </Text>
          {from === 'answer' && <Badge>{words.answer}</Badge>}
          {stop !== null && (
            <Text fz="xs" c="dimmed" className="mono">
              {stop}
            </Text>
          )}
        </Group>
        {text !== '' && <CopyIcon text={text} label={words.text} />}
      </Group>
      <Stack gap={6}>
        {parts.length === 0 && (
          <Text fz="sm" c="dimmed">
            {words.empty}
          </Text>
        )}
        {parts.map((part, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a stored message does not change.
          <PartView key={index} part={part} />
        ))}
      </Stack>
    </Paper>
  );
}

function textOf(parts: readonly Part[]): string {
  return parts.flatMap((part) => ('text' in part ? [part.text] : part.is === 'call' ? [part.input] : [])).join('\n\n');
}

function PartView({ part }: { part: Part }) {
  switch (part.is) {
    case 'text':
      return <Words text={part.text} />;
    case 'thinking':
      return <Labelled label={words.thinking} text={part.text} />;
    case 'refusal':
      return <Labelled label={words.refusal} text={part.text} />;
    case 'call':
      return <Labelled label={words.calls(part.name)} id={part.id} text={part.input} isCode />;
    case 'result':
      return <Labelled label={part.isError ? words.toolError : words.toolResult} id={part.id} text={part.text} isCode />;
    case 'other':
      return <Labelled label={part.kind || words.part} text={part.text} isCode />;
    case 'media':
      return (
        <Group gap={6} className={classes.media} wrap="nowrap">
          <IconFile size={16} aria-hidden />
          <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
            {part.kind}
            {part.about === '' ? '' : `: ${part.about}`}
          </Text>
        </Group>
      );
    case 'size':
      return (
        <Text fz="sm" c="dimmed">
          {words.bytesNotStored(countText(part.bytes))}
        </Text>
      );
  }
}

interface LabelledProps {
  readonly label: string;
  readonly text: string;
  readonly id?: string;
  readonly isCode?: boolean;
}

function Labelled({ label, text, id = '', isCode = false }: LabelledProps) {
  return (
    <div className={classes.labelled}>
      <Group gap={6} style={{ rowGap: 0 }}>
        {isCode && <IconTool size={14} aria-hidden />}
        <Text fz="xs" fw={600} component="div" style={{ overflowWrap: 'anywhere' }}>
          <bdi>{label}</bdi>
        </Text>
        {id !== '' && (
          <Text fz="xs" c="dimmed" className="mono" style={{ overflowWrap: 'anywhere' }}>
            {id}
          </Text>
        )}
      </Group>
      {text !== '' && <Words text={text} isCode={isCode} />}
    </div>
  );
}

/** A text that is longer than this many characters has a height of its own, and can be scrolled with the keyboard. */
const LONG_CHARS = 4_000;

function Words({ text, isCode = false }: { text: string; isCode?: boolean }) {
  const isLong = text.length > LONG_CHARS;
  const names = [classes.text, isCode ? 'mono' : '', isLong ? classes.long : ''].filter((name) => name !== '').join(' ');
  return (
    <div className={names} dir="auto" {...(isLong ? { tabIndex: 0 } : {})}>
      {text}
    </div>
  );
}
