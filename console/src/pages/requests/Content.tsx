import { Code, Group, Stack, Switch, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { useCan } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { ConversationView } from './conversation/ConversationView.tsx';
import { conversationOf } from './conversation/conversation.ts';
import type { FullRequest } from './full-request.ts';
import { words } from './words.ts';

/** The stored prompt and answer, for people who may read them. They load only on request, because each read is an audit event. */
export function Content({ request }: { request: FullRequest }) {
  const [isWanted, setWanted] = useState(false);
  const verdict = useCan('content.read', request.organization_id);
  if (isWanted) return <Stored requestId={request.id} />;
  return (
    <Group gap="sm">
      <GuardedButton variant="default" size="xs" verdict={verdict} onClick={() => setWanted(true)}>
        {words.showContent}
      </GuardedButton>
      <Text fz="sm" c="dimmed">
        {words.readsAreRecorded}
      </Text>
    </Group>
  );
}

function Stored({ requestId }: { requestId: string }) {
  const query = useQuery({
    queryKey: ['request-content', requestId],
    queryFn: async () => {
      const params = { path: { request_id: requestId }, query: { content: true } };
      return (await asked(api.GET('/requests/{request_id}', { params }))).content ?? null;
    },
    // One click is one read, so this neither refetches nor caches.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  return (
    <Asked query={query}>
      {(content) => (content === null ? <Text fz="sm">{words.noContentStored}</Text> : <Shown content={content} />)}
    </Asked>
  );
}

interface StoredContent {
  readonly mode: string;
  readonly request?: unknown;
  readonly response?: unknown;
}

/** A stored content as a conversation if it is one. A switch shows it as it was stored. */
function Shown({ content }: { content: StoredContent }) {
  const { mode, request = null, response = null } = content;
  const conversation = useMemo(() => conversationOf({ mode, request, response }), [mode, request, response]);
  const [isRaw, setRaw] = useState(false);
  return (
    <Stack gap="xs">
      <Text fz="sm" c="dimmed">
        {words.storedWithSetting(mode)}
      </Text>
      {conversation !== null && (
        <Switch label={words.showTheRawJson} checked={isRaw} onChange={(event) => setRaw(event.currentTarget.checked)} />
      )}
      {conversation !== null && !isRaw ? (
        <ConversationView conversation={conversation} />
      ) : (
        <>
          <Block title={words.request} value={request} />
          <Block title={words.response} value={response} />
        </>
      )}
    </Stack>
  );
}

function Block({ title, value }: { title: string; value: unknown }) {
  return (
    <div>
      <Text fz="sm" fw={500} mb={4}>
        {title}
      </Text>
      <Code block mah={420} style={{ overflow: 'auto', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }} tabIndex={0}>
        {typeof value === 'string' ? value : JSON.stringify(value ?? null, null, 2)}
      </Code>
    </div>
  );
}
