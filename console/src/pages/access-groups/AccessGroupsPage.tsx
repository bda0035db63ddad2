import { Anchor, Stack, Text, Tooltip } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { api, asked, type Schema } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { useCan } from '../../api/session.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListPage, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { addressOf } from '../../components/shell/addresses.ts';
import { Page } from '../../components/shell/Page.tsx';
import { Time } from '../../components/Time.tsx';
import { AccessGroupDialog } from './AccessGroupDialog.tsx';
import { words } from './words.ts';

type Row = Schema<'AccessGroup'> & { readonly id: string };

/** The list of access groups, the labels that authorize. */
export function AccessGroupsPage() {
  const navigate = useNavigate();
  const mayManage = useCan('catalogue.manage');
  const [state, setState] = useUrlState();
  const setCreating = (isCreating: boolean) => setState({ new: isCreating ? '1' : undefined });
  useHotkeys([['n', () => mayManage.allowed && setCreating(true)]]);
  const open = (key: string) => void navigate({ to: addressOf(key, 'access_group') ?? '.' });
  const create = (
    <GuardedButton verdict={mayManage} onClick={() => setCreating(true)}>
      {words.createAccessGroup}
    </GuardedButton>
  );
  return (
    <Page title={words.accessGroups} about={words.groupsMean} actions={create}>
      <DataList<Row>
        name="access-groups"
        fetch={fetchRows}
        columns={COLUMNS}
        searchLabel={words.searchByKey}
        defaultSort="key"
        onRowClick={({ key }) => open(key)}
        empty={
          <EmptyState title={words.noAccessGroupsYet} action={create}>
            {words.createOneHint}
          </EmptyState>
        }
      />
      <AccessGroupDialog
        opened={state.new !== undefined && mayManage.allowed}
        onClose={() => setCreating(false)}
        onSaved={({ key }) => open(key)}
      />
    </Page>
  );
}

/** Fetches the rows. The endpoint has one order and no ids, so the key of a group is the row's id. */
async function fetchRows({ sort: _, ...query }: ListQuery): Promise<ListPage<Row>> {
  const page = await asked(api.GET('/access-groups', { params: { query: queryOf('/access-groups', query) } }));
  return { ...page, data: page.data.map((group) => ({ ...group, id: group.key })) };
}

const COLUMNS: ListColumn<Row>[] = [
  {
    accessor: 'key',
    title: words.key,
    phone: 'title',
    render: ({ key }) => (
      <Anchor
        component={Link}
        to={addressOf(key, 'access_group') ?? '.'}
        fz="sm"
        fw={500}
        onClick={(event) => event.stopPropagation()}
      >
        {key}
      </Anchor>
    ),
  },
  {
    accessor: 'name',
    title: words.name,
    phone: { fact: 1 },
    render: ({ name, description }) => (
      <Stack gap={0} maw={420}>
        <Text fz="sm" truncate>
          <bdi>{name}</bdi>
        </Text>
        <Text fz="xs" c="dimmed" truncate>
          {description}
        </Text>
      </Stack>
    ),
  },
  {
    accessor: 'member_count',
    title: words.targets,
    textAlign: 'right',
    phone: { fact: 2, isNamed: true },
    render: ({ member_count: count }) =>
      count === 0 ? (
        <Text fz="sm" c="dimmed">
          {words.empty}
        </Text>
      ) : (
        count
      ),
  },
  {
    accessor: 'warning',
    title: '',
    phone: 'menu',
    render: ({ warning }) =>
      warning === null ? null : (
        <Tooltip label={warning}>
          <IconAlertTriangle size={16} color="var(--mantine-color-orange-7)" aria-label={warning} role="img" />
        </Tooltip>
      ),
  },
  { accessor: 'updated_at', title: words.changed, render: ({ updated_at: at }) => <Time at={at} relative /> },
];
