import { Anchor, Box, Button, Group, Stack, Text, Title } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import type { Session, Verdict } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { WhyNot } from '../../components/dialogs/WhyNot.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import { useMayCreateKeys } from '../keys/may-create.ts';
import { words } from './words.ts';

const SHOWN = 5;

/** Lists the person's own keys, and explains how to get one. */
export function OwnKeys({ session }: { session: Session }) {
  const mayMake = useMayCreateKeys();
  const query = useQuery({
    queryKey: ['keys', 'own', session.account.id],
    queryFn: () => asked(api.GET('/keys', { params: { query: { account_id: session.account.id, limit: SHOWN } } })),
  });
  return (
    <Box component="section" aria-label={words.yourKeys}>
      <Group justify="space-between" mb="xs">
        <Title order={2}>{words.yourKeys}</Title>
        {mayMake.allowed && (
          <Button
            component={PageLink}
            at={links.keys({ new: 'key' })}
            size="xs"
            variant="default"
            leftSection={<IconKey size={14} />}
          >
            {words.createKey}
          </Button>
        )}
      </Group>
      <Asked query={query}>{({ data }) => (data.length === 0 ? <None mayMake={mayMake} /> : <Keys keys={data} />)}</Asked>
    </Box>
  );
}

function None({ mayMake }: { mayMake: Verdict }) {
  if (!mayMake.allowed)
    return (
      <>
        <Text fz="sm" c="dimmed">
          {words.noKeysYet}
        </Text>
        <WhyNot verdict={mayMake} c="dimmed" />
      </>
    );
  return (
    <Text fz="sm" c="dimmed">
      {words.createAKeyHint}
    </Text>
  );
}

function Keys({ keys }: { keys: readonly Schema<'Key'>[] }) {
  return (
    <Stack gap={6}>
      {keys.map((key) => (
        <Group key={key.id} gap="sm">
          <Anchor component={PageLink} at={links.key(key.id)} fz="sm">
            <bdi>{key.name}</bdi>
          </Anchor>
          <StatusBadge status={key.status} />
          <Text fz="sm" c="dimmed" component="div">
            {key.team_name} ·{' '}
            {key.last_used_at === null ? (
              words.neverUsed
            ) : (
              <>
                {words.usedAt} <Time at={key.last_used_at} relative />
              </>
            )}{' '}
            ·{' '}
            <Anchor component={PageLink} at={links.requests({ key_id: key.id })} inherit underline="always">
              {words.requestsLink}
            </Anchor>{' '}
            ·{' '}
            <Anchor component={PageLink} at={links.usage({ key_id: key.id })} inherit underline="always">
              {words.usageLink}
            </Anchor>
          </Text>
        </Group>
      ))}
    </Stack>
  );
}
