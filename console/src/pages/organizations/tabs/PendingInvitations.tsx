import { Box, Button, Group, Stack, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../../api/client.ts';
import { saved } from '../../../components/dialogs/saved.ts';
import { RoleName } from '../../../components/fields/RoleSelect.tsx';
import { Time } from '../../../components/Time.tsx';
import { SentDialog } from '../../people/SentDialog.tsx';
import { words } from '../words.ts';

/** Lists invitations that nobody has accepted yet. Each can be sent again or cancelled. */
export function PendingInvitations({ organizationId }: { organizationId: string }) {
  const pending = useQuery({
    queryKey: ['invitations', organizationId, 'pending'],
    queryFn: () =>
      asked(api.GET('/invitations', { params: { query: { organization_id: organizationId, status: 'pending', limit: 50 } } })),
  });
  const rows = pending.data?.data ?? [];
  if (rows.length === 0) return null;
  return (
    <Box mt="md" component="section" aria-label={words.pendingInvitations}>
      <Title order={2} mb="xs">
        {words.pendingInvitations}
      </Title>
      <Stack gap="xs">
        {rows.map((row) => (
          <Pending key={row.id} id={row.id} email={row.email} role={row.role} expiresAt={row.expires_at} />
        ))}
      </Stack>
    </Box>
  );
}

interface PendingProps {
  readonly id: string;
  readonly email: string;
  readonly role: string;
  readonly expiresAt: string;
}

function Pending({ id, email, role, expiresAt }: PendingProps) {
  const [sent, setSent] = useState<Schema<'SentInvitation'>>();
  const queryClient = useQueryClient();
  const refresh = () => queryClient.invalidateQueries({ queryKey: ['invitations'] });
  const sayFailed = (error: Error) => notifications.show({ color: 'red', title: words.thatDidNotWork, message: error.message });
  const resending = useMutation({
    mutationFn: () => asked(api.POST('/invitations/{id}/resend', { params: { path: { id } } })),
    onSuccess: (anew) => {
      setSent(anew);
      return refresh();
    },
    onError: sayFailed,
  });
  const cancelling = useMutation({
    mutationFn: () => asked(api.DELETE('/invitations/{id}', { params: { path: { id } } })),
    onSuccess: () => {
      saved(words.invitationWasCancelled(email));
      return refresh();
    },
    onError: sayFailed,
  });
  return (
    <Group justify="space-between" gap="xs">
      <Text fz="sm" style={{ overflowWrap: 'anywhere' }} component="div">
        {email} {words.asRole} <RoleName role={role} />, {words.expires} <Time at={expiresAt} />
      </Text>
      <Group gap={6}>
        <Button size="compact-sm" variant="default" loading={resending.isPending} onClick={() => resending.mutate()}>
          {words.sendAgain}
        </Button>
        <Button size="compact-sm" variant="default" loading={cancelling.isPending} onClick={() => cancelling.mutate()}>
          {words.cancelInvitation}
        </Button>
      </Group>
      {sent !== undefined && <SentDialog of={sent} onClose={() => setSent(undefined)} />}
    </Group>
  );
}
