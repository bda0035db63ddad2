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
import { words } from './words.ts';

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
        searchLabel={words.searchByEMail}
        controls={
          <Select
            aria-label={words.status}
            placeholder={words.anyStatus}
            clearable
            w={140}
            data={STATUSES.map((value) => ({ value, label: wordOf(value) }))}
            value={status ?? null}
            onChange={(next) => set({ status: next ?? undefined, invitations_cursor: undefined })}
          />
        }
        empty={
          <EmptyState title={words.noInvitationsYet} action={<Button onClick={onInvite}>{words.invitePerson}</Button>}>
            {words.invitationMeans}
          </EmptyState>
        }
      />
      {sent !== null && <SentDialog of={sent} onClose={() => setSent(null)} />}
      <ConfirmByName
        opened={cancelling !== null}
        onClose={() => setCancelling(null)}
        title={words.cancelInvitation}
        name={null}
        verb={words.cancelInvitation}
        consequences={[words.linkStopsWorking(cancelling?.email ?? ''), words.canInviteAgain]}
        action={async () => {
          await asked(api.DELETE('/invitations/{id}', { params: { path: { id: cancelling?.id ?? '' } } }));
          await queryClient.invalidateQueries({ queryKey: ['invitations'] });
          saved(words.theInvitationWasCancelled);
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
    { accessor: 'name', title: words.eMail, sortable: true, phone: 'title', render: ({ email }) => <bdi>{email}</bdi> },
    { accessor: 'organization_id', title: words.to, phone: { fact: 2 }, render: (invitation) => <Place of={invitation} /> },
    { accessor: 'status', title: words.status, phone: { fact: 1 }, render: ({ status }) => <StatusBadge status={status} /> },
    { accessor: 'inviter_name', title: words.invitedBy, render: ({ inviter_name }) => <bdi>{inviter_name}</bdi> },
    { accessor: 'created_at', title: words.sent, sortable: true, render: ({ created_at }) => <Time at={created_at} relative /> },
    {
      accessor: 'expires_at',
      title: words.expires,
      phone: { fact: 3, isNamed: true },
      render: ({ expires_at }) => <Time at={expires_at} relative />,
    },
    { accessor: 'actions', title: '', phone: { fact: 4 }, render: (invitation) => <Actions of={invitation} {...actions} /> },
  ];
}

function Place({ of: { organization_id, role, teams } }: { of: Invitation }) {
  return (
    <Text fz="sm" component="span">
      {organization_id === null ? words.thisGateway : <Named id={organization_id} />}, {roleWord(role).toLowerCase()}
      {teams.length > 0 && (
        <Text component="span" fz="xs" c="dimmed">
          {' '}
          {words.moreTeams(teams.length)}
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
    onError: (error) => notifications.show({ color: 'red', title: words.notSent, message: error.message }),
  });
  const isOpen = invitation.status === 'pending' || invitation.status === 'expired';
  if (!isOpen || !invitation.may_change) return null;
  return (
    <Group gap="xs" wrap="nowrap" justify="flex-end">
      <Button size="compact-sm" variant="default" loading={resend.isPending} onClick={() => resend.mutate()}>
        {words.sendAgain}
      </Button>
      {invitation.status === 'pending' && (
        <Button size="compact-sm" variant="default" onClick={() => onCancel(invitation)}>
          {words.cancel}
        </Button>
      )}
    </Group>
  );
}
