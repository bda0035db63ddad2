import { ActionIcon, Text } from '@mantine/core';
import { IconLinkOff } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type IdentityLink, listLinks, removeLink } from '../../../api/identity.ts';
import type { Organization } from '../../../api/organizations.ts';
import { verdictOf } from '../../../api/session.tsx';
import { ConfirmByName } from '../../../components/dialogs/ConfirmByName.tsx';
import { saved } from '../../../components/dialogs/saved.ts';
import { ObjectSelect } from '../../../components/fields/ObjectSelect.tsx';
import { useUrlState } from '../../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../../components/list/column.ts';
import { DataList } from '../../../components/list/DataList.tsx';
import { EmptyState } from '../../../components/list/EmptyState.tsx';
import { Section } from '../../../components/Section.tsx';
import { Time } from '../../../components/Time.tsx';
import { words } from '../words.ts';

type Row = IdentityLink & { readonly id: string };

/** Lists the accounts that are linked to a person at an identity provider. */
export function LinksSection({ organization }: { organization: Organization }) {
  const [state, set] = useUrlState();
  const [removing, setRemoving] = useState<Row | null>(null);
  const verdict = verdictOf('identity.manage', organization);
  return (
    <Section title={words.linkedPeople}>
      <Text fz="sm" c="dimmed" mb="md" maw={760}>
        {words.linksMean}
      </Text>
      <DataList<Row>
        name="identity-links"
        scope={[organization.id]}
        filters={['account_id']}
        fetch={({ limit, cursor, account_id }) => listLinks(organization.id, { limit, cursor, account_id })}
        columns={columnsOf(verdict.allowed, setRemoving)}
        controls={
          <ObjectSelect
            kind="account"
            compact
            label={words.findPerson}
            placeholder={words.findPerson}
            organizationId={organization.id}
            value={state.account_id}
            onChange={(id) => set({ account_id: id, cursor: undefined })}
          />
        }
        empty={<EmptyState title={words.noLinksYet}>{words.noLinksMeans}</EmptyState>}
      />
      <UnlinkDialog row={removing} organizationId={organization.id} onClose={() => setRemoving(null)} />
    </Section>
  );
}

function columnsOf(mayRemove: boolean, onRemove: (row: Row) => void): ListColumn<Row>[] {
  return [
    {
      accessor: 'account_name',
      title: words.person,
      phone: 'title',
      render: ({ account_name: name, account_email }) => (
        <>
          <Text fz="sm" fw={500}>
            <bdi>{name}</bdi>
          </Text>
          <Text fz="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {account_email}
          </Text>
        </>
      ),
    },
    {
      accessor: 'provider_name',
      title: words.identityProvider,
      phone: { fact: 1 },
      render: ({ provider_name }) => <bdi>{provider_name}</bdi>,
    },
    {
      accessor: 'subject',
      title: words.subject,
      phone: { fact: 2 },
      render: ({ email, subject }) => (
        <>
          {email !== null && (
            <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
              {email}
            </Text>
          )}
          <Text fz="xs" c="dimmed" className="mono" truncate maw={260} title={subject}>
            {subject}
          </Text>
        </>
      ),
    },
    {
      accessor: 'last_used_at',
      title: words.lastUsed,
      phone: { fact: 3 },
      noWrap: true,
      render: ({ last_used_at }) => (last_used_at === null ? words.never : <Time at={last_used_at} relative />),
    },
    {
      accessor: 'actions',
      title: '',
      width: 52,
      phone: 'menu',
      render: (row) => (
        <ActionIcon
          variant="subtle"
          color="gray"
          disabled={!mayRemove}
          aria-label={words.unlinkNamed(row.account_name)}
          onClick={() => onRemove(row)}
        >
          <IconLinkOff size={16} />
        </ActionIcon>
      ),
    },
  ];
}

interface UnlinkProps {
  readonly row: Row | null;
  readonly organizationId: string;
  readonly onClose: () => void;
}

function UnlinkDialog({ row, organizationId, onClose }: UnlinkProps) {
  const queryClient = useQueryClient();
  return (
    <ConfirmByName
      opened={row !== null}
      onClose={onClose}
      title={words.unlinkNamed(row?.account_name ?? '')}
      name={null}
      verb={words.unlink}
      consequences={[words.unlinkEnds, words.unlinkMayReturn]}
      action={async () => {
        if (row === null) return;
        await removeLink(organizationId, row);
        saved(words.wasUnlinked(row.account_name));
        await queryClient.invalidateQueries({ queryKey: ['identity-links'] });
      }}
    />
  );
}
