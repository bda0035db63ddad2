import { Badge, Stack, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { allPresets, type Preset } from '../../api/presets.ts';
import { useCan, verdictOf } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { useConfirmed } from '../../components/dialogs/useConfirmed.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { ActionMenu } from '../../components/list/ActionMenu.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListPage, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { EditPresetDialog } from './EditPresetDialog.tsx';
import { PresetDialog } from './PresetDialog.tsx';
import { words } from './words.ts';

/** Lists the vendors that are described by data: those of this version, and those that people added. */
export function PresetsPage() {
  const mayManage = useCan('catalogue.manage');
  const [state, setState] = useUrlState();
  const [editing, setEditing] = useState<Preset | null>(null);
  const [deleting, setDeleting] = useState<Preset | null>(null);
  const setCreating = (isCreating: boolean) => setState({ new: isCreating ? '1' : undefined });
  useHotkeys([['n', () => mayManage.allowed && setCreating(true)]]);
  const add = (
    <GuardedButton verdict={mayManage} onClick={() => setCreating(true)}>
      {words.addPreset}
    </GuardedButton>
  );
  return (
    <Page title={words.presets} about={words.presetsMean} actions={add}>
      <DataList<Preset>
        name="presets"
        fetch={fetchRows}
        columns={columnsFor({ onEdit: setEditing, onDelete: setDeleting })}
        searchLabel={words.searchByNameOrId}
        defaultSort="name"
        empty={
          <EmptyState title={words.noPresetsFound} action={add}>
            {words.noPresetsHint}
          </EmptyState>
        }
      />
      <PresetDialog opened={state.new !== undefined && mayManage.allowed} onClose={() => setCreating(false)} />
      {editing !== null && <EditPresetDialog preset={editing} onClose={() => setEditing(null)} />}
      <DeleteDialog preset={deleting} onClose={() => setDeleting(null)} />
    </Page>
  );
}

/** Fetches the rows. There are few, and the endpoint returns all of them, so that they are searched here. */
async function fetchRows({ search }: ListQuery): Promise<ListPage<Preset>> {
  const wanted = String(search ?? '')
    .trim()
    .toLowerCase();
  const all = await allPresets();
  const data = all.filter(({ id, name }) => id.includes(wanted) || name.toLowerCase().includes(wanted));
  return { data, next_cursor: null, total: data.length };
}

interface RowActions {
  readonly onEdit: (preset: Preset) => void;
  readonly onDelete: (preset: Preset) => void;
}

function columnsFor(actions: RowActions): ListColumn<Preset>[] {
  return [
    {
      accessor: 'name',
      title: words.preset,
      phone: 'title',
      render: ({ id, name }) => (
        <Stack gap={0} maw={260}>
          <Text fz="sm" fw={500} truncate title={name}>
            <bdi>{name}</bdi>
          </Text>
          <Text fz="xs" c="dimmed" className="mono">
            {id}
          </Text>
        </Stack>
      ),
    },
    {
      accessor: 'base_url',
      title: words.address,
      phone: { fact: 1 },
      render: ({ base_url: url }) => (
        <Text fz="sm" truncate maw={300} title={url}>
          {url}
        </Text>
      ),
    },
    {
      accessor: 'wires',
      title: words.serves,
      render: ({ wires }) => (
        <Text fz="sm" maw={260}>
          {Object.keys(wires)
            .map((wire) => words.wireName[wire] ?? wire)
            .join(', ')}
        </Text>
      ),
    },
    { accessor: 'source', title: words.origin, render: (row) => <Origin row={row} /> },
    {
      accessor: 'credential_count',
      title: words.usedBy,
      textAlign: 'right',
      phone: { fact: 2, isNamed: true },
      render: ({ credential_count: count }) => (
        <Text fz="sm" {...(count === 0 ? { c: 'dimmed' } : {})}>
          {count === 0 ? words.nothing : words.countCredentials(count)}
        </Text>
      ),
    },
    { accessor: 'id', title: '', textAlign: 'right', phone: 'menu', render: (row) => <Actions row={row} {...actions} /> },
  ];
}

/** The origin of a preset, with a badge that says if a recorded answer shows that it works. */
function Origin({ row: { source, is_proven, is_readable } }: { row: Preset }) {
  if (!is_readable)
    return (
      <Badge color="orange" title={words.unreadableMeans}>
        {words.unreadable}
      </Badge>
    );
  return (
    <Stack gap={2} align="flex-start">
      <Text fz="sm">{source === 'shipped' ? words.shipped : words.added}</Text>
      <Badge color={is_proven ? 'green' : 'gray'} title={is_proven ? undefined : words.notProvenMeans}>
        {is_proven ? words.proven : words.notProven}
      </Badge>
    </Stack>
  );
}

function Actions({ row, onEdit, onDelete }: RowActions & { row: Preset }) {
  const verdict = verdictOf('catalogue.manage', row);
  if (row.source === 'shipped') return null;
  return (
    <ActionMenu
      label={words.actionsFor(row.name)}
      verdict={verdict}
      actions={[
        { label: words.edit, does: () => onEdit(row), isOff: !row.is_readable },
        { label: words.delete, does: () => onDelete(row), isDestructive: true },
      ]}
    />
  );
}

function DeleteDialog({ preset, onClose }: { preset: Preset | null; onClose: () => void }) {
  const action = useConfirmed(preset, {
    make: ({ id }) => asked(api.DELETE('/presets/{id}', { params: { path: { id } } })),
    said: ({ name }) => words.wasDeleted(name),
    list: 'presets',
  });
  const isUsed = preset !== null && preset.credential_count + preset.deployment_count > 0;
  const ownCount = preset?.own_credential_count ?? 0;
  return (
    <ConfirmByName
      opened={preset !== null}
      onClose={onClose}
      title={words.deletePreset}
      name={preset?.name ?? ''}
      verb={words.deletePreset}
      consequences={[
        isUsed ? words.isInUse(preset.credential_count, preset.deployment_count) : words.nothingUsesIt,
        ...(ownCount === 0 ? [] : [words.ownUseIt(ownCount)]),
      ]}
      action={action}
    />
  );
}
