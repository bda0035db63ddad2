import { Stack, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { useCan, type Verdict } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { ActionMenu } from '../../components/list/ActionMenu.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { CreateIssuer, EditIssuer, TOUCHED } from './IssuerDialogs.tsx';
import { IssuerTest } from './IssuerTest.tsx';
import type { Issuer } from './issuer-draft.ts';
import { words } from './words.ts';

type Doing = { readonly is: 'edit' | 'test' | 'delete'; readonly issuer: Issuer } | null;
type Do = (doing: Doing) => void;

/** Lists the issuers whose tokens an organization trusts. */
export function IssuersList({ organizationId }: { organizationId: string }) {
  const [state, set] = useUrlState();
  const [doing, setDoing] = useState<Doing>(null);
  const verdict = useCan('trust.manage', organizationId);
  const open = () => verdict.allowed && set({ new: 'issuer' }, 'push');
  useHotkeys([['n', open]]);
  const create = (
    <GuardedButton verdict={verdict} leftSection={<IconPlus size={16} />} onClick={open}>
      {words.trustIssuer}
    </GuardedButton>
  );
  const done = () => setDoing(null);
  return (
    <>
      <DataList<Issuer>
        name="trusted-issuers"
        prefix="issuers_"
        scope={[organizationId]}
        fetch={(query) => fetchIssuers(query, organizationId)}
        columns={columnsOf(setDoing, verdict)}
        searchLabel={words.searchByNameOrId}
        controls={create}
        empty={
          <EmptyState title={words.noIssuersYet} action={create}>
            {words.issuersHint}
          </EmptyState>
        }
      />
      <CreateIssuer
        opened={state.new === 'issuer' && verdict.allowed}
        organizationId={organizationId}
        onClose={() => set({ new: undefined })}
      />
      {doing?.is === 'edit' && <EditIssuer issuer={doing.issuer} onClose={done} />}
      {doing?.is === 'test' && <IssuerTest issuer={doing.issuer} onClose={done} />}
      <DeleteDialog issuer={doing?.is === 'delete' ? doing.issuer : null} onClose={done} />
    </>
  );
}

function fetchIssuers(query: ListQuery, id: string) {
  return asked(
    api.GET('/organizations/{id}/trusted-issuers', {
      params: { path: { id }, query: queryOf('/organizations/{id}/trusted-issuers', query) },
    }),
  );
}

function columnsOf(setDoing: Do, verdict: Verdict): ListColumn<Issuer>[] {
  return [
    {
      accessor: 'name',
      title: words.name,
      sortable: true,
      phone: 'title',
      render: ({ name, issuer }) => (
        <Stack gap={0} maw={380}>
          <Text fz="sm" fw={500} truncate title={name}>
            <bdi>{name}</bdi>
          </Text>
          <Text fz="xs" c="dimmed" className="mono" truncate title={issuer}>
            {issuer}
          </Text>
        </Stack>
      ),
    },
    { accessor: 'status', title: words.status, phone: { fact: 1 }, render: ({ status }) => <StatusBadge status={status} /> },
    { accessor: 'key_source', title: words.keys, phone: { fact: 2 }, render: (row) => words.sources[row.key_source] },
    { accessor: 'direct', title: words.directShort, render: ({ direct }) => (direct ? words.on : words.off) },
    {
      accessor: 'created_at',
      title: words.created,
      sortable: true,
      noWrap: true,
      render: ({ created_at }) => <Time at={created_at} />,
    },
    {
      accessor: 'actions',
      title: '',
      width: 52,
      phone: 'menu',
      render: (issuer) => <Actions issuer={issuer} verdict={verdict} setDoing={setDoing} />,
    },
  ];
}

function Actions({ issuer, verdict, setDoing }: { issuer: Issuer; verdict: Verdict; setDoing: Do }) {
  const queryClient = useQueryClient();
  const isActive = issuer.status === 'active';
  const turn = async () => {
    const path = { id: issuer.organization_id, issuer_id: issuer.id };
    const body = { status: isActive ? ('disabled' as const) : ('active' as const) };
    await asked(api.PATCH('/organizations/{id}/trusted-issuers/{issuer_id}', { params: { path }, body }));
    saved(isActive ? words.isDisabled(issuer.name) : words.isActive(issuer.name));
    await queryClient.invalidateQueries({ queryKey: ['trusted-issuers'] });
  };
  return (
    <ActionMenu
      label={words.actionsFor(issuer.name)}
      verdict={verdict}
      actions={[
        { label: words.testKeys, does: () => setDoing({ is: 'test', issuer }) },
        { label: words.edit, does: () => setDoing({ is: 'edit', issuer }) },
        { label: isActive ? words.disable : words.enable, does: () => void turn() },
        { label: words.delete, does: () => setDoing({ is: 'delete', issuer }), isDestructive: true },
      ]}
    />
  );
}

function DeleteDialog({ issuer, onClose }: { issuer: Issuer | null; onClose: () => void }) {
  const queryClient = useQueryClient();
  return (
    <ConfirmByName
      opened={issuer !== null}
      onClose={onClose}
      title={words.deleteNamed(issuer?.name ?? '')}
      name={issuer?.name ?? ''}
      verb={words.deleteIssuer}
      consequences={[words.deletesRules, words.revokesKeys, words.cannotUndo]}
      action={async () => {
        if (issuer === null) return;
        const path = { id: issuer.organization_id, issuer_id: issuer.id };
        await asked(api.DELETE('/organizations/{id}/trusted-issuers/{issuer_id}', { params: { path } }));
        for (const name of TOUCHED) await queryClient.invalidateQueries({ queryKey: [name] });
      }}
    />
  );
}
