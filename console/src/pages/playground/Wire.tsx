import { Button, Code, CopyButton, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useBaseUrl } from '../../api/session.tsx';
import { CopyIcon } from '../../components/CopyText.tsx';
import { countText } from '../../numbers/numbers.ts';
import type { Turn } from './conversation.ts';
import { type CodeOf, LANGUAGES } from './wire-code.ts';
import { answerText, requestText } from './wire-texts.ts';
import { words } from './words.ts';

/** The request and the answer of a turn as they were on the wire, and what the gateway left out in between. */
export function Wire({ turn }: { turn: Turn }) {
  const { sent, dialect } = turn;
  const baseUrl = useBaseUrl();
  const [secretHeader] = dialect.secretHeader('');
  return (
    <Stack gap="sm" component="section" aria-label={words.wire}>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="sm">
        <Block
          title={words.request}
          text={requestText(sent)}
          copyLabel={words.theRequest}
          note={words.secretIsLeftOut(secretHeader)}
          more={<CopyCode of={{ request: sent, secretHeader: dialect.secretHeader, baseUrl, isFile: isFileIn(turn) }} />}
        />
        <Answer turn={turn} />
      </SimpleGrid>
      <LeftOut turn={turn} />
    </Stack>
  );
}

/** Reports whether the answer is a file, such as a sound. */
function isFileIn({ media }: Turn): boolean {
  return media?.call.kind.shows === 'sound';
}

function Answer({ turn: { head, received, receivedChars, media } }: { turn: Turn }) {
  if (head === null)
    return (
      <Text fz="sm" c="dimmed">
        {words.noAnswerYet}
      </Text>
    );
  const isCut = receivedChars > received.length;
  const wholeMeans = media === null ? words.asItCame : words.asItCameInShort;
  return (
    <Block
      title={words.answer}
      text={answerText(head, received)}
      copyLabel={words.theAnswer}
      note={isCut ? words.notAllIsShown(countText(received.length), countText(receivedChars)) : wholeMeans}
    />
  );
}

function LeftOut({ turn: { head, end } }: { turn: Turn }) {
  if (head === null || end?.is === 'failed') return null;
  if (head.dropped.length === 0)
    return (
      <Text fz="sm" c="dimmed">
        {words.nothingLeftOut}
      </Text>
    );
  return (
    <Text fz="sm" component="div">
      {words.leftOutMeans}{' '}
      <Group gap={4} display="inline-flex" align="center">
        <span className="mono">{head.dropped.join(', ')}</span>
        <CopyIcon text={head.dropped.join(',')} label={words.theLeftOut} />
      </Group>{' '}
      <Text component="span" fz="sm" c="dimmed">
        {words.strictRefuses}
      </Text>
    </Text>
  );
}

interface BlockProps {
  readonly title: string;
  readonly text: string;
  readonly copyLabel: string;
  readonly note: string;
  /** A further action beside the copy button. */
  readonly more?: ReactNode;
}

/** The height at which a text scrolls, in pixels. */
const HEIGHT_MAX = 480;

function Block({ title, text, copyLabel, note, more }: BlockProps) {
  return (
    <Stack gap={4} miw={0}>
      <Group justify="space-between" gap="xs">
        <Title order={3} fz="sm">
          {title}
        </Title>
        <Group gap={4}>
          {more}
          <CopyIcon text={text} label={copyLabel} />
        </Group>
      </Group>
      <Code block fz="xs" tabIndex={0} role="region" aria-label={title} mah={HEIGHT_MAX} style={{ overflow: 'auto' }}>
        {text}
      </Code>
      <Text fz="xs" c="dimmed">
        {note}
      </Text>
    </Stack>
  );
}

/** Copies the request as code. */
function CopyCode({ of }: { of: CodeOf }) {
  return LANGUAGES.map(({ name, text }) => (
    <CopyButton key={name} value={text(of)} timeout={1_500}>
      {({ copied, copy }) => (
        <Button size="compact-xs" variant="subtle" color={copied ? 'green' : 'gray'} onClick={copy}>
          {copied ? words.copied : words.copyAs(name)}
        </Button>
      )}
    </CopyButton>
  ));
}
