import { Anchor, Group, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { Link, useNavigate } from '@tanstack/react-router';
import { api, asked } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { useCan } from '../../api/session.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { StatusBadge, wordOf } from '../../components/StatusBadge.tsx';
import { addressOf } from '../../components/shell/addresses.ts';
import { Page } from '../../components/shell/Page.tsx';
import { Time } from '../../components/Time.tsx';
import { GroupLinks } from '../models/cells.tsx';
import { useCooling } from '../models/health.tsx';
import { CreateRouteGroup } from './CreateRouteGroup.tsx';
import type { RouteGroup } from './policy.ts';
import { words } from './words.ts';

/** Lists the route groups: named sets of deployments with their own routing. */
export function RouteGroupsPage() {
  const navigate = useNavigate();
  const mayManage = useCan('catalogue.manage');
  const [state, setState] = useUrlState();
  const setCreating = (isCreating: boolean) => setState({ new: isCreating ? '1' : undefined });
  useHotkeys([['n', () => mayManage.allowed && setCreating(true)]]);
  const open = (id: string) => void navigate({ to: addressOf(id, 'route_group') ?? '.' });
  const create = (
    <GuardedButton verdict={mayManage} onClick={() => setCreating(true)}>
      {words.createRouteGroup}
    </GuardedButton>
  );
  return (
    <Page title={words.routeGroups} about={words.routeGroupsMean} actions={create}>
      <DataList<RouteGroup>
        name="route-groups"
        fetch={(query: ListQuery) => asked(api.GET('/route-groups', { params: { query: queryOf('/route-groups', query) } }))}
        columns={useColumns()}
        searchLabel={words.searchByKeyOrId}
        onRowClick={({ id }) => open(id)}
        empty={
          <EmptyState title={words.noRouteGroupsYet} action={create}>
            {words.groupsMean}
          </EmptyState>
        }
      />
      <CreateRouteGroup
        opened={state.new !== undefined && mayManage.allowed}
        onClose={() => setCreating(false)}
        onSaved={({ id }) => open(id)}
      />
    </Page>
  );
}

function useColumns(): ListColumn<RouteGroup>[] {
  const cooling = useCooling();
  return [
    {
      accessor: 'name',
      title: words.key,
      sortable: true,
      phone: 'title',
      render: ({ id, key }) => (
        <Anchor
          component={Link}
          to={addressOf(id, 'route_group') ?? '.'}
          fz="sm"
          fw={500}
          onClick={(event) => event.stopPropagation()}
        >
          {key}
        </Anchor>
      ),
    },
    {
      accessor: 'strategy',
      title: words.strategy,
      phone: { fact: 1 },
      render: ({ strategy }) => wordOf(strategy),
    },
    {
      accessor: 'members',
      title: words.members,
      phone: { fact: 2 },
      render: ({ members }) => {
        const resting = members.filter(({ deployment_id: id }) => cooling?.has(id) === true).length;
        return (
          <Group gap={6} wrap="nowrap">
            <Text fz="sm" className="nowrap">
              {words.countDeployments(members.length)}
            </Text>
            {resting > 0 && <StatusBadge status="cooling" />}
          </Group>
        );
      },
    },
    {
      accessor: 'fallbacks',
      title: words.fallbacks,
      render: ({ fallbacks }) => (
        <Text fz="sm" truncate maw={240} {...(fallbacks.length === 0 ? { c: 'dimmed' } : {})}>
          {fallbacks.length === 0 ? words.none : fallbacks.join(' → ')}
        </Text>
      ),
    },
    {
      accessor: 'access_groups',
      title: words.accessGroups,
      phone: { fact: 3, isNamed: true },
      render: (row) => <GroupLinks groups={row.access_groups} />,
    },
    { accessor: 'created_at', title: words.created, sortable: true, render: ({ created_at: at }) => <Time at={at} relative /> },
  ];
}
