import { Badge, Menu, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { verdictOf } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { MenuWhyNot } from '../../components/dialogs/WhyNot.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { type Filter, FilterBar } from '../../components/list/FilterBar.tsx';
import { RowMenu } from '../../components/list/RowMenu.tsx';
import { Time } from '../../components/Time.tsx';
import { bytesText, countText } from '../../numbers/numbers.ts';
import { Maker } from './Maker.tsx';
import { words } from './words.ts';

type File = Schema<'File'>;

const FILTERS: readonly Filter[] = [
  { param: 'purpose', label: words.purpose, kind: { oneOf: ['batch', 'batch_output'] } },
  { param: 'team_id', label: words.team, kind: 'team' },
  { param: 'key_id', label: words.key, kind: 'key' },
];
const PARAMS = FILTERS.map(({ param }) => param);
const REFETCH_MS = 15_000;

export interface FilesListProps {
  readonly organizationId: string;
  /** Controls before the filters. */
  readonly controls: ReactNode;
}

/** Lists the files of an organization's batches. */
export function FilesList({ organizationId, controls }: FilesListProps) {
  const [deleting, setDeleting] = useState<File | null>(null);
  const [columns] = useState(() => columnsOf(setDeleting));
  return (
    <>
      <DataList<File>
        name="files"
        scope={[organizationId]}
        fetch={(query) => fetchFiles(organizationId, query)}
        filters={PARAMS}
        columns={columns}
        searchLabel={words.search}
        refetchMs={REFETCH_MS}
        controls={<FilterBar filters={FILTERS}>{controls}</FilterBar>}
        empty={
          <>
            {controls}
            <EmptyState title={words.noFilesYet}>{words.whatAppears}</EmptyState>
          </>
        }
      />
      <DeleteFile file={deleting} onClose={() => setDeleting(null)} />
    </>
  );
}

function fetchFiles(id: string, { sort: _, ...query }: ListQuery) {
  return asked(
    api.GET('/organizations/{id}/files', { params: { path: { id }, query: queryOf('/organizations/{id}/files', query) } }),
  );
}

function columnsOf(onDelete: (file: File) => void): ListColumn<File>[] {
  return [
    { accessor: 'filename', title: words.file, phone: 'title', render: (file) => <Name of={file} /> },
    { accessor: 'purpose', title: words.purpose, phone: { fact: 1 }, render: ({ purpose }) => <Purpose of={purpose} /> },
    { accessor: 'bytes', title: words.size, textAlign: 'right', noWrap: true, phone: { fact: 2 }, render: sizeOf },
    {
      accessor: 'lines',
      title: words.lines,
      textAlign: 'right',
      phone: { fact: 3, isNamed: true },
      render: ({ lines }) => countText(lines),
    },
    { accessor: 'key_name', title: words.key, render: (file) => <Maker of={file} /> },
    { accessor: 'created_at', title: words.created, noWrap: true, render: ({ created_at }) => <Time at={created_at} relative /> },
    {
      accessor: 'expires_at',
      title: words.expires,
      noWrap: true,
      phone: { fact: 4, isNamed: true },
      render: ({ expires_at }) => <Time at={expires_at} relative />,
    },
    { accessor: 'actions', title: '', width: 52, phone: 'menu', render: (file) => <Actions file={file} onDelete={onDelete} /> },
  ];
}

function Name({ of: { id, filename } }: { of: File }) {
  return (
    <Stack gap={0} maw={300}>
      <Text fz="sm" fw={500} truncate title={filename}>
        <bdi>{filename}</bdi>
      </Text>
      <Text fz="xs" c="dimmed" className="mono" truncate title={id}>
        {id}
      </Text>
    </Stack>
  );
}

function Purpose({ of }: { of: File['purpose'] }) {
  return <Badge color={of === 'batch' ? 'blue' : 'gray'}>{words.purposes[of]}</Badge>;
}

function sizeOf({ bytes }: File) {
  return bytesText(bytes);
}

function Actions({ file, onDelete }: { file: File; onDelete: (file: File) => void }) {
  return (
    <RowMenu label={words.actionsFor(file.filename)}>
      {() => {
        const verdict = verdictOf('keys.manage', file);
        return (
          <>
            <Menu.Item color="red" disabled={!verdict.allowed} onClick={() => onDelete(file)}>
              {words.delete}
            </Menu.Item>
            <MenuWhyNot verdict={verdict} />
          </>
        );
      }}
    </RowMenu>
  );
}

function DeleteFile({ file, onClose }: { file: File | null; onClose: () => void }) {
  const queryClient = useQueryClient();
  return (
    <ConfirmByName
      opened={file !== null}
      onClose={onClose}
      title={words.deleteFile(file?.filename ?? '')}
      name={null}
      verb={words.deleteVerb}
      consequences={file?.purpose === 'batch' ? [words.notFoundAnyMore, words.batchesFail] : [words.notFoundAnyMore]}
      action={async () => {
        if (file === null) return;
        const path = { id: file.organization_id, file_id: file.id };
        await asked(api.DELETE('/organizations/{id}/files/{file_id}', { params: { path } }));
        saved(words.isDeleted(file.filename));
        await queryClient.invalidateQueries({ queryKey: ['files'] });
      }}
    />
  );
}
