import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { Time } from '../../components/Time.tsx';
import { browserName } from './browser-name.ts';
import { Section } from './Section.tsx';
import { words } from './words.ts';

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
      saved(id === null ? words.everyOtherBrowserWasSignedOut : words.theBrowserWasSignedOut);
    },
    onError: (error) => notifications.show({ color: 'red', title: words.thatDidNotWork, message: error.message }),
  });
  const others = (sessions.data?.data ?? []).filter(({ current }) => !current).length;
  return (
    <Section
      title={words.signedInBrowsers}
      about={words.browsersMean}
      actions={
        <Button variant="default" disabled={others === 0} loading={end.isPending} onClick={() => end.mutate(null)}>
          {words.signOutAllOthers}
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
          {session.current && <Badge>{words.thisBrowser}</Badge>}
        </Group>
        <Text fz="xs" c="dimmed">
          {words.addressSince(session.ip)} <Time at={session.created_at} /> {words.lastUsed}{' '}
          <Time at={session.last_used_at} relative />
        </Text>
      </div>
      {!session.current && (
        <Button size="compact-sm" variant="default" aria-label={words.signOutNamed(name)} disabled={isBusy} onClick={onEnd}>
          {words.signOut}
        </Button>
      )}
    </Group>
  );
}
