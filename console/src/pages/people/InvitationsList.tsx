import { Button, Group, Select, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { roleWord } from '../../components/fields/RoleSelect.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Named } from '../../components/Named.tsx';
import { StatusBadge, wordOf } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { SentDialog } from './SentDialog.tsx';

type Invitation = Schema<'Invitation'>;

const STATUSES = ['pending', 'accepted', 'expired', 'cancelled'];

/** Lists all invitations with their status. An open one can be sent again or cancelled. */
export function InvitationsList({ onInvite }: { onInvite: () => void }) {
  const [{ status }, set] = useUrlState();
  const [sent, setSent] = useState<Schema<'SentInvitation'> | null>(null);
  const [cancelling, setCancelling] = useState<Invitation | null>(null);
  const queryClient = useQueryClient();
  const columns = useMemo(() => columnsWith({ onSent: setSent, onCancel: setCancelling }), []);
  return (
    <>
      <DataList
        name="invitations"
        prefix="invitations_"
        fetch={(query) => asked(api.GET('/invitations', { params: { query: query as object } }))}
        filters={['status', 'organization_id']}
        columns={columns}
        searchLabel="Search by e-mail"
        controls={
          <Select
            aria-label="Status"
            placeholder="Any status"
            clearable
            w={140}
            data={STATUSES.map((value) => ({ value, label: wordOf(value) }))}
            value={status ?? null}
            onChange={(next) => set({ status: next ?? undefined, invitations_cursor: undefined })}
          />
        }
        empty={
          <EmptyState title="No invitations yet" action={<Button onClick={onInvite}>Invite person</Button>}>
            An invitation is a link for one e-mail address. It works once, within seven days.
          </EmptyState>
        }
      />
      {sent !== null && <SentDialog of={sent} onClose={() => setSent(null)} />}
      <ConfirmByName
        opened={cancelling !== null}
        onClose={() => setCancelling(null)}
        title="Cancel invitation"
        name={null}
        verb="Cancel invitation"
        consequences={[
          `The link sent to ${cancelling?.email ?? ''} stops working at once.`,
          'You can invite the same address again.',
        ]}
        action={async () => {
          await asked(api.DELETE('/invitations/{id}', { params: { path: { id: cancelling?.id ?? '' } } }));
          await queryClient.invalidateQueries({ queryKey: ['invitations'] });
          saved('The invitation was cancelled.');
        }}
      />
    </>
  );
}

interface RowActions {
  readonly onSent: (sent: Schema<'SentInvitation'>) => void;
  readonly onCancel: (invitation: Invitation) => void;
}

function columnsWith(actions: RowActions): ListColumn<Invitation>[] {
  return [
    { accessor: 'name', title: 'E-mail', sortable: true, phone: 'title', render: ({ email }) => <bdi>{email}</bdi> },
    { accessor: 'organization_id', title: 'To', phone: { fact: 2 }, render: (invitation) => <Place of={invitation} /> },
    { accessor: 'status', title: 'Status', phone: { fact: 1 }, render: ({ status }) => <StatusBadge status={status} /> },
    { accessor: 'inviter_name', title: 'Invited by', render: ({ inviter_name }) => <bdi>{inviter_name}</bdi> },
    { accessor: 'created_at', title: 'Sent', sortable: true, render: ({ created_at }) => <Time at={created_at} relative /> },
    {
      accessor: 'expires_at',
      title: 'Expires',
      phone: { fact: 3, isNamed: true },
      render: ({ expires_at }) => <Time at={expires_at} relative />,
    },
    { accessor: 'actions', title: '', phone: { fact: 4 }, render: (invitation) => <Actions of={invitation} {...actions} /> },
  ];
}

function Place({ of: { organization_id, role, teams } }: { of: Invitation }) {
  return (
    <Text fz="sm" component="span">
      {organization_id === null ? 'This gateway' : <Named id={organization_id} />}, {roleWord(role).toLowerCase()}
      {teams.length > 0 && (
        <Text component="span" fz="xs" c="dimmed">
          {' '}
          +{teams.length} {teams.length === 1 ? 'team' : 'teams'}
        </Text>
      )}
    </Text>
  );
}

function Actions({ of: invitation, onSent, onCancel }: RowActions & { of: Invitation }) {
  const queryClient = useQueryClient();
  const resend = useMutation({
    mutationFn: () => asked(api.POST('/invitations/{id}/resend', { params: { path: { id: invitation.id } } })),
    onSuccess: async (sent) => {
      onSent(sent);
      await queryClient.invalidateQueries({ queryKey: ['invitations'] });
    },
    onError: (error) => notifications.show({ color: 'red', title: 'Not sent', message: error.message }),
  });
  const isOpen = invitation.status === 'pending' || invitation.status === 'expired';
  if (!isOpen || !invitation.may_change) return null;
  return (
    <Group gap="xs" wrap="nowrap" justify="flex-end">
      <Button size="compact-sm" variant="default" loading={resend.isPending} onClick={() => resend.mutate()}>
        Send again
      </Button>
      {invitation.status === 'pending' && (
        <Button size="compact-sm" variant="default" onClick={() => onCancel(invitation)}>
          Cancel
        </Button>
      )}
    </Group>
  );
}
