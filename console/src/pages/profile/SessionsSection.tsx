import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { Time } from '../../components/Time.tsx';
import { browserName } from './browser-name.ts';
import { Section } from './Section.tsx';

type SignedIn = Schema<'SignedInBrowser'>;

/** Lists every session of the person, each with a button that ends it. */
export function SessionsSection() {
  const queryClient = useQueryClient();
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: () => asked(api.GET('/session/sessions')) });
  const end = useMutation({
    mutationFn: (id: string | null) =>
      id === null
        ? asked(api.DELETE('/session/sessions'))
        : asked(api.DELETE('/session/sessions/{session_id}', { params: { path: { session_id: id } } })),
    onSuccess: async (_, id) => {
      await queryClient.invalidateQueries({ queryKey: ['sessions'] });
      saved(id === null ? 'Every other browser was signed out.' : 'The browser was signed out.');
    },
    onError: (error) => notifications.show({ color: 'red', title: 'That did not work', message: error.message }),
  });
  const others = (sessions.data?.data ?? []).filter(({ current }) => !current).length;
  return (
    <Section
      title="Signed-in browsers"
      about="If you do not recognize a browser, sign it out and change your password."
      actions={
        <Button variant="default" disabled={others === 0} loading={end.isPending} onClick={() => end.mutate(null)}>
          Sign out all others
        </Button>
      }
    >
      <Asked query={sessions}>
        {({ data }) => (
          <Stack gap="xs">
            {data.map((session) => (
              <Row key={session.id} of={session} onEnd={() => end.mutate(session.id)} isBusy={end.isPending} />
            ))}
          </Stack>
        )}
      </Asked>
    </Section>
  );
}

function Row({ of: session, onEnd, isBusy }: { of: SignedIn; onEnd: () => void; isBusy: boolean }) {
  const name = browserName(session.user_agent);
  return (
    <Group justify="space-between" wrap="nowrap">
      <div>
        <Group gap="xs">
          <Text fz="sm">{name}</Text>
          {session.current && <Badge>This browser</Badge>}
        </Group>
        <Text fz="xs" c="dimmed">
          {session.ip ?? 'unknown address'} · since <Time at={session.created_at} /> · last used{' '}
          <Time at={session.last_used_at} relative />
        </Text>
      </div>
      {!session.current && (
        <Button size="compact-sm" variant="default" aria-label={`Sign out ${name}`} disabled={isBusy} onClick={onEnd}>
          Sign out
        </Button>
      )}
    </Group>
  );
}
