import { Alert, Button, Stack, Text } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useLocation } from '@tanstack/react-router';
import type { SignedOutOf } from '../../api/sign-out.ts';
import { logoutQuery } from '../../api/sso.ts';
import { words } from './words.ts';

/** One person rarely comes through more. */
const SHOWN_MAX = 3;

/** Says after a sign-out that the session at the identity provider goes on, and offers to end it where the provider allows that. */
export function SignedOut() {
  const providers = useLocation({ select: ({ state }) => state.signedOutOf }) ?? [];
  if (providers.length === 0) return null;
  return (
    <Alert color="gray" p="sm" role="status" title={words.youAreSignedOut}>
      <Stack gap="xs">
        {providers.slice(0, SHOWN_MAX).map((provider) => (
          <StillThere key={provider.id} provider={provider} />
        ))}
      </Stack>
    </Alert>
  );
}

function StillThere({ provider: { id, name } }: { provider: SignedOutOf[number] }) {
  const { data: location = null } = useQuery(logoutQuery(id));
  return (
    <>
      <Text fz="sm">
        <bdi>{words.maybeStillSignedIn(name)}</bdi>
      </Text>
      {/* A new tab: the provider shows its own page, and does not lead back. */}
      {location !== null && (
        <Button
          component="a"
          href={location}
          target="_blank"
          rel="noopener noreferrer"
          variant="default"
          leftSection={<IconExternalLink size={16} />}
        >
          <bdi>{words.signOutThereToo(name)}</bdi>
        </Button>
      )}
    </>
  );
}
