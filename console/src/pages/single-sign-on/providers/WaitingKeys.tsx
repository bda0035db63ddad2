import { Alert, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type IdentityProvider, keysQuery, setKeyState } from '../../../api/identity.ts';
import type { Organization } from '../../../api/organizations.ts';
import { verdictOf } from '../../../api/session.tsx';
import { GuardedButton } from '../../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../../components/dialogs/saved.ts';
import { Time } from '../../../components/Time.tsx';
import { words } from '../words.ts';

interface WaitingKeysProps {
  readonly provider: IdentityProvider;
  readonly organization: Organization;
}

/** Shows certificates of a SAML provider that a person must accept first, and those that soon expire. */
export function WaitingKeys({ provider, organization }: WaitingKeysProps) {
  const queryClient = useQueryClient();
  const keys = useQuery({ ...keysQuery(provider), enabled: provider.protocol === 'saml' });
  const accepting = useMutation({
    mutationFn: (keyId: string) => setKeyState(provider, keyId, 'trusted'),
    onSuccess: async () => {
      saved(words.certificateAccepted);
      await queryClient.invalidateQueries({ queryKey: ['identity-provider-keys'] });
    },
    onError: (error) => notifications.show({ color: 'red', title: words.thatDidNotWork, message: error.message }),
  });
  const waiting = (keys.data ?? []).filter(({ state }) => state === 'waiting');
  if (waiting.length === 0) return null;
  return (
    <Alert color="yellow" title={words.certificateWaits}>
      <Text fz="sm" mb="xs">
        {words.certificateWaitsMeans}
      </Text>
      {waiting.map(({ id, not_after }) => (
        <Group key={id} gap="xs" justify="space-between">
          <Text fz="sm" miw={0} component="div" style={{ overflowWrap: 'anywhere' }}>
            <span className="mono">{id}</span>
            {not_after !== null && (
              <>
                {' '}
                {words.validUntil} <Time at={not_after} />
              </>
            )}
          </Text>
          <GuardedButton
            size="compact-sm"
            verdict={verdictOf('identity.manage', organization)}
            loading={accepting.isPending}
            onClick={() => accepting.mutate(id)}
          >
            {words.acceptCertificate}
          </GuardedButton>
        </Group>
      ))}
    </Alert>
  );
}
