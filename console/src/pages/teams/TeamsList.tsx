import { Anchor, Text } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { BudgetCell } from '../../components/limits/BudgetRing.tsx';
import { LimitCell } from '../../components/limits/LimitGauges.tsx';
import { StandingBadge } from '../../components/limits/StandingBadge.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { type Filter, FilterBar } from '../../components/list/FilterBar.tsx';
import { PATHS } from '../../paths.ts';
import { words } from './words.ts';

type Team = Schema<'Team'>;

interface TeamsListProps {
  /** Limits the list to this organization. Without it, lists all teams that the person may see. */
  readonly organizationId?: string;
  /** The prefix of this list's parameters in the address. */
  readonly prefix?: string;
  /** Shown beside the search of an organization's teams, and on an empty list. */
  readonly createButton?: ReactNode;
}

const REFRESH_MS = 10_000;
const FILTERS: readonly Filter[] = [{ param: 'organization_id', label: words.organization, kind: 'organization' }];

/** Lists teams with the present use of their budgets and limits. */
export function TeamsList({ organizationId, prefix = 'teams_', createButton }: TeamsListProps) {
  const navigate = useNavigate();
  const isOfOne = organizationId !== undefined;
  return (
    <DataList
      name="teams"
      prefix={prefix}
      scope={[organizationId]}
      fetch={(query) =>
        asked(
          api.GET('/teams', { params: { query: { ...query, ...(isOfOne && { organization_id: organizationId }) } as object } }),
        )
      }
      columns={columnsWith({ withOrganization: !isOfOne })}
      filters={isOfOne ? [] : ['organization_id']}
      searchLabel={words.searchByNameOrId}
      controls={isOfOne ? createButton : <FilterBar filters={FILTERS} />}
      refetchMs={REFRESH_MS}
      onRowClick={({ id }) => void navigate({ to: PATHS.team, params: { teamId: id } as never })}
      empty={
        <EmptyState title={words.noTeamsYet} action={createButton}>
          {words.teamsMean}
        </EmptyState>
      }
    />
  );
}

function columnsWith({ withOrganization }: { withOrganization: boolean }): ListColumn<Team>[] {
  const organization: ListColumn<Team> = {
    accessor: 'organization_name',
    title: words.organization,
    phone: { fact: 2 },
    render: ({ organization_name }) => <bdi>{organization_name}</bdi>,
  };
  return [
    { accessor: 'name', title: words.team, sortable: true, phone: 'title', render: (team) => <Name of={team} /> },
    ...(withOrganization ? [organization] : []),
    {
      accessor: 'budgets',
      title: words.budget,
      phone: { fact: 3 },
      render: (team) => <BudgetCell status={team.limits_status} of={team} />,
    },
    { accessor: 'rate_limits', title: words.limits, render: (team) => <LimitCell status={team.limits_status} of={team} /> },
    { accessor: 'asset_access', title: words.access, render: ({ asset_access }) => <Access of={asset_access} /> },
    { accessor: 'member_count', title: words.members, textAlign: 'right' },
    { accessor: 'key_count', title: words.keys, textAlign: 'right' },
    {
      accessor: 'status',
      title: words.status,
      phone: { fact: 1 },
      render: (team) => <StandingBadge lifecycle={team.status} live={team.limits_status} />,
    },
  ];
}

function Name({ of: { id, name } }: { of: Team }) {
  return (
    <Anchor
      component={Link}
      to={PATHS.team}
      params={{ teamId: id } as never}
      fz="sm"
      fw={500}
      onClick={(event) => event.stopPropagation()}
    >
      <bdi>{name}</bdi>
    </Anchor>
  );
}

function Access({ of: { mode } }: { of: Team['asset_access'] }) {
  return (
    <Text fz="sm" component="span" {...(mode === 'inherit' ? { c: 'dimmed' } : {})}>
      {mode === 'inherit' ? words.inherits : words.restricted}
    </Text>
  );
}
