import { Alert, Anchor, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { IconCircleCheck, IconSend } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { dialectOf } from '../../api/dialects/dialects.ts';
import { queryText, useEvents } from '../../api/events.ts';
import { callPlayground } from '../../api/playground.ts';
import { Busy } from '../../components/Skeletons.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { addressOf } from '../../components/shell/addresses.ts';
import { Time } from '../../components/Time.tsx';
import { Money } from '../../numbers/Money.tsx';
import { countText } from '../../numbers/numbers.ts';

type Request = Schema<'Request'>;

const LOOK_EVERY_MS = 2_000;

const HELLO = {
  system: '',
  messages: [{ from: 'user', text: 'Say hello.' }],
  stream: false,
  maxTokens: 100,
  temperature: null,
} as const;

/** Waits for a key's first request, and then shows it. */
export function FirstRequest({ keyId }: { keyId: string }) {
  const [arrived, setArrived] = useState<Request | null>(null);
  // Polls for a request that came before the stream was open, until there is one.
  const earlier = useQuery({
    queryKey: ['requests', 'first', keyId],
    queryFn: () => asked(api.GET('/requests', { params: { query: { key_id: keyId, limit: 1 } } })),
    refetchInterval: ({ state }) => (state.data?.data.length === 0 ? LOOK_EVERY_MS : false),
  });
  const request = arrived ?? earlier.data?.data[0] ?? null;
  useEvents<Request>(
    { path: request === null ? `/requests/stream${queryText({ key_id: keyId })}` : null, event: 'request' },
    setArrived,
  );
  return (
    <section aria-live="polite" aria-label="First request">
      {request === null ? <Waiting keyId={keyId} /> : <Arrived request={request} />}
    </section>
  );
}

function Waiting({ keyId }: { keyId: string }) {
  const sending = useMutation({
    mutationFn: async () => {
      const access = await asked(api.GET('/access/explain', { params: { query: { key_id: keyId } } }));
      const names = 'key_id' in access ? access.data.filter(({ allowed }) => allowed).map(({ target }) => target) : [];
      const model = names.find((name) => !/embed/i.test(name));
      if (model === undefined) throw new Error('This key cannot call anything yet. Grant its organization a model first.');
      const question = { model, ...HELLO };
      const end = await callPlayground(
        { keyId, dialect: dialectOf(undefined), asked: question, tags: [] },
        { signal: new AbortController().signal },
      );
      if (end.is === 'failed' && end.status === 0) throw new Error(end.message);
    },
  });
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between" gap="sm">
        <Group gap="sm">
          <Busy label="Waiting" />
          <Text fz="sm">Waiting for the first request…</Text>
        </Group>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconSend size={14} />}
          loading={sending.isPending}
          onClick={() => sending.mutate()}
        >
          Send a test request
        </Button>
      </Group>
      {sending.isError && (
        <Text fz="sm" c="red" role="alert">
          {sending.error.message}
        </Text>
      )}
    </Paper>
  );
}

function Arrived({ request }: { request: Request }) {
  return (
    <Alert
      color={request.status === 'succeeded' ? 'green' : 'yellow'}
      icon={<IconCircleCheck size={20} />}
      title={request.status === 'succeeded' ? 'The first request was answered' : 'The first request arrived'}
    >
      <Stack gap="xs">
        <Group gap="md" fz="sm">
          <StatusBadge status={request.status} />
          <span>{request.model}</span>
          <span>
            {countText(request.input_tokens)} tokens in, {countText(request.output_tokens)} out
          </span>
          <Money usd={request.spend} />
          <Time at={request.time} relative />
        </Group>
        <Anchor component={Link} to={addressOf(request.id, 'request') ?? '.'} fz="sm">
          See why it was admitted, what it cost and how long it took
        </Anchor>
      </Stack>
    </Alert>
  );
}
