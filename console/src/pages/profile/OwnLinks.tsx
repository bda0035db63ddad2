import { Button, Group, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { Time } from '../../components/Time.tsx';
import { words } from './words.ts';

type OwnLink = Schema<'OwnIdentityLink'>;

/** Loads who signs in as this person through identity providers. */
export function useOwnLinks(enabled: boolean) {
  return useQuery({ queryKey: ['own-links'], queryFn: () => asked(api.GET('/session/identity-links')), enabled });
}

/** Lists who signs in as this person through identity providers, each with a button that ends it. */
export function OwnLinks({ query }: { readonly query: ReturnType<typeof useOwnLinks> }) {
  const queryClient = useQueryClient();
  const [removing, setRemoving] = useState<OwnLink | null>(null);
  const who = removing === null ? '' : whoOf(removing);
  return (
    <>
      <Asked query={query}>
        {({ data }) => (
          <Stack gap="xs">
            {data.map((link) => (
              <Row key={`${link.provider_id} ${link.subject}`} of={link} onRemove={() => setRemoving(link)} />
            ))}
          </Stack>
        )}
      </Asked>
      <ConfirmByName
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={words.unlinkNamed(who)}
        name={null}
        verb={words.unlink}
        consequences={[words.unlinkEnds(removing?.organization_name ?? ''), words.unlinkMayReturn]}
        action={async () => {
          if (removing === null) return;
          const { provider_id, subject } = removing;
          await asked(api.DELETE('/session/identity-links', { params: { query: { provider_id, subject } } }));
          await Promise.all(['own-links', 'session'].map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
          saved(words.wasUnlinked(who));
        }}
      />
    </>
  );
}

/** Returns the words for a person at a provider: the address that it named, otherwise its own name of them. */
function whoOf({ email, subject }: OwnLink): string {
  return email ?? subject;
}

function Row({ of: link, onRemove }: { readonly of: OwnLink; readonly onRemove: () => void }) {
  const who = whoOf(link);
  return (
    <Group justify="space-between" wrap="nowrap">
      <div style={{ minWidth: 0 }}>
        <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
          <bdi>{who}</bdi> {words.at} <bdi>{link.provider_name}</bdi>
        </Text>
        <Text fz="xs" c="dimmed">
          <bdi>{link.organization_name}</bdi> · {words.linkedSince} <Time at={link.created_at} />
          {link.last_used_at !== null && (
            <>
              {' '}
              {words.lastUsed} <Time at={link.last_used_at} relative />
            </>
          )}
        </Text>
      </div>
      <Button size="compact-sm" variant="default" aria-label={words.unlinkNamed(who)} onClick={onRemove}>
        {words.unlink}
      </Button>
    </Group>
  );
}
